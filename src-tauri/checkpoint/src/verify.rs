//! Tells whether somebody wrote into a checkout.

use std::collections::BTreeMap;
use std::path::Path;

use crate::beneath::{FileStat, Root};
use crate::checkout::{mode_in_checkout, mode_of_checkout};
use crate::content::{Content, Reader};
use crate::store::Store;
use crate::walk::{Found, WalkOptions, list};
use crate::{
    Access, CancelFlag, CheckpointError, Difference, DifferenceKind, Digest, EntryKind, RelPath, SkipReason,
    records,
};

pub(crate) fn verify(
    store: &Store,
    digest: &Digest,
    folder: &Path,
) -> Result<Vec<Difference>, CheckpointError> {
    let _lock = store.lock_shared()?;
    let manifest = store.manifest(digest)?;
    let foreign = || CheckpointError::NotACheckout { path: folder.to_owned() };
    let record = records::read(store, &records::settled(folder)?)?.ok_or_else(foreign)?;
    let access = record.checkout.access;
    let root = match Root::open(folder) {
        Err(CheckpointError::TargetMissing { .. } | CheckpointError::TargetNotAFolder { .. }) => {
            return Ok(vec![Difference { path: None, kind: DifferenceKind::Missing }]);
        }
        Err(CheckpointError::TargetUnreadable { .. }) => {
            return Ok(vec![Difference { path: None, kind: DifferenceKind::Unreadable }]);
        }
        root => root?,
    };
    let mut differences = Vec::new();
    let own = FileStat::of(root.fd()).map_err(|e| CheckpointError::io("look at", folder, e))?;
    if (own.dev, own.ino) != record.identity {
        differences.push(Difference { path: None, kind: DifferenceKind::Type });
    } else if own.mode != mode_of_checkout(access) {
        differences.push(Difference { path: None, kind: DifferenceKind::Mode });
    }
    let cancel = CancelFlag::new();
    let options = WalkOptions { as_take: false, huge: u64::MAX, max_entries: usize::MAX, store: None };
    let listing = list(&root, options, &cancel)?;
    let mut found: BTreeMap<&RelPath, &Found> = listing.found.iter().map(|f| (&f.path, f)).collect();
    let mut skipped: BTreeMap<&RelPath, SkipReason> =
        listing.skipped.iter().map(|s| (&s.path, s.reason)).collect();
    let mut differ = |path: &RelPath, kind| differences.push(Difference { path: Some(path.clone()), kind });
    let mut to_read = Vec::new();
    for entry in manifest.entries() {
        let path = &entry.path;
        if let EntryKind::Skipped { .. } = entry.kind {
            continue; // never checked out: whatever is there now was added
        }
        let Some(found) = found.remove(path) else {
            differ(
                path,
                match skipped.remove(path) {
                    None => DifferenceKind::Missing,
                    Some(SkipReason::Unreadable | SkipReason::TooDeep) => DifferenceKind::Unreadable,
                    Some(_) => DifferenceKind::Type,
                },
            );
            continue;
        };
        match &entry.kind {
            EntryKind::Folder { .. } if found.stat.kind != rustix::fs::FileType::Directory => {
                differ(path, DifferenceKind::Type);
            }
            EntryKind::File { .. } if found.stat.kind != rustix::fs::FileType::RegularFile => {
                differ(path, DifferenceKind::Type);
            }
            EntryKind::Folder { mode } | EntryKind::File { mode, .. } => {
                if found.stat.mode != expected(*mode, access) {
                    differ(path, DifferenceKind::Mode);
                }
                if let EntryKind::File { size, digest, .. } = &entry.kind {
                    if found.stat.size == *size {
                        to_read.push((path, digest));
                    } else {
                        differ(path, DifferenceKind::Content);
                    }
                }
            }
            EntryKind::Symlink { target } => match &found.link {
                None => differ(path, DifferenceKind::Type),
                Some(link) if link != target => differ(path, DifferenceKind::Content),
                Some(_) => {}
            },
            EntryKind::Skipped { .. } => {}
        }
    }
    for path in found.into_keys().chain(skipped.into_keys()) {
        differ(path, DifferenceKind::Added);
    }
    let reader = Reader { root: &root, huge: u64::MAX, into: None, cancel: &cancel };
    let paths: Vec<&RelPath> = to_read.iter().map(|(path, _)| *path).collect();
    for ((path, expected), content) in to_read.iter().zip(reader.read_all(&paths)?) {
        match content {
            Content::Read { digest, .. } if digest == **expected => {}
            Content::Read { .. } | Content::Skipped(SkipReason::Concurrent) => {
                differ(path, DifferenceKind::Content);
            }
            Content::Skipped(_) => differ(path, DifferenceKind::Unreadable),
            Content::Gone => differ(path, DifferenceKind::Missing),
        }
    }
    differences.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(differences)
}

fn expected(mode: u32, access: Access) -> u32 {
    mode_in_checkout(mode, access)
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod verify_tests;
