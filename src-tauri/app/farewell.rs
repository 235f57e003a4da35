//! Closing the window and quitting: what runs is never ended without a word.

use std::sync::atomic::{AtomicBool, Ordering};

use tauri::{AppHandle, CloseRequestApi, Manager};
use tauri_plugin_dialog::{DialogExt, MessageDialogButtons, MessageDialogKind, MessageDialogResult};
use tauri_plugin_notification::NotificationExt;
use tokio::sync::oneshot;

use crate::commands::Shell;
use crate::desktop_bus::{NoticeServer, has_tray_host, notice_server};
use crate::tray_library;
use crate::window::{WINDOW, bring_up};

const PAUSE: &str = "Pause them and quit";
const KEEP: &str = "Keep in the tray";
const CANCEL: &str = "Cancel";

/// What the person wants to become of what runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Pause,
    Keep,
    Cancel,
}

/// How far the farewell is.
#[derive(Debug, Default)]
pub struct Farewell {
    asking: AtomicBool,
    leaving: AtomicBool,
    again: AtomicBool,
    told: AtomicBool,
}

impl Farewell {
    /// Somebody has opened the app while it leaves: once it has left, it starts again. Whether it leaves.
    pub fn start_after(&self) -> bool {
        let leaving = self.leaving.load(Ordering::Acquire);
        if leaving {
            self.again.store(true, Ordering::Release);
        }
        leaving
    }
}

/// How many sessions would come to a stand with the app.
fn at_work(app: &AppHandle) -> usize {
    match app.state::<Shell>().desk.get() {
        Some(Ok(desk)) => desk.at_work(),
        Some(Err(_)) | None => 0,
    }
}

/// The person closes the window: while sessions run it goes to the tray, where there is one; else the app ends.
pub fn close_window(app: &AppHandle, api: &CloseRequestApi) {
    if matches!(app.state::<Shell>().desk.get(), Some(Err(_))) {
        return;
    }
    api.prevent_close();
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if at_work(&app) == 0 {
            leave(&app).await;
        } else if has_tray().await {
            keep(&app).await;
        } else {
            ask(&app, false).await;
        }
    });
}

/// The person quits: what runs is asked about first.
pub fn quit(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if at_work(&app) == 0 {
            leave(&app).await;
        } else {
            let tray = has_tray().await;
            ask(&app, tray).await;
        }
    });
}

/// The system ends the app, as at the end of a desktop session: there is nobody to be asked.
#[cfg(unix)]
pub async fn heed_signals(app: AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()].map(signal);
    let [Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)] = signals else {
        tracing::warn!("a signal would end the app at once");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hangup.recv() => {}
    }
    leave(&app).await;
}

async fn ask(app: &AppHandle, tray: bool) {
    let farewell = app.state::<Farewell>();
    if farewell.asking.swap(true, Ordering::AcqRel) {
        return;
    }
    let choice = question(app, at_work(app), tray).await;
    farewell.asking.store(false, Ordering::Release);
    match choice {
        Choice::Pause => leave(app).await,
        Choice::Keep => keep(app).await,
        Choice::Cancel => bring_up(app),
    }
}

async fn question(app: &AppHandle, running: usize, tray: bool) -> Choice {
    #[cfg(debug_assertions)]
    if let Some(given) = std::env::var_os("MO_QUIT_ANSWER") {
        // For tests, which must not depend on the toolkit's dialog.
        return match given.to_str() {
            Some("pause") => Choice::Pause,
            Some("keep") => Choice::Keep,
            _ => Choice::Cancel,
        };
    }
    let what = if running == 1 { "1 session runs.".to_owned() } else { format!("{running} sessions run.") };
    let buttons = if tray {
        MessageDialogButtons::YesNoCancelCustom(PAUSE.into(), KEEP.into(), CANCEL.into())
    } else {
        MessageDialogButtons::OkCancelCustom(PAUSE.into(), CANCEL.into())
    };
    let (answer, answered) = oneshot::channel();
    let dialog =
        app.dialog().message(format!("{what} A paused session goes on where it stood when you resume it."));
    dialog
        .title("Quit Meta-Orchestrator?")
        .kind(MessageDialogKind::Warning)
        .buttons(buttons)
        .show_with_result(move |result| {
            // An app that is gone needs no answer.
            let _ = answer.send(result);
        });
    match answered.await {
        Ok(MessageDialogResult::Custom(label)) if label == PAUSE => Choice::Pause,
        Ok(MessageDialogResult::Custom(label)) if label == KEEP => Choice::Keep,
        _ => Choice::Cancel,
    }
}

/// The window goes, the sessions go on; that is said the first time.
async fn keep(app: &AppHandle) {
    hide(app);
    if app.state::<Farewell>().told.swap(true, Ordering::AcqRel) {
        return;
    }
    let text = "Sessions run on. The icon in the tray brings the window back and quits.";
    let title = "Meta-Orchestrator is in the tray";
    let server = tauri::async_runtime::spawn_blocking(notice_server).await.unwrap_or(NoticeServer::NoBus);
    if matches!(server, NoticeServer::There { .. }) {
        if let Err(error) = app.notification().builder().title(title).body(text).show() {
            tracing::warn!(%error, "nobody was told of the tray");
        }
    } else {
        app.dialog().message(text).title(title).show(|_| {});
    }
}

/// Sessions come to a stand that can be resumed, then the app ends.
async fn leave(app: &AppHandle) {
    if app.state::<Farewell>().leaving.swap(true, Ordering::AcqRel) {
        return;
    }
    hide(app);
    // One that is still being opened is waited for, so that it is closed too.
    if let Ok(desk) = app.state::<Shell>().desk().await
        && let Err(refusal) = desk.close().await
    {
        tracing::error!(code = refusal.code, "the engine did not close cleanly: {refusal}");
    }
    app.exit(0);
}

/// The window is made: where the app was ended meanwhile, it is not left standing until the engine has been opened.
pub fn opened(app: &AppHandle) {
    if app.state::<Farewell>().leaving.load(Ordering::Acquire) {
        hide(app);
    }
}

/// A start of the app in the place of this one, which could not open its engine.
pub fn start_again(app: &AppHandle) {
    let farewell = app.state::<Farewell>();
    farewell.leaving.store(true, Ordering::Release);
    farewell.again.store(true, Ordering::Release);
    app.exit(0);
}

/// The last of this process. It gives up the name that makes it the only one before it looks, so that nobody's start is
/// missed, and the next process finds the name free.
pub fn at_exit(app: &AppHandle) {
    tauri_plugin_single_instance::destroy(app);
    if app.state::<Farewell>().again.load(Ordering::Acquire) {
        app.request_restart();
    }
}

fn hide(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(WINDOW)
        && let Err(error) = window.hide()
    {
        tracing::warn!(%error, "the window cannot be hidden");
    }
}

/// Whether a window that was hidden can be brought back from a tray.
async fn has_tray() -> bool {
    let look = || tray_library::is_there() && has_tray_host();
    tauri::async_runtime::spawn_blocking(look).await.unwrap_or(false)
}
