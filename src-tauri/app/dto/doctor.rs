//! What the doctor's page shows.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What works on this computer and what is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DoctorView {
    /// This program's own version.
    pub version: String,
    /// The known agents and the configured ones.
    pub agents: Vec<AgentCheck>,
    /// The command of this program that a terminal runs.
    pub command: CommandCheck,
    /// What a sandbox would have to prove here.
    pub guarantees: Vec<GuaranteeCheck>,
    /// What a person should know, in sentences.
    pub warnings: Vec<String>,
}

/// What was found of one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AgentCheck {
    /// `claude`, `codex`, `gemini` or the name of one that was configured.
    pub agent: String,
    /// The CLI's own name.
    pub title: String,
    /// Its program; none when it is not found.
    pub path: Option<String>,
    /// Every program that could be its own; the first is taken. `[agents.NAME] path` chooses another.
    pub candidates: Vec<ProgramView>,
    /// What it says to `--version`.
    pub version: Option<String>,
    /// What a person should know of it.
    pub problem: Option<String>,
    /// What to do about that.
    pub hint: Option<String>,
    /// The command that does it.
    pub command: Option<String>,
    /// Whether it is logged in; null where only its work shows it.
    pub logged_in: Option<bool>,
    /// The command that logs it in.
    pub login: Option<String>,
}

/// What was found of our own command, `orchestrate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CommandCheck {
    /// Its whole path; none when it is not found.
    pub path: Option<String>,
    /// What it says to `--version`.
    pub version: Option<String>,
    /// What a person should know of it, in one sentence.
    pub problem: Option<String>,
}

/// A program that could be an agent's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProgramView {
    /// Its whole path.
    pub path: String,
    /// How it was found, in words behind the path, such as `found by your login shell`.
    pub how: String,
}

/// One thing that a sandbox proves or does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GuaranteeCheck {
    /// `write_confined` and so on.
    pub name: String,
    /// In words.
    pub what: String,
    /// Whether it was proven here.
    pub proven: bool,
}
