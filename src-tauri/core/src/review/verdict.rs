//! A review's outcome.

use serde::{Deserialize, Serialize};

/// A review's outcome, from best to worst for the decision rule's purposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing against it.
    Approved,
    /// Something a person should know of.
    Concern,
    /// No verdict could be had; never counts as approval.
    Inconclusive,
    /// It must not go on.
    Blocker,
}

impl Verdict {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Concern => "concern",
            Self::Inconclusive => "inconclusive",
            Self::Blocker => "blocker",
        }
    }
}

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth saying, changes nothing.
    Note,
    /// Counts as a concern.
    Concern,
    /// Counts as a blocker.
    Blocker,
}

impl Severity {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Concern => "concern",
            Self::Blocker => "blocker",
        }
    }
}

/// One point of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How serious.
    pub severity: Severity,
    /// The file it is about, relative to the target; `plan.md` is the plan in a review of the plan.
    #[serde(default)]
    pub file: Option<String>,
    /// The line, from 1.
    #[serde(default)]
    pub line: Option<u32>,
    /// In a few words.
    pub title: String,
    /// What shows it.
    #[serde(default)]
    pub evidence: String,
    /// What would mend it.
    #[serde(default)]
    pub suggestion: String,
}

/// What became of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The effective verdict.
    pub verdict: Verdict,
    /// The reviewer's summary, or why there is no verdict, in one clear sentence.
    pub summary: String,
    /// The findings of a usable answer.
    pub findings: Vec<Finding>,
}

impl Judgement {
    /// No verdict could be had.
    pub fn inconclusive(why: impl Into<String>) -> Self {
        Self { verdict: Verdict::Inconclusive, summary: why.into(), findings: Vec::new() }
    }
}
