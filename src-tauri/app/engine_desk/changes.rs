//! Checkpoints of a session, what lies between them, and the way back to one.

use std::sync::Arc;

use mo_checkpoint::{ChangeKind, DiffOptions, Digest, FileChange, RelPath};
use mo_core::event::{CheckpointTaken, Envelope, Event};
use mo_core::ids::SessionId;
use mo_engine::restoring::RestoreError;
use mo_journal::Journal;

use super::EngineDesk;
use super::logs::blocking;
use crate::desk::{Answer, Changes};
use crate::dto::{ChangedFile, ChangesView, CheckpointPoint, FileDiff, Refusal, RestoredView};
use crate::hints::of_start;
use crate::host::Host;

/// How many records are read at once.
const PAGE: usize = 1_000;
/// The most files that one view names.
const MAX_FILES: usize = 5_000;
/// Where a file's difference is cut, in bytes.
const MAX_DIFF: usize = 1 << 20;

/// A checkpoint, and the one that was brought back there.
type Stands = (String, CheckpointTaken, Option<u32>);

/// The checkpoints of a session that stand, with when.
fn standing(journal: &dyn Journal, session: &SessionId) -> Result<Vec<Stands>, Refusal> {
    let mut standing: Vec<Stands> = Vec::new();
    let (mut since, mut restored) = (0, None);
    loop {
        let page = journal.read_checkpoints(since, PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(standing) };
        since = *last;
        for (_, record) in page.iter().filter(|(_, record)| record.session == *session) {
            match Envelope::from_record(record).map(|envelope| envelope.event) {
                Ok(Event::CheckpointTaken(taken)) => {
                    standing.push((record.at.to_string(), taken, restored.take()));
                }
                // What the folder is after it is the next checkpoint.
                Ok(Event::CheckpointRestored(done)) => restored = Some(done.checkpoint),
                _ => {}
            }
        }
    }
}

fn digest_of(standing: &[Stands], number: u32) -> Result<Digest, Refusal> {
    let taken = standing.iter().find(|(_, taken, _)| taken.checkpoint == number);
    let digest = taken.and_then(|(_, taken, _)| taken.digest.as_str().parse().ok());
    digest.ok_or_else(|| {
        let message = format!("the session has no checkpoint {number}");
        Refusal::new("checkpoint_unknown", message, "choose one of those that are offered")
    })
}

fn changed_file(change: &FileChange) -> ChangedFile {
    let kind = match change.kind {
        ChangeKind::Added => "added",
        ChangeKind::Deleted => "deleted",
        ChangeKind::Modified => "modified",
        ChangeKind::ModeChanged => "mode_changed",
        ChangeKind::TypeChanged => "type_changed",
    };
    ChangedFile {
        path: change.path.to_string(),
        kind: kind.to_owned(),
        folder: change.folder,
        added: change.added_lines,
        deleted: change.deleted_lines,
        binary: change.binary,
    }
}

fn paths_of(written: &[String]) -> Result<Vec<RelPath>, Refusal> {
    let bad = |error: mo_checkpoint::BadPath| {
        Refusal::new("bad_path", error.to_string(), "choose a file of the list")
    };
    written.iter().map(|path| path.parse::<RelPath>().map_err(bad)).collect()
}

impl EngineDesk {
    /// Compares two checkpoints on a thread that may block.
    fn between<T: Send + 'static>(
        &self,
        session: String,
        from: u32,
        to: u32,
        compare: impl FnOnce(&Host, &Digest, &Digest) -> Result<T, Refusal> + Send + 'static,
    ) -> Answer<'_, T> {
        let session = SessionId::new(session);
        let engine = self.engine_of(&session);
        Box::pin(blocking(move || {
            let standing = standing(engine.journal().as_ref(), &session)?;
            let (from, to) = (digest_of(&standing, from)?, digest_of(&standing, to)?);
            compare(&engine, &from, &to)
        }))
    }
}

impl Changes for EngineDesk {
    fn checkpoints(&self, session: String) -> Answer<'_, Vec<CheckpointPoint>> {
        let session = SessionId::new(session);
        let journal = self.engine_of(&session).journal();
        Box::pin(blocking(move || {
            let standing = standing(Arc::as_ref(&journal), &session)?;
            let point = |(at, taken, restored): Stands| CheckpointPoint {
                number: taken.checkpoint,
                at,
                digest: taken.digest.to_string(),
                files: taken.files,
                changed: u32::try_from(taken.changed.len()).unwrap_or(u32::MAX),
                restored,
            };
            Ok(standing.into_iter().map(point).collect())
        }))
    }

    fn changes(&self, session: String, from: u32, to: u32) -> Answer<'_, ChangesView> {
        self.between(session, from, to, move |engine, old, new| {
            // Only the list: the text of each file is asked for when it is looked at.
            let options = DiffOptions { max_bytes: 0, ..DiffOptions::default() };
            let diff = engine.checkpoints().diff(old, new, options)?;
            let count = u32::try_from(diff.changes.len()).unwrap_or(u32::MAX);
            let files = diff.changes.iter().take(MAX_FILES).map(changed_file).collect();
            Ok(ChangesView { from, to, files, count })
        })
    }

    fn file_diff(&self, session: String, from: u32, to: u32, path: String) -> Answer<'_, FileDiff> {
        self.between(session, from, to, move |engine, old, new| {
            let paths = paths_of(&[path])?;
            let [path] = paths.as_slice() else { return Ok(FileDiff { text: String::new(), cut: false }) };
            let options = DiffOptions { max_bytes: MAX_DIFF, ..DiffOptions::default() };
            let diff = engine.checkpoints().diff_file(old, new, path, options)?;
            Ok(FileDiff { text: diff.unified().into_owned(), cut: diff.truncated })
        })
    }

    fn restore(&self, session: String, checkpoint: u32, paths: Vec<String>) -> Answer<'_, RestoredView> {
        Box::pin(async move {
            let session = SessionId::new(session);
            let done = self.engine_of(&session).restore(&session, checkpoint, paths_of(&paths)?).await?;
            Ok(RestoredView {
                checkpoint: done.checkpoint,
                saved: done.saved,
                written: done.written,
                deleted: done.deleted,
                left: done.left,
            })
        })
    }
}

impl From<RestoreError> for Refusal {
    fn from(error: RestoreError) -> Self {
        // The engine's hints name commands where a window has buttons.
        let hint = match &error {
            RestoreError::Running => "pause or stop it first".to_owned(),
            RestoreError::Unknown => "it was deleted".to_owned(),
            RestoreError::Busy(error) | RestoreError::Target(error) => of_start(error),
            RestoreError::NoSuchPath(_) => "choose a file that the Changes tab names".to_owned(),
            other => other.hint(),
        };
        Self::new(error.code(), error.to_string(), hint)
    }
}
