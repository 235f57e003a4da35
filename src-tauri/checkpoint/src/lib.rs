//! Snapshots of any folder, git or not: take, diff, check out, restore.
//!
//! No git is ever run: in a tree that an agent can write, a `git status` or `git diff` runs commands
//! of the agent's choice (`core.fsmonitor`, `filter.*.clean`). This crate has its own
//! content-addressed store in the data folder, reads files itself, and never follows a symbolic link
//! inside the target, so a link planted by a worker leads neither a read nor a write outside.
//!
//! What a checkpoint holds: regular files (bytes and permission bits), symbolic links (their target's
//! bytes), folders, empty ones too, with their permission bits. Names are raw bytes. The target's own
//! permission bits are not part of it. What it leaves out: every entry named `.git`, whatever the
//! target's own `.gitignore` files ignore, sockets, fifos and devices, files over a size limit, and
//! what cannot be read; all but `.git` is counted or named in the [`TakeReport`]. A file that git tracks
//! although an ignore rule matches it counts as ignored, since git's index is not read. Owners, extended
//! attributes and times are not kept; names of one file (hard links) are kept as files of their own.
//!
//! The store's layout, all folders 0700 and all files 0600:
//!
//! | path | holds |
//! |---|---|
//! | `version` | the layout's version |
//! | `blobs/ab/cdef…` | a file's bytes, named by their SHA-256 |
//! | `manifests/<hex>` | a checkpoint's canonical manifest, named by its SHA-256: the checkpoint's digest |
//! | `cache/<hex>` | what a target's files looked like when last read; may be deleted at any time |
//! | `checkouts/<hex>` | one record for each folder that was checked out and not yet removed |
//! | `tmp/` | what is being written |
//! | `lock` | taken shared by every operation, exclusively by pruning |

mod beneath;
mod budget;
mod cache;
mod cancel;
mod checkout;
mod content;
mod diff;
mod digest;
mod error;
mod folder;
mod incoming;
mod manifest;
mod path;
mod port;
mod prune;
mod records;
mod removal;
mod report;
mod rescue;
mod restore;
mod restore_apply;
mod restore_plan;
mod rules;
mod store;
mod take;
mod unified;
mod verify;
mod walk;

pub use cancel::CancelFlag;
pub use digest::{BadDigest, Digest};
pub use error::{CheckpointError, size_text};
pub use folder::{FolderCheckpoints, Settings};
pub use manifest::{Entry, EntryKind, Manifest};
pub use path::{BadPath, RelPath};
pub use port::Checkpoints;
pub use report::{
    Access, ChangeKind, Checkout, DiffOptions, Difference, DifferenceKind, FileChange, Left, LeftReason,
    Place, PruneReport, RestoreReport, SkipReason, Skipped, StoreSize, TakeReport, Taken, TreeDiff,
};

#[cfg(test)]
mod testing;
