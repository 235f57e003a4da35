//! What the desktop around the window says to the page.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the page is to open: the very card of a matter, or a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ShowNeed {
    /// Which session.
    pub session: String,
    /// The approval's or the blocker's id.
    pub need: Option<String>,
}

/// Something that this desktop lacks, or that changed under the app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MissingPart {
    /// `notifications tray program`.
    pub part: String,
    /// What does not work or is out of date, in one sentence.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl MissingPart {
    /// A missing part.
    pub fn new(part: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { part: part.to_owned(), message: message.into(), hint: hint.into() }
    }
}
