//! What is kept, and what goes: a session is deleted when a person says so, or when its time is over by the settings;
//! then what it alone needed of the checkpoints goes too.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use mo_core::ids::SessionId;
use mo_core::time::Timestamp;
use mo_journal::{DataDir, JournalError};
use tokio::sync::Notify;

use crate::config;
use crate::handle::DeleteError;
use crate::history;
use crate::hub::Hub;
use crate::ports::Ports;
use crate::session_desk::{Desks, Purpose, SessionDesk};
use crate::storage::Storage;

/// A session that is one caller's alone: nobody else starts, restores or deletes it.
pub(crate) struct Claim {
    desks: Desks,
    freed: Arc<Notify>,
    desk: Arc<SessionDesk>,
}

impl Claim {
    /// Takes a session that rests; `None` when it runs or is somebody else's at the moment.
    pub(crate) fn take(desks: &Desks, freed: &Arc<Notify>, desk: Arc<SessionDesk>) -> Option<Self> {
        let mut held = desks.lock().unwrap_or_else(PoisonError::into_inner);
        if held.contains_key(&desk.id) {
            return None;
        }
        held.insert(desk.id.clone(), Arc::clone(&desk));
        Some(Self { desks: Arc::clone(desks), freed: Arc::clone(freed), desk })
    }

    /// The session runs from now on.
    pub(crate) fn set_to_work(self, desk: Arc<SessionDesk>) {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner).insert(desk.id.clone(), desk);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut held = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        if held.get(&self.desk.id).is_some_and(|desk| Arc::ptr_eq(desk, &self.desk)) {
            held.remove(&self.desk.id);
        }
        drop(held);
        self.freed.notify_waiters();
    }
}

/// What tidying did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tidied {
    /// The sessions whose time was over.
    pub deleted: Vec<SessionId>,
    /// Bytes of checkpoints that were freed.
    pub freed_bytes: u64,
}

/// Deletes and tidies. Everything here blocks on the disk.
pub(crate) struct Keeper {
    pub(crate) storage: Storage,
    ports: Ports,
    hub: Arc<Hub>,
    data: DataDir,
    desks: Desks,
    freed: Arc<Notify>,
    keep_for_ms: u64,
    /// One tidies at a time.
    tidying: Mutex<()>,
}

impl Keeper {
    pub(crate) fn new(
        ports: Ports,
        hub: Arc<Hub>,
        data: DataDir,
        desks: Desks,
        freed: Arc<Notify>,
        settings: &config::Storage,
    ) -> Self {
        let storage = Storage::new(ports.clone(), data.clone());
        let keep_for_ms = settings.keep_sessions_for_ms;
        Self { storage, ports, hub, data, desks, freed, keep_for_ms, tidying: Mutex::new(()) }
    }

    /// Takes a session that rests for the caller alone.
    pub(crate) fn claim(
        &self,
        session: &SessionId,
        target: PathBuf,
        purpose: Purpose,
    ) -> Result<Option<Claim>, JournalError> {
        let (data, folder) = (self.data.path().to_owned(), self.data.session(session)?);
        let desk = SessionDesk::at_rest(session.clone(), data, folder, target, purpose);
        Ok(Claim::take(&self.desks, &self.freed, desk))
    }

    /// Deletes a session that rests: its events, transcripts and documents, and what it alone needs of the
    /// checkpoints.
    pub(crate) fn delete(&self, session: &SessionId) -> Result<(), DeleteError> {
        self.remove(session, Purpose::Work)?;
        if let Err(error) = self.storage.prune() {
            tracing::error!(%error, "the checkpoints of a deleted session stay for now");
        }
        Ok(())
    }

    fn remove(&self, session: &SessionId, purpose: Purpose) -> Result<(), DeleteError> {
        let claim = self.claim(session, PathBuf::new(), purpose)?.ok_or(DeleteError::Running)?;
        let existed = self.ports.journal.delete(session).wait()?;
        self.hub.forget(session);
        drop(claim);
        if existed { Ok(()) } else { Err(DeleteError::Unknown) }
    }

    /// Deletes the sessions whose time is over, then what no session needs of the checkpoints.
    pub(crate) fn tidy(&self) -> Tidied {
        let _one = self.tidying.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tidied = Tidied::default();
        if self.storage.is_cancelled() {
            return tidied;
        }
        match self.overdue() {
            Ok(overdue) => {
                for session in overdue {
                    match self.remove(&session, Purpose::Background) {
                        Ok(()) => tidied.deleted.push(session),
                        Err(error) => tracing::error!(%session, %error, "its time is over, but it stays"),
                    }
                    if self.storage.is_cancelled() {
                        break;
                    }
                }
            }
            Err(error) => tracing::error!(%error, "what is overdue cannot be found out"),
        }
        match self.storage.prune() {
            Ok(report) => tidied.freed_bytes = report.bytes,
            Err(error) => tracing::error!(%error, "nothing was pruned"),
        }
        if tidied != Tidied::default() {
            tracing::info!(deleted = ?tidied.deleted, freed_bytes = tidied.freed_bytes, "tidied");
        }
        tidied
    }

    /// Sessions that finished or failed longer ago than the setting keeps them.
    fn overdue(&self) -> Result<Vec<SessionId>, JournalError> {
        if self.keep_for_ms == 0 {
            return Ok(Vec::new());
        }
        let now = self.ports.clock.now();
        let is_overdue = |session: &SessionId| -> Result<bool, JournalError> {
            let Some(view) = history::view(self.ports.journal.as_ref(), session)? else { return Ok(false) };
            let ended = view.ended_at.as_deref().and_then(Timestamp::parse);
            let over = matches!(view.state.as_str(), "finished" | "failed");
            Ok(over && ended.is_some_and(|ended| now.since(ended) > self.keep_for_ms))
        };
        let mut overdue = Vec::new();
        for session in self.ports.journal.sessions()? {
            if is_overdue(&session)? {
                overdue.push(session);
            }
        }
        Ok(overdue)
    }

    /// Breaks off what is under way, and returns when it has ended.
    pub(crate) fn stop(&self) {
        self.storage.cancel();
        drop(self.tidying.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
