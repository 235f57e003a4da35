//! What can go wrong, each with a stable code for scripts.

use std::io;
use std::path::{Path, PathBuf};

use crate::{Digest, RelPath};

/// Why an operation on checkpoints failed.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The target does not exist.
    #[error("the target {} does not exist", path.display())]
    TargetMissing {
        /// The target as it was given.
        path: PathBuf,
    },
    /// The target is something else than a folder.
    #[error("the target {} is {what}, not a folder; give the folder itself", path.display())]
    TargetNotAFolder {
        /// The target as it was given.
        path: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
    /// The target's own listing cannot be read.
    #[error("the target {} cannot be read ({source}); give yourself read and search permission on it", path.display())]
    TargetUnreadable {
        /// The target as it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The target has more entries than the setting allows.
    #[error("the target {} has more than {limit} entries; ignore what is generated, or raise the limit", path.display())]
    TooManyEntries {
        /// The target as it was given.
        path: PathBuf,
        /// The limit, in entries.
        limit: usize,
    },
    /// The store holds no checkpoint of this digest.
    #[error("there is no checkpoint {digest} in the store; it was pruned, or belongs to another data folder")]
    UnknownCheckpoint {
        /// The digest asked for.
        digest: Digest,
    },
    /// Neither the checkpoint nor the target has this path.
    #[error("{path} is neither in checkpoint {digest} nor a recorded file of the target; check the spelling")]
    UnknownPath {
        /// The path asked for.
        path: RelPath,
        /// The checkpoint asked about.
        digest: Digest,
    },
    /// A file of the store is missing, or is not what its name says.
    #[error("the checkpoint store is damaged at {}: {what}; restore the data folder from a backup, or delete the checkpoints that need it", path.display())]
    StoreDamaged {
        /// The file of the store.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The store was written by a newer version.
    #[error("the checkpoint store {} has version {found}, this program knows version {known}; use a newer program", path.display())]
    StoreTooNew {
        /// The store.
        path: PathBuf,
        /// The version it has.
        found: String,
        /// The version that is known.
        known: u32,
    },
    /// The folder for a checkout exists and has something in it, or is no folder.
    #[error("{} is not an empty folder; check out into a new or empty one", path.display())]
    FolderNotEmpty {
        /// The folder as it was given.
        path: PathBuf,
    },
    /// The folder was not made by a checkout, or was replaced since.
    #[error("{} is not a checkout of this store; nothing was touched", path.display())]
    NotACheckout {
        /// The folder as it was given.
        path: PathBuf,
    },
    /// No space is left.
    #[error("no space is left on the disk of {}; free some and try again (nothing that was saved is lost)", path.display())]
    DiskFull {
        /// What was being written.
        path: PathBuf,
    },
    /// The store holds as much as the setting allows.
    #[error("the checkpoints in {} have reached their limit of {} ({} are in use)", path.display(), size_text(*limit), size_text(*used))]
    StoreFull {
        /// The store.
        path: PathBuf,
        /// The limit, in bytes.
        limit: u64,
        /// What was in use before, in bytes.
        used: u64,
    },
    /// The caller's flag was set.
    #[error("cancelled; what was saved before is untouched")]
    Cancelled,
    /// Any other answer of the system.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was being done, as a verb.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Bytes for a person.
pub fn size_text(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "shown with one digit")]
    let of = |unit: u64| bytes as f64 / unit as f64;
    match bytes {
        0..1_000_000 => format!("{:.1} kB", of(1_000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", of(1_000_000)),
        _ => format!("{:.1} GB", of(1_000_000_000)),
    }
}

impl CheckpointError {
    /// The stable code of this kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TargetMissing { .. } => "target_missing",
            Self::TargetNotAFolder { .. } => "target_not_a_folder",
            Self::TargetUnreadable { .. } => "target_unreadable",
            Self::TooManyEntries { .. } => "too_many_entries",
            Self::UnknownCheckpoint { .. } => "unknown_checkpoint",
            Self::UnknownPath { .. } => "unknown_path",
            Self::StoreDamaged { .. } => "store_damaged",
            Self::StoreTooNew { .. } => "store_too_new",
            Self::FolderNotEmpty { .. } => "folder_not_empty",
            Self::NotACheckout { .. } => "not_a_checkout",
            Self::DiskFull { .. } => "disk_full",
            Self::StoreFull { .. } => "store_full",
            Self::Cancelled => "cancelled",
            Self::Io { .. } => "io",
        }
    }

    /// Wraps an answer of the system; a full disk or quota gets its own kind.
    pub(crate) fn io(doing: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        let source = source.into();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { path: path.to_owned() }
            }
            _ => Self::Io { doing, path: path.to_owned(), source },
        }
    }

    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::StoreDamaged { path: path.to_owned(), what: what.into() }
    }
}
