//! Checkpoints as the engine uses them: taken within the size limit, and removed when no session needs them any more.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};

use mo_checkpoint::{CancelFlag, CheckpointError, Digest as Saved, PruneReport, RelPath, RestoreReport};
use mo_core::event::{CheckpointTaken, Envelope, Event};
use mo_core::ids::{CheckpointNo, Digest, SessionId};
use mo_journal::{DataDir, JournalError};

use crate::places;
use crate::ports::Ports;

/// The most paths that a checkpoint event names.
const MAX_CHANGED: usize = 1_000;
/// The most skipped entries that a checkpoint event names.
const MAX_SKIPPED: usize = 100;
/// How many records are read at once.
const PAGE: usize = 1_000;

/// Why nothing was removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PruneError {
    /// What is needed cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What is needed is named in a form that this version cannot read.
    #[error("an event that names a checkpoint cannot be read, so nothing is removed: {0}")]
    Unreadable(String),
    /// The journal is not the one that these sessions were written to: it was moved away, or lost.
    #[error(
        "the journal does not know {}, whose folder is in {}: no checkpoint is removed until its journal is back or \
         the folder is deleted", .session, .folder.display()
    )]
    Unknown {
        /// One of them.
        session: SessionId,
        /// The folder of all sessions' folders.
        folder: PathBuf,
    },
    /// The store refused.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// Takes checkpoints and removes them. Everything here blocks on the disk.
pub(crate) struct Storage {
    ports: Ports,
    data: DataDir,
    /// Held for writing while it is found out what is needed and the rest is removed: what was taken a moment ago is
    /// named nowhere yet.
    gate: RwLock<()>,
    /// What was taken for sessions that run or are being restored: the journal may not name it yet.
    pins: Mutex<BTreeMap<SessionId, BTreeSet<Saved>>>,
    cancel: CancelFlag,
}

impl Storage {
    pub(crate) fn new(ports: Ports, data: DataDir) -> Self {
        Self { ports, data, gate: RwLock::new(()), pins: Mutex::default(), cancel: CancelFlag::new() }
    }

    /// Saves the target as a checkpoint of a session. `first`: the session's checkpoint 0, where this is a later one.
    /// A store that is full is tried again without what nobody needs.
    pub(crate) fn take(
        &self,
        session: &SessionId,
        target: &Path,
        checkpoint: CheckpointNo,
        first: Option<&Digest>,
    ) -> Result<CheckpointTaken, CheckpointError> {
        match self.take_once(session, target, checkpoint, first) {
            Err(full @ CheckpointError::StoreFull { .. }) => match self.prune() {
                Ok(report) if report.bytes > 0 => self.take_once(session, target, checkpoint, first),
                Ok(_) => Err(full),
                Err(error) => {
                    tracing::error!(%error, "nothing could be pruned");
                    Err(full)
                }
            },
            taken => taken,
        }
    }

    fn take_once(
        &self,
        session: &SessionId,
        target: &Path,
        checkpoint: CheckpointNo,
        first: Option<&Digest>,
    ) -> Result<CheckpointTaken, CheckpointError> {
        let _gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let taken = self.ports.checkpoints.take(target, &self.cancel)?;
        self.pin(session, taken.digest);
        let digest = places::to_core(&taken.digest).ok_or_else(|| CheckpointError::StoreDamaged {
            path: target.to_owned(),
            what: format!("{} is no digest", taken.digest),
        })?;
        let changed = match first {
            None => Vec::new(),
            Some(first) => self.changed_paths(first, &digest)?,
        };
        let report = taken.report;
        let skipped = report.skipped.iter().take(MAX_SKIPPED);
        Ok(CheckpointTaken {
            checkpoint,
            digest,
            files: report.files,
            bytes: report.bytes,
            ignored: report.ignored,
            skipped: skipped
                .map(|s| format!("{} ({:?}, {} bytes)", s.path.as_path().display(), s.reason, s.size))
                .collect(),
            changed,
        })
    }

    fn changed_paths(&self, from: &Digest, to: &Digest) -> Result<Vec<String>, CheckpointError> {
        let options = mo_checkpoint::DiffOptions { max_bytes: 0, ..mo_checkpoint::DiffOptions::default() };
        let (from, to) = (places::from_core(from), places::from_core(to));
        let diff = self.ports.checkpoints.diff(&from, &to, options)?;
        Ok(diff
            .changes
            .iter()
            .take(MAX_CHANGED)
            .map(|c| c.path.as_path().to_string_lossy().into_owned())
            .collect())
    }

    /// Brings a target back to a checkpoint. What had to be saved before that no checkpoint has stays until
    /// [`Self::settled`].
    pub(crate) fn restore(
        &self,
        session: &SessionId,
        digest: &Digest,
        target: &Path,
        only: Option<&[RelPath]>,
    ) -> Result<RestoreReport, CheckpointError> {
        let _gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let report =
            self.ports.checkpoints.restore(&places::from_core(digest), target, only, &self.cancel)?;
        if let Some(rescued) = report.rescued {
            self.pin(session, rescued);
        }
        Ok(report)
    }

    fn pin(&self, session: &SessionId, digest: Saved) {
        self.pins
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(session.clone())
            .or_default()
            .insert(digest);
    }

    /// Everything that was taken for a session is in the journal, or will never be.
    pub(crate) fn settled(&self, session: &SessionId) {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner).remove(session);
    }

    /// Removes every checkpoint that no session's journal names.
    pub(crate) fn prune(&self) -> Result<PruneReport, PruneError> {
        let _gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        self.knows_all()?;
        let mut needed = self.named()?;
        needed.extend(self.pins.lock().unwrap_or_else(PoisonError::into_inner).values().flatten());
        let needed: Vec<Saved> = needed.into_iter().collect();
        let report = self.ports.checkpoints.prune(&needed, &self.cancel)?;
        if report.missing > 0 {
            tracing::warn!(missing = report.missing, "checkpoints that sessions name are not there");
        }
        if report.left.is_some() {
            tracing::info!(?report, "pruned the checkpoints");
        }
        Ok(report)
    }

    /// A deletion takes a session's folder first, so one whose folder is there and that the journal does not know was
    /// not deleted: another journal names what it needs.
    fn knows_all(&self) -> Result<(), PruneError> {
        match stranger(&self.data, || self.ports.journal.sessions())? {
            Some(session) => Err(PruneError::Unknown { session, folder: self.data.sessions() }),
            None => Ok(()),
        }
    }

    /// Every checkpoint that a session's journal names.
    fn named(&self) -> Result<BTreeSet<Saved>, PruneError> {
        let (mut named, mut row) = (BTreeSet::new(), 0);
        loop {
            let page = self.ports.journal.read_checkpoints(row, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(named) };
            row = *last;
            for (_, record) in &page {
                let envelope = Envelope::from_record(record);
                match envelope.map_err(|error| PruneError::Unreadable(error.to_string()))?.event {
                    Event::CheckpointTaken(taken) => drop(named.insert(places::from_core(&taken.digest))),
                    Event::CheckpointRestored(restored) => {
                        named.extend(restored.rescued.as_ref().map(places::from_core));
                    }
                    _ => {}
                }
            }
        }
    }

    /// Breaks off what is under way and lets nothing begin.
    pub(crate) fn cancel(&self) {
        self.cancel.cancel();
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

/// A session whose folder is there and that is not `known`.
fn stranger(
    data: &DataDir,
    known: impl Fn() -> Result<Vec<SessionId>, JournalError>,
) -> Result<Option<SessionId>, JournalError> {
    let first: BTreeSet<SessionId> = known()?.into_iter().collect();
    let mut strange = data.sessions_with_folder()?;
    strange.retain(|session| !first.contains(session));
    if strange.is_empty() {
        return Ok(None);
    }
    // One that began meanwhile is known by now; one that was deleted meanwhile has no folder any more.
    let now: BTreeSet<SessionId> = known()?.into_iter().collect();
    let is_there = |session: &SessionId| data.session(session).is_ok_and(|folder| folder.exists());
    Ok(strange.into_iter().find(|session| !now.contains(session) && is_there(session)))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs;

    use super::{DataDir, SessionId, stranger};

    #[test]
    fn a_session_that_begins_or_is_deleted_meanwhile_is_no_stranger() {
        let base = tempfile::tempdir().unwrap();
        let data = DataDir::create(base.path()).unwrap();
        let session = SessionId::new("orch_20261123_084100_ab12");
        let folder = data.session(&session).unwrap();
        fs::create_dir_all(&folder).unwrap();
        assert_eq!(stranger(&data, || Ok(Vec::new())).unwrap(), Some(session.clone()));
        let asked = Cell::new(0);
        let begins = || {
            asked.set(asked.get() + 1);
            Ok(if asked.get() == 1 { Vec::new() } else { vec![session.clone()] })
        };
        assert_eq!(stranger(&data, begins).unwrap(), None);
        let asked = Cell::new(0);
        let deleted = || {
            asked.set(asked.get() + 1);
            if asked.get() == 2 {
                fs::remove_dir(&folder).unwrap();
            }
            Ok(Vec::new())
        };
        assert_eq!(stranger(&data, deleted).unwrap(), None);
    }
}
