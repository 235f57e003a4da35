//! Reaching entries of a folder that somebody else may be rearranging at the same time.
//!
//! Every path is resolved from the folder's own descriptor, beneath it, through no symbolic link: by
//! `openat2` where the kernel has it, else component by component with `O_NOFOLLOW`.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{self as rfs, AtFlags, FileType, Mode, OFlags};
use rustix::io::{Errno, Result as SysResult};

use crate::CheckpointError;

/// An open folder, beneath which everything stays.
pub(crate) struct Root {
    fd: OwnedFd,
    path: PathBuf,
}

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::RDONLY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// `NONBLOCK`: a file may have become a fifo since it was listed, and opening that would wait.
const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

impl Root {
    /// Opens a target. A symbolic link in the last place is refused: it could be moved to elsewhere.
    pub(crate) fn open(path: &Path) -> Result<Self, CheckpointError> {
        match rfs::openat(rfs::CWD, path, FOLDER, Mode::empty()) {
            Ok(fd) => Ok(Self { fd, path: path.to_owned() }),
            Err(Errno::NOENT) => Err(CheckpointError::TargetMissing { path: path.to_owned() }),
            Err(Errno::NOTDIR | Errno::LOOP) => {
                let what = match rfs::lstat(path).map(|s| FileType::from_raw_mode(s.st_mode)) {
                    Ok(FileType::Symlink) => "a symbolic link",
                    Ok(FileType::RegularFile) => "a file",
                    Ok(_) => "a special file",
                    Err(_) => "below something that is no folder",
                };
                Err(CheckpointError::TargetNotAFolder { path: path.to_owned(), what })
            }
            Err(source) => {
                Err(CheckpointError::TargetUnreadable { path: path.to_owned(), source: source.into() })
            }
        }
    }

    /// The path that the folder was opened by, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Opens a folder beneath; an empty path is the root itself.
    pub(crate) fn open_folder(&self, path: &[u8]) -> SysResult<OwnedFd> {
        if path.is_empty() {
            self.fd.try_clone().map_err(|e| errno(&e))
        } else {
            open(self.fd.as_fd(), path, FOLDER)
        }
    }

    /// Opens a file beneath for reading. It may be anything but a link: look at it before reading.
    pub(crate) fn open_file(&self, path: &[u8]) -> SysResult<File> {
        open(self.fd.as_fd(), path, FILE).map(File::from)
    }

    /// Sets the permission bits of a file or folder beneath, even when it may not be read.
    pub(crate) fn set_mode(&self, path: &[u8], mode: u32) -> SysResult<()> {
        let mode = Mode::from_raw_mode(mode);
        match open(self.fd.as_fd(), path, FILE) {
            Ok(fd) => rfs::fchmod(&fd, mode),
            Err(Errno::ACCESS) => set_mode_unread(self.fd.as_fd(), path, mode),
            Err(e) => Err(e),
        }
    }
}

/// What `fchmod` refuses on a descriptor without read access, the kernel's own name of it allows.
#[cfg(target_os = "linux")]
fn set_mode_unread(root: BorrowedFd<'_>, path: &[u8], mode: Mode) -> SysResult<()> {
    use std::os::fd::AsRawFd as _;
    let fd = open(root, path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC)?;
    match FileType::from_raw_mode(rfs::fstat(&fd)?.st_mode) {
        FileType::RegularFile | FileType::Directory => {
            rfs::chmodat(rfs::CWD, format!("/proc/self/fd/{}", fd.as_raw_fd()), mode, AtFlags::empty())
        }
        _ => Err(Errno::LOOP),
    }
}

#[cfg(not(target_os = "linux"))]
fn set_mode_unread(root: BorrowedFd<'_>, path: &[u8], mode: Mode) -> SysResult<()> {
    let (parent, name) = match path.iter().rposition(|b| *b == b'/') {
        Some(at) => (open(root, &path[..at], FOLDER)?, &path[at + 1..]),
        None => (root.try_clone_to_owned().map_err(|e| errno(&e))?, path),
    };
    rfs::chmodat(&parent, name, mode, AtFlags::SYMLINK_NOFOLLOW)
}

#[cfg(target_os = "linux")]
fn open(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> SysResult<OwnedFd> {
    use rustix::fs::ResolveFlags;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    for _ in 0..8 {
        match rfs::openat2(root, path, flags, Mode::empty(), resolve) {
            // Something was renamed during the walk; the kernel asks to try again.
            Err(Errno::AGAIN | Errno::INTR) => {}
            // It was moved out of the folder during the walk.
            Err(Errno::XDEV) => return Err(Errno::LOOP),
            // No such call here, a filter that does not know it, or a path too long for one call.
            Err(Errno::NOSYS | Errno::PERM | Errno::NAMETOOLONG) => break,
            answer => return answer,
        }
    }
    open_by_steps(root, path, flags)
}

#[cfg(not(target_os = "linux"))]
fn open(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> SysResult<OwnedFd> {
    open_by_steps(root, path, flags)
}

fn open_by_steps(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> SysResult<OwnedFd> {
    let mut folder: Option<OwnedFd> = None;
    let mut parts = path.split(|b| *b == b'/').peekable();
    while let Some(part) = parts.next() {
        let at = folder.as_ref().map_or(root, AsFd::as_fd);
        if parts.peek().is_none() {
            return rfs::openat(at, part, flags | OFlags::NOFOLLOW, Mode::empty());
        }
        folder = Some(rfs::openat(at, part, FOLDER, Mode::empty())?);
    }
    Err(Errno::NOENT)
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

/// What tells that a file is still the one that was read, and its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileStat {
    pub(crate) dev: u64,
    pub(crate) ino: u64,
    pub(crate) size: u64,
    pub(crate) mtime: (i64, u32),
    pub(crate) ctime: (i64, u32),
    pub(crate) mode: u32,
    pub(crate) links: u64,
    pub(crate) owner: (u32, u32),
    pub(crate) kind: FileType,
}

impl FileStat {
    /// The types of the fields differ from system to system.
    #[allow(clippy::useless_conversion, clippy::unnecessary_cast, clippy::cast_lossless)]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap)]
    pub(crate) fn from_stat(stat: &rfs::Stat) -> Self {
        Self {
            dev: stat.st_dev as u64,
            ino: stat.st_ino as u64,
            size: stat.st_size as u64,
            mtime: (stat.st_mtime as i64, stat.st_mtime_nsec as u32),
            ctime: (stat.st_ctime as i64, stat.st_ctime_nsec as u32),
            mode: u32::from(stat.st_mode) & 0o7777,
            links: stat.st_nlink as u64,
            owner: (stat.st_uid, stat.st_gid),
            kind: FileType::from_raw_mode(stat.st_mode),
        }
    }

    pub(crate) fn of(fd: impl AsFd) -> SysResult<Self> {
        rfs::fstat(fd).map(|s| Self::from_stat(&s))
    }

    /// Of an entry of an open folder; a link is not followed.
    pub(crate) fn at(folder: impl AsFd, name: &[u8]) -> SysResult<Self> {
        rfs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).map(|s| Self::from_stat(&s))
    }
}

#[cfg(test)]
#[path = "beneath_tests.rs"]
mod beneath_tests;
