//! The store's files: its layout, its lock, reading what is in it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest as _, Sha256};

use crate::budget::Budget;
use crate::{CheckpointError, Digest, Manifest};

const VERSION: u32 = 1;

/// Files are read and written in pieces of this many bytes; smaller ones at once.
pub(crate) const PIECE: usize = 1 << 20;

/// The folder with everything that was saved.
pub(crate) struct Store {
    root: PathBuf,
    identity: (u64, u64),
    temporary: AtomicU64,
    budget: Budget,
}

/// Held while an operation uses the store; released by closing.
pub(crate) struct StoreLock(#[allow(dead_code)] File);

impl Store {
    /// Opens a store, making it (0700) where it does not exist.
    pub(crate) fn open(root: PathBuf) -> Result<Self, CheckpointError> {
        for folder in ["", "blobs", "manifests", "cache", "checkouts", "tmp"] {
            let path = root.join(folder);
            make_folder(&path, true).map_err(|e| CheckpointError::io("make", &path, e))?;
        }
        let path = root.join("version");
        match fs::read_to_string(&path) {
            Ok(found) if found.trim() == VERSION.to_string() => {}
            Ok(found) => {
                return Err(match found.trim().parse::<u32>() {
                    Ok(newer) if newer > VERSION => {
                        CheckpointError::StoreTooNew { path: root, found: newer.to_string(), known: VERSION }
                    }
                    _ => CheckpointError::damaged(&path, "it is no version of a store"),
                });
            }
            Err(e) if e.kind() == ErrorKind::NotFound => {
                Self::at(root.clone(), (0, 0)).replace(&path, format!("{VERSION}\n").as_bytes(), true)?;
            }
            Err(e) => return Err(CheckpointError::io("read", &path, e)),
        }
        let meta = fs::metadata(&root).map_err(|e| CheckpointError::io("look at", &root, e))?;
        Ok(Self::at(root, (meta.dev(), meta.ino())))
    }

    fn at(root: PathBuf, identity: (u64, u64)) -> Self {
        Self { root, identity, temporary: AtomicU64::new(0), budget: Budget::new(0) }
    }

    /// The same, holding at most so many bytes; 0 for any number.
    pub(crate) fn limited(self, bytes: u64) -> Self {
        Self { budget: Budget::new(bytes), ..self }
    }

    /// Takes room for what is about to be written.
    pub(crate) fn take_room(&self, bytes: u64) -> Result<(), CheckpointError> {
        self.budget.take(self, bytes)
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Device and inode of the store's folder.
    pub(crate) fn identity(&self) -> (u64, u64) {
        self.identity
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// For every operation but pruning; several may hold it at once.
    pub(crate) fn lock_shared(&self) -> Result<StoreLock, CheckpointError> {
        self.lock(FlockOperation::LockShared)
    }

    /// For pruning: waits for all others, and they wait for it.
    pub(crate) fn lock_exclusive(&self) -> Result<StoreLock, CheckpointError> {
        self.lock(FlockOperation::LockExclusive)
    }

    fn lock(&self, how: FlockOperation) -> Result<StoreLock, CheckpointError> {
        let path = self.root.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|e| CheckpointError::io("open", &path, e))?;
        loop {
            match flock(&file, how) {
                Ok(()) => return Ok(StoreLock(file)),
                Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(CheckpointError::io("lock", &path, e)),
            }
        }
    }

    pub(crate) fn blob_path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        let mut path = self.root.join("blobs");
        path.push(&hex[..2]);
        path.push(&hex[2..]);
        path
    }

    pub(crate) fn manifest_path(&self, digest: &Digest) -> PathBuf {
        self.root.join("manifests").join(digest.hex())
    }

    /// Whether the store has these bytes, as far as name and size tell.
    pub(crate) fn has_blob(&self, digest: &Digest, size: u64) -> bool {
        fs::symlink_metadata(self.blob_path(digest)).is_ok_and(|m| m.is_file() && m.len() == size)
    }

    /// A new name in `tmp`.
    pub(crate) fn temporary_path(&self) -> PathBuf {
        let number = self.temporary.fetch_add(1, Ordering::Relaxed);
        // The time tells apart processes that had the same id, as in containers.
        let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.as_nanos());
        self.root.join("tmp").join(format!("{}-{time:x}-{number}", std::process::id()))
    }

    /// Writes a small file so that it is there whole or not at all; `durable` waits for the disk.
    pub(crate) fn replace(&self, path: &Path, bytes: &[u8], durable: bool) -> Result<(), CheckpointError> {
        let temporary = self.temporary_path();
        let written = new_file(&temporary).and_then(|mut file| {
            file.write_all(bytes)?;
            if durable { file.sync_all() } else { Ok(()) }
        });
        let placed = written.and_then(|()| fs::rename(&temporary, path));
        placed.map_err(|e| {
            let _ = fs::remove_file(&temporary);
            CheckpointError::io("write", path, e)
        })?;
        if durable { sync_folder(path.parent().unwrap_or(path)) } else { Ok(()) }
    }

    /// Saves a manifest, durably. Everything it names is on the disk already.
    pub(crate) fn write_manifest(&self, manifest: &Manifest) -> Result<Digest, CheckpointError> {
        let bytes = manifest.encode();
        let digest = Digest::of(&bytes);
        let path = self.manifest_path(&digest);
        // An unchanged tree: the same manifest is there. A damaged one is replaced.
        if fs::read(&path).is_ok_and(|there| there == bytes) {
            sync_folder(&self.folder("manifests"))?;
        } else {
            self.take_room(bytes.len() as u64)?;
            self.replace(&path, &bytes, true)?;
        }
        Ok(digest)
    }

    /// Reads a manifest and checks that it is the one of this digest.
    pub(crate) fn manifest(&self, digest: &Digest) -> Result<Manifest, CheckpointError> {
        let path = self.manifest_path(digest);
        let bytes = fs::read(&path).map_err(|e| match e.kind() {
            ErrorKind::NotFound => CheckpointError::UnknownCheckpoint { digest: *digest },
            _ => CheckpointError::io("read", &path, e),
        })?;
        if Digest::of(&bytes) != *digest {
            return Err(CheckpointError::damaged(&path, "its bytes are not those of its name"));
        }
        Manifest::decode(&bytes).map_err(|what| CheckpointError::damaged(&path, what))
    }

    /// The bytes of a content, checked against its name.
    pub(crate) fn blob(&self, digest: &Digest, size: u64) -> Result<Vec<u8>, CheckpointError> {
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0).min(256 << 20));
        self.copy_blob(digest, size, &mut bytes, &self.blob_path(digest))?;
        Ok(bytes)
    }

    /// Copies a content into `to` (at `to_path`, for messages) piece by piece, and fails when it is not
    /// what its name says.
    pub(crate) fn copy_blob(
        &self,
        digest: &Digest,
        size: u64,
        to: &mut impl Write,
        to_path: &Path,
    ) -> Result<(), CheckpointError> {
        let path = self.blob_path(digest);
        let mut file = File::open(&path).map_err(|e| match e.kind() {
            ErrorKind::NotFound => CheckpointError::damaged(&path, "it is missing"),
            _ => CheckpointError::io("read", &path, e),
        })?;
        let mut hasher = Sha256::new();
        let mut piece = vec![0; PIECE.min(usize::try_from(size).unwrap_or(PIECE) + 1)];
        let mut left = size;
        loop {
            let read = match file.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => read,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) => return Err(CheckpointError::io("read", &path, e)),
            };
            left = u64::try_from(read)
                .ok()
                .and_then(|read| left.checked_sub(read))
                .ok_or_else(|| CheckpointError::damaged(&path, "it is longer than recorded"))?;
            hasher.update(&piece[..read]);
            to.write_all(&piece[..read]).map_err(|e| CheckpointError::io("write", to_path, e))?;
        }
        if left != 0 || Digest::of_hasher(hasher) != *digest {
            return Err(CheckpointError::damaged(&path, "its bytes are not those of its name"));
        }
        Ok(())
    }
}

/// Makes a folder 0700; one that is there already is fine.
pub(crate) fn make_folder(path: &Path, recursive: bool) -> std::io::Result<()> {
    match DirBuilder::new().recursive(recursive).mode(0o700).create(path) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        answer => answer,
    }
}

/// Makes a file 0600 that must not exist.
pub(crate) fn new_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Makes what was renamed into a folder durable.
pub(crate) fn sync_folder(path: &Path) -> Result<(), CheckpointError> {
    File::open(path).and_then(|f| f.sync_all()).map_err(|e| CheckpointError::io("write", path, e))
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod store_tests;
