//! One owner a data folder: a lock that ends with the process, however it ends.

use std::fs::{self, File, TryLockError};
use std::io;

use crate::error::JournalError;
use crate::folder::DataDir;
use crate::private;

/// The ownership of a data folder, until it is dropped or the process ends.
#[derive(Debug)]
pub struct OwnerLock {
    dir: DataDir,
    /// The operating system holds the lock for as long as this file is open (`flock`).
    file: File,
}

impl DataDir {
    /// Takes the ownership and writes `owner.json`, whose text is the caller's: a JSON object with at least `pid`.
    /// [`JournalError::Locked`] when another process has it.
    pub fn lock(&self, owner_json: &str) -> Result<OwnerLock, JournalError> {
        let path = self.lock_file();
        let file = private::open_or_create(&path)
            .map_err(|error| JournalError::unusable(self.path(), &path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(JournalError::Locked { folder: self.path().to_owned(), pid: self.owner_pid() });
            }
            Err(TryLockError::Error(error)) => return Err(JournalError::io("cannot lock", &path, &error)),
        }
        let lock = OwnerLock { dir: self.clone(), file };
        lock.describe(owner_json)?;
        Ok(lock)
    }

    /// The text of `owner.json`. It may be left over from an owner that was killed; only the lock is proof.
    pub fn owner(&self) -> Result<Option<String>, JournalError> {
        let path = self.owner_file();
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(JournalError::io("cannot read", &path, &error)),
        }
    }

    /// Whether somebody has the ownership now, whatever `owner.json` says. To be asked only when that says nothing: who
    /// takes the ownership at this very moment may be refused, as if another had it.
    pub fn is_owned(&self) -> Result<bool, JournalError> {
        let path = self.lock_file();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(JournalError::io("cannot open", &path, &error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(JournalError::io("cannot lock", &path, &error)),
        }
    }

    fn owner_pid(&self) -> Option<u32> {
        let text = self.owner().ok()??;
        let owner: serde_json::Value = serde_json::from_str(&text).ok()?;
        owner.get("pid")?.as_u64()?.try_into().ok()
    }
}

impl OwnerLock {
    /// Replaces the text of `owner.json`, for instance when the socket is known.
    pub fn describe(&self, owner_json: &str) -> Result<(), JournalError> {
        let path = self.dir.owner_file();
        private::replace(&path, owner_json).map_err(|error| JournalError::io("cannot write", &path, &error))
    }
}

impl Drop for OwnerLock {
    fn drop(&mut self) {
        // Still under the lock, so this cannot be the next owner's file.
        let _ = fs::remove_file(self.dir.owner_file());
        // Closing alone leaves the lock to a child that is just being started.
        let _ = self.file.unlock();
    }
}
