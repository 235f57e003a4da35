//! What a person or a script is told when something does not work: a stable code, a sentence, a hint, an exit code.

use std::borrow::Cow;
use std::path::Path;

use mo_checkpoint::CheckpointError;
use mo_engine::config::ConfigError;
use mo_engine::config::unread_hint;
use mo_engine::start::StartError;
use mo_journal::JournalError;
use serde::Serialize;

/// The exit codes that errors have (design.md §11); a session's own come with its ending.
pub(crate) mod exit {
    /// Done as asked.
    pub(crate) const DONE: u8 = 0;
    /// Our own failure.
    pub(crate) const FAILURE: u8 = 1;
    /// A wrong command line or configuration.
    pub(crate) const USAGE: u8 = 2;
    /// Something named does not exist.
    pub(crate) const NOT_FOUND: u8 = 3;
    /// Refused, or held by another process.
    pub(crate) const REFUSED: u8 = 4;
}

/// Why a command ends without having done what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// To be told.
    Said(Told),
    /// Whoever read our output has gone away; there is nobody to tell.
    ReaderGone,
}

/// An error as it is told: `{"error":{code,message,hint}}`.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    /// Stable.
    pub(crate) code: Cow<'static, str>,
    /// What is wrong.
    pub(crate) message: String,
    /// How to mend it.
    pub(crate) hint: Option<String>,
    /// The exit code that goes with it.
    #[serde(skip)]
    pub(crate) exit: u8,
}

impl Failure {
    /// An error of this command line.
    pub(crate) fn new(
        exit: u8,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let message = clipped(message.into());
        Self::Said(Told { code: code.into(), message, hint: Some(hint.into()), exit })
    }

    /// A file that was named and cannot be read.
    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        let shown = path.display();
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::new(
                exit::NOT_FOUND,
                "file_missing",
                format!("there is no file {shown}"),
                "look at the name",
            ),
            std::io::ErrorKind::IsADirectory => Self::new(
                exit::USAGE,
                "file_is_a_folder",
                format!("{shown} is a folder"),
                "name a file in it",
            ),
            _ => Self::new(
                exit::REFUSED,
                "file_unreadable",
                format!("{shown} cannot be read: {error}"),
                unread_hint(error.kind()),
            ),
        }
    }

    /// Something that the system refused us and that nobody asked for by name.
    pub(crate) fn system(what: &str, error: &std::io::Error) -> Self {
        Self::Said(Told {
            code: "system".into(),
            message: format!("{what}: {error}"),
            hint: None,
            exit: exit::FAILURE,
        })
    }
}

/// What was typed can be of any length and is said back in errors.
fn clipped(mut message: String) -> String {
    const MOST: usize = 1_500;
    if message.len() > MOST {
        message.truncate(message.floor_char_boundary(MOST));
        message.push('…');
    }
    message
}

/// Writing our own output failed.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::ReaderGone;
        }
        Self::system("the output cannot be written", &error)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::new(error.exit_code(), error.code(), error.to_string(), error.hint())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(exit::USAGE, error.code(), error.to_string(), error.hint())
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let exit = match &error {
            JournalError::Locked { .. }
            | JournalError::Newer { .. }
            | JournalError::Foreign { .. }
            | JournalError::ReadOnly
            | JournalError::Unusable { .. } => exit::REFUSED,
            JournalError::Missing { .. } | JournalError::BadName { .. } => exit::NOT_FOUND,
            _ => exit::FAILURE,
        };
        Self::Said(Told { code: error.code().into(), message: error.to_string(), hint: error.hint(), exit })
    }
}

impl From<CheckpointError> for Failure {
    fn from(error: CheckpointError) -> Self {
        let exit = match &error {
            CheckpointError::UnknownCheckpoint { .. } => exit::NOT_FOUND,
            CheckpointError::StoreTooNew { .. } => exit::REFUSED,
            _ => exit::FAILURE,
        };
        Self::Said(Told { code: error.code().into(), message: error.to_string(), hint: None, exit })
    }
}
