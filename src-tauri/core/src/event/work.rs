//! What events say of the work: checkpoints, places, turns, reviews, decisions.

use serde::{Deserialize, Serialize};

use super::Step;
use crate::ids::{CheckpointNo, Digest, ReviewId, WorkerName};
use crate::review::decision::{CheckResult, Decision, Fired, PairVerdict};
use crate::team::Pair;

/// What a checkpoint is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckpointPurpose {
    /// Before anything was done.
    Start,
    /// Before a turn that may write.
    Turn,
    /// To be reviewed.
    Review,
    /// When a session ends after work that no checkpoint has.
    End,
}

/// A checkpoint that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointTaken {
    /// Its number.
    pub checkpoint: CheckpointNo,
    /// Its digest.
    pub digest: Digest,
    /// Files in it.
    pub files: u64,
    /// Bytes in it.
    pub bytes: u64,
    /// Ignored entries that were left out.
    pub ignored: u64,
    /// Entries that were skipped, with the reason, at most 100.
    pub skipped: Vec<String>,
    /// Paths that differ from checkpoint 0, at most 1,000.
    pub changed: Vec<String>,
}

/// Files of the target that were brought back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointRestored {
    /// The checkpoint that they are from.
    pub checkpoint: CheckpointNo,
    /// The checkpoint of what was there before.
    pub saved: CheckpointNo,
    /// The paths that were asked for; empty: all.
    #[serde(default)]
    pub paths: Vec<String>,
    /// How many entries were written, or got other permission bits.
    pub written: u64,
    /// How many were deleted.
    pub deleted: u64,
    /// What could not or must not be touched, with the reason, at most 100.
    #[serde(default)]
    pub left: Vec<String>,
    /// A further checkpoint, of what was replaced though no checkpoint would have had it, such as ignored files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rescued: Option<Digest>,
}

/// In which folder a process works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum Place {
    /// In the target; only the implementer may write.
    Target {
        /// Whether it may write.
        write: bool,
    },
    /// In the read-only checkout of a review.
    Checkout {
        /// Which.
        review: ReviewId,
    },
}

impl Place {
    /// Whether a process in that place may write into the target.
    pub fn may_write(&self) -> bool {
        matches!(self, Self::Target { write: true })
    }
}

/// How a turn stands to one that was broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoesOn {
    /// It begins something.
    #[default]
    No,
    /// In the agent's own session, which knows what was done.
    InItsSession,
    /// In a new session, which must be told.
    ByHandover,
}

impl GoesOn {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
    pub(super) fn is_new(&self) -> bool {
        *self == Self::No
    }
}

/// What a turn is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "purpose", rename_all = "snake_case")]
pub enum Purpose {
    /// To write the plan.
    Plan,
    /// To do the goal.
    Implement,
    /// To mend what the reviews found.
    Fix {
        /// From 1.
        fix_round: u32,
    },
    /// To do what the person says, after the work was reviewed or in the midst of it.
    FollowUp,
    /// To review.
    Review {
        /// Which.
        review: ReviewId,
        /// 1 or 2.
        try_no: u32,
    },
}

/// A review that is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewRequested {
    /// Its id.
    pub review: ReviewId,
    /// In which step.
    pub step: Step,
    /// Who reviews.
    pub reviewer: WorkerName,
    /// Whose work.
    pub subject: WorkerName,
    /// At which checkpoint.
    pub checkpoint: CheckpointNo,
    /// Its digest.
    pub digest: Digest,
    /// The checkpoint that the diff starts from.
    pub since: CheckpointNo,
}

/// A decision of the rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionMade {
    /// One of the four words.
    pub decision: Decision,
    /// After which step.
    pub step: Step,
    /// The line of the rule that fired.
    pub fired: Fired,
    /// The rule in words.
    pub rule: String,
    /// The checkpoint that it is about; journals of 0.1.0 do not name it.
    #[serde(default)]
    pub checkpoint: Option<CheckpointNo>,
    /// The pairs whose verdict was due; journals of 0.1.0 do not name them.
    #[serde(default)]
    pub expected: Vec<Pair>,
    /// The verdicts that were counted.
    pub verdicts: Vec<PairVerdict>,
    /// The checks that were counted.
    #[serde(default)]
    pub checks: Vec<CheckResult>,
    /// `false` when a fix round comes first.
    pub takes_effect: bool,
}
