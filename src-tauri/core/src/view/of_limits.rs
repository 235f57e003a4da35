//! A session that a limit has brought to rest: nothing goes on until a person says so.

use super::status::NeedView;
use crate::event::{RestState, StopCause};
use crate::state::State;

/// What a person can do about it.
pub(super) fn need(state: &State) -> Option<NeedView> {
    let ending = state.ending.as_ref().filter(|ending| ending.state == RestState::Paused)?;
    let step = match state.stop? {
        StopCause::MemoryLimit => "resume it: it goes on with fresh processes",
        StopCause::DiskLimit => "free some space, then resume it",
        StopCause::TimeLimit => "resume it: it has its whole time again",
        StopCause::MoneyLimit => "resume it: it may spend the same again",
        StopCause::Person | StopCause::Sigint | StopCause::Sigterm | StopCause::Pause | StopCause::Crash => {
            return None;
        }
    };
    Some(NeedView {
        kind: "limit".to_owned(),
        id: None,
        title: "a limit paused the session".to_owned(),
        details: ending.reason.clone(),
        required_actions: Vec::new(),
        suggestions: vec![step.to_owned()],
    })
}
