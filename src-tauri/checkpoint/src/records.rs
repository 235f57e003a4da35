//! Which folders are checkouts of this store, so that nothing else is ever deleted as one.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::path::{escape, unescape};
use crate::store::Store;
use crate::{Access, Checkout, CheckpointError, Digest};

/// What was written down when a folder was checked out.
pub(crate) struct Record {
    pub(crate) checkout: Checkout,
    /// Device and inode of the folder.
    pub(crate) identity: (u64, u64),
}

impl Record {
    fn encode(&self) -> String {
        let access = match self.checkout.access {
            Access::ReadOnly => "read_only",
            Access::Writable => "writable",
        };
        let path = escape(self.checkout.path.as_os_str().as_bytes());
        format!("{}\n{access}\n{} {}\n{path}\n", self.checkout.digest, self.identity.0, self.identity.1)
    }

    fn decode(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let digest = lines.next()?.parse().ok()?;
        let access = match lines.next()? {
            "read_only" => Access::ReadOnly,
            "writable" => Access::Writable,
            _ => return None,
        };
        let (dev, ino) = lines.next()?.split_once(' ')?;
        let path = PathBuf::from(OsStr::from_bytes(&unescape(lines.next()?)?));
        Some(Self {
            checkout: Checkout { path, digest, access },
            identity: (dev.parse().ok()?, ino.parse().ok()?),
        })
    }
}

/// A path by which a folder is known: its parent resolved, itself not, since it may be gone or a link.
pub(crate) fn settled(folder: &Path) -> Result<PathBuf, CheckpointError> {
    let name = folder.file_name().ok_or_else(|| CheckpointError::NotACheckout { path: folder.to_owned() })?;
    let parent = match folder.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let parent = parent.canonicalize().map_err(|e| CheckpointError::io("find", parent, e))?;
    Ok(parent.join(name))
}

fn record_path(store: &Store, folder: &Path) -> PathBuf {
    store.folder("checkouts").join(Digest::of(folder.as_os_str().as_bytes()).hex())
}

pub(crate) fn write(store: &Store, checkout: Checkout) -> Result<(), CheckpointError> {
    let path = checkout.path.clone();
    let meta = fs::symlink_metadata(&path).map_err(|e| CheckpointError::io("look at", &path, e))?;
    let record = Record { checkout, identity: (meta.dev(), meta.ino()) };
    store.replace(&record_path(store, &path), record.encode().as_bytes(), false)
}

/// The record of a folder, whose path is [`settled`].
pub(crate) fn read(store: &Store, folder: &Path) -> Result<Option<Record>, CheckpointError> {
    read_file(&record_path(store, folder))
}

fn read_file(path: &Path) -> Result<Option<Record>, CheckpointError> {
    match fs::read_to_string(path) {
        Ok(text) => match Record::decode(&text) {
            Some(record) => Ok(Some(record)),
            None => Err(CheckpointError::damaged(path, "it is no record of a checkout")),
        },
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(CheckpointError::io("read", path, e)),
    }
}

pub(crate) fn forget(store: &Store, folder: &Path) -> Result<(), CheckpointError> {
    let path = record_path(store, folder);
    match fs::remove_file(&path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(CheckpointError::io("delete", &path, e)),
        _ => Ok(()),
    }
}

/// Every folder that was checked out and not removed, in order of the paths.
pub(crate) fn all(store: &Store) -> Result<Vec<Checkout>, CheckpointError> {
    let folder = store.folder("checkouts");
    let mut checkouts = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|e| CheckpointError::io("read", &folder, e))? {
        let entry = entry.map_err(|e| CheckpointError::io("read", &folder, e))?;
        checkouts.extend(read_file(&entry.path())?.map(|record| record.checkout));
    }
    checkouts.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(checkouts)
}
