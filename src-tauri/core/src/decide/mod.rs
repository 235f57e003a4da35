//! `decide`: an input becomes the facts that it is, and the facts that follow from them by the workflow.

mod approvals;
mod checks;
mod follow;
mod grants;
mod inputs;
mod limits;
mod reconcile;
mod recover;
mod resume;

pub use reconcile::{Observed, reconcile};

use crate::event::{Envelope, Event};
use crate::ids::WorkerName;
use crate::input::{Input, Rejection};
use crate::state::State;
use crate::time::Timestamp;

/// More steps than any input can lead to; a bound against a rule that never comes to rest.
const MAX_STEPS: usize = 1_000;

/// An event and the worker that it is about.
pub(crate) type Fact = (Option<WorkerName>, Event);

/// What the input leads to, with dense seqs after `state.last_seq`. Pure and total.
///
/// # Errors
/// A [`Rejection`] when the input changes nothing.
pub fn decide(state: &State, input: Input, now: Timestamp) -> Result<Vec<Envelope>, Rejection> {
    let line_time = match &input {
        Input::Agent { decoded, .. } => decoded.at,
        _ => None,
    };
    let facts = inputs::facts(state, input, now)?;
    let mut seq = state.last_seq;
    let mut seal = |(worker, event): Fact, at: Timestamp| {
        seq += 1;
        Envelope { seq, at, worker, event }
    };
    let mut out: Vec<Envelope> = facts.into_iter().map(|fact| seal(fact, line_time.unwrap_or(now))).collect();
    let quiet = |e: &Envelope| matches!(e.event, Event::AgentItem { .. } | Event::ApprovalDecided { .. });
    if !out.is_empty() && out.iter().all(quiet) {
        return Ok(out);
    }
    let mut scratch = state.clone();
    for envelope in &out {
        scratch.apply(envelope);
    }
    for _ in 0..MAX_STEPS {
        let more = follow::follow(&scratch, now);
        if more.is_empty() {
            break;
        }
        for fact in more {
            let envelope = seal(fact, now);
            scratch.apply(&envelope);
            out.push(envelope);
        }
    }
    if out.is_empty() { Err(Rejection::Stale) } else { Ok(out) }
}

#[cfg(test)]
mod approvals_tests;
#[cfg(test)]
mod decide_tests;
#[cfg(test)]
mod grants_tests;
#[cfg(test)]
mod recovery_tests;
#[cfg(test)]
mod world;
#[cfg(test)]
mod world_asks;
