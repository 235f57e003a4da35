//! Carries out a restore in a folder that somebody else may still be changing: every write goes
//! through a descriptor of the folder that holds the entry, which was reached through no link, and a
//! file is replaced by a rename, so that it is whole at any moment and no other name of it is written.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{self as rfs, AtFlags, FileType, Gid, Mode, OFlags, Uid};
use rustix::io::{Errno, Result as SysResult};

use crate::beneath::{FileStat, Root};
use crate::restore_plan::Step;
use crate::store::Store;
use crate::{CancelFlag, CheckpointError, Entry, EntryKind, Left, LeftReason, RelPath, RestoreReport};

pub(crate) struct Hand<'a> {
    pub(crate) store: &'a Store,
    pub(crate) root: &'a Root,
    pub(crate) report: RestoreReport,
    /// The folder that the last step was in.
    open: Option<(Box<[u8]>, OwnedFd)>,
    /// Permission bits that folders get in the end: those that were made, changed, or opened for us.
    modes: HashMap<Box<[u8]>, u32>,
}

/// Why a step was not done.
enum Stop {
    Left(LeftReason),
    System(Errno),
    Failed(CheckpointError),
}

impl From<Errno> for Stop {
    fn from(e: Errno) -> Self {
        Self::System(e)
    }
}

impl Stop {
    /// What to leave and name; an error that ends the restore where going on makes no sense.
    fn reason(self, root: &Root, path: &RelPath) -> Result<LeftReason, CheckpointError> {
        match self {
            Self::Left(reason) => Ok(reason),
            Self::Failed(e) => Err(e),
            Self::System(e @ (Errno::NOSPC | Errno::DQUOT)) => {
                Err(CheckpointError::io("write", &root.path().join(path.as_path()), e))
            }
            Self::System(Errno::NOTEMPTY) => Ok(LeftReason::FolderNotEmpty),
            Self::System(Errno::NOENT | Errno::LOOP | Errno::NOTDIR | Errno::ISDIR | Errno::EXIST) => {
                Ok(LeftReason::ChangedMeanwhile)
            }
            Self::System(e) => Ok(LeftReason::Refused(std::io::Error::from(e).to_string())),
        }
    }
}

impl<'a> Hand<'a> {
    pub(crate) fn new(store: &'a Store, root: &'a Root, report: RestoreReport) -> Self {
        Self { store, root, report, open: None, modes: HashMap::new() }
    }

    /// Does the steps in order. What the system refuses is left and named; a full disk, a damaged store
    /// and the caller's flag end it.
    pub(crate) fn apply(&mut self, steps: &[Step<'_>], cancel: &CancelFlag) -> Result<(), CheckpointError> {
        for step in steps {
            cancel.check()?;
            let done = match step {
                Step::Remove(path, stat) => self.remove(path, stat),
                Step::RemoveFolder(path) => self.remove_folder(path),
                Step::MakeFolder(entry) => self.make_folder(entry),
                Step::Write(entry, stat) => self.write(entry, stat.as_ref()),
                Step::SetMode(path, mode, stat) => self.set_mode(path, *mode, stat),
            };
            if let Err(stop) = done {
                let reason = stop.reason(self.root, step.path())?;
                self.report.left.push(Left { path: step.path().clone(), reason });
            }
        }
        Ok(())
    }

    /// Gives folders their permission bits, from the inside out. Done also after an error.
    pub(crate) fn finish(&mut self) {
        let mut modes: Vec<_> = std::mem::take(&mut self.modes).into_iter().collect();
        modes.sort_unstable_by(|a, b| crate::path::compare(&b.0, &a.0));
        for (folder, mode) in modes {
            let set = self.root.open_folder(&folder).and_then(|fd| {
                let now = FileStat::of(&fd)?.mode;
                if now == mode { Ok(()) } else { rfs::fchmod(&fd, Mode::from_raw_mode(mode)) }
            });
            // The target itself has no path to be named by, and its bits are not part of a checkpoint.
            if let (Err(e), Ok(path)) = (set, RelPath::from_bytes(&folder))
                && let Ok(reason) = Stop::from(e).reason(self.root, &path)
            {
                self.report.left.push(Left { path, reason });
            }
        }
    }

    /// Opens the folder that holds an entry, with write permission on it.
    fn folder_of(&mut self, path: &RelPath) -> SysResult<&OwnedFd> {
        let folder = path.parent();
        if self.open.as_ref().is_none_or(|(open, _)| **open != *folder) {
            self.open = None;
            let fd = self.root.open_folder(folder)?;
            let mode = FileStat::of(&fd)?.mode;
            if mode & 0o300 != 0o300 {
                rfs::fchmod(&fd, Mode::from_raw_mode(mode | 0o700))?;
                self.modes.entry(folder.into()).or_insert(mode);
            }
            self.open = Some((folder.into(), fd));
        }
        self.open.as_ref().map(|(_, fd)| fd).ok_or(Errno::IO)
    }

    fn remove(&mut self, path: &RelPath, stat: &FileStat) -> Result<(), Stop> {
        let folder = self.folder_of(path)?;
        unchanged(folder, path.name(), Some(stat))?;
        rfs::unlinkat(folder, path.name(), AtFlags::empty())?;
        self.report.deleted.push(path.clone());
        Ok(())
    }

    fn remove_folder(&mut self, path: &RelPath) -> Result<(), Stop> {
        rfs::unlinkat(self.folder_of(path)?, path.name(), AtFlags::REMOVEDIR)?;
        self.modes.remove(path.as_bytes());
        self.report.deleted.push(path.clone());
        Ok(())
    }

    fn make_folder(&mut self, entry: &Entry) -> Result<(), Stop> {
        let EntryKind::Folder { mode } = entry.kind else { return Ok(()) };
        let (path, parent) = (&entry.path, self.folder_of(&entry.path)?);
        rfs::mkdirat(parent, path.name(), Mode::RWXU)?;
        let owner = FileStat::of(parent)?.owner;
        let fd = self.root.open_folder(path.as_bytes())?;
        give_to(&fd, owner)?;
        self.modes.insert(path.as_bytes().into(), mode);
        self.report.written.push(path.clone());
        Ok(())
    }

    fn set_mode(&mut self, path: &RelPath, mode: u32, stat: &FileStat) -> Result<(), Stop> {
        if stat.kind == FileType::Directory {
            self.modes.insert(path.as_bytes().into(), mode);
        } else {
            unchanged(self.folder_of(path)?, path.name(), Some(stat))?;
            // Bits that make a program run as its owner are taken away, never given.
            let wanted = mode & (0o777 | stat.mode);
            self.root.set_mode(path.as_bytes(), wanted)?;
            if wanted != mode {
                self.report.left.push(Left { path: path.clone(), reason: LeftReason::SpecialBits });
            }
        }
        self.report.modes.push(path.clone());
        Ok(())
    }

    fn write(&mut self, entry: &Entry, now: Option<&FileStat>) -> Result<(), Stop> {
        let (store, path) = (self.store, &entry.path);
        let unique = store.temporary_path();
        let name = format!(".mo-restore-{}", unique.file_name().unwrap_or_default().to_string_lossy());
        let full_path = self.root.path().join(path.as_path());
        let folder = self.folder_of(path)?;
        let owner = match now {
            Some(stat) => stat.owner,
            None => FileStat::of(folder)?.owner,
        };
        let written = match &entry.kind {
            EntryKind::File { mode, size, digest } => make_file(folder, &name, owner, *mode, |file| {
                store.copy_blob(digest, *size, file, &full_path)
            }),
            EntryKind::Symlink { target } => make_link(folder, &name, owner, target).map_err(Stop::from),
            EntryKind::Folder { .. } | EntryKind::Skipped { .. } => return Ok(()),
        };
        let placed = written.and_then(|()| {
            unchanged(folder, path.name(), now)?;
            Ok(rfs::renameat(folder, name.as_str(), folder, path.name())?)
        });
        if placed.is_err() {
            let _ = rfs::unlinkat(folder, name.as_str(), AtFlags::empty());
        }
        placed?;
        if let EntryKind::File { mode, size, .. } = entry.kind {
            self.report.bytes += size;
            if mode & 0o7000 != 0 {
                self.report.left.push(Left { path: path.clone(), reason: LeftReason::SpecialBits });
            }
        }
        self.report.written.push(path.clone());
        Ok(())
    }
}

/// Sees that an entry is the one that was compared: nobody's later work is thrown away unseen.
fn unchanged(folder: impl AsFd, name: &[u8], then: Option<&FileStat>) -> Result<(), Stop> {
    let same = match (FileStat::at(folder, name), then) {
        (Err(Errno::NOENT), None) => true,
        (Ok(now), Some(then)) => {
            // Not the time of status: deleting another name of the same file changes it.
            (now.dev, now.ino, now.size, now.mtime) == (then.dev, then.ino, then.size, then.mtime)
        }
        (Err(e), _) if e != Errno::NOENT => return Err(e.into()),
        // A folder that could not be removed stands where a file should be.
        (Ok(now), None) if now.kind == FileType::Directory => {
            return Err(Stop::Left(LeftReason::FolderNotEmpty));
        }
        _ => false,
    };
    if same { Ok(()) } else { Err(Stop::Left(LeftReason::ChangedMeanwhile)) }
}

fn make_file(
    folder: &OwnedFd,
    name: &str,
    owner: (u32, u32),
    mode: u32,
    write: impl FnOnce(&mut File) -> Result<(), CheckpointError>,
) -> Result<(), Stop> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(rfs::openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?);
    write(&mut file).map_err(Stop::Failed)?;
    give_to(&file, owner)?;
    // Last, since a change of owner takes bits away.
    rfs::fchmod(&file, Mode::from_raw_mode(mode & 0o777))?;
    Ok(())
}

fn make_link(folder: &OwnedFd, name: &str, owner: (u32, u32), target: &[u8]) -> SysResult<()> {
    rfs::symlinkat(target, folder, name)?;
    let mine = FileStat::at(folder, name.as_bytes())?.owner;
    if mine == owner || !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(owner.0), Gid::from_raw(owner.1));
    rfs::chownat(folder, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)
}

/// As root, what is written belongs to whom it belonged to, or to the owner of its folder: a target of
/// somebody else stays theirs.
fn give_to(fd: impl AsFd, owner: (u32, u32)) -> SysResult<()> {
    if !rustix::process::geteuid().is_root() || FileStat::of(&fd)?.owner == owner {
        return Ok(());
    }
    rfs::fchown(fd, Some(Uid::from_raw(owner.0)), Some(Gid::from_raw(owner.1)))
}
