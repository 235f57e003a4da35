//! Takes a checkpoint: lists, reads what changed, saves contents, then the manifest.

use std::path::Path;

use crate::beneath::{FileStat, Root};
use crate::cache::Cache;
use crate::content::{Content, Reader};
use crate::incoming::Incoming;
use crate::store::Store;
use crate::walk::{Found, Listing, WalkOptions, list, reason_for};
use crate::{
    CancelFlag, CheckpointError, Digest, Entry, EntryKind, Manifest, RelPath, Settings, SkipReason, Skipped,
    TakeReport, Taken,
};

impl Settings {
    pub(crate) fn walk(&self, store: &Store) -> WalkOptions {
        WalkOptions {
            as_take: true,
            huge: self.huge_file_bytes,
            max_entries: self.max_entries,
            store: Some(store.identity()),
        }
    }
}

pub(crate) fn take(
    store: &Store,
    settings: &Settings,
    target: &Path,
    cancel: &CancelFlag,
) -> Result<Taken, CheckpointError> {
    let _lock = store.lock_shared()?;
    let root = Root::open(target)?;
    let listing = list(&root, settings.walk(store), cancel)?;
    let mut cache = Cache::load(store, target);
    let incoming = Incoming::new(store)?;
    let reader = Reader { root: &root, huge: settings.huge_file_bytes, into: Some(&incoming), cancel };
    let scan = scan(&reader, listing, &mut cache, |_, _| Need::Content)?;
    let mut report = scan.report;
    cancel.check()?;
    (report.new_blobs, report.new_bytes) = incoming.commit()?;
    let digest = store.write_manifest(&Manifest::new(scan.seen.into_iter().map(|s| s.entry).collect()))?;
    cache.save(store);
    Ok(Taken { digest, report })
}

/// A folder as it is now.
pub(crate) struct Scan {
    /// In component-wise order, with the skipped ones that a manifest names.
    pub(crate) seen: Vec<Seen>,
    pub(crate) report: TakeReport,
}

/// An entry as it is now, and by what to know it again.
pub(crate) struct Seen {
    pub(crate) entry: Entry,
    /// Nothing for skipped ones.
    pub(crate) stat: Option<FileStat>,
}

/// What the caller has to know of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Its content.
    Content,
    /// Whether a take could read it; the digest is that of nothing.
    Readable,
    /// Nothing; the digest is that of nothing.
    Nothing,
}

/// Reads the listed files that are not known to be unchanged, as far as the caller needs them.
pub(crate) fn scan(
    reader: &Reader<'_>,
    listing: Listing,
    cache: &mut Cache,
    need: impl Fn(&RelPath, u64) -> Need,
) -> Result<Scan, CheckpointError> {
    let mut report =
        TakeReport { ignored: listing.ignored, skipped: listing.skipped, ..TakeReport::default() };
    let contents = contents(reader, &listing.found, cache, need)?;
    let mut seen: Vec<Seen> = Vec::with_capacity(listing.found.len());
    let mut contents = contents.into_iter();
    for Found { path, stat, link } in listing.found {
        let (kind, stat) = if let Some(target) = link {
            report.symlinks += 1;
            (EntryKind::Symlink { target }, stat)
        } else if stat.kind == rustix::fs::FileType::Directory {
            report.folders += 1;
            (EntryKind::Folder { mode: stat.mode }, stat)
        } else {
            match contents.next().unwrap_or(Known::Unwanted) {
                Known::Unwanted => {
                    (EntryKind::File { mode: stat.mode, size: stat.size, digest: Digest::of(&[]) }, stat)
                }
                Known::Cached(digest) => {
                    report.files += 1;
                    report.bytes += stat.size;
                    cache.keep(&path, &stat, &digest);
                    (EntryKind::File { mode: stat.mode, size: stat.size, digest }, stat)
                }
                Known::Now(Content::Gone) => continue,
                Known::Now(Content::Skipped(reason)) => {
                    report.skipped.push(Skipped { path, reason, size: stat.size });
                    continue;
                }
                Known::Now(Content::Read { digest, size, stat, stable, cacheable }) => {
                    report.read += 1;
                    report.files += 1;
                    report.bytes += size;
                    if cacheable {
                        cache.keep(&path, &stat, &digest);
                    }
                    if !stable {
                        let reason = SkipReason::Concurrent;
                        report.skipped.push(Skipped { path: path.clone(), reason, size });
                    }
                    (EntryKind::File { mode: stat.mode, size, digest }, stat)
                }
            }
        };
        seen.push(Seen { entry: Entry { path, kind }, stat: Some(stat) });
    }
    report.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    let named = report.skipped.iter().filter(|s| s.reason.is_in_manifest());
    seen.extend(named.map(|s| {
        let entry = Entry { path: s.path.clone(), kind: EntryKind::Skipped { reason: s.reason } };
        Seen { entry, stat: None }
    }));
    seen.sort_unstable_by(|a, b| a.entry.path.cmp(&b.entry.path));
    Ok(Scan { seen, report })
}

/// What is known of a regular file's content.
enum Known {
    Unwanted,
    Cached(Digest),
    Now(Content),
}

fn contents(
    reader: &Reader<'_>,
    found: &[Found],
    cache: &Cache,
    need: impl Fn(&RelPath, u64) -> Need,
) -> Result<Vec<Known>, CheckpointError> {
    let is_file = |f: &&Found| f.stat.kind == rustix::fs::FileType::RegularFile;
    let mut known = Vec::with_capacity(found.len());
    let mut to_read = Vec::new();
    for file in found.iter().filter(is_file) {
        let need = need(&file.path, file.stat.size);
        known.push(if need == Need::Nothing {
            Some(Known::Unwanted)
        } else if need == Need::Readable {
            Some(match reader.root.open_file(file.path.as_bytes()) {
                Ok(_) => Known::Unwanted,
                Err(e) => Known::Now(Content::Skipped(reason_for(e))),
            })
        } else if let Some(digest) = cache
            .lookup(&file.path, &file.stat)
            // What was pruned since has to come in again.
            .filter(|digest| reader.into.is_none_or(|into| into.store().has_blob(digest, file.stat.size)))
        {
            Some(Known::Cached(digest))
        } else {
            to_read.push(&file.path);
            None
        });
    }
    let mut read = reader.read_all(&to_read)?.into_iter();
    Ok(known
        .into_iter()
        .map(|k| k.unwrap_or_else(|| Known::Now(read.next().unwrap_or(Content::Gone))))
        .collect())
}

#[cfg(test)]
#[path = "take_tests.rs"]
mod take_tests;
