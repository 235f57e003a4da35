//! What the operations tell: reports, differences and their options.

use std::borrow::Cow;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Digest, RelPath};

/// A checkpoint that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Its name: equal trees have equal digests.
    pub digest: Digest,
    /// What was recorded and what was left out.
    pub report: TakeReport,
}

/// What a take recorded and what it left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeReport {
    /// Regular files recorded.
    pub files: u64,
    /// Folders recorded, without the target itself.
    pub folders: u64,
    /// Symbolic links recorded.
    pub symlinks: u64,
    /// Bytes of the recorded files.
    pub bytes: u64,
    /// Files whose content had to be read; the others were known to be unchanged.
    pub read: u64,
    /// Contents that the store did not have yet.
    pub new_blobs: u64,
    /// Bytes of those.
    pub new_bytes: u64,
    /// Entries left out by the target's `.gitignore` files; an ignored folder counts as one.
    pub ignored: u64,
    /// What was left out for another reason, and files that changed while being read.
    pub skipped: Vec<Skipped>,
}

/// Something that a take did not record, or not for sure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Where.
    pub path: RelPath,
    /// Why.
    pub reason: SkipReason,
    /// Its size in bytes; 0 for what has none.
    pub size: u64,
}

/// Why a take left something out or cannot vouch for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// A file larger than the setting.
    Huge,
    /// A file or folder that this user may not read.
    Unreadable,
    /// Its path is longer than 2048 bytes.
    TooDeep,
    /// A socket.
    Socket,
    /// A fifo.
    Fifo,
    /// A block or character device.
    Device,
    /// It changed while it was read, twice. A file is recorded as it was read; anything else is not.
    Concurrent,
    /// A `.gitignore` too large or too complicated to be used: its folder's entries were recorded.
    Rules,
    /// The checkpoint store itself.
    Store,
}

impl SkipReason {
    /// Whether it stands in the manifest, so that a restore leaves that place alone. Special files come
    /// and go with running programs and would make equal trees differ.
    pub(crate) fn is_in_manifest(self) -> bool {
        matches!(self, Self::Huge | Self::Unreadable | Self::TooDeep)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Huge => "huge",
            Self::Unreadable => "unreadable",
            Self::TooDeep => "too_deep",
            Self::Socket => "socket",
            Self::Fifo => "fifo",
            Self::Device => "device",
            Self::Concurrent => "concurrent",
            Self::Rules => "rules",
            Self::Store => "store",
        }
    }
}

/// Whether the place that a finding names exists at a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The path exists and, when a line was asked for, the file has that line.
    Exists,
    /// The checkpoint does not have this path.
    NoSuchPath,
    /// The path is no recorded file, or has fewer lines.
    NoSuchLine {
        /// How many it has.
        lines: u64,
    },
}

/// How a difference between checkpoints is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiffOptions {
    /// Unchanged lines shown around a change.
    pub context: usize,
    /// Where the text is cut, in bytes; the list of changes is always whole.
    pub max_bytes: usize,
}

impl Default for DiffOptions {
    fn default() -> Self {
        Self { context: 3, max_bytes: 1 << 20 }
    }
}

/// What differs between two checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeDiff {
    /// Every changed path, in order.
    pub changes: Vec<FileChange>,
    /// Whether the text was cut at the limit (it then says so in its last line).
    pub truncated: bool,
    pub(crate) text: Vec<u8>,
}

impl TreeDiff {
    /// The difference as git would print it. Bytes that are no UTF-8 are shown as U+FFFD.
    pub fn unified(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.text)
    }

    /// The same with the files' own bytes.
    pub fn unified_bytes(&self) -> &[u8] {
        &self.text
    }
}

/// One path that differs between two checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Where.
    pub path: RelPath,
    /// How.
    pub kind: ChangeKind,
    /// Whether it is a folder (only empty folders and changed modes are listed).
    pub folder: bool,
    /// Lines that only the new side has; nothing when they were not counted (binary or too large).
    pub added_lines: Option<u64>,
    /// Lines that only the old side has; nothing when they were not counted.
    pub deleted_lines: Option<u64>,
    /// Whether a side is no text.
    pub binary: bool,
}

/// How a path differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Only the new side has it.
    Added,
    /// Only the old side has it.
    Deleted,
    /// Other content (and perhaps other permission bits).
    Modified,
    /// The same content, other permission bits.
    ModeChanged,
    /// A file became a link, a folder something else, and so on.
    TypeChanged,
}

/// What may be done in a checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// No file and no folder has a write bit.
    ReadOnly,
    /// The permission bits are those of the checkpoint.
    Writable,
}

/// A folder that was checked out and not yet removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// Where it is.
    pub path: PathBuf,
    /// What it holds.
    pub digest: Digest,
    /// What may be done in it.
    pub access: Access,
}

/// A place where a checkout no longer is what was checked out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Where; nothing for the checkout's own folder.
    pub path: Option<RelPath>,
    /// How.
    pub kind: DifferenceKind,
}

/// How a checkout differs from its checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// It was there and is gone.
    Missing,
    /// It was not there.
    Added,
    /// Other bytes, or another link target.
    Content,
    /// Other permission bits.
    Mode,
    /// Another kind of entry.
    Type,
    /// It can no longer be read, so nobody knows.
    Unreadable,
}

/// What a restore did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreReport {
    /// Files and links that were written, and folders that were made.
    pub written: Vec<RelPath>,
    /// What was deleted.
    pub deleted: Vec<RelPath>,
    /// What got other permission bits alone.
    pub modes: Vec<RelPath>,
    /// Entries that were right already.
    pub unchanged: u64,
    /// Bytes written.
    pub bytes: u64,
    /// What could not or must not be touched; the target differs from the checkpoint there.
    pub left: Vec<Left>,
    /// A checkpoint of what was replaced or deleted although no take would have saved it (files that
    /// are ignored now, or could not be read). Restoring its paths brings them back.
    pub rescued: Option<Digest>,
}

/// Something that a restore left as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Where.
    pub path: RelPath,
    /// Why.
    pub reason: LeftReason,
}

/// Why a restore left something as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftReason {
    /// The checkpoint never held its content: it was skipped when the checkpoint was taken.
    NotRecorded,
    /// The checkpoint's own `.gitignore` files ignore it, so it may have been there.
    IgnoredThen,
    /// A folder still holds something that is ignored or was not recorded.
    FolderNotEmpty,
    /// It changed between the comparison and the restore.
    ChangedMeanwhile,
    /// A set-user or set-group bit is not given back to a file.
    SpecialBits,
    /// The system refused.
    Refused(String),
}

/// What pruning removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PruneReport {
    /// Checkpoints removed.
    pub checkpoints: u64,
    /// Contents removed.
    pub blobs: u64,
    /// Bytes freed.
    pub bytes: u64,
    /// How many of those to keep are not there.
    pub missing: u64,
    /// What is left; not counted where a quick look showed that there was nothing to remove.
    pub left: Option<StoreSize>,
}

/// How much the store holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreSize {
    /// Checkpoints.
    pub checkpoints: u64,
    /// Distinct contents.
    pub blobs: u64,
    /// Bytes of manifests and contents.
    pub bytes: u64,
}
