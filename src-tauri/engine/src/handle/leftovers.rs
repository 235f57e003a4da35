//! What a former owner left in flight.

use std::sync::Arc;

use mo_core::decide::{Observed, reconcile};
use mo_core::state::{AttemptState, State};
use mo_journal::JournalError;
use mo_process::{ProcessIdentity, sweep};

use super::{EngineHandle, blocking};
use crate::dispatcher::Message;
use crate::history;
use crate::session_desk::{Purpose, SessionDesk};

impl EngineHandle {
    /// Sessions that a former owner left unfinished: their processes are ended, what was in flight is settled.
    pub(super) async fn settle_leftovers(&self) -> Result<(), JournalError> {
        let journal = Arc::clone(&self.shared.ports.journal);
        let unfinished = blocking(move || {
            let mut found = Vec::new();
            for id in journal.sessions()? {
                if !history::is_over(journal.as_ref(), &id)? {
                    let state = history::replay(journal.as_ref(), &id)?;
                    if state.is_over() {
                        continue;
                    }
                    bury(&state);
                    found.push((id, state));
                }
            }
            Ok(found)
        })
        .await?;
        for (id, state) in unfinished {
            let Some(created) = state.created.clone() else { continue };
            let folder = self.shared.data.session(&id)?;
            let (data, target) = (self.shared.data.path().to_owned(), created.target.clone().into());
            let desk = SessionDesk::at_rest(id.clone(), data, folder, target, Purpose::Work);
            self.desks().insert(id.clone(), desk);
            let inputs = reconcile(&state, &Observed::default());
            for message in [
                Message::Adopt { session: id.clone(), state: Box::new(state) },
                Message::Inputs { session: id, inputs },
            ] {
                // The queue was made a moment ago and nobody has closed it.
                let _ = self.send(message).await;
            }
        }
        Ok(())
    }
}

/// Ends what a former owner's workers left, by pid and start time.
fn bury(state: &State) {
    let left: Vec<ProcessIdentity> = state
        .unended()
        .filter_map(|(_, _, attempt)| match attempt.state {
            AttemptState::Live { pid, start_time } => Some(ProcessIdentity { pid, start_time }),
            _ => None,
        })
        .collect();
    if !left.is_empty() {
        let report = sweep(&left);
        tracing::info!(?report, "swept what a former owner left");
    }
}
