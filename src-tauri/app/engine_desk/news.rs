//! The engine's news, told to the window.

use std::sync::Arc;
use std::time::Duration;

use mo_core::event::Envelope;
use mo_core::ids::SessionId;
use mo_core::view::resources::SessionResources;
use mo_core::view::timeline::TimelineEntry;
use mo_core::view::timeline_entry;
use mo_engine::handle::EngineHandle;
use mo_engine::hub::{Health, RowBatch, Start};
use tokio::sync::{mpsc, watch};

use crate::desk::{News, Update};
use crate::dto::Refusal;

/// Tells the news of an engine after row `after`, and how it is, until it ends. How it is waits for `said`: as long
/// stands what was told last.
pub(crate) async fn watch_engine(engine: EngineHandle, after: u64, said: Duration, news: mpsc::Sender<News>) {
    let (watched, told, health_news) = (engine.health(), engine.clone(), news.clone());
    let health = async move {
        tokio::time::sleep(said).await;
        watch_health(watched, async move { told.broken().await }, health_news).await;
    };
    let resources = watch_resources(engine.resources(), news.clone());
    tokio::join!(watch_sessions(engine, after, news), health, resources);
}

/// Tells the news of all sessions of an engine, from the row after `after` on.
pub(super) async fn watch_sessions(engine: EngineHandle, after: u64, news: mpsc::Sender<News>) {
    let mut deletions = engine.deletions();
    let mut rows = engine.subscribe_rows(Start::AllAfterRow(after));
    loop {
        // One after the other: no view of a session comes after its deletion.
        let batch = tokio::select! {
            biased;
            batch = rows.next() => batch,
            Ok(()) = deletions.changed() => {
                if news.send(News::Deleted).await.is_err() {
                    return;
                }
                continue;
            }
        };
        let batch = match batch {
            None => return,
            Some(Ok(batch)) => batch,
            Some(Err(error)) => {
                tracing::error!(%error, "the news of the sessions broke off");
                let _ = news.send(News::Trouble(Some(error.into()))).await;
                return;
            }
        };
        for (session, entries) in stories(&batch) {
            let view = match engine.view(&session).await {
                Ok(Some(view)) => view,
                // Deleted meanwhile.
                Ok(None) => continue,
                Err(error) => {
                    tracing::error!(%session, %error, "the session's view cannot be made");
                    continue;
                }
            };
            if news.send(News::Session(Box::new(Update { view, entries }))).await.is_err() {
                return;
            }
        }
    }
}

/// Tells what the workers of an engine take. Looks that come while the shell is busy are left out.
pub(super) async fn watch_resources(
    mut looks: watch::Receiver<Arc<[SessionResources]>>,
    news: mpsc::Sender<News>,
) {
    while looks.changed().await.is_ok() {
        let look = Arc::clone(&looks.borrow_and_update());
        for one in look.iter() {
            if news.send(News::Resources(one.clone())).await.is_err() {
                return;
            }
        }
    }
}

/// What each session's story gains by a batch, in the order in which the sessions come up in it.
fn stories(batch: &RowBatch) -> Vec<(SessionId, Vec<TimelineEntry>)> {
    let mut stories: Vec<(SessionId, Vec<TimelineEntry>)> = Vec::new();
    for (_, record) in batch.iter() {
        let known = stories.iter().position(|(session, _)| *session == record.session);
        let at = known.unwrap_or(stories.len());
        if known.is_none() {
            stories.push((record.session.clone(), Vec::new()));
        }
        let entry = Envelope::from_record(record).ok().and_then(|envelope| timeline_entry(&envelope));
        stories[at].1.extend(entry);
    }
    stories
}

/// Tells whether the journal takes what happens, and, last of all, that the engine has broken off.
async fn watch_health(
    mut health: watch::Receiver<Health>,
    broken: impl Future<Output = String>,
    news: mpsc::Sender<News>,
) {
    let mut broken = std::pin::pin!(broken);
    loop {
        let trouble = match &*health.borrow_and_update() {
            Health::Good => None,
            Health::JournalDown(why) => Some(Refusal::new(
                "journal_down",
                format!("the journal takes nothing: {why}"),
                "Nothing is lost. Work goes on by itself as soon as it can be written again.",
            )),
        };
        if news.send(News::Trouble(trouble)).await.is_err() {
            return;
        }
        tokio::select! {
            biased;
            reason = &mut broken => {
                let hint = "Everything that ran was ended. Start the app again; sessions go on from where they stood.";
                let trouble = Refusal::new("engine_broken", format!("the engine broke off: {reason}"), hint);
                // A shell that is gone shows nothing.
                let _ = news.send(News::Trouble(Some(trouble))).await;
                return;
            }
            changed = health.changed() => if changed.is_err() {
                return;
            },
        }
    }
}

#[cfg(test)]
#[path = "news_tests.rs"]
mod tests;
