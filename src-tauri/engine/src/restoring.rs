//! Brings files of a session's target back to one of its checkpoints. What was there before is saved first, as a
//! checkpoint of the session.

use std::path::Path;
use std::sync::Arc;

use mo_checkpoint::{CheckpointError, LeftReason, RelPath, RestoreReport};
use mo_core::event::{CheckpointRestored, CheckpointTaken};
use mo_core::ids::{CheckpointNo, Digest, SessionId};
use mo_core::input::Input;
use mo_core::state::State;
use mo_journal::JournalError;

use crate::handle::{CommandError, EngineHandle, RecordError};
use crate::keeping::{Claim, Keeper};
use crate::ports::Ports;
use crate::session_desk::Purpose;
use crate::start::StartError;
use crate::target_lock::TargetLock;
use crate::{fault, history, places};

/// The most entries that the event names as left.
const MAX_LEFT: usize = 100;

/// Why nothing was brought back, or not all.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The session runs: its workers write there.
    #[error("the session still runs")]
    Running,
    /// There is no such session.
    #[error("the session does not exist")]
    Unknown,
    /// It has no such checkpoint.
    #[error("the session has no checkpoint {number}")]
    NoSuchCheckpoint {
        /// What was asked for.
        number: CheckpointNo,
        /// The first and the last that it has.
        range: Option<(CheckpointNo, CheckpointNo)>,
    },
    /// Neither the checkpoint nor the target has this path.
    #[error("{0} is neither in the checkpoint nor in the folder")]
    NoSuchPath(RelPath),
    /// Another session works in the target.
    #[error(transparent)]
    Busy(StartError),
    /// The target cannot be used.
    #[error(transparent)]
    Target(StartError),
    /// The checkpoints refused.
    #[error("{error}")]
    Checkpoint {
        /// Why.
        error: CheckpointError,
        /// The checkpoint of what was there before, when files may have been changed already.
        saved: Option<CheckpointNo>,
    },
    /// The engine is going away.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl RestoreError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Running => "session_running",
            Self::Unknown => "session_unknown",
            Self::NoSuchCheckpoint { .. } => "checkpoint_unknown",
            Self::NoSuchPath(_) => "path_unknown",
            Self::Busy(error) | Self::Target(error) => error.code(),
            Self::Checkpoint { error, .. } => error.code(),
            Self::Command(_) => "engine_closed",
            Self::Journal(error) => error.code(),
        }
    }

    /// How to mend it.
    pub fn hint(&self) -> String {
        match self {
            Self::Running => "stop or pause it first".to_owned(),
            Self::Unknown => "`orchestrate status` lists the sessions".to_owned(),
            Self::NoSuchCheckpoint { range: None, .. } => "it ended before the first one stood".to_owned(),
            Self::NoSuchCheckpoint { range: Some((first, last)), .. } if first == last => {
                format!("it has only checkpoint {first}")
            }
            Self::NoSuchCheckpoint { range: Some((first, last)), .. } => {
                format!("it has checkpoints {first} to {last}")
            }
            Self::NoSuchPath(_) => {
                "write it from the session's folder on; `orchestrate diff` names what changed".to_owned()
            }
            Self::Busy(error) | Self::Target(error) => error.hint(),
            Self::Checkpoint { saved: Some(number), .. } => {
                format!("what was there before is checkpoint {number}")
            }
            Self::Checkpoint { saved: None, error } => {
                format!("{}; nothing was changed", fault::hint_for(error))
            }
            Self::Command(_) => "try again".to_owned(),
            Self::Journal(error) => error.hint().unwrap_or_else(|| "see the log".to_owned()),
        }
    }
}

impl From<RecordError> for RestoreError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Command(error) => Self::Command(error),
            RecordError::Journal(error) => Self::Journal(error),
        }
    }
}

impl EngineHandle {
    /// Brings the target of a session that rests back to one of its checkpoints, wholly or at these paths with what is
    /// below them. Its present state is saved before, its new state after. A session that is coming to its end is
    /// waited for.
    ///
    /// # Errors
    /// When the session runs or does not exist, has no such checkpoint, another session works in the target, or the
    /// disk refuses. After a failure in the middle, what was there before is a checkpoint of the session.
    pub async fn restore(
        &self,
        session: &SessionId,
        checkpoint: CheckpointNo,
        paths: Vec<RelPath>,
    ) -> Result<CheckpointRestored, RestoreError> {
        self.put_away(session).await;
        self.closed(session).await?;
        let _claim = Settled::after(&self.shared.keeper, session)?;
        let (state, target) = self.resting(session).await?;
        let from = state.checkpoints.get(&checkpoint).map(|taken| taken.digest.clone()).ok_or_else(|| {
            let first = state.checkpoints.keys().next().copied();
            let range = first.zip(state.checkpoints.keys().next_back().copied());
            RestoreError::NoSuchCheckpoint { number: checkpoint, range }
        })?;
        let place = target.clone();
        let _locks = blocking(move || take_target(Path::new(&place))).await?;
        // A path that nobody knows is told before anything is done.
        let (ports, first) = (self.shared.ports.clone(), state.checkpoints.get(&0).map(|c| c.digest.clone()));
        let saved = state.next_checkpoint;
        let before = self.snapshot(session, &target, saved, first.clone()).await?;
        {
            let (ports, paths, digests) =
                (ports.clone(), paths.clone(), [from.clone(), before.digest.clone()]);
            blocking(move || know_paths(&ports, &digests, &paths)).await?;
        }
        self.record(session, Input::Saved(before)).await?;
        let report = {
            let (keeper, id) = (Arc::clone(&self.shared.keeper), session.clone());
            let (target, from, paths) = (target.clone(), from, paths.clone());
            blocking(move || {
                let only = (!paths.is_empty()).then_some(paths.as_slice());
                let restored = keeper.storage.restore(&id, &from, Path::new(&target), only);
                restored.map_err(|error| RestoreError::Checkpoint { error, saved: Some(saved) })
            })
            .await?
        };
        let restored = restored(checkpoint, saved, &paths, &report);
        let now = self.snapshot(session, &target, saved + 1, first).await.map_err(|error| match error {
            RestoreError::Checkpoint { error, .. } => RestoreError::Checkpoint { error, saved: Some(saved) },
            other => other,
        })?;
        self.record(session, Input::Restored { restored: restored.clone(), now }).await?;
        self.write_view(session).await?;
        Ok(restored)
    }

    /// A session that rests, and its target.
    async fn resting(&self, session: &SessionId) -> Result<(State, String), RestoreError> {
        let (journal, id) = (Arc::clone(&self.shared.ports.journal), session.clone());
        let state = blocking(move || Ok(history::replay(journal.as_ref(), &id)?)).await?;
        let target = state.created.as_ref().map(|created| created.target.clone());
        Ok((state, target.ok_or(RestoreError::Unknown)?))
    }

    async fn snapshot(
        &self,
        session: &SessionId,
        target: &str,
        number: CheckpointNo,
        first: Option<Digest>,
    ) -> Result<CheckpointTaken, RestoreError> {
        let (keeper, id) = (Arc::clone(&self.shared.keeper), session.clone());
        let target = target.to_owned();
        blocking(move || {
            let taken = keeper.storage.take(&id, Path::new(&target), number, first.as_ref());
            taken.map_err(|error| RestoreError::Checkpoint { error, saved: None })
        })
        .await
    }
}

/// A session that is ours while its files change; afterwards its journal names what was taken for it.
struct Settled<'a> {
    keeper: &'a Keeper,
    session: &'a SessionId,
    _claim: Claim,
}

impl<'a> Settled<'a> {
    fn after(keeper: &'a Keeper, session: &'a SessionId) -> Result<Self, RestoreError> {
        let claim =
            keeper.claim(session, std::path::PathBuf::new(), Purpose::Work)?.ok_or(RestoreError::Running)?;
        Ok(Self { keeper, session, _claim: claim })
    }
}

impl Drop for Settled<'_> {
    fn drop(&mut self) {
        self.keeper.storage.settled(self.session);
    }
}

/// The target for ourselves, if it is still there.
fn take_target(target: &Path) -> Result<TargetLock, RestoreError> {
    match target.metadata() {
        Ok(found) if !found.is_dir() => {
            return Err(RestoreError::Target(StartError::TargetNotAFolder(target.to_owned())));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(RestoreError::Target(StartError::TargetMissing(target.to_owned())));
        }
        _ => {}
    }
    TargetLock::take(target).map_err(|error| match error {
        StartError::TargetBusy(_) => RestoreError::Busy(error),
        other => RestoreError::Target(other),
    })
}

/// Every path must be in the checkpoint or in the target, itself or as a folder of something.
fn know_paths(ports: &Ports, digests: &[Digest; 2], paths: &[RelPath]) -> Result<(), RestoreError> {
    let mut unknown: Vec<&RelPath> = paths.iter().collect();
    for digest in digests {
        if unknown.is_empty() {
            break;
        }
        let manifest = ports
            .checkpoints
            .manifest(&places::from_core(digest))
            .map_err(|error| RestoreError::Checkpoint { error, saved: None })?;
        unknown.retain(|path| manifest.get(path).is_none());
    }
    unknown.first().map_or(Ok(()), |path| Err(RestoreError::NoSuchPath((*path).clone())))
}

fn restored(
    checkpoint: CheckpointNo,
    saved: CheckpointNo,
    paths: &[RelPath],
    report: &RestoreReport,
) -> CheckpointRestored {
    let count = |entries: usize| u64::try_from(entries).unwrap_or(u64::MAX);
    let left = report.left.iter().take(MAX_LEFT);
    CheckpointRestored {
        checkpoint,
        saved,
        paths: paths.iter().map(ToString::to_string).collect(),
        written: count(report.written.len() + report.modes.len()),
        deleted: count(report.deleted.len()),
        left: left.map(|left| format!("{}: {}", left.path, reason(&left.reason))).collect(),
        rescued: report.rescued.as_ref().and_then(places::to_core),
    }
}

fn reason(reason: &LeftReason) -> String {
    match reason {
        LeftReason::NotRecorded => "the checkpoint does not have its content".to_owned(),
        LeftReason::IgnoredThen => "it was ignored then, and may have been there".to_owned(),
        LeftReason::FolderNotEmpty => "it holds what no checkpoint has".to_owned(),
        LeftReason::ChangedMeanwhile => "it changed meanwhile".to_owned(),
        LeftReason::SpecialBits => "its special permission bits are not given back".to_owned(),
        LeftReason::Refused(why) => why.clone(),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RestoreError> + Send + 'static,
) -> Result<T, RestoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(RestoreError::Command(CommandError::Closed)))
}
