//! The texts of a session that a person reads beside its events.

use std::path::PathBuf;

use crate::error::JournalError;

/// One text in a session's folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Document {
    /// `plan.md`: the architect's plan.
    Plan,
    /// `summary.md`: how the session went.
    Summary,
    /// `view.json`: the session as a status command shows it, as of its last rest.
    View,
    /// `receipts/<name>.json`: what a decision rests on.
    Receipt(String),
}

impl Document {
    /// Its path inside the session's folder.
    pub(crate) fn relative_path(&self) -> Result<PathBuf, JournalError> {
        match self {
            Self::Plan => Ok("plan.md".into()),
            Self::Summary => Ok("summary.md".into()),
            Self::View => Ok("view.json".into()),
            Self::Receipt(name) if is_plain_name(name) => Ok(format!("receipts/{name}.json").into()),
            Self::Receipt(name) => Err(JournalError::BadName { what: "receipt", name: name.clone() }),
        }
    }
}

/// Letters, digits, `-` and `_`, from 1 to 64 of them: nothing that could lead to another folder.
pub(crate) fn is_plain_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}
