//! Deletes a checkout, whatever a worker made of it, and never anything outside.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{self as rfs, AtFlags, Dir, FileType};
use rustix::io::Errno;

use crate::beneath::{FileStat, Root};
use crate::path::RelPath;
use crate::store::Store;
use crate::{CheckpointError, records};

pub(crate) fn remove_checkout(store: &Store, folder: &Path) -> Result<(), CheckpointError> {
    let _lock = store.lock_shared()?;
    let foreign = || CheckpointError::NotACheckout { path: folder.to_owned() };
    let path = records::settled(folder)?;
    let Some(record) = records::read(store, &path)? else {
        return if path.symlink_metadata().is_ok() { Err(foreign()) } else { Ok(()) };
    };
    match FileStat::at(rfs::CWD, std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str())) {
        Err(Errno::NOENT) => {}
        Ok(stat) if stat.kind == FileType::Directory && (stat.dev, stat.ino) == record.identity => {
            remove_content(&path)?;
            rfs::unlinkat(rfs::CWD, &path, AtFlags::REMOVEDIR)
                .map_err(|e| CheckpointError::io("delete", &path, e))?;
        }
        Ok(_) => return Err(foreign()),
        Err(e) => return Err(CheckpointError::io("look at", &path, e)),
    }
    records::forget(store, &path)
}

/// Empties a folder.
pub(crate) fn remove_content(path: &Path) -> Result<(), CheckpointError> {
    let wrong = |e: Errno| CheckpointError::io("delete", path, e);
    let root = Root::open(path).or_else(|e| match e {
        // It lost its read bit.
        CheckpointError::TargetUnreadable { .. } => {
            rfs::chmodat(rfs::CWD, path, rfs::Mode::RWXU, AtFlags::empty()).map_err(wrong)?;
            Root::open(path)
        }
        e => Err(e),
    })?;
    rfs::fchmod(root.fd(), rfs::Mode::RWXU).map_err(wrong)?;
    // Folders to read, and, once read, folders to delete after what is in them.
    let mut todo: Vec<(RelPath, bool)> = Vec::new();
    empty(&[], root.fd(), &mut todo).map_err(wrong)?;
    while let Some((folder, read)) = todo.pop() {
        let parent = root.open_folder(folder.parent()).map_err(wrong)?;
        if read {
            rfs::unlinkat(&parent, folder.name(), AtFlags::REMOVEDIR).map_err(wrong)?;
            continue;
        }
        let fd = open_writable(&root, &folder).map_err(wrong)?;
        todo.push((folder.clone(), true));
        empty(folder.as_bytes(), fd.as_fd(), &mut todo).map_err(wrong)?;
    }
    Ok(())
}

/// Gives the owner every bit, without which nothing in a folder can be deleted.
fn open_writable(root: &Root, folder: &RelPath) -> rustix::io::Result<OwnedFd> {
    match root.open_folder(folder.as_bytes()) {
        Ok(fd) => rfs::fchmod(&fd, rfs::Mode::RWXU).map(|()| fd),
        Err(Errno::ACCESS) => {
            root.set_mode(folder.as_bytes(), 0o700)?;
            root.open_folder(folder.as_bytes())
        }
        Err(e) => Err(e),
    }
}

/// Deletes everything in a folder but folders, which are put down for later.
fn empty(folder: &[u8], fd: impl AsFd + Copy, todo: &mut Vec<(RelPath, bool)>) -> rustix::io::Result<()> {
    // Listed to the end before anything is deleted: what a listing shows while it shrinks is undefined.
    let names = Dir::read_from(fd)?
        .map(|entry| entry.map(|e| e.file_name().to_owned()))
        .collect::<rustix::io::Result<Vec<_>>>()?;
    for name in names {
        match name.to_bytes() {
            b"." | b".." => {}
            bytes if FileStat::at(fd, bytes)?.kind == FileType::Directory => {
                todo.push((RelPath::joined(folder, bytes), false));
            }
            bytes => rfs::unlinkat(fd, bytes, AtFlags::empty())?,
        }
    }
    Ok(())
}
