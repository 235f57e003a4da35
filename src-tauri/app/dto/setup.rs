//! What a person fills in for a new session, and what the form says to it. Figures are texts: what is written wrong is
//! said beside its field in the engine's words.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Refusal;

/// What a person fills in to start a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StartForm {
    /// The folder to work on.
    pub target: String,
    /// What should be done, in the person's words.
    pub goal: String,
    /// How.
    pub choices: Choices,
}

/// How a session works, as a person chooses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Choices {
    /// `trio`, `pair` or `solo`.
    pub team: String,
    /// `ask` or `bypass`.
    pub permission: String,
    /// `in-place`.
    pub isolation: String,
    /// A whole number.
    pub fix_rounds: String,
    /// Minutes; empty for none.
    pub time_limit: String,
    /// US dollars; empty for none.
    pub money_limit: String,
}

/// What the form says to what is filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StartCheck {
    /// What is wrong, beside its field; none when the session can start.
    pub problems: Vec<FieldProblem>,
    /// The folder, once it is a good one.
    pub target: Option<TargetFacts>,
    /// What each worker may do.
    pub workers: Vec<WorkerPreview>,
}

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FieldProblem {
    /// A field of the form, or `form` for what concerns none alone.
    pub field: String,
    /// What is wrong with it.
    pub refusal: Refusal,
}

/// What is known of the folder before a session starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TargetFacts {
    /// Where it really is.
    pub path: String,
    /// Whether it is the top of a git repository.
    pub git: bool,
    /// The branch that is checked out.
    pub branch: Option<String>,
}

/// What one worker of the session may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WorkerPreview {
    /// Its name in the session.
    pub name: String,
    /// Which CLI.
    pub agent: String,
    /// `architect`, `implementer` or `reviewer`.
    pub role: String,
    /// Whose work it reviews.
    pub reviews: Vec<String>,
    /// What it may read.
    pub reads: String,
    /// What it may write.
    pub writes: String,
    /// What it may reach.
    pub reaches: String,
    /// As whom it runs.
    pub runs_as: String,
}

/// What is remembered for a new session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Remembered {
    /// What was chosen last time in that folder, else what the person's configuration says.
    pub choices: Choices,
    /// Whether it was chosen in that folder before.
    pub known: bool,
    /// Folders that sessions worked in, newest first.
    pub recent: Vec<String>,
}

/// Something is dragged onto the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Dropped {
    /// It is over the window.
    Hovers,
    /// It has left it again.
    Left,
    /// A folder was let go.
    Folder {
        /// Which.
        path: String,
    },
    /// What was let go is no use.
    Refused {
        /// Why.
        refusal: Refusal,
    },
}
