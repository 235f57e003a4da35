//! What events say of the session as a whole: what it is, where it stands, how it ends.

use serde::{Deserialize, Serialize};

use crate::ids::AgentKind;
use crate::settings::Settings;
use crate::team::Team;

/// What a session is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionCreated {
    /// What was asked for.
    pub goal: String,
    /// The folder, absolute and without symlinks.
    pub target: String,
    /// Who works.
    pub team: Team,
    /// How.
    pub settings: Settings,
    /// Warnings that were given before the start, such as running as root.
    pub warnings: Vec<String>,
}

/// What was found before anything started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// One for each agent of the team.
    pub agents: Vec<FoundAgent>,
    /// Whether the target is in a git repository.
    pub git: bool,
    /// Guarantees that a sandbox has proven here; none before there is one.
    pub guarantees: Vec<String>,
    /// Whether the agents are known to trust the target; left out where nobody has found out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trusted: bool,
}

/// A CLI that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundAgent {
    /// Which.
    pub agent: AgentKind,
    /// Its executable.
    pub path: String,
    /// What it says of its version; `None` when it did not say in time.
    pub version: Option<String>,
}

/// What went wrong, for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// A stable word.
    pub code: String,
    /// What and where.
    pub message: String,
    /// How to mend it.
    pub hint: String,
}

/// A step of the workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Step {
    /// Validation, checkpoint 0.
    Prepare,
    /// The architect's turn.
    Architecture,
    /// The reviews of the plan.
    PlanReview,
    /// The implementer's turn.
    Implementation {
        /// 0, or the number of the fix round.
        fix_round: u32,
    },
    /// The reviews of the implementation.
    Review {
        /// As that of the implementation.
        fix_round: u32,
    },
    /// After the last decision.
    Done,
}

impl Step {
    /// The phase's word in output.
    pub fn phase(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Architecture => "architecture",
            Self::PlanReview => "plan_review",
            Self::Implementation { .. } => "implementation",
            Self::Review { .. } => "review",
            Self::Done => "done",
        }
    }
}

/// What only a person can resolve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocker {
    /// In one line.
    pub title: String,
    /// The error, as evidence.
    pub details: String,
    /// Steps or exact commands that resolve it.
    pub required_actions: Vec<String>,
    /// Further hints.
    pub suggestions: Vec<String>,
}

/// Who asked for the end of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopCause {
    /// A person, by a command or a button.
    Person,
    /// SIGINT to the owner.
    Sigint,
    /// SIGTERM to the owner.
    Sigterm,
    /// A person, who means to go on later.
    Pause,
    /// The time limit.
    TimeLimit,
    /// The money limit.
    MoneyLimit,
    /// A worker's memory limit.
    MemoryLimit,
    /// Too little room on a disk.
    DiskLimit,
    /// The owner's process had gone away in mid-session.
    Crash,
}

/// How a session ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The state it comes to rest in.
    pub state: RestState,
    /// The exit code of a `run` that waits for it (design.md §11).
    pub exit_code: u8,
    /// Why, in one sentence.
    pub reason: String,
}

/// A state in which nothing runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the words of design.md §11")]
pub enum RestState {
    Finished,
    Paused,
    Blocked,
    Stopped,
    Failed,
    Crashed,
}

impl RestState {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Paused => "paused",
            Self::Blocked => "blocked",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Crashed => "crashed",
        }
    }
}
