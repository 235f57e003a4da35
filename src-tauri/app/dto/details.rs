//! What a session rests on: its agents, guarantees, recoveries, folders and receipts.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What there is to know of a session beside its story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DetailsView {
    /// Guarantees that a sandbox has proven, by name; none before there is one.
    pub guarantees: Vec<String>,
    /// The CLIs that were found.
    pub agents: Vec<AgentDetail>,
    /// Remedies that were tried, oldest first.
    pub recoveries: Vec<RecoveryDetail>,
    /// Places of the session, by name.
    pub places: Vec<Place>,
    /// The app's version.
    pub version: String,
}

/// A CLI that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AgentDetail {
    /// Which.
    pub agent: String,
    /// Its executable.
    pub path: String,
    /// What it says of its version.
    pub version: Option<String>,
    /// The model that it said it uses.
    pub model: Option<String>,
}

/// A remedy that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RecoveryDetail {
    /// Its event.
    #[ts(type = "number")]
    pub seq: u64,
    /// RFC 3339.
    pub at: String,
    /// Whose.
    pub worker: Option<String>,
    /// What was wrong and what was done.
    pub text: String,
    /// `tried worked exhausted`.
    pub outcome: String,
}

/// A file or a folder with its name in the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Place {
    /// What it is.
    pub name: String,
    /// Where.
    pub path: String,
}

/// What a decision rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ReceiptView {
    /// Its number in the session, from 1.
    pub number: u32,
    /// The digest of its checkpoint.
    pub checkpoint: Option<String>,
    /// The verdicts that were counted.
    pub reviews: Vec<ReceiptLine>,
    /// What had been allowed for longer until then, each in one line.
    pub grants: Vec<String>,
    /// US dollars of all workers until then; `None` is unknown.
    pub cost_usd: Option<f64>,
    /// The part of it that is known.
    pub cost_known_usd: f64,
    /// Its file.
    pub path: String,
    /// The command that checks it.
    pub verify: String,
}

/// One verdict of a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReceiptLine {
    /// Who reviewed.
    pub reviewer: String,
    /// Whose work.
    pub subject: String,
    /// What its CLI says of its version.
    pub version: Option<String>,
    /// The model that it said it used.
    pub model: Option<String>,
    /// `approved concern blocker inconclusive`.
    pub verdict: String,
    /// Given in an earlier step, and still standing.
    pub carried_over: bool,
}
