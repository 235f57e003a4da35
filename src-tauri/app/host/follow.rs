//! The news of all sessions, from wherever they run. When their owner goes away, this process takes over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mo_api::Watch;
use mo_api::client::{ClientError, EventLine, EventStream};
use mo_core::ids::SessionId;
use mo_core::view::timeline::TimelineEntry;
use mo_engine::history;
use serde::Deserialize;
use tokio::sync::mpsc;

use super::{Attached, Folder, Host, Place};
use crate::desk::{News, Update};
use crate::dto::Refusal;
use crate::engine_desk::watch_engine;

/// The most events that are told together.
const TOGETHER: usize = 512;
/// The longest wait for a change of a data folder that could not be taken over.
const LAST_LOOK: Duration = Duration::from_secs(30);

/// How long the banner stays that an owner is gone: taking over may take less than reading it.
const READ: Duration = Duration::from_secs(4);

/// Tells the news after row `after`, for as long as somebody takes them.
pub async fn follow(host: Host, folder: Folder, after: u64, news: mpsc::Sender<News>) {
    let (mut row, mut said) = (after, Duration::ZERO);
    loop {
        match host.place() {
            Place::Here(engine) => return watch_engine(engine, row, said, news).await,
            Place::There(owner) => {
                if !said.is_zero() {
                    tokio::time::sleep(said).await;
                    let _ = news.send(News::Trouble(None)).await;
                }
                let error = watch_owner(&owner, &mut row, &news).await;
                if news.is_closed() {
                    return;
                }
                tracing::warn!(code = error.code(), "the owner of the sessions is gone: {error}");
                if take_over(&host, &folder, owner.client().owner().pid, &news).await.is_none() {
                    return;
                }
                said = READ;
            }
        }
    }
}

/// Says what is being done about the owner's going, until the host stands elsewhere. `None`: nobody listens any more.
async fn take_over(host: &Host, folder: &Folder, pid: u32, news: &mpsc::Sender<News>) -> Option<()> {
    let message = format!("The program that ran the sessions (process {pid}) went away.");
    let hint = "This window takes over. What was running stands where it stood and can be resumed.";
    let mut trouble = Refusal::new("owner_gone", message, hint);
    loop {
        news.send(News::Trouble(Some(trouble))).await.ok()?;
        match folder.find_or_take().await {
            Ok(place) => {
                host.move_to(place).await;
                return Some(());
            }
            Err(refusal) => {
                tracing::error!(code = refusal.code, "the data folder was not taken over: {refusal}");
                trouble = refusal;
            }
        }
        let data = folder.data.clone();
        let look = move || Watch::new([data.as_path()])?.wait_at_most(LAST_LOOK);
        match tokio::task::spawn_blocking(look).await {
            Ok(Ok(())) => {}
            // Where a folder cannot be watched, time passes instead.
            _ => tokio::time::sleep(LAST_LOOK).await,
        }
    }
}

/// Follows an owner until it is gone; why it is.
async fn watch_owner(owner: &Arc<Attached>, row: &mut u64, news: &mpsc::Sender<News>) -> ClientError {
    let mut events = match owner.client().all_events(*row).await {
        Ok(events) => events,
        Err(error) => return error,
    };
    loop {
        let lines = match next_lines(&mut events).await {
            Ok(lines) => lines,
            Err(error) => return error,
        };
        for (session, span) in spans(&lines) {
            let view = match owner.client().state(session.as_str()).await {
                Ok(view) => view,
                Err(ClientError::Refused { status: 404, .. }) => {
                    if news.send(News::Deleted).await.is_err() {
                        return ClientError::Silent;
                    }
                    continue;
                }
                Err(error) => return error,
            };
            let entries = story(owner, &session, span).await;
            if news.send(News::Session(Box::new(Update { view, entries }))).await.is_err() {
                return ClientError::Silent;
            }
        }
        *row = lines.last().map_or(*row, |line| line.id);
    }
}

/// The next events: those that are there already come together.
async fn next_lines(events: &mut EventStream) -> Result<Vec<EventLine>, ClientError> {
    let mut lines = vec![events.next().await?];
    while lines.len() < TOGETHER {
        match tokio::time::timeout(Duration::ZERO, events.next()).await {
            Ok(line) => lines.push(line?),
            Err(_) => break,
        }
    }
    Ok(lines)
}

/// The first and the last seq of each session among the events.
fn spans(lines: &[EventLine]) -> BTreeMap<SessionId, (u64, u64)> {
    #[derive(Deserialize)]
    struct Head {
        seq: u64,
        session: SessionId,
    }
    let mut spans = BTreeMap::new();
    for head in lines.iter().filter_map(|line| serde_json::from_str::<Head>(&line.line).ok()) {
        let span = spans.entry(head.session).or_insert((head.seq, head.seq));
        span.1 = head.seq;
    }
    spans
}

/// What a session's story gained.
async fn story(owner: &Arc<Attached>, session: &SessionId, (first, last): (u64, u64)) -> Vec<TimelineEntry> {
    let (journal, id) = (owner.journal(), session.clone());
    let read = move || history::timeline(journal.as_ref(), &id, first.saturating_sub(1), TOGETHER);
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok((mut entries, _))) => {
            entries.retain(|entry| entry.seq <= last);
            entries
        }
        Ok(Err(error)) => {
            tracing::error!(%session, %error, "the session's story cannot be read");
            Vec::new()
        }
        Err(_) => Vec::new(),
    }
}
