//! Why the API cannot be served, and what its answers say when something was not done.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use mo_checkpoint::CheckpointError;
use mo_core::input::Rejection;
use mo_engine::handle::{CommandError, ResumeError};
use mo_engine::restoring::RestoreError;
use mo_engine::start::StartError;
use mo_journal::JournalError;
use serde::{Deserialize, Serialize};

/// Why nobody can attach to this owner. Its sessions run all the same.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The system refused.
    #[error("the socket {} cannot be made: {error}", path.display())]
    Socket {
        /// The socket or its folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Something that is no socket stands there.
    #[error("{} is in the way of the socket and is none", path.display())]
    InTheWay {
        /// What stands there.
        path: PathBuf,
    },
    /// The folder for the socket is somebody else's.
    #[error("the folder {} for the socket belongs to somebody else", folder.display())]
    ForeignFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// Every possible path is too long.
    #[error("the path {} is too long for a socket, and there is no folder for a shorter one", path.display())]
    NoShortPath {
        /// The path that would have been first.
        path: PathBuf,
    },
    /// `owner.json` cannot be written.
    #[error(transparent)]
    Owner(#[from] JournalError),
}

impl ApiError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Socket { .. } => "socket_refused",
            Self::InTheWay { .. } => "socket_in_the_way",
            Self::ForeignFolder { .. } => "socket_folder_foreign",
            Self::NoShortPath { .. } => "socket_path_too_long",
            Self::Owner(error) => error.code(),
        }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Socket { .. } => Some("look at the folder's permissions and free space".to_owned()),
            Self::InTheWay { .. } => Some("move it away".to_owned()),
            Self::ForeignFolder { .. } | Self::NoShortPath { .. } => {
                Some("set XDG_RUNTIME_DIR to a folder of your own, or choose a shorter --data-dir".to_owned())
            }
            Self::Owner(error) => error.hint(),
        }
    }
}

/// The body of every answer that is an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// A stable word for programs.
    pub code: Cow<'static, str>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Why a request was not done.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    body: ErrorBody,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, body: ErrorBody { code: code.into(), message: message.into(), hint: None } }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.body.hint = Some(hint.into());
        self
    }

    pub(crate) fn session_unknown(named: &str) -> Self {
        let message = format!("there is no session `{}`", printable(named));
        Self::new(StatusCode::NOT_FOUND, "session_unknown", message)
            .hint("GET /api/v1/sessions lists the sessions")
    }

    pub(crate) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// A mistake of ours.
    pub(crate) fn internal(what: &str) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", what)
    }
}

/// A name that somebody sent, short and on one line.
pub(crate) fn printable(text: &str) -> String {
    text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

impl From<JournalError> for Refusal {
    fn from(error: JournalError) -> Self {
        let status = match &error {
            JournalError::BadName { .. } | JournalError::Missing { .. } => StatusCode::NOT_FOUND,
            JournalError::ReadOnly | JournalError::Newer { .. } => StatusCode::FORBIDDEN,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        let body = ErrorBody { code: error.code().into(), message: error.to_string(), hint: error.hint() };
        Self { status, body }
    }
}

impl From<StartError> for Refusal {
    fn from(error: StartError) -> Self {
        let status = match (&error, error.exit_code()) {
            (StartError::GoalTooLong(_), _) => StatusCode::PAYLOAD_TOO_LARGE,
            (StartError::TargetBusy(_), _) => StatusCode::CONFLICT,
            // What the owner has configured, or what is not there: 404 is for what the path of a request names.
            (StartError::Config(_), _) | (_, 3) => StatusCode::UNPROCESSABLE_ENTITY,
            (_, 2) => StatusCode::BAD_REQUEST,
            (_, 4) => StatusCode::FORBIDDEN,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, error.code(), error.to_string()).hint(error.hint())
    }
}

impl From<CommandError> for Refusal {
    fn from(error: CommandError) -> Self {
        let message = error.to_string();
        let CommandError::Rejected(rejection) = error else {
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, error.code(), message);
        };
        match rejection {
            // That the session exists has been looked up before.
            Rejection::Unknown | Rejection::Ended => {
                Self::new(StatusCode::CONFLICT, "session_not_running", "the session does not run")
            }
            other => Self::new(StatusCode::CONFLICT, other.code(), message),
        }
    }
}

impl From<RestoreError> for Refusal {
    fn from(error: RestoreError) -> Self {
        let status = match &error {
            RestoreError::Running | RestoreError::Busy(_) => StatusCode::CONFLICT,
            RestoreError::Unknown | RestoreError::NoSuchCheckpoint { .. } | RestoreError::NoSuchPath(_) => {
                StatusCode::NOT_FOUND
            }
            RestoreError::Target(_) => StatusCode::UNPROCESSABLE_ENTITY,
            RestoreError::Command(_) | RestoreError::Journal(_) => StatusCode::SERVICE_UNAVAILABLE,
            RestoreError::Checkpoint { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.code(), error.to_string()).hint(error.hint())
    }
}

impl From<ResumeError> for Refusal {
    fn from(error: ResumeError) -> Self {
        match error {
            ResumeError::Start(error) => error.into(),
            ResumeError::Command(error) => error.into(),
            ResumeError::Journal(error) => error.into(),
        }
    }
}

impl From<CheckpointError> for Refusal {
    fn from(error: CheckpointError) -> Self {
        let status = match &error {
            CheckpointError::UnknownCheckpoint { .. } => StatusCode::NOT_FOUND,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.code(), error.to_string())
    }
}
