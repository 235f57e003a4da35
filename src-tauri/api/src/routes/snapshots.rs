//! A session's checkpoints and what changed between them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use mo_checkpoint::{DiffOptions, Digest};
use mo_core::event::{CheckpointTaken, Envelope, Event};
use mo_core::ids::{CheckpointNo, SessionId};
use mo_journal::{Journal, JournalError};
use serde::Deserialize;

use crate::dto::{CheckpointAt, Checkpoints, Diff, DiffAnswer, RestoreAnswer, RestoreForm};
use crate::error::Refusal;
use crate::reading::{Form, Named, Query};
use crate::state::{ApiState, blocking};

/// How many records are read at once.
const PAGE: usize = 2_000;
/// Where the text of a difference is cut, in bytes; the list of changes is always whole.
const MAX_DIFF: usize = 16 << 20;

/// `GET /api/v1/{id}/checkpoints`.
pub(super) async fn checkpoints(
    State(api): State<ApiState>,
    Named(id): Named,
) -> Result<Json<Checkpoints>, Refusal> {
    let journal = api.engine.journal();
    let checkpoints = blocking(move || taken(&journal, &id)).await?;
    Ok(Json(Checkpoints { checkpoints }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    #[serde(default)]
    from: CheckpointNo,
    to: Option<CheckpointNo>,
}

/// `GET /api/v1/{id}/diff?from=&to=`: from checkpoint 0 and to the newest, where nothing is said.
pub(super) async fn diff(
    State(api): State<ApiState>,
    Named(id): Named,
    Query(wanted): Query<Wanted>,
) -> Result<Json<DiffAnswer>, Refusal> {
    let (journal, store) = (api.engine.journal(), api.engine.checkpoints());
    let diff = move || -> Result<Diff, Refusal> {
        let all = taken(&journal, &id)?;
        let from = find(&all, &id, Some(wanted.from))?;
        let to = find(&all, &id, wanted.to)?;
        let options = DiffOptions { max_bytes: MAX_DIFF, ..DiffOptions::default() };
        let tree = store.diff(&digest(from)?, &digest(to)?, options)?;
        let unified = tree.unified().into_owned();
        Ok(Diff {
            session: id.to_string(),
            from: from.clone(),
            to: to.clone(),
            changes: tree.changes,
            truncated: tree.truncated,
            unified,
        })
    };
    Ok(Json(DiffAnswer { diff: blocking(diff).await? }))
}

/// `POST /api/v1/{id}/restore`. Answered when the files are back.
pub(super) async fn restore(
    State(api): State<ApiState>,
    Named(id): Named,
    Form(form): Form<RestoreForm>,
) -> Result<Json<RestoreAnswer>, Refusal> {
    let _alone = api.comings_and_goings.lock().await;
    let restored = api.engine.restore(&id, form.checkpoint, form.paths).await?;
    Ok(Json(RestoreAnswer { restored }))
}

/// The checkpoints that stand, in order.
fn taken(journal: &Arc<dyn Journal>, session: &SessionId) -> Result<Vec<CheckpointAt>, JournalError> {
    let (mut found, mut since) = (Vec::new(), 0);
    loop {
        let page = journal.read(session, since, PAGE)?;
        let Some(last) = page.last() else { return Ok(found) };
        since = last.seq;
        for record in page.iter().filter(|record| record.kind == "checkpoint_taken") {
            if let Ok(Envelope { seq, at, event: Event::CheckpointTaken(taken), .. }) =
                Envelope::from_record(record)
            {
                found.push(CheckpointAt { seq, at: at.to_string(), taken });
            }
        }
    }
}

/// The one of that number, else the newest.
fn find<'a>(
    all: &'a [CheckpointAt],
    session: &SessionId,
    number: Option<CheckpointNo>,
) -> Result<&'a CheckpointTaken, Refusal> {
    let found = match number {
        Some(number) => all.iter().find(|at| at.taken.checkpoint == number),
        None => all.last(),
    };
    found.map(|at| &at.taken).ok_or_else(|| {
        let hint = match all {
            [] => "its first one does not stand yet, or it ended before".to_owned(),
            [only] => format!("it has only checkpoint {}", only.taken.checkpoint),
            [first, .., last] => {
                format!("it has checkpoints {} to {}", first.taken.checkpoint, last.taken.checkpoint)
            }
        };
        let message = format!("session {session} has no checkpoint {}", number.unwrap_or_default());
        Refusal::new(StatusCode::NOT_FOUND, "checkpoint_unknown", message).hint(hint)
    })
}

fn digest(taken: &CheckpointTaken) -> Result<Digest, Refusal> {
    let usable = taken.digest.as_str().parse();
    usable.map_err(|_| Refusal::internal("a checkpoint in the journal has no usable digest"))
}
