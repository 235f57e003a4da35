//! New contents on their way into the store.
//!
//! A blob under its own name counts as saved, so nothing gets that name before its bytes are on the
//! disk: contents are written into a folder of `tmp`, made durable together, and only then renamed.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::store::{Store, make_folder, new_file, sync_folder};
use crate::{CheckpointError, Digest};

/// Above this many new contents one sync of the whole file system is cheaper than one each.
const SYNC_EACH: usize = 64;

/// What one take adds. Dropped without [`Incoming::commit`] it leaves nothing.
pub(crate) struct Incoming<'s> {
    store: &'s Store,
    folder: PathBuf,
    seen: Mutex<HashMap<Digest, u64>>,
    /// Bytes for which room was taken.
    room: AtomicU64,
}

impl<'s> Incoming<'s> {
    pub(crate) fn new(store: &'s Store) -> Result<Self, CheckpointError> {
        let folder = store.temporary_path();
        make_folder(&folder, false).map_err(|e| CheckpointError::io("make", &folder, e))?;
        Ok(Self { store, folder, seen: Mutex::default(), room: AtomicU64::new(0) })
    }

    pub(crate) fn store(&self) -> &'s Store {
        self.store
    }

    /// Whether these bytes are new, and so this caller's to write.
    fn claim(&self, digest: &Digest, size: u64) -> bool {
        if self.store.has_blob(digest, size) {
            return false;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(*digest, size).is_none()
    }

    /// Takes room in the store for what is about to be written here.
    pub(crate) fn take_room(&self, bytes: u64) -> Result<(), CheckpointError> {
        self.store.take_room(bytes)?;
        self.room.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    fn give_back(&self, bytes: u64) {
        self.room.fetch_sub(bytes, Ordering::Relaxed);
        self.store.budget().give_back(bytes);
    }

    /// Adds a content that is in memory.
    pub(crate) fn add(&self, digest: &Digest, bytes: &[u8]) -> Result<(), CheckpointError> {
        if !self.claim(digest, bytes.len() as u64) {
            return Ok(());
        }
        self.take_room(bytes.len() as u64)?;
        let path = self.folder.join(digest.hex());
        new_file(&path)
            .and_then(|mut file| file.write_all(bytes))
            .map_err(|e| CheckpointError::io("write", &path, e))
    }

    /// A file to write a large content into whose digest is not known yet.
    pub(crate) fn begin(&self) -> Result<(File, PathBuf), CheckpointError> {
        let name = self.store.temporary_path();
        let path = self.folder.join(name.file_name().unwrap_or_default());
        let file = new_file(&path).map_err(|e| CheckpointError::io("write", &path, e))?;
        Ok((file, path))
    }

    /// Adds what was written into a file of [`Self::begin`], for all of which room was taken.
    pub(crate) fn finish(&self, path: &PathBuf, digest: &Digest, size: u64) -> Result<(), CheckpointError> {
        let placed = if self.claim(digest, size) {
            fs::rename(path, self.folder.join(digest.hex()))
        } else {
            self.give_back(size);
            fs::remove_file(path)
        };
        placed.map_err(|e| CheckpointError::io("write", path, e))
    }

    /// Makes everything durable and gives it its names. Returns how many contents and bytes were new.
    pub(crate) fn commit(self) -> Result<(u64, u64), CheckpointError> {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        if seen.is_empty() {
            return Ok((0, 0));
        }
        let synced_all = seen.len() > SYNC_EACH && self.sync_all()?;
        if !synced_all {
            for digest in seen.keys() {
                let path = self.folder.join(digest.hex());
                File::open(&path)
                    .and_then(|f| f.sync_all())
                    .map_err(|e| CheckpointError::io("write", &path, e))?;
            }
        }
        let mut folders: Vec<PathBuf> = Vec::new();
        for digest in seen.keys() {
            let path = self.store.blob_path(digest);
            let folder = path.parent().unwrap_or(&path).to_owned();
            make_folder(&folder, false).map_err(|e| CheckpointError::io("make", &folder, e))?;
            fs::rename(self.folder.join(digest.hex()), &path)
                .map_err(|e| CheckpointError::io("write", &path, e))?;
            folders.push(folder);
        }
        if !(synced_all && self.sync_all()?) {
            folders.push(self.store.folder("blobs"));
            folders.sort_unstable();
            folders.dedup();
            for folder in &folders {
                sync_folder(folder)?;
            }
        }
        // From here on it is the store's.
        self.room.store(0, Ordering::Relaxed);
        Ok((seen.len() as u64, seen.values().sum()))
    }

    /// Waits until the store's file system has written everything; false where there is no such call.
    fn sync_all(&self) -> Result<bool, CheckpointError> {
        #[cfg(target_os = "linux")]
        {
            let synced = File::open(&self.folder).and_then(|f| Ok(rustix::fs::syncfs(&f)?));
            synced.map(|()| true).map_err(|e| CheckpointError::io("write", &self.folder, e))
        }
        #[cfg(not(target_os = "linux"))]
        Ok(false)
    }
}

impl Drop for Incoming<'_> {
    fn drop(&mut self) {
        self.give_back(self.room.load(Ordering::Relaxed));
        // What a failed take leaves behind here, pruning would find too.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
