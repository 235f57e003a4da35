//! What changed from one checkpoint to another.

use std::cmp::Ordering;
use std::time::{Duration, Instant};

use crate::store::Store;
use crate::unified::{Side, Unified};
use crate::{
    ChangeKind, CheckpointError, DiffOptions, Digest, Entry, EntryKind, FileChange, Manifest, RelPath,
    TreeDiff,
};

/// Files larger than this on either side, in bytes, are not compared line by line.
const MAX_TEXT: u64 = 16 << 20;
/// How long all files together may be searched for the shortest difference; after that it is right but
/// longer than it need be.
const TOTAL_TIME: Duration = Duration::from_secs(10);
/// The same for one file.
const FILE_TIME: Duration = Duration::from_secs(1);

pub(crate) fn diff(
    store: &Store,
    from: &Digest,
    to: &Digest,
    only: Option<&RelPath>,
    options: DiffOptions,
) -> Result<TreeDiff, CheckpointError> {
    let _lock = store.lock_shared()?;
    let (from, to) = (store.manifest(from)?, store.manifest(to)?);
    let until = Instant::now() + TOTAL_TIME;
    let mut unified = Unified::new(options);
    let mut changes = Vec::new();
    for (kind, old, new) in changed(&from, &to) {
        let Some(Entry { path, .. }) = new.or(old) else { continue };
        if only.is_some_and(|only| only != path) {
            continue;
        }
        let is_folder = |e: Option<&Entry>| e.is_none_or(|e| matches!(e.kind, EntryKind::Folder { .. }));
        // A changed mode alone needs no content.
        let (before, after) = if kind == ChangeKind::ModeChanged {
            (Side::same(old), Side::same(new))
        } else {
            (side(store, old)?, side(store, new)?)
        };
        let deadline = until.min(Instant::now() + FILE_TIME);
        let lines = unified.add(path, kind, &before, &after, deadline);
        changes.push(FileChange {
            path: path.clone(),
            kind,
            folder: is_folder(old) && is_folder(new),
            added_lines: lines.map(|(added, _)| added),
            deleted_lines: lines.map(|(_, deleted)| deleted),
            binary: before.is_binary() || after.is_binary(),
        });
    }
    let (text, truncated) = unified.finish(changes.len());
    Ok(TreeDiff { changes, truncated, text })
}

type Change<'a> = (ChangeKind, Option<&'a Entry>, Option<&'a Entry>);

/// The changed entries in order. A folder is one only where nothing below it tells of it.
fn changed<'a>(from: &'a Manifest, to: &'a Manifest) -> Vec<Change<'a>> {
    let mut changes = Vec::new();
    let (mut old, mut new) = (from.entries().iter().peekable(), to.entries().iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return changes,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(o), Some(n)) => o.path.cmp(&n.path),
        };
        let before = if order.is_le() { old.next() } else { None };
        let after = if order.is_ge() { new.next() } else { None };
        let kind = match (before, after) {
            (Some(before), Some(after)) => match (&before.kind, &after.kind) {
                (b, a) if b == a => continue,
                (EntryKind::File { digest: b, .. }, EntryKind::File { digest: a, .. }) if b == a => {
                    ChangeKind::ModeChanged
                }
                (EntryKind::Folder { .. }, EntryKind::Folder { .. }) => ChangeKind::ModeChanged,
                (EntryKind::File { .. }, EntryKind::File { .. })
                | (EntryKind::Symlink { .. }, EntryKind::Symlink { .. }) => ChangeKind::Modified,
                _ => ChangeKind::TypeChanged,
            },
            (Some(before), None) if is_told_below(before, from) => continue,
            (None, Some(after)) if is_told_below(after, to) => continue,
            (Some(_), None) => ChangeKind::Deleted,
            _ => ChangeKind::Added,
        };
        changes.push((kind, before, after));
    }
}

fn is_told_below(entry: &Entry, manifest: &Manifest) -> bool {
    matches!(entry.kind, EntryKind::Folder { .. }) && manifest.has_children(&entry.path)
}

fn side(store: &Store, entry: Option<&Entry>) -> Result<Side, CheckpointError> {
    Ok(match entry.map(|e| &e.kind) {
        None => Side::Nothing,
        Some(EntryKind::Folder { mode }) => Side::Folder { mode: *mode },
        Some(EntryKind::Skipped { reason }) => Side::Unrecorded(*reason),
        Some(EntryKind::Symlink { target }) => Side::text(0o120_000, target.to_vec()),
        Some(EntryKind::File { mode, size, .. }) if *size > MAX_TEXT => {
            Side::TooLarge { mode: 0o100_000 | mode, size: *size }
        }
        Some(EntryKind::File { mode, size, digest }) => {
            Side::text(0o100_000 | mode, store.blob(digest, *size)?)
        }
    })
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod diff_tests;
