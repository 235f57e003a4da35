//! A dispatcher that breaks off takes the workers with it: nobody could decide what they ask, stop them, or write down
//! what they do.

use std::sync::{Arc, PoisonError};

use tokio::sync::{Notify, watch};

use crate::hub::Hub;
use crate::session_desk::Desks;

/// What has to be cleared away then.
pub(crate) struct Wreck {
    pub(crate) hub: Arc<Hub>,
    pub(crate) desks: Desks,
    pub(crate) freed: Arc<Notify>,
    /// Told once.
    pub(crate) broken: watch::Sender<bool>,
}

impl Wreck {
    /// Runs the dispatcher. When it panics, all processes are killed, whoever listens comes to the end, and nothing
    /// counts as running any more; the next owner settles what was in flight.
    pub(crate) async fn watch(self, dispatcher: impl Future<Output = ()> + Send + 'static) {
        let Err(error) = tokio::spawn(dispatcher).await else { return };
        tracing::error!(%error, "the dispatcher broke off; everything that it ran is ended");
        let desks = std::mem::take(&mut *self.desks.lock().unwrap_or_else(PoisonError::into_inner));
        for desk in desks.values() {
            desk.kill_all();
        }
        self.hub.end();
        self.freed.notify_waiters();
        self.broken.send_replace(true);
    }
}
