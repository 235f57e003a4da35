//! A dispatcher that breaks off takes the workers with it: nobody could decide what they ask, stop them, or write down
//! what they do.

use std::sync::{Arc, PoisonError};

use mo_journal::JournalError;
use tokio::sync::{Notify, watch};

use crate::hub::Hub;
use crate::session_desk::Desks;

/// What has to be cleared away then.
pub(crate) struct Wreck {
    pub(crate) hub: Arc<Hub>,
    pub(crate) desks: Desks,
    pub(crate) freed: Arc<Notify>,
    /// Told once, with the reason.
    pub(crate) broken: watch::Sender<Option<String>>,
}

impl Wreck {
    /// Runs the dispatcher. When it panics, or can never write down what it decided, all processes are killed,
    /// whoever listens comes to the end, and nothing counts as running any more; the next owner settles what was in
    /// flight.
    pub(crate) async fn watch(
        self,
        dispatcher: impl Future<Output = Result<(), JournalError>> + Send + 'static,
    ) {
        let reason = match tokio::spawn(dispatcher).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => format!("the journal can never take what was decided: {error}"),
            Err(error) => format!("the dispatcher broke off: {error}"),
        };
        tracing::error!(reason, "the engine is broken; everything that it ran is ended");
        let desks = std::mem::take(&mut *self.desks.lock().unwrap_or_else(PoisonError::into_inner));
        for desk in desks.values() {
            desk.kill_all();
        }
        self.hub.end();
        self.freed.notify_waiters();
        self.broken.send_replace(Some(reason));
    }
}
