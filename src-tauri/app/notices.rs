//! Notifications of the desktop: one for each matter, which really answers it, and is withdrawn when it is settled.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tauri::AppHandle;
use tauri_plugin_notification::{Action, ActionType, NotificationExt};
use tokio::sync::{mpsc, watch};

use crate::attention::{Call, Kind, Matter};
use crate::desktop_bus::{NoticeServer, notice_server};
use crate::dto::ChoiceForm;
use crate::plain::escaped;
use crate::window::show_need;

const ALLOW: &str = "once";
const DENY: &str = "deny";
const SHOW: &str = "show";
/// What the plugin calls a click on the notification itself.
const TAP: &str = "tap";
/// How long to wait for a notification to close before closing it is asked for again, each time: the plugin shows it
/// on a thread of its own and may not have got to it when it is settled at once.
const AGAIN: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(8)];

/// What is on the person's screen, by the number that the plugin knows it by.
#[derive(Default)]
struct Shown {
    last: i32,
    notices: BTreeMap<i32, Notice>,
}

struct Notice {
    matter: Matter,
    closed: watch::Receiver<bool>,
}

type Shelf = Arc<Mutex<Shown>>;

/// Calls the person for as long as there is news.
pub async fn call(app: AppHandle, mut calls: mpsc::UnboundedReceiver<Call>) {
    let shelf = Shelf::default();
    if let Err(error) = register(&app, &shelf) {
        tracing::warn!(%error, "notifications have no buttons");
    }
    while let Some(call) = calls.recv().await {
        match call {
            Call::Raise(matter) => raise(&app, &shelf, matter).await,
            Call::Settle { session, need } => withdraw(&app, &shelf, &session, &need),
        }
    }
}

fn register(app: &AppHandle, shelf: &Shelf) -> tauri_plugin_notification::Result<()> {
    let action = |id: &str, title: &str| Action::builder(id, title).build();
    let (allow, deny, show) = (action(ALLOW, "Allow once"), action(DENY, "Deny"), action(SHOW, "Show"));
    let kind = |kind, actions| ActionType::builder(type_of(kind)).actions(actions).build();
    let notification = app.notification();
    notification.register_action_types(vec![
        kind(Kind::Question, vec![allow, deny.clone(), show.clone()]),
        kind(Kind::LongQuestion, vec![deny, show.clone()]),
        kind(Kind::Blocker, vec![show.clone()]),
        kind(Kind::Rest, vec![show.clone()]),
        kind(Kind::End, vec![show]),
    ])?;
    let (app, shelf) = (app.clone(), Arc::clone(shelf));
    notification.on_action(move |performed| {
        let Some(id) = performed.notification().map(tauri_plugin_notification::ActiveNotification::id) else {
            return;
        };
        let matter = lock(&shelf).notices.get(&id).map(|notice| notice.matter.clone());
        if let Some(matter) = matter {
            act(&app, &matter, performed.action_id());
        }
    })
}

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Question => "question",
        Kind::LongQuestion => "long_question",
        Kind::Blocker => "blocker",
        Kind::Rest => "rest",
        Kind::End => "end",
    }
}

/// What the person did with a notification.
fn act(app: &AppHandle, matter: &Matter, action: &str) {
    let choice = match (action, matter.kind) {
        (ALLOW, Kind::Question) => ChoiceForm::Once,
        (DENY, Kind::Question | Kind::LongQuestion) => ChoiceForm::Deny { message: String::new() },
        (SHOW | TAP, _) => return show_need(app, &matter.session, matter.card()),
        _ => return,
    };
    let (app, matter) = (app.clone(), matter.clone());
    tauri::async_runtime::spawn(async move {
        let answered = crate::commands::answer_as(&app, &matter.session, &matter.need, choice).await;
        if let Err(refusal) = answered {
            // The window shows how things stand: answered elsewhere, or no engine.
            tracing::warn!(code = refusal.code, "an answer from a notification: {refusal}");
            show_need(&app, &matter.session, Some(&matter.need));
        }
    });
}

async fn raise(app: &AppHandle, shelf: &Shelf, matter: Matter) {
    let server = tauri::async_runtime::spawn_blocking(notice_server).await.unwrap_or(NoticeServer::NoBus);
    let NoticeServer::There { markup, .. } = server else {
        tracing::warn!(?server, session = matter.session, "nobody can be called: {}", matter.title);
        return;
    };
    let (close, closed) = watch::channel(false);
    let id = {
        let mut shown = lock(shelf);
        shown.last = shown.last.wrapping_add(1).max(1);
        let id = shown.last;
        shown.notices.insert(id, Notice { matter: matter.clone(), closed });
        id
    };
    let body = if markup { escaped(&matter.body) } else { matter.body };
    let builder = app.notification().builder().id(id).title(matter.title).body(body);
    let builder = builder.action_type_id(type_of(matter.kind)).auto_cancel();
    #[cfg(target_os = "linux")]
    let builder = builder.on_close(move || {
        close.send_replace(true);
    });
    #[cfg(not(target_os = "linux"))]
    drop(close);
    if let Err(error) = builder.show() {
        tracing::warn!(%error, "a notification is not shown");
    }
}

fn withdraw(app: &AppHandle, shelf: &Shelf, session: &str, need: &str) {
    let mut shown = lock(shelf);
    let of_matter = |notice: &Notice| notice.matter.session == session && notice.matter.need == need;
    let id = shown.notices.iter().find(|(_, notice)| of_matter(notice)).map(|(id, _)| *id);
    let Some((id, mut notice)) = id.and_then(|id| Some((id, shown.notices.remove(&id)?))) else { return };
    drop(shown);
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        for patience in AGAIN {
            if *notice.closed.borrow() {
                return;
            }
            let app = app.clone();
            let remove = move || app.notification().remove_active(vec![id]);
            if let Ok(Err(error)) = tauri::async_runtime::spawn_blocking(remove).await {
                tracing::warn!(%error, "a notification stays");
            }
            let closed = notice.closed.wait_for(|closed| *closed);
            if matches!(tokio::time::timeout(patience, closed).await, Ok(Ok(_))) {
                return;
            }
        }
    });
}

fn lock(shelf: &Shelf) -> std::sync::MutexGuard<'_, Shown> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}
