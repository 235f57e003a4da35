//! Streams of events (server-sent events). A stream is fed from the journal and goes over to what is new without gap
//! or repeat; its client is served as fast as it reads, and dropped when it does not read at all.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use mo_engine::hub::{RowBatch, RowSubscription, Start};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Instant;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use crate::dto::EventName;
use crate::error::Refusal;
use crate::reading::{Named, Query};
use crate::server::ended;
use crate::state::ApiState;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// How many bytes a piece of a stream has before it is handed over. With one piece that waits and one that is being
/// written, well under 1 MB is unsent, but for a single event that is larger.
const PIECE: usize = 64 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    #[serde(default)]
    since: u64,
}

/// `GET /api/v1/events?since=`: all sessions. `since` is a row number, as the ids are.
pub(super) async fn all(
    State(api): State<ApiState>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let row = last_event_id(&headers)?.unwrap_or(wanted.since);
    stream(&api, Start::AllAfterRow(row))
}

/// `GET /api/v1/{id}/events?since=`: one session. `since` is a seq, such as that of its state; the ids, and so
/// `Last-Event-ID`, are row numbers on every stream.
pub(super) async fn of_session(
    State(api): State<ApiState>,
    Named(id): Named,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let start = match last_event_id(&headers)? {
        Some(row) => Start::SessionAfterRow(id, row),
        None => Start::SessionAfterSeq(id, wanted.since),
    };
    stream(&api, start)
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let Some(value) = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    let bad = || Refusal::bad_request("bad_last_event_id", "Last-Event-ID is the id of an event, a number");
    number.map(Some).ok_or_else(bad)
}

fn stream(api: &ApiState, start: Start) -> Result<Response, Refusal> {
    let permit = api.streams.clone().try_acquire_owned().map_err(|_| {
        let message = format!("{} streams are open already", api.limits.streams);
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many_streams", message).hint("close one")
    })?;
    let (pieces, waiting) = mpsc::channel(1);
    tokio::spawn(feed(api.clone(), api.engine.subscribe_rows(start), pieces, permit));
    let body = Body::from_stream(ReceiverStream::new(waiting).map(Ok::<_, Infallible>));
    Ok(([(CONTENT_TYPE, "text/event-stream")], body).into_response())
}

/// Feeds one stream until its client, the server or the engine is gone.
async fn feed(
    api: ApiState,
    mut events: RowSubscription,
    pieces: mpsc::Sender<Bytes>,
    _permit: OwnedSemaphorePermit,
) {
    let mut ending = api.ending.clone();
    let quiet = tokio::time::sleep(api.limits.heartbeat);
    tokio::pin!(quiet);
    // The head of the answer goes out with its first bytes.
    let mut next = Some(Next::Comment("retry: 1000\n\n"));
    loop {
        let sent = match next.take() {
            Some(Next::Comment(text)) => pieces.send(Bytes::from_static(text.as_bytes())).await.is_ok(),
            Some(Next::Events(batch)) => send(&batch, &pieces).await,
            None => true,
        };
        if !sent {
            return;
        }
        quiet.as_mut().reset(Instant::now() + api.limits.heartbeat);
        next = tokio::select! {
            batch = events.next() => match batch {
                Some(Ok(batch)) => Some(Next::Events(batch)),
                Some(Err(error)) => {
                    // The client comes back, and goes on from where it was.
                    tracing::error!(%error, "a stream broke off");
                    return;
                }
                None => return,
            },
            () = &mut quiet => Some(Next::Comment(": heartbeat\n\n")),
            () = pieces.closed() => return,
            () = ended(&mut ending) => return,
        };
    }
}

enum Next {
    Comment(&'static str),
    Events(RowBatch),
}

/// Hands a batch over in pieces; `false` when the client is gone.
async fn send(batch: &RowBatch, pieces: &mpsc::Sender<Bytes>) -> bool {
    let mut piece = Vec::new();
    for (row, record) in batch.iter() {
        write_event(&mut piece, row, record);
        if piece.len() >= PIECE && pieces.send(Bytes::from(std::mem::take(&mut piece))).await.is_err() {
            return false;
        }
    }
    piece.is_empty() || pieces.send(Bytes::from(piece)).await.is_ok()
}

fn write_event(piece: &mut Vec<u8>, row: u64, record: &mo_core::record::Record) {
    use std::io::Write as _;
    let name = EventName::of_kind(&record.kind).as_str();
    // Writing to a vector cannot fail.
    let _ = write!(piece, "id: {row}\nevent: {name}\ndata: ");
    let line = piece.len();
    if let Err(error) = serde_json::to_writer(&mut *piece, record) {
        // Only a journal that somebody has written into has such a record; its place in the order stays.
        tracing::error!(session = %record.session, seq = record.seq, %error, "a stored event is no JSON");
        piece.truncate(line);
        let _ = write!(piece, "null");
    }
    piece.extend_from_slice(b"\n\n");
}
