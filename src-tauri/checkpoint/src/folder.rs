//! The port's implementation over a folder.

use std::path::{Path, PathBuf};

use crate::store::Store;
use crate::{
    Access, CancelFlag, Checkout, CheckpointError, Checkpoints, DiffOptions, Difference, Digest, EntryKind,
    Manifest, Place, PruneReport, RelPath, RestoreReport, StoreSize, Taken, TreeDiff, checkout, diff, prune,
    records, removal, restore, take, verify,
};

/// What a person may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Files larger than this, in bytes, are not recorded but named.
    pub huge_file_bytes: u64,
    /// A target with more entries than this, ignored ones apart, is refused.
    pub max_entries: usize,
    /// The store holds at most this many bytes of manifests and contents; 0 for any number.
    pub max_store_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { huge_file_bytes: 100 << 20, max_entries: 1_000_000, max_store_bytes: 0 }
    }
}

/// Checkpoints in a folder of their own, for any number of targets. Cheap to share; several operations
/// may run at once, in one process or in several.
pub struct FolderCheckpoints {
    store: Store,
    settings: Settings,
}

impl FolderCheckpoints {
    /// Opens a store, making it where it does not exist. It must lie outside of every target. Fails with
    /// `io`, `disk_full`, `store_too_new` and `store_damaged`.
    pub fn open(store: PathBuf, settings: Settings) -> Result<Self, CheckpointError> {
        Ok(Self { store: Store::open(store)?.limited(settings.max_store_bytes), settings })
    }

    fn content(&self, digest: &Digest, path: &RelPath) -> Result<Option<EntryKind>, CheckpointError> {
        Ok(self.store.manifest(digest)?.get(path).map(|entry| entry.kind.clone()))
    }
}

impl Checkpoints for FolderCheckpoints {
    fn take(&self, target: &Path, cancel: &CancelFlag) -> Result<Taken, CheckpointError> {
        take::take(&self.store, &self.settings, target, cancel)
    }

    fn manifest(&self, digest: &Digest) -> Result<Manifest, CheckpointError> {
        self.store.manifest(digest)
    }

    fn place(&self, digest: &Digest, path: &RelPath, line: Option<u32>) -> Result<Place, CheckpointError> {
        let _lock = self.store.lock_shared()?;
        let Some(kind) = self.content(digest, path)? else { return Ok(Place::NoSuchPath) };
        let Some(line) = line else { return Ok(Place::Exists) };
        let lines = match kind {
            EntryKind::File { size, digest, .. } => {
                let mut lines = LineCount::default();
                self.store.copy_blob(&digest, size, &mut lines, Path::new(""))?;
                lines.total()
            }
            _ => 0,
        };
        Ok(if (1..=lines).contains(&u64::from(line)) { Place::Exists } else { Place::NoSuchLine { lines } })
    }

    fn read(&self, digest: &Digest, path: &RelPath) -> Result<Vec<u8>, CheckpointError> {
        let _lock = self.store.lock_shared()?;
        match self.content(digest, path)? {
            Some(EntryKind::File { size, digest, .. }) => self.store.blob(&digest, size),
            Some(EntryKind::Symlink { target }) => Ok(target.into()),
            _ => Err(CheckpointError::UnknownPath { path: path.clone(), digest: *digest }),
        }
    }

    fn diff(&self, from: &Digest, to: &Digest, options: DiffOptions) -> Result<TreeDiff, CheckpointError> {
        diff::diff(&self.store, from, to, None, options)
    }

    fn diff_file(
        &self,
        from: &Digest,
        to: &Digest,
        path: &RelPath,
        options: DiffOptions,
    ) -> Result<TreeDiff, CheckpointError> {
        diff::diff(&self.store, from, to, Some(path), options)
    }

    fn check_out(&self, digest: &Digest, into: &Path, access: Access) -> Result<(), CheckpointError> {
        checkout::check_out(&self.store, digest, into, access)
    }

    fn verify(&self, digest: &Digest, folder: &Path) -> Result<Vec<Difference>, CheckpointError> {
        verify::verify(&self.store, digest, folder)
    }

    fn remove_checkout(&self, folder: &Path) -> Result<(), CheckpointError> {
        removal::remove_checkout(&self.store, folder)
    }

    fn checkouts(&self) -> Result<Vec<Checkout>, CheckpointError> {
        records::all(&self.store)
    }

    fn restore(
        &self,
        digest: &Digest,
        target: &Path,
        paths: Option<&[RelPath]>,
        cancel: &CancelFlag,
    ) -> Result<RestoreReport, CheckpointError> {
        restore::restore(&self.store, &self.settings, digest, target, paths, cancel)
    }

    fn prune(&self, keep: &[Digest], cancel: &CancelFlag) -> Result<PruneReport, CheckpointError> {
        prune::prune(&self.store, keep, cancel)
    }

    fn sizes(&self) -> Result<StoreSize, CheckpointError> {
        prune::sizes(&self.store)
    }
}

/// Counts the lines of what is written to it; a last one without its newline counts.
#[derive(Default)]
struct LineCount {
    newlines: u64,
    open: bool,
}

impl LineCount {
    fn total(&self) -> u64 {
        self.newlines + u64::from(self.open)
    }
}

impl std::io::Write for LineCount {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.newlines += bytes.iter().map(|b| u64::from(*b == b'\n')).sum::<u64>();
        self.open = bytes.last().map_or(self.open, |b| *b != b'\n');
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
