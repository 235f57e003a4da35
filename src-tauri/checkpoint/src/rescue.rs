//! A restore throws nothing away that exists nowhere else: a file that is ignored, too large or not
//! readable at present was in no take, so it is saved before it is replaced or deleted.

use std::collections::HashSet;

use rustix::fs as rfs;
use rustix::io::Errno;

use crate::beneath::FileStat;
use crate::content::{Content, Reader};
use crate::incoming::Incoming;
use crate::restore_plan::{Plan, Step};
use crate::store::Store;
use crate::{CheckpointError, Digest, Entry, EntryKind, Left, LeftReason, Manifest, RelPath};

/// Saves what is about to be replaced or deleted although no take would have saved it.
pub(crate) struct Rescue<'a> {
    reader: &'a Reader<'a>,
    unlocked: &'a [RelPath],
    paths: Vec<RelPath>,
}

impl<'a> Rescue<'a> {
    /// `unlocked`: folders that no take could read before this restore made them readable.
    pub(crate) fn new(reader: &'a Reader<'a>, unlocked: &'a [RelPath]) -> Self {
        Self { reader, unlocked, paths: Vec::new() }
    }

    pub(crate) fn add(&mut self, path: &RelPath) {
        self.paths.push(path.clone());
    }

    /// Reads a file that no take records; its digest only where `compare`. Nothing when it cannot be read.
    #[allow(clippy::option_option)]
    pub(crate) fn look(
        &self,
        path: &RelPath,
        compare: bool,
    ) -> Result<Option<(Option<Digest>, FileStat)>, CheckpointError> {
        let reader = Reader { huge: u64::MAX, ..*self.reader };
        let readable = |path: &RelPath| reader.root.open_file(path.as_bytes()).and_then(|f| FileStat::of(&f));
        let stat = match readable(path) {
            Err(Errno::ACCESS) => {
                match reader.root.set_mode(path.as_bytes(), 0o600).and_then(|()| readable(path)) {
                    Ok(stat) => stat,
                    Err(_) => return Ok(None),
                }
            }
            Err(_) => return Ok(None),
            Ok(stat) => stat,
        };
        if !compare {
            return Ok(Some((None, stat)));
        }
        match reader.read(path, &mut Vec::new())? {
            Content::Read { digest, stat, .. } => Ok(Some((Some(digest), stat))),
            _ => Ok(None),
        }
    }

    /// Adds the files that a take could not read before the restore made them readable.
    pub(crate) fn note_recorded(&mut self, plan: &Plan<'_>) {
        if self.unlocked.is_empty() {
            return;
        }
        for step in plan.removals.iter().chain(&plan.writes) {
            let path = match step {
                Step::Remove(path, _) => path,
                Step::Write(entry, Some(_)) => &entry.path,
                _ => continue,
            };
            if self.unlocked.iter().any(|u| path.is_within(u)) {
                self.paths.push(path.clone());
            }
        }
    }

    /// Makes a checkpoint of them. What cannot be saved is left as it is.
    pub(crate) fn save(
        mut self,
        store: &Store,
        plan: &mut Plan<'_>,
    ) -> Result<Option<Digest>, CheckpointError> {
        self.paths.sort_unstable();
        self.paths.dedup();
        if self.paths.is_empty() {
            return Ok(None);
        }
        let incoming = Incoming::new(store)?;
        let reader = Reader { huge: u64::MAX, into: Some(&incoming), ..*self.reader };
        let mut entries: Vec<Entry> = Vec::new();
        let mut folders: HashSet<RelPath> = HashSet::new();
        let mut unsaved: HashSet<RelPath> = HashSet::new();
        let mut buffer = Vec::new();
        for path in self.paths {
            let link = reader.root.open_folder(path.parent()).and_then(|folder| {
                match rfs::readlinkat(&folder, path.name(), Vec::new()) {
                    Ok(target) => Ok(Some(target)),
                    Err(Errno::INVAL) => Ok(None), // no link
                    Err(e) => Err(e),
                }
            });
            let kind = match link {
                Ok(Some(target)) => EntryKind::Symlink { target: target.into_bytes().into() },
                Ok(None) => match reader.read(&path, &mut buffer)? {
                    Content::Read { digest, size, stat, .. } => {
                        EntryKind::File { mode: stat.mode, size, digest }
                    }
                    Content::Gone | Content::Skipped(_) => {
                        unsaved.insert(path);
                        continue;
                    }
                },
                Err(_) => {
                    unsaved.insert(path);
                    continue;
                }
            };
            for above in path.ancestors() {
                if folders.insert(above.clone()) {
                    let now = reader.root.open_folder(above.as_bytes()).and_then(FileStat::of);
                    entries.push(Entry {
                        path: above,
                        kind: EntryKind::Folder { mode: now.map_or(0o755, |s| s.mode) },
                    });
                }
            }
            entries.push(Entry { path, kind });
        }
        plan.removals.retain(|step| !unsaved.contains(step.path()));
        plan.writes.retain(|step| !unsaved.contains(step.path()));
        plan.left.extend(unsaved.into_iter().map(|path| Left { path, reason: LeftReason::ChangedMeanwhile }));
        incoming.commit()?;
        if entries.is_empty() { Ok(None) } else { store.write_manifest(&Manifest::new(entries)).map(Some) }
    }
}
