//! Writes a checkpoint's content into a folder of its own.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use crate::store::{Store, make_folder, new_file};
use crate::{Access, Checkout, CheckpointError, Digest, Entry, EntryKind, Manifest, records, removal};

/// The permission bits that an entry has in a checkout.
pub(crate) fn mode_in_checkout(mode: u32, access: Access) -> u32 {
    match access {
        Access::ReadOnly => mode & 0o555,
        Access::Writable => mode & 0o777,
    }
}

/// The permission bits of a checkout's own folder.
pub(crate) fn mode_of_checkout(access: Access) -> u32 {
    match access {
        Access::ReadOnly => 0o555,
        Access::Writable => 0o755,
    }
}

pub(crate) fn check_out(
    store: &Store,
    digest: &Digest,
    into: &Path,
    access: Access,
) -> Result<(), CheckpointError> {
    let _lock = store.lock_shared()?;
    let manifest = store.manifest(digest)?;
    let into = records::settled(into)?;
    // Another checkout's record would be lost, and with it the right to delete that one.
    if records::read(store, &into)?
        .is_some_and(|r| fs::symlink_metadata(&into).is_ok_and(|m| (m.dev(), m.ino()) == r.identity))
    {
        return Err(CheckpointError::FolderNotEmpty { path: into });
    }
    let made = make_empty(&into)?;
    records::write(store, Checkout { path: into.clone(), digest: *digest, access })?;
    let written = write_all(store, &manifest, &into, access);
    if written.is_err() {
        // Half a checkout is of no use; the error that made it so is what the caller hears.
        if removal::remove_content(&into).is_ok() && (!made || fs::remove_dir(&into).is_ok()) {
            let _ = records::forget(store, &into);
        }
    }
    written
}

/// Makes the folder, or sees that it is an empty one; true when it was made.
fn make_empty(into: &Path) -> Result<bool, CheckpointError> {
    match fs::symlink_metadata(into) {
        Err(e) if e.kind() == ErrorKind::NotFound => {
            make_folder(into, false).map_err(|e| CheckpointError::io("make", into, e))?;
            Ok(true)
        }
        Err(e) => Err(CheckpointError::io("look at", into, e)),
        Ok(meta) if meta.is_dir() => {
            let mut entries = fs::read_dir(into).map_err(|e| CheckpointError::io("read", into, e))?;
            if entries.next().is_some() {
                Err(CheckpointError::FolderNotEmpty { path: into.to_owned() })
            } else {
                Ok(false)
            }
        }
        Ok(_) => Err(CheckpointError::FolderNotEmpty { path: into.to_owned() }),
    }
}

/// The folder is ours alone until its modes are set, so plain paths are safe.
fn write_all(store: &Store, manifest: &Manifest, into: &Path, access: Access) -> Result<(), CheckpointError> {
    let set_mode = |path: &Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .map_err(|e| CheckpointError::io("write", path, e))
    };
    set_mode(into, 0o700)?;
    for Entry { path, kind } in manifest.entries() {
        let path = into.join(path.as_path());
        match kind {
            EntryKind::Folder { .. } => {
                make_folder(&path, false).map_err(|e| CheckpointError::io("make", &path, e))?;
            }
            EntryKind::Symlink { target } => {
                use std::os::unix::ffi::OsStrExt as _;
                std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(target), &path)
                    .map_err(|e| CheckpointError::io("write", &path, e))?;
            }
            EntryKind::File { mode, size, digest } => {
                let mut file = new_file(&path).map_err(|e| CheckpointError::io("write", &path, e))?;
                store.copy_blob(digest, *size, &mut file, &path)?;
                file.set_permissions(fs::Permissions::from_mode(mode_in_checkout(*mode, access)))
                    .map_err(|e| CheckpointError::io("write", &path, e))?;
            }
            EntryKind::Skipped { .. } => {}
        }
    }
    // From the inside out, since a folder without its write or search bit takes nothing more.
    for Entry { path, kind } in manifest.entries().iter().rev() {
        if let EntryKind::Folder { mode } = kind {
            set_mode(&into.join(path.as_path()), mode_in_checkout(*mode, access))?;
        }
    }
    set_mode(into, mode_of_checkout(access))
}

#[cfg(test)]
#[path = "checkout_tests.rs"]
mod checkout_tests;
