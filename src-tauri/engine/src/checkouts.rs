//! Folders with the content of a checkpoint, for reviewers and checks.

use std::path::Path;

use mo_checkpoint::{Access, CheckpointError};
use mo_core::event::Fault;
use mo_core::ids::Digest;

use crate::ports::Ports;
use crate::{fault, places};

/// Writes a checkpoint's content into a folder, in place of a former checkout there.
pub(crate) fn make(ports: &Ports, digest: &Digest, folder: &Path, access: Access) -> Result<(), Fault> {
    let gone = |error: &CheckpointError| fault::of_checkpoint(error);
    if folder.exists() {
        clear(ports, folder).map_err(|e| gone(&e))?;
    }
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent).map_err(|error| fault::of_io("cannot make", parent, &error))?;
    }
    ports.checkpoints.check_out(&places::from_core(digest), folder, access).map_err(|e| gone(&e))
}

/// A program that was killed between making a folder and putting it down as a checkout left an empty one that no record
/// names. The place is the engine's own, and nothing but an empty folder goes that way.
fn clear(ports: &Ports, folder: &Path) -> Result<(), CheckpointError> {
    match ports.checkpoints.remove_checkout(folder) {
        Err(foreign @ CheckpointError::NotACheckout { .. }) => {
            std::fs::remove_dir(folder).map_err(|_| foreign)
        }
        removed => removed,
    }
}

/// Removes one, whatever was made of it. What cannot be removed is said and stays.
pub(crate) fn remove(ports: &Ports, folder: &Path) {
    if let Err(error) = clear(ports, folder) {
        tracing::warn!(folder = %folder.display(), %error, "a checkout was not removed");
    }
}

/// Removes all that stand in a folder, and then the folder.
pub(crate) fn remove_all(ports: &Ports, folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        remove(ports, &entry.path());
    }
    // Fails when something is left, which was said above.
    let _ = std::fs::remove_dir(folder);
}

#[cfg(test)]
#[path = "checkouts_tests.rs"]
mod tests;
