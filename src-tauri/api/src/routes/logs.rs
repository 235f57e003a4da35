//! What one worker did, in words.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use mo_core::event::Envelope;
use mo_core::ids::{AgentKind, SessionId, WorkerName};
use mo_core::team::resolve;
use mo_core::view::timeline::TimelineEntry;
use mo_core::view::timeline_entry;
use mo_journal::{Journal, JournalError};
use serde::Deserialize;

use crate::dto::LogPage;
use crate::error::{Refusal, printable};
use crate::reading::{Named, Query, WorkerPart};
use crate::state::{ApiState, blocking};

/// How many entries a page has when nothing is said, and at most.
const PAGE: usize = 500;
const MAX_PAGE: usize = 5_000;
/// How many records are read at once, and for one page.
const READ: usize = 1_000;
const MAX_READ: usize = 50_000;

const NEXT: HeaderName = HeaderName::from_static("mo-next");
const MORE: HeaderName = HeaderName::from_static("mo-more");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    #[serde(default)]
    since: u64,
    limit: Option<usize>,
}

/// `GET /api/v1/{id}/logs/{worker}?since=&limit=`: text, or a [`LogPage`] for who accepts JSON. The text's page goes
/// on at the seq in the header `mo-next`, and has gone on when `mo-more` was `true`.
pub(super) async fn page(
    State(api): State<ApiState>,
    Named(id): Named,
    WorkerPart(name): WorkerPart,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let worker = worker_of(&api, &id, &name).await?;
    let limit = wanted.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
    let journal = api.engine.journal();
    let page = blocking(move || read(&journal, &id, &worker, wanted.since, limit)).await?;
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepted.contains("application/json") {
        return Ok(Json(page).into_response());
    }
    let marks = [(NEXT, page.next.to_string()), (MORE, page.more.to_string())];
    Ok((marks, text(&page.entries)).into_response())
}

fn read(
    journal: &Arc<dyn Journal>,
    session: &SessionId,
    worker: &WorkerName,
    since: u64,
    limit: usize,
) -> Result<LogPage, JournalError> {
    let (mut entries, mut next, mut looked_at) = (Vec::new(), since, 0);
    let mut more = false;
    'pages: loop {
        let records = journal.read(session, next, READ)?;
        if records.is_empty() {
            break;
        }
        for record in &records {
            if entries.len() == limit || looked_at == MAX_READ {
                more = true;
                break 'pages;
            }
            (next, looked_at) = (record.seq, looked_at + 1);
            if record.worker.as_ref() == Some(worker) {
                entries.extend(Envelope::from_record(record).ok().as_ref().and_then(timeline_entry));
            }
        }
    }
    Ok(LogPage { worker: worker.to_string(), entries, next, more })
}

/// One line an entry, what belongs to it indented below. Agents write what they like: whatever would steer a terminal
/// is shown instead.
fn text(entries: &[TimelineEntry]) -> String {
    let mut text = String::new();
    for entry in entries {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} {} {}", entry.at, entry.kind, shown(&entry.text));
        for line in entry.detail.iter().flat_map(|detail| detail.lines()) {
            let _ = writeln!(text, "    {}", shown(line));
        }
    }
    text
}

fn shown(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    for c in line.chars() {
        if c.is_control() && c != '\t' { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// The worker of a session that a name means: its own, or its agent's where it has one worker.
pub(super) async fn worker_of(api: &ApiState, id: &SessionId, name: &str) -> Result<WorkerName, Refusal> {
    let view = api.engine.view(id).await?.ok_or_else(|| Refusal::session_unknown(id.as_str()))?;
    let workers: Vec<(WorkerName, AgentKind)> = view
        .workers
        .iter()
        .filter_map(|worker| Some((WorkerName::new(worker.name.as_str()), worker.agent.parse().ok()?)))
        .collect();
    resolve(workers.iter().map(|(name, agent)| (name, agent)), name).map_err(|candidates| {
        let named = printable(name);
        if candidates.is_empty() {
            let all: Vec<&str> = view.workers.iter().map(|worker| worker.name.as_str()).collect();
            let message = format!("the session has no worker `{named}`");
            Refusal::new(StatusCode::NOT_FOUND, "worker_unknown", message)
                .hint(format!("its workers are {}", all.join(", ")))
        } else {
            let message = format!("`{named}` could be {}", candidates.join(" or "));
            Refusal::bad_request("worker_ambiguous", message).hint("write the whole name")
        }
    })
}
