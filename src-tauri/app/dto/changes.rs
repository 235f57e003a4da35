//! Checkpoints and what lies between them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A checkpoint that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CheckpointPoint {
    /// 0 is the start.
    pub number: u32,
    /// RFC 3339.
    pub at: String,
    /// Its digest.
    pub digest: String,
    /// Files in it.
    #[ts(type = "number")]
    pub files: u64,
    /// How many paths differ from checkpoint 0, as far as they are named.
    pub changed: u32,
    /// The checkpoint that was brought back here, if one was.
    pub restored: Option<u32>,
}

/// What changed between two checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChangesView {
    /// The older side.
    pub from: u32,
    /// The newer side.
    pub to: u32,
    /// In order of their paths; the first of very many.
    pub files: Vec<ChangedFile>,
    /// How many there are.
    pub count: u32,
}

/// One path that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChangedFile {
    /// From the target on, in its written form.
    pub path: String,
    /// `added deleted modified mode_changed type_changed`.
    pub kind: String,
    /// It is a folder.
    pub folder: bool,
    /// Lines that only the newer side has; `None` where lines are not compared.
    #[ts(type = "number | null")]
    pub added: Option<u64>,
    /// Lines that only the older side has.
    #[ts(type = "number | null")]
    pub deleted: Option<u64>,
    /// A side is no text.
    pub binary: bool,
}

/// One file's difference as git would print it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FileDiff {
    /// The text.
    pub text: String,
    /// It was cut.
    pub cut: bool,
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RestoredView {
    /// The checkpoint that the files are from.
    pub checkpoint: u32,
    /// The checkpoint of what was there before.
    pub saved: u32,
    /// How many entries were written.
    #[ts(type = "number")]
    pub written: u64,
    /// How many were deleted.
    #[ts(type = "number")]
    pub deleted: u64,
    /// What could not or must not be touched, with the reason.
    pub left: Vec<String>,
}
