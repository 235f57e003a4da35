//! Lists a folder: what a take records, and what it leaves out. Reads no content but `.gitignore`s.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use rustix::fs::{self as rfs, Dir, FileType};
use rustix::io::Errno;

use crate::beneath::{FileStat, Root};
use crate::path::is_git_name;
use crate::rules::{MAX_RULES, Rules};
use crate::{CancelFlag, CheckpointError, RelPath, SkipReason, Skipped};

/// Longer paths, in bytes, are not recorded: below a checkout's folder they would pass the system's
/// limit of 4096.
const MAX_PATH: usize = 2048;

/// How to list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WalkOptions {
    /// Leave out what the folder's `.gitignore` files ignore, and every `.git`.
    pub(crate) as_take: bool,
    /// Files larger than this many bytes are skipped.
    pub(crate) huge: u64,
    /// More entries than this are an error.
    pub(crate) max_entries: usize,
    /// Device and inode of the store, which is not recorded into itself.
    pub(crate) store: Option<(u64, u64)>,
}

/// A listed entry.
pub(crate) struct Found {
    pub(crate) path: RelPath,
    pub(crate) stat: FileStat,
    /// Where it points, when it is a link.
    pub(crate) link: Option<Box<[u8]>>,
}

/// What a folder holds, each part in component-wise order of the paths.
pub(crate) struct Listing {
    pub(crate) found: Vec<Found>,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) ignored: u64,
}

struct Walk<'a> {
    root: &'a Root,
    options: WalkOptions,
    listing: Listing,
    /// Folders still to be read, with the rules of the folder that holds them.
    todo: Vec<(RelPath, Option<Arc<Rules>>)>,
}

/// Lists everything beneath `root`.
pub(crate) fn list(
    root: &Root,
    options: WalkOptions,
    cancel: &CancelFlag,
) -> Result<Listing, CheckpointError> {
    let listing = Listing { found: Vec::new(), skipped: Vec::new(), ignored: 0 };
    let mut walk = Walk { root, options, listing, todo: Vec::new() };
    walk.read(&[], None, cancel)?
        .map_err(|e| CheckpointError::TargetUnreadable { path: root.path().to_owned(), source: e.into() })?;
    while let Some((path, rules)) = walk.todo.pop() {
        match walk.read(path.as_bytes(), rules, cancel)? {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(e) => walk.skip(path, reason_for(e), 0),
        }
    }
    let mut listing = walk.listing;
    listing.found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    listing.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(listing)
}

/// Why an entry that was listed cannot be opened.
pub(crate) fn reason_for(error: Errno) -> SkipReason {
    match error {
        // It was a folder or file a moment ago and is a link now, or is going away.
        Errno::LOOP | Errno::NOTDIR | Errno::NOENT => SkipReason::Concurrent,
        _ => SkipReason::Unreadable,
    }
}

impl Walk<'_> {
    fn skip(&mut self, path: RelPath, reason: SkipReason, size: u64) {
        self.listing.skipped.push(Skipped { path, reason, size });
    }

    /// Lists one folder. The inner error says that this folder cannot be read.
    fn read(
        &mut self,
        folder: &[u8],
        mut rules: Option<Arc<Rules>>,
        cancel: &CancelFlag,
    ) -> Result<Result<(), Errno>, CheckpointError> {
        cancel.check()?;
        let fd = match self.root.open_folder(folder) {
            Ok(fd) => fd,
            Err(e) => return Ok(Err(e)),
        };
        let stat = match FileStat::of(&fd) {
            Ok(stat) => stat,
            Err(e) => return Ok(Err(e)),
        };
        if let Ok(path) = RelPath::from_bytes(folder) {
            if self.options.store == Some((stat.dev, stat.ino)) {
                self.skip(path, SkipReason::Store, 0);
                return Ok(Ok(()));
            }
            // It goes in before what it holds, and only once it is open.
            self.listing.found.push(Found { path, stat, link: None });
        }
        let mut names = Vec::new();
        let mut has_rules = false;
        let read = Dir::read_from(&fd).and_then(|dir| {
            for entry in dir {
                let entry = entry?;
                let name = entry.file_name().to_bytes();
                match name {
                    b"." | b".." => continue,
                    name if self.options.as_take && is_git_name(name) => continue,
                    b".gitignore" => has_rules = self.options.as_take,
                    _ => {}
                }
                names.push(Box::<[u8]>::from(name));
                if names.len() > self.options.max_entries {
                    break;
                }
            }
            Ok(())
        });
        if let Err(e) = read {
            if !folder.is_empty() {
                self.listing.found.pop();
            }
            return Ok(Err(e));
        }
        if names.len() + self.listing.found.len() + self.todo.len() > self.options.max_entries {
            let path = self.root.path().to_owned();
            return Err(CheckpointError::TooManyEntries { path, limit: self.options.max_entries });
        }
        // A folder that changes while it is listed may show a name twice.
        names.sort_unstable();
        names.dedup();
        if has_rules {
            rules = self.read_rules(folder, rules);
        }
        for name in names {
            self.look(&fd, RelPath::joined(folder, &name), &name, rules.as_ref());
        }
        Ok(Ok(()))
    }

    fn read_rules(&mut self, folder: &[u8], above: Option<Arc<Rules>>) -> Option<Arc<Rules>> {
        let path = RelPath::joined(folder, b".gitignore");
        // A link or an unreadable one has no rules for git either; it is listed like anything else.
        let Ok(file) = self.root.open_file(path.as_bytes()) else { return above };
        let Ok(stat) = FileStat::of(&file) else { return above };
        if stat.kind != FileType::RegularFile {
            return above;
        }
        let rules = match read_up_to(file, MAX_RULES) {
            Some(text) => Rules::parse(above.clone(), folder, &text),
            None => None,
        };
        rules.or_else(|| {
            self.skip(path, SkipReason::Rules, stat.size);
            above
        })
    }

    fn look(&mut self, folder: &rustix::fd::OwnedFd, path: RelPath, name: &[u8], rules: Option<&Arc<Rules>>) {
        let stat = match FileStat::at(folder, name) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return,
            Err(e) => return self.skip(path, reason_for(e), 0),
        };
        let is_folder = stat.kind == FileType::Directory;
        if rules.is_some_and(|r| r.ignore(path.as_bytes(), is_folder)) {
            self.listing.ignored += 1;
            return;
        }
        if self.options.as_take && path.as_bytes().len() > MAX_PATH {
            return self.skip(path, SkipReason::TooDeep, stat.size);
        }
        match stat.kind {
            FileType::Directory => self.todo.push((path, rules.cloned())),
            FileType::RegularFile if stat.size > self.options.huge => {
                self.skip(path, SkipReason::Huge, stat.size);
            }
            FileType::RegularFile => self.listing.found.push(Found { path, stat, link: None }),
            FileType::Symlink => match rfs::readlinkat(folder, name, Vec::new()) {
                Ok(target) => {
                    let link = Some(target.into_bytes().into());
                    self.listing.found.push(Found { path, stat, link });
                }
                Err(Errno::NOENT) => {}
                Err(_) => self.skip(path, SkipReason::Concurrent, 0),
            },
            FileType::Socket => self.skip(path, SkipReason::Socket, 0),
            FileType::Fifo => self.skip(path, SkipReason::Fifo, 0),
            _ => self.skip(path, SkipReason::Device, 0),
        }
    }
}

fn read_up_to(file: File, limit: u64) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let read = file.take(limit + 1).read_to_end(&mut text).ok()?;
    (u64::try_from(read).ok()? <= limit).then_some(text)
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod walk_tests;
