//! The story of a session at a person's level: the window's timeline and the terminal's plain lines.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One line of the story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TimelineEntry {
    /// The event it comes from.
    #[ts(type = "number")]
    pub seq: u64,
    /// RFC 3339.
    pub at: String,
    /// Whose.
    pub worker: Option<String>,
    /// What sort of entry: `session phase worker message thought tool files plan checkpoint approval check review decision recovery
    /// blocker notice`.
    pub kind: String,
    /// `plain ok warn bad unknown muted`: with which state colour and icon it goes.
    pub tone: String,
    /// In plain words, one line.
    pub text: String,
    /// More of it, to be unfolded: a message's whole text, a tool's output, findings.
    pub detail: Option<String>,
}
