//! The person's checks: one after the other on the step's checkpoint, before its reviews.

use super::Fact;
use crate::event::{Event, Fault};
use crate::ids::{CheckNo, CheckpointNo, Digest};
use crate::input::Rejection;
use crate::review::check::{CheckRun, CheckStarted, finished};
use crate::state::State;

/// What is to be done before the reviews can begin; `None` when every check that is due is over.
pub(super) fn before_reviews(state: &State, checkpoint: CheckpointNo, digest: &Digest) -> Option<Vec<Fact>> {
    if state.running_check().is_some() {
        return Some(Vec::new());
    }
    let due = state.created.as_ref().map(|created| created.settings.checks.as_slice())?;
    let command = due.get(state.checks_of_step().len())?.clone();
    let check = CheckNo::try_from(state.checks.len()).unwrap_or(CheckNo::MAX).saturating_add(1);
    Some(vec![(
        None,
        Event::CheckStarted(CheckStarted { check, command, checkpoint, digest: digest.clone() }),
    )])
}

/// The outcome of the check that runs, also while the session ends.
pub(super) fn ran(
    state: &State,
    check: CheckNo,
    result: Result<CheckRun, Fault>,
) -> Result<Vec<Fact>, Rejection> {
    let running = state.running_check().filter(|running| running.started.check == check);
    let running = running.ok_or(Rejection::Stale)?;
    Ok(vec![(None, Event::CheckFinished(finished(&running.started, result)))])
}

/// Whether a check found something in the work: it ran, and it did not pass.
pub(super) fn found_something(state: &State) -> bool {
    use crate::review::check::CheckOutcome::{Failed, TimedOut};
    let outcomes = state.checks_of_step().iter().filter_map(|check| Some(check.finished.as_ref()?.outcome));
    outcomes.into_iter().any(|outcome| matches!(outcome, Failed | TimedOut))
}
