//! Removes what is no longer needed, and counts what is there.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::store::{Store, sync_folder};
use crate::{CancelFlag, CheckpointError, Digest, EntryKind, PruneReport, StoreSize};

/// Stands in `tmp` while contents are being removed, so that a pruning that was broken off is seen and taken up.
const UNDER_WAY: &str = "pruning";

pub(crate) fn prune(
    store: &Store,
    keep: &[Digest],
    cancel: &CancelFlag,
) -> Result<PruneReport, CheckpointError> {
    let _lock = store.lock_exclusive()?;
    let kept: HashSet<Digest> = keep.iter().copied().collect();
    let mut report = PruneReport::default();
    let mut unneeded = Vec::new();
    let mut there = 0;
    for_each(&store.folder("manifests"), &mut |path, name, size| {
        match Digest::from_hex(name) {
            Some(digest) if kept.contains(&digest) => there += 1,
            Some(_) => unneeded.push((path.to_owned(), size)),
            None => {} // not ours
        }
        Ok(())
    })?;
    report.missing = kept.len() as u64 - there;
    if there == 0
        && let (Some(digest), false) = (keep.first(), unneeded.is_empty())
    {
        return Err(CheckpointError::UnknownCheckpoint { digest: *digest });
    }
    let mut half_written = false;
    for_each(&store.folder("tmp"), &mut |_, _, _| {
        half_written = true;
        Ok(())
    })?;
    if unneeded.is_empty() && !half_written {
        return Ok(report);
    }
    remove_unneeded(store, &kept, &unneeded, cancel, &mut report)?;
    Ok(report)
}

fn remove_unneeded(
    store: &Store,
    kept: &HashSet<Digest>,
    unneeded: &[(PathBuf, u64)],
    cancel: &CancelFlag,
    report: &mut PruneReport,
) -> Result<(), CheckpointError> {
    let mut needed: HashSet<Digest> = HashSet::new();
    let mut left = StoreSize::default();
    for digest in kept {
        cancel.check()?;
        let manifest = match store.manifest(digest) {
            Err(CheckpointError::UnknownCheckpoint { .. }) => continue,
            manifest => manifest?,
        };
        left.checkpoints += 1;
        left.bytes += fs::metadata(store.manifest_path(digest)).map_or(0, |meta| meta.len());
        for entry in manifest.entries() {
            if let EntryKind::File { digest, .. } = entry.kind {
                needed.insert(digest);
            }
        }
    }
    let under_way = store.folder("tmp").join(UNDER_WAY);
    match store.replace(&under_way, b"", false) {
        // On a full disk pruning is needed most; broken off, it is taken up when next something is unneeded.
        Ok(()) | Err(CheckpointError::DiskFull { .. }) => {}
        Err(error) => return Err(error),
    }
    // Manifests first: a checkpoint never outlives a content that it names.
    for (path, size) in unneeded {
        remove(path)?;
        report.checkpoints += 1;
        report.bytes += size;
    }
    sync_folder(&store.folder("manifests"))?;
    for_each_blob(store, &mut |path, digest, size| {
        if needed.contains(&digest) {
            left.blobs += 1;
            left.bytes += size;
        } else {
            cancel.check()?;
            remove(path)?;
            report.blobs += 1;
            report.bytes += size;
        }
        Ok(())
    })?;
    // With everyone else locked out, whatever is half written was left by a crash.
    for_each(&store.folder("tmp"), &mut |path, _, _| {
        let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        removed.map_err(|e| CheckpointError::io("delete", path, e))
    })?;
    store.budget().counted(left.bytes);
    report.left = Some(left);
    Ok(())
}

pub(crate) fn sizes(store: &Store) -> Result<StoreSize, CheckpointError> {
    let _lock = store.lock_shared()?;
    count(store)
}

/// Counts what is there, under the caller's lock.
pub(crate) fn count(store: &Store) -> Result<StoreSize, CheckpointError> {
    let mut sizes = StoreSize::default();
    for_each(&store.folder("manifests"), &mut |_, name, size| {
        if Digest::from_hex(name).is_some() {
            sizes.checkpoints += 1;
            sizes.bytes += size;
        }
        Ok(())
    })?;
    for_each_blob(store, &mut |_, _, size| {
        sizes.blobs += 1;
        sizes.bytes += size;
        Ok(())
    })?;
    Ok(sizes)
}

type Visit<'v> = &'v mut dyn FnMut(&Path, &str, u64) -> Result<(), CheckpointError>;

/// Visits a folder's entries with name and size. Names that are no UTF-8 are not ours.
fn for_each(folder: &Path, visit: Visit<'_>) -> Result<(), CheckpointError> {
    let wrong = |e| CheckpointError::io("read", folder, e);
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        let size = entry.metadata().map_err(wrong)?.len();
        if let Some(name) = entry.file_name().to_str() {
            visit(&entry.path(), name, size)?;
        }
    }
    Ok(())
}

fn for_each_blob(
    store: &Store,
    visit: &mut dyn FnMut(&Path, Digest, u64) -> Result<(), CheckpointError>,
) -> Result<(), CheckpointError> {
    for_each(&store.folder("blobs"), &mut |folder, first, _| {
        if first.len() != 2 || !folder.is_dir() {
            return Ok(());
        }
        for_each(folder, &mut |path, rest, size| match Digest::from_hex(&format!("{first}{rest}")) {
            Some(digest) => visit(path, digest, size),
            None => Ok(()),
        })
    })
}

fn remove(path: &Path) -> Result<(), CheckpointError> {
    fs::remove_file(path).map_err(|e| CheckpointError::io("delete", path, e))
}

#[cfg(test)]
#[path = "prune_tests.rs"]
mod prune_tests;
