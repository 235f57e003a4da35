//! Brings a target back to a checkpoint.

use std::path::Path;

use rustix::fs::{self as rfs, FileType};
use rustix::io::Errno;

use crate::beneath::{FileStat, Root};
use crate::cache::Cache;
use crate::content::Reader;
use crate::rescue::Rescue;
use crate::restore_apply::Hand;
use crate::restore_plan::{IgnoredThen, Plan, Selection, Step, plan};
use crate::store::Store;
use crate::take::{Need, Seen, scan};
use crate::walk::{Listing, list};
use crate::{
    CancelFlag, CheckpointError, Digest, Entry, EntryKind, Left, LeftReason, Manifest, RelPath,
    RestoreReport, Settings, SkipReason,
};

/// How deep folders that were closed to us may be nested before they are given up on.
const UNLOCK_ROUNDS: usize = 64;

pub(crate) fn restore(
    store: &Store,
    settings: &Settings,
    digest: &Digest,
    target: &Path,
    paths: Option<&[RelPath]>,
    cancel: &CancelFlag,
) -> Result<RestoreReport, CheckpointError> {
    let _lock = store.lock_shared()?;
    let manifest = store.manifest(digest)?;
    let root = Root::open(target)?;
    let selection = Selection::new(paths);
    let (listing, unlocked) = list_unlocked(store, settings, &root, &manifest, &selection, cancel)?;
    let mut cache = Cache::load(store, target);
    let reader = Reader { root: &root, huge: settings.huge_file_bytes, into: None, cancel };
    // A file's content matters only where the checkpoint has one of the same size; of what is replaced
    // or deleted it matters whether a take could have saved it.
    let need = |path: &RelPath, size: u64| match manifest.get(path).map(|e| &e.kind) {
        _ if !selection.has(path) => Need::Nothing,
        Some(EntryKind::File { size: then, .. }) if *then == size => Need::Content,
        _ => Need::Readable,
    };
    let scanned = scan(&reader, listing, &mut cache, need)?;
    know_paths(digest, paths, &manifest, &scanned.seen)?;

    let mut plan = plan(&manifest, &scanned.seen, &selection, &mut IgnoredThen::new(store, &manifest))?;
    let mut rescue = Rescue::new(&reader, &unlocked);
    survey(&root, &mut plan, &mut rescue)?;
    rescue.note_recorded(&plan);
    for step in &plan.writes {
        if let Step::Write(Entry { kind: EntryKind::File { size, digest, .. }, .. }, _) = step
            && !store.has_blob(digest, *size)
        {
            return Err(CheckpointError::damaged(
                &store.blob_path(digest),
                "it is missing; nothing was restored",
            ));
        }
    }
    let rescued = rescue.save(store, &mut plan)?;

    let report =
        RestoreReport { left: plan.left, unchanged: plan.unchanged, rescued, ..RestoreReport::default() };
    let mut hand = Hand::new(store, &root, report);
    let applied = hand.apply(&plan.removals, cancel).and_then(|()| hand.apply(&plan.writes, cancel));
    hand.finish();
    applied?;
    #[cfg(target_os = "linux")]
    if !hand.report.written.is_empty() {
        rfs::syncfs(root.fd()).map_err(|e| CheckpointError::io("write", target, e))?;
    }
    let mut report = hand.report;
    report.left.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(report)
}

/// Lists the target. Folders of the checkpoint that lost the permission to be read get it back first
/// (their bits are set right later); these paths are returned too.
fn list_unlocked(
    store: &Store,
    settings: &Settings,
    root: &Root,
    manifest: &Manifest,
    selection: &Selection,
    cancel: &CancelFlag,
) -> Result<(Listing, Vec<RelPath>), CheckpointError> {
    let mut unlocked: Vec<RelPath> = Vec::new();
    for _ in 0..UNLOCK_ROUNDS {
        let listing = list(root, settings.walk(store), cancel)?;
        let before = unlocked.len();
        for skipped in &listing.skipped {
            let path = &skipped.path;
            let ours = selection.has(path) || selection.needs(path);
            let is_folder = manifest.get(path).is_some_and(|e| matches!(e.kind, EntryKind::Folder { .. }));
            if ours
                && is_folder
                && skipped.reason == SkipReason::Unreadable
                && !unlocked.contains(path)
                && root.set_mode(path.as_bytes(), 0o700).is_ok()
            {
                unlocked.push(path.clone());
            }
        }
        if unlocked.len() == before {
            return Ok((listing, unlocked));
        }
    }
    Ok((list(root, settings.walk(store), cancel)?, unlocked))
}

/// Every path that was asked for must be known to either side.
fn know_paths(
    digest: &Digest,
    paths: Option<&[RelPath]>,
    manifest: &Manifest,
    seen: &[Seen],
) -> Result<(), CheckpointError> {
    for path in paths.unwrap_or_default() {
        let known = manifest.get(path).is_some() || seen.binary_search_by(|s| s.entry.path.cmp(path)).is_ok();
        if !known {
            return Err(CheckpointError::UnknownPath { path: path.clone(), digest: *digest });
        }
    }
    Ok(())
}

/// Looks at the places of the checkpoint where a take of the target sees nothing: free, or taken by
/// what is ignored, huge, unreadable or special now.
fn survey(root: &Root, plan: &mut Plan<'_>, rescue: &mut Rescue<'_>) -> Result<(), CheckpointError> {
    // Unseen things inside a folder that is not there itself need no look.
    let mut absent: Option<RelPath> = None;
    for entry in std::mem::take(&mut plan.unseen) {
        let path = &entry.path;
        let is_folder = matches!(entry.kind, EntryKind::Folder { .. });
        let make = if is_folder { Step::MakeFolder(entry) } else { Step::Write(entry, None) };
        if absent.as_ref().is_some_and(|folder| path.is_within(folder)) {
            plan.writes.push(make);
            continue;
        }
        let stat = root.open_folder(path.parent()).and_then(|folder| FileStat::at(folder, path.name()));
        let stat = match stat {
            Ok(stat) => stat,
            // NOTDIR, LOOP: what stands for its folder now is removed before.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {
                if is_folder {
                    absent = Some(path.clone());
                }
                plan.writes.push(make);
                continue;
            }
            Err(e) => {
                let reason = LeftReason::Refused(std::io::Error::from(e).to_string());
                plan.left.push(Left { path: path.clone(), reason });
                continue;
            }
        };
        match (&entry.kind, stat.kind) {
            (EntryKind::Folder { mode }, FileType::Directory) => {
                if *mode == stat.mode {
                    plan.unchanged += 1;
                } else {
                    plan.writes.push(Step::SetMode(path.clone(), *mode, stat));
                }
            }
            // Ignored or unreadable: what is in it is not ours to delete.
            (_, FileType::Directory) => {
                plan.left.push(Left { path: path.clone(), reason: LeftReason::FolderNotEmpty });
            }
            (EntryKind::File { mode, size, digest }, FileType::RegularFile) => {
                match rescue.look(path, stat.size == *size)? {
                    None => {
                        let reason =
                            LeftReason::Refused("its present content cannot be read and saved".to_owned());
                        plan.left.push(Left { path: path.clone(), reason });
                    }
                    Some((there, stat)) if there == Some(*digest) && stat.links == 1 => {
                        if stat.mode == *mode {
                            plan.unchanged += 1;
                        } else {
                            plan.writes.push(Step::SetMode(path.clone(), *mode, stat));
                        }
                    }
                    Some((there, stat)) => {
                        if there != Some(*digest) {
                            rescue.add(path);
                        }
                        plan.writes.push(Step::Write(entry, Some(stat)));
                    }
                }
            }
            (_, now) => {
                if matches!(now, FileType::RegularFile | FileType::Symlink) {
                    rescue.add(path);
                }
                if is_folder {
                    plan.removals.push(Step::Remove(path.clone(), stat));
                    plan.writes.push(make);
                } else {
                    plan.writes.push(Step::Write(entry, Some(stat)));
                }
            }
        }
    }
    plan.writes.sort_by(|a, b| a.path().cmp(b.path()));
    plan.removals.sort_by(|a, b| b.path().cmp(a.path()));
    Ok(())
}

#[cfg(test)]
#[path = "restore_tests.rs"]
mod restore_tests;
