//! What a look at the machine means for a session.

use super::Fact;
use crate::event::{Ending, Event, RestState};
use crate::input::{Measured, Rejection};
use crate::limits::{LimitReading, Limited, Stand};
use crate::state::State;

/// A warning for everything that has come near its limit since the session began to run, and a pause for the first
/// that is past it and was warned of before.
pub(super) fn measured(state: &State, measured: Measured) -> Result<Vec<Fact>, Rejection> {
    if state.ending.is_some() {
        return Err(Rejection::Stale);
    }
    let settings = state.settings();
    let workers = measured.memory.into_iter().map(|(worker, bytes)| (Limited::Memory { worker }, bytes));
    let disks = measured.free.into_iter().map(|(folder, bytes)| (Limited::Disk { folder }, bytes));
    let mut facts = Vec::new();
    for (of, bytes) in workers.chain(disks) {
        let Some(reading) = LimitReading::new(of, bytes, &settings) else { continue };
        let worker = match &reading.of {
            Limited::Memory { worker } => Some(worker.clone()),
            Limited::Disk { .. } => None,
        };
        match (reading.stand(), state.near_limits.contains(&reading.of)) {
            (Stand::Fine, _) | (Stand::Near, true) => {}
            (Stand::Near | Stand::Past, false) => facts.push((worker, Event::LimitNear(reading))),
            (Stand::Past, true) => {
                let (by, reason) = (reading.cause(), reading.words());
                facts.push((worker, Event::LimitReached(reading)));
                facts.push((None, Event::StopRequested { by }));
                let ending = Ending { state: RestState::Paused, exit_code: 11, reason };
                facts.push((None, Event::SessionEnding(ending)));
                return Ok(facts);
            }
        }
    }
    if facts.is_empty() { Err(Rejection::Stale) } else { Ok(facts) }
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
