//! Where a worker's reports go, and how far one that floods may go ahead of the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mo_core::ids::{AttemptNo, WorkerName};
use mo_core::input::Input;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Instant;

use crate::dispatcher::Message;
use crate::hub::{Delta, Hub};
use crate::pieces::Piece;
use crate::session_desk::SessionDesk;

/// How many reads of one worker's output may be on their way at a time, from the queue to the disk: enough that a
/// worker that is alone finds a group to be committed together, few enough that a command waits only some milliseconds
/// behind them.
const CREDITS: u32 = 16;
/// What one read of a worker that floods has at least, in bytes.
pub(crate) const FLOOD: usize = 8 << 10;
/// The longest pause for others: a slow disk must not slow down a flood without bound.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// How many workers of the engine are in a turn.
#[derive(Debug, Default)]
pub(crate) struct Crowd(AtomicUsize);

impl Crowd {
    pub(crate) fn join(self: &Arc<Self>) -> InTurn {
        self.0.fetch_add(1, Ordering::Relaxed);
        InTurn(Arc::clone(self))
    }

    fn is_shared(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }
}

/// Counts for as long as it is held.
#[derive(Debug)]
pub(crate) struct InTurn(Arc<Crowd>);

impl Drop for InTurn {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How far one process may go ahead.
pub(crate) struct Pace {
    pub(crate) crowd: Arc<Crowd>,
    credits: Arc<Semaphore>,
}

impl Pace {
    pub(crate) fn new(crowd: Arc<Crowd>) -> Self {
        Self { crowd, credits: Arc::new(Semaphore::new(CREDITS as usize)) }
    }

    /// To be held until what one read gave is stored. `None` only when the engine is going away.
    async fn credit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.credits).acquire_owned().await.ok()
    }

    /// After a read of [`FLOOD`] bytes that was taken up at `began`. Where others are in a turn too, it waits until all
    /// of it is stored and then as long again: so most of the time the disk and the processor are theirs, and an event
    /// of theirs seldom has any of the flood before it.
    pub(crate) async fn give_way(&self, began: Instant) {
        if !self.crowd.is_shared() {
            return;
        }
        let Ok(stored) = self.credits.acquire_many(CREDITS).await else { return };
        drop(stored);
        tokio::time::sleep(began.elapsed().min(LONGEST_PAUSE)).await;
    }
}

/// Where one process's reports go.
pub(crate) struct Outlet {
    pub(crate) queue: mpsc::Sender<Message>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) desk: Arc<SessionDesk>,
    pub(crate) worker: WorkerName,
    pub(crate) attempt: AttemptNo,
    pub(crate) pace: Pace,
}

impl Outlet {
    pub(crate) async fn send(&self, inputs: Vec<Input>) {
        if inputs.is_empty() {
            return;
        }
        // Fails only when the engine is going away; the lifeline then ends the process.
        let Some(credit) = self.pace.credit().await else { return };
        let _ = self.queue.send(Message::Heard { session: self.desk.id.clone(), inputs, credit }).await;
    }

    pub(crate) fn delta(&self, piece: Option<Piece>) {
        let Some(Piece { item, of, text }) = piece else { return };
        let (session, worker) = (self.desk.id.clone(), self.worker.clone());
        self.hub.delta(Delta { session, worker, item: item.to_string(), of, text });
    }
}

#[cfg(test)]
#[path = "outlet_tests.rs"]
mod outlet_tests;
