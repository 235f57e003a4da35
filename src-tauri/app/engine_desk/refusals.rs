//! The engine's errors in the words of the window.

use mo_core::input::Rejection;
use mo_engine::config::EditError;
use mo_engine::handle::{AnswerError, CommandError, DeleteError, ResumeError};
use mo_engine::start::StartError;

use crate::dto::Refusal;
use crate::hints::{of_config, of_start};

impl From<StartError> for Refusal {
    fn from(error: StartError) -> Self {
        let hint = of_start(&error);
        Self::new(error.code(), error.to_string(), hint)
    }
}

impl From<AnswerError> for Refusal {
    fn from(error: AnswerError) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string(), hint: None }
    }
}

impl From<CommandError> for Refusal {
    fn from(error: CommandError) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string(), hint: None }
    }
}

impl From<ResumeError> for Refusal {
    fn from(error: ResumeError) -> Self {
        match error {
            ResumeError::Start(error) => error.into(),
            ResumeError::Journal(error) => error.into(),
            ResumeError::Command(CommandError::Rejected(Rejection::NotAtRest)) => Self::new(
                "nothing_to_resume",
                "there is nothing that the session could go on with",
                "say what is to be done, and it goes on with that",
            ),
            ResumeError::Command(error) => error.into(),
        }
    }
}

impl From<DeleteError> for Refusal {
    fn from(error: DeleteError) -> Self {
        match error {
            DeleteError::Running => {
                Self::new("session_running", "the session still runs", "stop it first, then delete it")
            }
            DeleteError::Unknown => {
                Self { code: "session_unknown".to_owned(), message: error.to_string(), hint: None }
            }
            DeleteError::Journal(error) => error.into(),
        }
    }
}

impl From<EditError> for Refusal {
    fn from(error: EditError) -> Self {
        let hint = match &error {
            EditError::Config(error) => Some(of_config(error).to_owned()),
            EditError::Unwritable(_) => Some("look at the permissions of its folder".to_owned()),
            _ => None,
        };
        Self { code: error.code().to_owned(), message: error.to_string(), hint }
    }
}
