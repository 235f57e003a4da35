//! What crosses the seam between the page and the shell; the page's TypeScript is generated from here.

mod doctor;
mod native;
mod settings;
mod setup;

pub use changes::*;
pub use details::*;
pub use doctor::*;
pub use native::*;
pub use settings::*;
pub use setup::*;

mod changes;
mod details;

use mo_core::approval::{AllowFor, Choice, PLAIN_NO};
use mo_core::view::resources::SessionResources;
use mo_core::view::status::{SessionView, StatusView};
use mo_core::view::timeline::TimelineEntry;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a person answers to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "choice", rename_all = "snake_case")]
pub enum ChoiceForm {
    /// This one call.
    Once,
    /// The very same for the rest of the session.
    Session,
    /// The very same in this folder from now on, by the rule that was shown.
    Always,
    /// This one call with another input.
    Edit {
        /// The command, or the tool's whole input as JSON.
        input: String,
        /// Which of the two it is.
        whole: bool,
    },
    /// No.
    Deny {
        /// What the agent is told; empty for a plain no.
        message: String,
    },
}

impl TryFrom<ChoiceForm> for Choice {
    type Error = Refusal;

    fn try_from(form: ChoiceForm) -> Result<Self, Refusal> {
        Ok(match form {
            ChoiceForm::Once => Self::Allow { allowed: AllowFor::Once },
            ChoiceForm::Always => Self::Allow { allowed: AllowFor::Always },
            ChoiceForm::Session => Self::Allow { allowed: AllowFor::Session },
            ChoiceForm::Edit { input, whole: false } => Self::Edit { input: input.trim().into() },
            ChoiceForm::Edit { input, whole: true } => {
                let input = serde_json::from_str(&input).map_err(|error| {
                    let message = format!("The edited input is no JSON: {error}.");
                    Refusal::new("edit_unusable", message, "Mend it, or go back and answer otherwise.")
                })?;
                Self::Edit { input }
            }
            ChoiceForm::Deny { message } if message.trim().is_empty() => {
                Self::Deny { message: PLAIN_NO.to_owned() }
            }
            ChoiceForm::Deny { message } => Self::Deny { message },
        })
    }
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, TS)]
#[error("{message}")]
pub struct Refusal {
    /// A stable word for programs.
    pub code: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Refusal {
    /// A refusal with a hint.
    pub fn new(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), hint: Some(hint.into()) }
    }
}

/// The answer to a page that attaches: from here on it gets batches of this epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Attached {
    /// Which attachment this is; batches of another one are not for this page.
    pub epoch: u32,
    /// All sessions, as they stand.
    pub status: StatusView,
    /// The person's home folder, so that paths can be shown short.
    pub home: Option<String>,
    /// Whether the app was never opened on this data folder before.
    pub first: bool,
    /// The process that runs the sessions where it is another than this one: what their workers take is measured there,
    /// and it keeps the agents and the storage that it was started with.
    pub elsewhere: Option<u32>,
    /// The most bytes of a goal, and of what is said to a session.
    pub longest_goal: u32,
}

/// What has happened since the last batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Batch {
    /// The attachment that it is for.
    pub epoch: u32,
    /// Its number, from 1; the page acknowledges it.
    pub number: u32,
    /// The sessions that changed.
    pub sessions: Vec<SessionNews>,
    /// What the workers took since the last batch, one entry a session; at most the newest looks of a page that lags.
    pub resources: Vec<SessionResources>,
    /// What keeps the engine from going on, such as a full disk; it goes on by itself when that is over.
    pub trouble: Option<Refusal>,
    /// The engine is gone; nothing more will come.
    pub ended: bool,
}

/// What has happened in one session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SessionNews {
    /// The session as it stands.
    pub view: SessionView,
    /// What its story gained, oldest first.
    pub entries: Vec<TimelineEntry>,
    /// Entries before these were left out: the page reads the timeline from the last `seq` that it has.
    pub gap: bool,
}
