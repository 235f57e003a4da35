//! The script of an agent: what it does in which turn, as one JSON file.
//!
//! ```json
//! { "state_dir": "state", "typing": 400,
//!   "turns": [
//!     { "match": "add due dates", "kind": "work", "times": 1, "steps": [
//!       {"say": "Looking at the code first."}, {"think": "…"},
//!       {"plan": ["Read", {"text": "Write", "status": "in_progress"}]},
//!       {"read": "src/lib.rs"}, {"write": {"path": "a.txt", "content": "A\n"}},
//!       {"edit": {"path": "a.txt", "find": "A", "replace": "B"}}, {"run": "ls"},
//!       {"milestone": "half way"}, {"wait_ms": 500}, {"text": "Done."} ] } ] }
//! ```
//!
//! A turn is chosen in the order of the list: the first that has `times` left, whose `match` (a text or several,
//! all contained in the prompt) and whose `kind` fit. With a `state_dir` the choice is counted across all
//! processes that share it, so that a second process goes on where the first one stopped.

mod fault;
mod review;
mod step;

pub use fault::{Crash, ErrorStep, Flood, Garbage, Grandchild};
pub use review::{Finding, Review, ReviewCheckpoint, ReviewNonce, ReviewVerdict, Severity, Wrap};
pub use step::{PlanItem, Step};

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Everything that a scripted agent needs to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Private folder for agent sessions and for the count of used turns; relative to the script's own folder.
    /// Without it nothing outlives the process and no session can be resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_dir: Option<PathBuf>,
    /// Characters a second at which messages are streamed; 0 writes them at once. Scaled by the pace.
    #[serde(default)]
    pub typing: u32,
    /// The model that the agent says it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The version that the CLI says it has; the real pinned one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether the CLI is logged in.
    #[serde(default = "yes")]
    pub logged_in: bool,
    /// Whether Claude takes itself for root; as it is if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<bool>,
    /// How Gemini's `session/load` behaves.
    #[serde(default)]
    pub load: Load,
    /// What happens in the turns.
    pub turns: Vec<Turn>,
}

/// How Gemini's `session/load` behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Load {
    /// As 0.61.0 does: in the UTC minute of its creation, loading fails and destroys the session
    /// (facts/agent-clis.md §0.3).
    #[default]
    AsReal,
    /// Always.
    Works,
}

/// One turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// What the prompt must contain.
    #[serde(default, rename = "match")]
    pub matches: Match,
    /// What sort of prompt it must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<TurnKind>,
    /// How often it can be used; 0 is without end.
    #[serde(default = "once")]
    pub times: u32,
    /// What the agent does, in order.
    pub steps: Vec<Step>,
}

impl Turn {
    /// A turn for any prompt of a kind, used once.
    pub fn of(kind: TurnKind, steps: Vec<Step>) -> Self {
        Self { matches: Match::Any(()), kind: Some(kind), times: 1, steps }
    }

    fn fits(&self, prompt: &str) -> bool {
        self.kind.is_none_or(|kind| kind == TurnKind::of(prompt))
            && match &self.matches {
                Match::Any(()) => true,
                Match::One(text) => prompt.contains(text.as_str()),
                Match::All(texts) => texts.iter().all(|text| prompt.contains(text.as_str())),
            }
    }
}

/// What a prompt must contain: `null`, a text, or several texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Match {
    /// Any prompt.
    Any(()),
    /// This text.
    One(String),
    /// Each of these.
    All(Vec<String>),
}

impl Default for Match {
    fn default() -> Self {
        Self::Any(())
    }
}

/// What sort of prompt it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnKind {
    /// A request for a review: it has a line that starts with `nonce: ` (design.md §11), and no other prompt has.
    Review,
    /// Any other prompt.
    Work,
}

impl TurnKind {
    /// The sort of a prompt.
    pub fn of(prompt: &str) -> Self {
        if prompt.lines().any(|line| line.starts_with("nonce: ")) { Self::Review } else { Self::Work }
    }
}

/// Why a script cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// It cannot be read.
    #[error("cannot read the script {path}: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not such a JSON.
    #[error("the script {path} is not valid: {source}")]
    Invalid {
        /// Which.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A turn without a step could not end in anything.
    #[error("turn {turn} of the script {path} has no steps")]
    Empty {
        /// Which script.
        path: PathBuf,
        /// Which turn, from 1.
        turn: usize,
    },
}

impl ScriptError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "script_unreadable",
            Self::Invalid { .. } => "script_invalid",
            Self::Empty { .. } => "script_turn_empty",
        }
    }
}

impl Script {
    /// Reads a script file and makes its `state_dir` absolute.
    ///
    /// # Errors
    /// When the file cannot be read, is not a script, or has a turn without steps.
    pub fn load(path: &Path) -> Result<Self, ScriptError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ScriptError::Unreadable { path: path.to_owned(), source })?;
        let mut script: Self = serde_json::from_str(&text)
            .map_err(|source| ScriptError::Invalid { path: path.to_owned(), source })?;
        if let Some(empty) = script.turns.iter().position(|turn| turn.steps.is_empty()) {
            return Err(ScriptError::Empty { path: path.to_owned(), turn: empty + 1 });
        }
        if let (Some(dir), Some(folder)) = (&script.state_dir, path.parent()) {
            script.state_dir = Some(folder.join(dir));
        }
        Ok(script)
    }

    /// The first turn that fits the prompt and has uses left.
    pub(crate) fn choose(&self, prompt: &str, used: &[u32]) -> Option<usize> {
        self.turns.iter().enumerate().position(|(index, turn)| {
            let used = used.get(index).copied().unwrap_or(0);
            (turn.times == 0 || used < turn.times) && turn.fits(prompt)
        })
    }
}

fn yes() -> bool {
    true
}

fn once() -> u32 {
    1
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod script_tests;
