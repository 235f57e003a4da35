//! Tells everyone who listens what has become durable, and what is being written right now.

mod rows;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use mo_core::agent_event::DeltaOf;
use mo_core::ids::{SessionId, WorkerName};
use mo_core::record::Record;
use mo_core::view::resources::SessionResources;
use mo_core::view::status::SessionView;
use mo_journal::{Journal, JournalError};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use rows::{Positions, Published};
pub use rows::{RowBatch, RowSubscription, Start};

/// How many batches a slow listener may lag behind before it reads from the journal instead.
const LAG: usize = 16;
/// How many records a listener reads from the journal at once.
const PAGE: usize = 1_000;

/// What a listener gets.
#[derive(Debug, Clone)]
pub enum Update {
    /// Events that are durable, in order and without a gap.
    Events(Arc<Vec<Record>>),
    /// A piece of a message while it is being written; may be lost to a slow listener.
    Delta(Delta),
}

/// A piece of a message, thought or tool output.
#[derive(Debug, Clone)]
pub struct Delta {
    /// Whose session.
    pub session: SessionId,
    /// Whose piece.
    pub worker: WorkerName,
    /// Of which item.
    pub item: String,
    /// What it is a piece of.
    pub of: DeltaOf,
    /// The piece.
    pub text: String,
}

/// Whether the journal takes what happens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Health {
    /// It does.
    #[default]
    Good,
    /// It does not; nothing goes on until it does again.
    JournalDown(String),
}

/// What goes to all listeners alike.
#[derive(Debug, Clone)]
enum Live {
    Events(Arc<Published>),
    Delta(Delta),
}

/// The hub.
pub(crate) struct Hub {
    /// `None` once the engine has broken off: every listener has come to its end.
    updates: RwLock<Option<broadcast::Sender<Live>>>,
    positions: Arc<Positions>,
    views: RwLock<BTreeMap<SessionId, Arc<SessionView>>>,
    health: watch::Sender<Health>,
    /// The newest look at every session that has a process.
    resources: watch::Sender<Arc<[SessionResources]>>,
    closing: watch::Sender<bool>,
    /// How many sessions were deleted.
    deletions: watch::Sender<u64>,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self {
            updates: RwLock::new(Some(broadcast::Sender::new(LAG))),
            positions: Arc::default(),
            views: RwLock::new(BTreeMap::new()),
            health: watch::Sender::new(Health::Good),
            resources: watch::Sender::new(Arc::from([])),
            closing: watch::Sender::new(false),
            deletions: watch::Sender::new(0),
        }
    }

    /// The views first: who hears of an event finds a view that is at least as new. `first_row` is the row number
    /// of the first record; the others follow without a gap.
    pub(crate) fn publish(&self, first_row: u64, records: Vec<Record>, views: Vec<(SessionId, SessionView)>) {
        let mut held = self.views.write().unwrap_or_else(PoisonError::into_inner);
        for (id, view) in views {
            held.insert(id, Arc::new(view));
        }
        drop(held);
        if records.is_empty() {
            return;
        }
        let published = Published { first_row, records: Arc::new(records) };
        self.positions.note(&published);
        self.send(|| Live::Events(Arc::new(published)));
    }

    /// A session is gone; whoever asks for it is not answered from here any more.
    pub(crate) fn forget(&self, session: &SessionId) {
        self.views.write().unwrap_or_else(PoisonError::into_inner).remove(session);
        self.positions.forget(session);
        self.deletions.send_modify(|count| *count += 1);
    }

    pub(crate) fn deletions(&self) -> watch::Receiver<u64> {
        self.deletions.subscribe()
    }

    pub(crate) fn delta(&self, delta: Delta) {
        self.send(|| Live::Delta(delta));
    }

    /// Nobody listening is fine.
    fn send(&self, live: impl FnOnce() -> Live) {
        if let Some(updates) = &*self.updates.read().unwrap_or_else(PoisonError::into_inner)
            && updates.receiver_count() > 0
        {
            let _ = updates.send(live());
        }
    }

    fn listen(&self) -> broadcast::Receiver<Live> {
        match &*self.updates.read().unwrap_or_else(PoisonError::into_inner) {
            Some(updates) => updates.subscribe(),
            None => broadcast::Sender::new(1).subscribe(),
        }
    }

    /// Nothing will be published any more: whoever listens, now or later, comes to the end.
    pub(crate) fn end(&self) {
        *self.updates.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn view(&self, session: &SessionId) -> Option<Arc<SessionView>> {
        self.views.read().unwrap_or_else(PoisonError::into_inner).get(session).cloned()
    }

    /// The engine is to end, also when the journal takes nothing any more.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    pub(crate) fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }

    /// Waits before another try, but not when the engine is to end.
    pub(crate) async fn retry_pause(&self, time: std::time::Duration) {
        let mut closing = self.closing.subscribe();
        let _ = tokio::time::timeout(time, closing.wait_for(|closing| *closing)).await;
    }

    pub(crate) fn set_health(&self, health: Health) {
        self.health.send_if_modified(|old| {
            let changed = *old != health;
            *old = health;
            changed
        });
    }

    /// A look is live: who listens gets the newest, and nothing keeps the ones before.
    pub(crate) fn show_resources(&self, look: Vec<SessionResources>) {
        self.resources.send_replace(Arc::from(look));
    }

    pub(crate) fn resources(&self) -> watch::Receiver<Arc<[SessionResources]>> {
        self.resources.subscribe()
    }

    pub(crate) fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    pub(crate) fn subscribe(
        &self,
        session: SessionId,
        since: u64,
        journal: Arc<dyn Journal>,
    ) -> Subscription {
        Subscription { session, last: since, live: self.listen(), journal, catching_up: true }
    }

    /// The events of all sessions, or of one, with their row numbers.
    pub(crate) fn subscribe_rows(&self, start: Start, journal: Arc<dyn Journal>) -> RowSubscription {
        RowSubscription::new(start, self.listen(), Arc::clone(&self.positions), journal)
    }
}

/// One session's events from a seq on: first those that are in the journal, then as they come, without gap or
/// repeat. Memory is bounded however slow the listener is.
pub struct Subscription {
    session: SessionId,
    last: u64,
    live: broadcast::Receiver<Live>,
    journal: Arc<dyn Journal>,
    catching_up: bool,
}

impl Subscription {
    /// The next update; `None` when the engine is gone. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Update, JournalError>> {
        loop {
            if self.catching_up {
                match self.page().await {
                    Ok(records) if records.is_empty() => self.catching_up = false,
                    Ok(records) => return Some(Ok(self.events(Arc::new(records)))),
                    Err(error) => return Some(Err(error)),
                }
            }
            match self.live.recv().await {
                Ok(Live::Events(batch)) => {
                    let is_new = |r: &Record| r.session == self.session && r.seq > self.last;
                    let Some(first) = batch.records.iter().find(|r| is_new(r)) else { continue };
                    if first.seq != self.last + 1 {
                        self.catching_up = true;
                        continue;
                    }
                    // The rule: one session runs, and the whole batch is its own.
                    let ours = if batch.records.iter().all(is_new) {
                        Arc::clone(&batch.records)
                    } else {
                        Arc::new(batch.records.iter().filter(|r| is_new(r)).cloned().collect())
                    };
                    return Some(Ok(self.events(ours)));
                }
                Ok(Live::Delta(delta)) if delta.session == self.session => {
                    return Some(Ok(Update::Delta(delta)));
                }
                Ok(Live::Delta(_)) => {}
                Err(RecvError::Lagged(_)) => self.catching_up = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn events(&mut self, records: Arc<Vec<Record>>) -> Update {
        self.last = records.last().map_or(self.last, |r| r.seq);
        Update::Events(records)
    }

    async fn page(&self) -> Result<Vec<Record>, JournalError> {
        let (journal, session, last) = (Arc::clone(&self.journal), self.session.clone(), self.last);
        tokio::task::spawn_blocking(move || journal.read(&session, last, PAGE))
            .await
            .unwrap_or(Err(JournalError::Closed))
    }
}
