//! The decision rule: pure, total, independent of order, and monotone (a worse verdict never improves it).

use serde::{Deserialize, Serialize};

use super::verdict::Verdict;
use crate::team::Pair;

/// What becomes of the verdicts, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Everything that was expected approved.
    Continue,
    /// Goes on, with a warning.
    LogWarning,
    /// Waits for a person.
    PauseAndClarify,
    /// Ends, and a person is called.
    StopAndEscalate,
}

impl Decision {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::LogWarning => "log_warning",
            Self::PauseAndClarify => "pause_and_clarify",
            Self::StopAndEscalate => "stop_and_escalate",
        }
    }
}

/// The line of the rule that fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fired {
    /// Any blocker.
    AnyBlocker,
    /// Two or more concerns.
    TwoConcerns,
    /// A check failed or is missing.
    FailedCheck,
    /// A review is missing or inconclusive.
    Inconclusive,
    /// Exactly one concern.
    OneConcern,
    /// All that was expected approved.
    AllApproved,
    /// No review was expected, and zero reviews is not approval.
    NoReviews,
}

impl Fired {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AnyBlocker => "any_blocker",
            Self::TwoConcerns => "two_concerns",
            Self::FailedCheck => "failed_check",
            Self::Inconclusive => "inconclusive",
            Self::OneConcern => "one_concern",
            Self::AllApproved => "all_approved",
            Self::NoReviews => "no_reviews",
        }
    }

    /// The rule in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::AnyBlocker => "any blocker: stop and escalate",
            Self::TwoConcerns => "two or more concerns: pause and clarify",
            Self::FailedCheck => "a check failed or is missing: pause and clarify",
            Self::Inconclusive => "a review is missing or inconclusive: pause and clarify",
            Self::OneConcern => "one concern: go on with a warning",
            Self::AllApproved => "all approved: continue",
            Self::NoReviews => "zero reviews is not approval: pause and clarify",
        }
    }
}

/// The newest verdict of a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairVerdict {
    /// Whose.
    pub pair: Pair,
    /// What.
    pub verdict: Verdict,
}

/// The result of one of the person's checks on the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The command.
    pub command: String,
    /// Whether it ran to its end and succeeded. A missing result is `false`.
    pub passed: bool,
}

/// A decision and the rule that led to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// What is decided.
    pub decision: Decision,
    /// By which line of the rule.
    pub fired: Fired,
}

/// Decides. Every pair in `expected` needs a verdict; where a pair has several, the worst counts, and a verdict
/// of a pair that was not expected counts against but never for.
pub fn decide_review(expected: &[Pair], verdicts: &[PairVerdict], checks: &[CheckResult]) -> Decided {
    let worst_of = |pair: &Pair| verdicts.iter().filter(|v| v.pair == *pair).map(|v| v.verdict).max();
    let mut pairs: Vec<&Pair> = expected.iter().chain(verdicts.iter().map(|v| &v.pair)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let standing: Vec<Verdict> =
        pairs.into_iter().map(|pair| worst_of(pair).unwrap_or(Verdict::Inconclusive)).collect();
    let count = |verdict: Verdict| standing.iter().filter(|v| **v == verdict).count();

    let (decision, fired) = if count(Verdict::Blocker) > 0 {
        (Decision::StopAndEscalate, Fired::AnyBlocker)
    } else if count(Verdict::Concern) >= 2 {
        (Decision::PauseAndClarify, Fired::TwoConcerns)
    } else if checks.iter().any(|check| !check.passed) {
        (Decision::PauseAndClarify, Fired::FailedCheck)
    } else if count(Verdict::Inconclusive) > 0 {
        (Decision::PauseAndClarify, Fired::Inconclusive)
    } else if expected.is_empty() {
        (Decision::PauseAndClarify, Fired::NoReviews)
    } else if count(Verdict::Concern) == 1 {
        (Decision::LogWarning, Fired::OneConcern)
    } else {
        (Decision::Continue, Fired::AllApproved)
    };
    Decided { decision, fired }
}
