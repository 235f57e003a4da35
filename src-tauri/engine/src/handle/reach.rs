//! What the API needs of the engine beyond its commands.

use std::sync::Arc;

use mo_checkpoint::Checkpoints;
use mo_core::ids::SessionId;
use mo_journal::{Journal, JournalError};

use super::EngineHandle;
use crate::hub::{RowSubscription, Start};

/// Why a session was not deleted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeleteError {
    /// It still runs.
    #[error("the session still runs")]
    Running,
    /// There is none.
    #[error("the session does not exist")]
    Unknown,
    /// The journal refused.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl EngineHandle {
    /// The events of all sessions or of one with their row numbers, first stored ones, then as they come.
    pub fn subscribe_rows(&self, start: Start) -> RowSubscription {
        self.shared.hub.subscribe_rows(start, self.journal())
    }

    /// Returns when the engine has broken off by itself: everything that it ran has been ended, it decides nothing
    /// more, and the log says why. Never otherwise.
    pub async fn broken(&self) {
        if self.shared.broken.clone().wait_for(|broken| *broken).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// The journal.
    pub fn journal(&self) -> Arc<dyn Journal> {
        Arc::clone(&self.shared.ports.journal)
    }

    /// The checkpoints.
    pub fn checkpoints(&self) -> Arc<dyn Checkpoints> {
        Arc::clone(&self.shared.ports.checkpoints)
    }

    /// Replaces the text of `owner.json`. Blocks on the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn describe_owner(&self, owner_json: &str) -> Result<(), JournalError> {
        self.shared.lock.describe(owner_json)
    }

    /// Deletes a session that does not run: its events, transcripts and documents. Contents of its checkpoints go
    /// with the next pruning.
    ///
    /// # Errors
    /// When it runs, does not exist, or the journal cannot be written.
    pub async fn delete(&self, session: &SessionId) -> Result<(), DeleteError> {
        if self.desks().contains_key(session) {
            return Err(DeleteError::Running);
        }
        let existed = self.journal().delete(session).await?;
        self.shared.hub.forget(session);
        if existed { Ok(()) } else { Err(DeleteError::Unknown) }
    }
}
