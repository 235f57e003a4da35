//! One thing that a scripted agent does.

use mo_core::agent_event::{PlanEntry, PlanStatus};
use serde::{Deserialize, Serialize};

use super::fault::{Crash, ErrorStep, Flood, Garbage, Grandchild};
use super::review::Review;

/// A step. In JSON an object with one key, the step's name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A message on the way.
    Say(String),
    /// A thought.
    Think(String),
    /// The agent's whole plan as it is now.
    Plan(Vec<PlanItem>),
    /// Reads a file with the agent's own reading tool.
    Read(String),
    /// Writes a file; asks as the real CLI does.
    Write {
        /// Relative to the agent's folder, or absolute.
        path: String,
        /// The whole new content.
        content: String,
    },
    /// Replaces the first occurrence of a text in a file; asks as the real CLI does.
    Edit {
        /// Relative to the agent's folder, or absolute.
        path: String,
        /// What to replace; must occur.
        find: String,
        /// By what.
        replace: String,
    },
    /// Really runs a shell command in the agent's folder; asks as the real CLI does.
    Run(String),
    /// Makes a call that is asked for, and takes its question back if it has no answer by then; the call is then not
    /// made, and the turn goes on.
    TakeBack {
        /// The call: one of the steps that make one.
        call: Box<Step>,
        /// How long the question stands, scaled by the pace.
        after_ms: u64,
    },
    /// A line `MILESTONE: …` in a message.
    Milestone(String),
    /// Waits, scaled by the pace; a cancel ends it.
    WaitMs(u64),
    /// Answers a review request with the JSON of design.md §6.
    Review(Review),
    /// The final answer.
    Text(String),
    /// A line on stderr.
    Stderr(String),
    /// Dies in the middle.
    Crash(Crash),
    /// Ends with this exit code, without a closing message.
    Exit(i32),
    /// Falls silent for ever: reads nothing, answers nothing, until a signal ends it.
    Hang(bool),
    /// Very many lines.
    Flood(Flood),
    /// The first half of a message, without a newline.
    HalfLine(bool),
    /// Bytes that are no message.
    Garbage(Garbage),
    /// Closes stdout and stays.
    CloseStdout(bool),
    /// Writes a file behind everybody's back: without a tool call, without asking, and where it may not.
    Sneak {
        /// Relative to the agent's folder.
        path: String,
        /// The whole new content.
        content: String,
    },
    /// From here on SIGTERM does nothing.
    IgnoreSigterm(bool),
    /// From here on nothing that reaches the agent is heard, neither a cancel nor the end of its input nor SIGINT:
    /// its answer comes late. It cannot ask anything any more.
    Deaf(bool),
    /// Opens a FIFO for writing, so that everything which the agent starts inherits it: its end is the proof that
    /// none of them is left. Each writes one byte into it once it is set up.
    Hold(String),
    /// Starts a process that outlives its agent.
    Grandchild(Grandchild),
    /// The turn fails as the real CLI fails.
    Error(ErrorStep),
}

/// An entry of a plan: only its text, which is then pending, or text and status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PlanItem {
    /// Pending.
    Text(String),
    /// With its status.
    Entry(PlanEntry),
}

impl PlanItem {
    /// An entry with a status.
    pub fn new(text: &str, status: PlanStatus) -> Self {
        Self::Entry(PlanEntry { text: text.to_owned(), status })
    }

    pub(crate) fn entry(&self) -> PlanEntry {
        match self {
            Self::Text(text) => PlanEntry { text: text.clone(), status: PlanStatus::Pending },
            Self::Entry(entry) => entry.clone(),
        }
    }
}
