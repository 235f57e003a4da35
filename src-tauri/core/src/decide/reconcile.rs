//! After a restart: settle what was in flight. Nothing is run again blindly.

use std::collections::BTreeSet;

use crate::event::{Fault, StopCause};
use crate::ids::{AttemptNo, WorkerName};
use crate::input::Input;
use crate::state::State;

/// What was seen of the outside after a restart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// Processes of the session that are still there and could not be ended.
    pub survivors: BTreeSet<(WorkerName, AttemptNo)>,
}

/// The inputs that settle what was in flight when the owner went away. A session that is over needs none.
pub fn reconcile(state: &State, seen: &Observed) -> Vec<Input> {
    if state.created.is_none() || state.is_over() {
        return Vec::new();
    }
    let mut inputs = Vec::new();
    if state.ending.is_none() {
        inputs.push(Input::Stop { by: StopCause::Crash, urgent: false });
    }
    for (worker, attempt, _) in state.unended() {
        let gone = !seen.survivors.contains(&(worker.clone(), attempt));
        inputs.push(Input::Exited {
            worker: worker.clone(),
            attempt,
            code: None,
            signal: None,
            tree_empty: gone,
            turn: None,
        });
    }
    let interrupted = |what: &str| Fault {
        code: "interrupted".to_owned(),
        message: format!("the program went away while {what}"),
        hint: "start the session again".to_owned(),
    };
    if state.is_preparing() {
        inputs.push(Input::Prepared(Err(interrupted("it prepared the session"))));
    }
    if let Some((checkpoint, _)) = state.pending_checkpoint {
        inputs.push(Input::Checkpoint { checkpoint, result: Err(interrupted("it took a checkpoint")) });
    }
    if let Some(check) = state.running_check() {
        // Whether it passed is not known, so it has not.
        inputs
            .push(Input::CheckRan { check: check.started.check, result: Err(interrupted("the check ran")) });
    }
    inputs.push(Input::Proceed);
    inputs
}
