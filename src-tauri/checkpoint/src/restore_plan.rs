//! Decides what a restore has to do: the checkpoint on one side, the target as it is on the other.

use std::collections::HashMap;
use std::sync::Arc;

use crate::beneath::FileStat;
use crate::rules::{MAX_RULES, Rules};
use crate::store::Store;
use crate::take::Seen;
use crate::{CheckpointError, Entry, EntryKind, Left, LeftReason, Manifest, RelPath};

/// Which paths a restore is about: all, or these with what is below them, in order.
pub(crate) struct Selection(Option<Vec<RelPath>>);

impl Selection {
    pub(crate) fn new(paths: Option<&[RelPath]>) -> Self {
        Self(paths.map(|paths| {
            let mut paths = paths.to_vec();
            paths.sort_unstable();
            paths
        }))
    }

    /// Whether a path is to be brought back.
    pub(crate) fn has(&self, path: &RelPath) -> bool {
        let Some(paths) = &self.0 else { return true };
        paths.binary_search(path).is_ok() || path.ancestors().any(|above| paths.binary_search(&above).is_ok())
    }

    /// Whether a path is a folder above one that is to be brought back.
    pub(crate) fn needs(&self, path: &RelPath) -> bool {
        self.0.as_ref().is_some_and(|paths| {
            let next = paths.partition_point(|p| p < path);
            paths.get(next).is_some_and(|p| p.is_within(path))
        })
    }
}

/// One thing to do. The stats tell by what to know the present entry again.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    /// Delete a file or link.
    Remove(RelPath, FileStat),
    /// Delete a folder, unless something is left in it.
    RemoveFolder(RelPath),
    /// Make a folder.
    MakeFolder(&'a Entry),
    /// Write a file or a link, over whatever file or link is there.
    Write(&'a Entry, Option<FileStat>),
    /// Give a file or folder its permission bits.
    SetMode(RelPath, u32, FileStat),
}

impl Step<'_> {
    pub(crate) fn path(&self) -> &RelPath {
        match self {
            Self::Remove(path, _) | Self::RemoveFolder(path) | Self::SetMode(path, ..) => path,
            Self::MakeFolder(entry) | Self::Write(entry, _) => &entry.path,
        }
    }
}

/// What a restore will do.
#[derive(Default)]
pub(crate) struct Plan<'a> {
    /// Deletions, what is inside of a folder before the folder.
    pub(crate) removals: Vec<Step<'a>>,
    /// Everything else, a folder before what is inside of it.
    pub(crate) writes: Vec<Step<'a>>,
    pub(crate) left: Vec<Left>,
    pub(crate) unchanged: u64,
    /// Places in the checkpoint where the target has something that no take records, or nothing.
    pub(crate) unseen: Vec<&'a Entry>,
}

/// Compares. `ignored_then` tells what the checkpoint's own rules ignored.
pub(crate) fn plan<'a>(
    manifest: &'a Manifest,
    seen: &[Seen],
    selection: &Selection,
    ignored_then: &mut IgnoredThen<'_>,
) -> Result<Plan<'a>, CheckpointError> {
    let mut plan = Plan::default();
    let mut old = manifest.entries().iter().peekable();
    let mut new = seen.iter().peekable();
    // What was skipped then may have been a folder: what is in it now may have been there.
    let mut skipped_then: Option<&RelPath> = None;
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(o), Some(n)) => o.path.cmp(&n.entry.path),
        };
        let then = if order.is_le() { old.next() } else { None };
        let now = if order.is_ge() { new.next() } else { None };
        if let Some(Entry { path, kind: EntryKind::Skipped { .. } }) = then {
            skipped_then = Some(path);
        }
        match (then, now) {
            (Some(then), now) if selection.has(&then.path) => plan.bring_back(then, now),
            // A folder above a selected path only has to be a folder.
            (Some(then), Some(Seen { entry, stat: Some(stat) })) if selection.needs(&then.path) => {
                let is_folder = |kind: &EntryKind| matches!(kind, EntryKind::Folder { .. });
                if is_folder(&then.kind) && !is_folder(&entry.kind) {
                    plan.removals.push(Step::Remove(then.path.clone(), *stat));
                    plan.writes.push(Step::MakeFolder(then));
                }
            }
            (Some(then), _) if selection.needs(&then.path) => plan.unseen.push(then),
            (None, Some(now)) if skipped_then.is_some_and(|folder| now.entry.path.is_within(folder)) => {}
            (None, Some(now)) if selection.has(&now.entry.path) => plan.take_away(now, ignored_then)?,
            _ => {}
        }
    }
    plan.removals.reverse();
    Ok(plan)
}

impl<'a> Plan<'a> {
    fn bring_back(&mut self, then: &'a Entry, now: Option<&Seen>) {
        let path = &then.path;
        if let EntryKind::Skipped { .. } = then.kind {
            // Present or not: only the target ever had it. That it is skipped now too is as it was.
            if now.is_none_or(|now| !matches!(now.entry.kind, EntryKind::Skipped { .. })) {
                self.left.push(Left { path: path.clone(), reason: LeftReason::NotRecorded });
            }
            return;
        }
        let Some(Seen { entry: now, stat: Some(stat) }) = now else {
            self.unseen.push(then);
            return;
        };
        match (&then.kind, &now.kind) {
            (EntryKind::Folder { mode: old }, EntryKind::Folder { mode: new }) => {
                if old == new {
                    self.unchanged += 1;
                } else {
                    self.writes.push(Step::SetMode(path.clone(), *old, *stat));
                }
            }
            (EntryKind::Folder { .. }, _) => {
                self.removals.push(Step::Remove(path.clone(), *stat));
                self.writes.push(Step::MakeFolder(then));
            }
            (_, EntryKind::Folder { .. }) => {
                self.removals.push(Step::RemoveFolder(path.clone()));
                self.writes.push(Step::Write(then, None));
            }
            (
                EntryKind::File { mode: old_mode, size: old_size, digest: old },
                EntryKind::File { mode: new_mode, size: new_size, digest: new },
            ) if (old, old_size) == (new, new_size) => {
                if old_mode == new_mode {
                    self.unchanged += 1;
                } else if stat.links == 1 {
                    self.writes.push(Step::SetMode(path.clone(), *old_mode, *stat));
                } else {
                    // Its other names may lie outside the target; they keep their bits.
                    self.writes.push(Step::Write(then, Some(*stat)));
                }
            }
            (EntryKind::Symlink { target: old }, EntryKind::Symlink { target: new }) if old == new => {
                self.unchanged += 1;
            }
            _ => self.writes.push(Step::Write(then, Some(*stat))),
        }
    }

    fn take_away(&mut self, now: &Seen, ignored_then: &mut IgnoredThen<'_>) -> Result<(), CheckpointError> {
        let path = now.entry.path.clone();
        let Some(stat) = now.stat else { return Ok(()) }; // skipped: no take has it, so it stays
        let is_folder = matches!(now.entry.kind, EntryKind::Folder { .. });
        if ignored_then.has(&path, is_folder)? {
            self.left.push(Left { path, reason: LeftReason::IgnoredThen });
        } else if is_folder {
            self.removals.push(Step::RemoveFolder(path));
        } else {
            self.removals.push(Step::Remove(path, stat));
        }
        Ok(())
    }
}

/// What the `.gitignore` files of a checkpoint ignore.
pub(crate) struct IgnoredThen<'a> {
    store: &'a Store,
    manifest: &'a Manifest,
    folders: HashMap<Box<[u8]>, Inside>,
}

/// What holds inside a folder.
#[derive(Clone)]
enum Inside {
    Ignored,
    Ruled(Option<Arc<Rules>>),
}

impl Inside {
    fn ignore(&self, path: &RelPath, is_folder: bool) -> bool {
        match self {
            Self::Ignored => true,
            Self::Ruled(rules) => rules.as_ref().is_some_and(|r| r.ignore(path.as_bytes(), is_folder)),
        }
    }
}

impl<'a> IgnoredThen<'a> {
    pub(crate) fn new(store: &'a Store, manifest: &'a Manifest) -> Self {
        Self { store, manifest, folders: HashMap::new() }
    }

    fn has(&mut self, path: &RelPath, is_folder: bool) -> Result<bool, CheckpointError> {
        let mut inside = match self.folders.get(&[][..]) {
            Some(inside) => inside.clone(),
            None => self.read(&[], None)?,
        };
        for folder in path.ancestors() {
            let above = match inside {
                Inside::Ignored => return Ok(true),
                Inside::Ruled(ref rules) => rules.clone(),
            };
            inside = if let Some(known) = self.folders.get(folder.as_bytes()) {
                known.clone()
            } else if inside.ignore(&folder, true) {
                self.folders.insert(folder.as_bytes().into(), Inside::Ignored);
                Inside::Ignored
            } else {
                self.read(folder.as_bytes(), above)?
            };
        }
        Ok(inside.ignore(path, is_folder))
    }

    fn read(&mut self, folder: &[u8], above: Option<Arc<Rules>>) -> Result<Inside, CheckpointError> {
        let rules = match self.manifest.get(&RelPath::joined(folder, b".gitignore")).map(|e| &e.kind) {
            Some(EntryKind::File { size, digest, .. }) if *size <= MAX_RULES => {
                let text = self.store.blob(digest, *size)?;
                Rules::parse(above.clone(), folder, &text).or(above)
            }
            _ => above,
        };
        let inside = Inside::Ruled(rules);
        self.folders.insert(folder.into(), inside.clone());
        Ok(inside)
    }
}
