//! One session in place at a time, whoever's data folder it is in.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::start::StartError;

/// A lock on the folder itself, and shared ones on the folders above it, so that none begins in a folder that holds
/// another's target, nor inside one. Let go of when dropped.
#[derive(Debug, Default)]
pub(crate) struct TargetLock(Vec<File>);

impl TargetLock {
    /// Takes a folder that nobody works in, nor above or below it.
    pub(crate) fn take(target: &Path) -> Result<Self, StartError> {
        let unreadable =
            |error: std::io::Error| StartError::TargetUnreadable(target.to_owned(), error.to_string());
        let check = |locked: Result<(), TryLockError>| match locked {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => Err(StartError::TargetBusy(target.to_owned())),
            Err(TryLockError::Error(error)) => Err(unreadable(error)),
        };
        let folder = File::open(target).map_err(unreadable)?;
        check(folder.try_lock())?;
        let mut taken = Self(vec![folder]);
        for above in target.ancestors().skip(1) {
            // One that this user may not open, no session of theirs can have as its target.
            let Ok(folder) = File::open(above) else { continue };
            check(folder.try_lock_shared())?;
            taken.0.push(folder);
        }
        Ok(taken)
    }
}

impl Drop for TargetLock {
    fn drop(&mut self) {
        // Closing alone leaves the lock to a child that is just being started: it has the files too until it has become
        // its program.
        for folder in &self.0 {
            if let Err(error) = folder.unlock() {
                tracing::warn!(%error, "a target was not unlocked");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a child has between its fork and its exec is such a copy of the file.
    #[test]
    fn it_is_let_go_of_though_a_child_has_a_copy_for_a_moment() {
        let target = tempfile::tempdir().unwrap();
        let lock = TargetLock::take(target.path()).unwrap();
        let copy = lock.0[0].try_clone().unwrap();
        assert!(matches!(TargetLock::take(target.path()), Err(StartError::TargetBusy(_))));
        drop(lock);
        TargetLock::take(target.path()).unwrap();
        drop(copy);
    }
}
