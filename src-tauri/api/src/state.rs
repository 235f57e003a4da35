//! What all routes share.

use std::sync::Arc;

use mo_core::ids::SessionId;
use mo_engine::handle::EngineHandle;
use mo_journal::JournalError;
use tokio::sync::{Mutex, Semaphore, watch};

use crate::error::Refusal;
use crate::server::Limits;

/// What all routes share.
#[derive(Clone)]
pub(crate) struct ApiState {
    pub(crate) engine: EngineHandle,
    pub(crate) limits: Limits,
    /// One permit for each stream.
    pub(crate) streams: Arc<Semaphore>,
    /// Held while a session is deleted or resumed: one must not overtake the other.
    pub(crate) comings_and_goings: Arc<Mutex<()>>,
    /// Becomes true when the server ends.
    pub(crate) ending: watch::Receiver<bool>,
}

impl ApiState {
    /// Whether there is such a session.
    pub(crate) async fn exists(&self, session: &SessionId) -> Result<bool, Refusal> {
        if self.engine.running().contains(session) {
            return Ok(true);
        }
        let (journal, id) = (self.engine.journal(), session.clone());
        Ok(blocking(move || journal.last_seq(&id)).await? > 0)
    }
}

/// Does what waits for the disk on a thread for that.
pub(crate) async fn blocking<T: Send + 'static, E: Into<Refusal> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(Into::into),
        Err(_) => Err(JournalError::Closed.into()),
    }
}
