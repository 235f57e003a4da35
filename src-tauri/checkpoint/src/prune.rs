//! Removes what is no longer needed, and counts what is there.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use crate::store::{Store, sync_folder};
use crate::{CheckpointError, Digest, EntryKind, PruneReport, StoreSize};

pub(crate) fn prune(store: &Store, keep: &[Digest]) -> Result<PruneReport, CheckpointError> {
    let _lock = store.lock_exclusive()?;
    let kept: HashSet<Digest> = keep.iter().copied().collect();
    let mut needed: HashSet<Digest> = HashSet::new();
    for digest in &kept {
        for entry in store.manifest(digest)?.entries() {
            if let EntryKind::File { digest, .. } = entry.kind {
                needed.insert(digest);
            }
        }
    }
    let mut report = PruneReport::default();
    // Manifests first: a checkpoint never outlives a content that it names.
    let manifests = store.folder("manifests");
    for_each(&manifests, &mut |path, name, size| {
        match Digest::from_hex(name) {
            Some(digest) if kept.contains(&digest) => {
                report.left.checkpoints += 1;
                report.left.bytes += size;
            }
            Some(_) => {
                remove(path)?;
                report.checkpoints += 1;
                report.bytes += size;
            }
            None => {} // not ours
        }
        Ok(())
    })?;
    sync_folder(&manifests)?;
    for_each_blob(store, &mut |path, digest, size| {
        if needed.contains(&digest) {
            report.left.blobs += 1;
            report.left.bytes += size;
        } else {
            remove(path)?;
            report.blobs += 1;
            report.bytes += size;
        }
        Ok(())
    })?;
    // With everyone else locked out, whatever is half written was left by a crash.
    let left_over = store.folder("tmp");
    for_each(&left_over, &mut |path, _, _| {
        let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        removed.map_err(|e| CheckpointError::io("delete", path, e))
    })?;
    Ok(report)
}

pub(crate) fn sizes(store: &Store) -> Result<StoreSize, CheckpointError> {
    let _lock = store.lock_shared()?;
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
