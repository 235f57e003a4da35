//! The port through which the engine uses checkpoints.

use std::path::Path;

use crate::{
    Access, CancelFlag, Checkout, CheckpointError, DiffOptions, Difference, Digest, Manifest, Place,
    PruneReport, RelPath, RestoreReport, StoreSize, Taken, TreeDiff,
};

/// Snapshots of folders. Every method blocks on the disk; call them where blocking is fine.
///
/// Every method fails with `io`, `disk_full` and `store_damaged` where these happen; what takes a
/// digest fails with `unknown_checkpoint`; what takes a target with `target_missing`,
/// `target_not_a_folder` (also for a symbolic link: name the folder itself), `target_unreadable` and
/// `too_many_entries`; what takes a flag with `cancelled`.
pub trait Checkpoints: Send + Sync {
    /// Saves the present state of `target`. Once this returns, the checkpoint survives a power cut.
    fn take(&self, target: &Path, cancel: &CancelFlag) -> Result<Taken, CheckpointError>;

    /// What a checkpoint holds.
    fn manifest(&self, digest: &Digest) -> Result<Manifest, CheckpointError>;

    /// Whether `path`, and with it line `line` (from 1), exists at a checkpoint.
    fn place(&self, digest: &Digest, path: &RelPath, line: Option<u32>) -> Result<Place, CheckpointError>;

    /// The bytes of a recorded file, or of a link's target; fails with `unknown_path` for anything else.
    fn read(&self, digest: &Digest, path: &RelPath) -> Result<Vec<u8>, CheckpointError>;

    /// What changed from one checkpoint to the other. Bounded in time: a hopeless file gets a diff that
    /// is right but longer than it need be.
    fn diff(&self, from: &Digest, to: &Digest, options: DiffOptions) -> Result<TreeDiff, CheckpointError>;

    /// The same of one path alone; without a change when that is the same on both sides, or on neither.
    fn diff_file(
        &self,
        from: &Digest,
        to: &Digest,
        path: &RelPath,
        options: DiffOptions,
    ) -> Result<TreeDiff, CheckpointError>;

    /// Writes a checkpoint's content into `into`, which must be an empty folder or not exist
    /// (`folder_not_empty`). Set-user and set-group bits of files are not given.
    fn check_out(&self, digest: &Digest, into: &Path, access: Access) -> Result<(), CheckpointError>;

    /// Whether somebody wrote into a checkout: every content is read again. Empty when all is as it was
    /// checked out. Fails with `not_a_checkout` for any other folder.
    fn verify(&self, digest: &Digest, folder: &Path) -> Result<Vec<Difference>, CheckpointError>;

    /// Deletes a checkout with everything in it, following no link. Deleting one that is gone already
    /// is fine; a folder that is no checkout is `not_a_checkout` and stays.
    fn remove_checkout(&self, folder: &Path) -> Result<(), CheckpointError>;

    /// The checkouts that were not removed, perhaps by a run that crashed.
    fn checkouts(&self) -> Result<Vec<Checkout>, CheckpointError>;

    /// Brings `target` back to a checkpoint, wholly or at these paths (with what is below them), and
    /// touches nothing that a take would leave out. The caller saves the present state first. What could
    /// not be done is in the report; on an error the target is between the two states, each file whole.
    fn restore(
        &self,
        digest: &Digest,
        target: &Path,
        paths: Option<&[RelPath]>,
        cancel: &CancelFlag,
    ) -> Result<RestoreReport, CheckpointError>;

    /// Removes every checkpoint but these, and every content that none of these needs. Waits for
    /// operations under way; cancelled, it goes on where it was the next time. One of `keep` that is not there is
    /// counted; where none of them is, or one is damaged, nothing is removed: that may be another store.
    fn prune(&self, keep: &[Digest], cancel: &CancelFlag) -> Result<PruneReport, CheckpointError>;

    /// How much the store holds.
    fn sizes(&self) -> Result<StoreSize, CheckpointError>;
}
