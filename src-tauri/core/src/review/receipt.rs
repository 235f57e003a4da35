//! A receipt: what one decision rests on, so that the rule can be applied to it again by anybody.

use serde::{Deserialize, Serialize};

use super::check::CheckOutcome;
use super::decision::{CheckResult, Decided, Decision, Fired, PairVerdict, decide_review};
use super::verdict::{Finding, Severity, Verdict};
use crate::grant::GrantedBy;
use crate::ids::{AgentKind, ApprovalId, Digest, SessionId, WorkerName};
use crate::team::Pair;
use crate::time::Timestamp;

/// The version of the form.
pub const RECEIPT_VERSION: u32 = 1;

/// What one decision rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// [`RECEIPT_VERSION`].
    pub receipt: u32,
    /// Of which session.
    pub session: SessionId,
    /// The number of the decision in it, from 1.
    pub number: usize,
    /// When it was made.
    pub at: Timestamp,
    /// After which phase.
    pub after: String,
    /// What was decided.
    pub decision: Decision,
    /// By which line of the rule.
    pub fired: Fired,
    /// The same in words.
    pub rule: String,
    /// `false` when a fix round came first.
    pub takes_effect: bool,
    /// The digest of the checkpoint that it is about.
    pub checkpoint: Option<Digest>,
    /// Whose verdicts were due.
    pub expected: Vec<Pair>,
    /// The verdicts that were counted.
    pub reviews: Vec<ReceiptReview>,
    /// The checks that were counted.
    pub checks: Vec<ReceiptCheck>,
    /// What had been allowed for longer until then, in the order in which it was given.
    pub grants: Vec<ReceiptGrant>,
    /// US dollars of all workers so far; `None` is unknown.
    pub cost_usd: Option<f64>,
    /// The part of it that is known.
    pub cost_known_usd: f64,
    /// The SHA-256 of the file of the receipt before this one; `None` for the first.
    pub previous: Option<Digest>,
}

/// One verdict that was counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptReview {
    /// Who reviewed.
    pub reviewer: WorkerName,
    /// Whose work.
    pub subject: WorkerName,
    /// The reviewer's CLI.
    pub agent: Option<AgentKind>,
    /// What it says of its version; `None` when it did not say.
    pub cli_version: Option<String>,
    /// The model that it said it used; `None` when it did not say.
    pub model: Option<String>,
    /// The digest of the checkpoint that the reviewer saw.
    pub checkpoint: Option<Digest>,
    /// Whether it was given in an earlier step and still stands.
    pub carried_over: bool,
    /// The effective verdict.
    pub verdict: Verdict,
    /// The reviewer's words, or why there is no verdict.
    pub summary: Option<String>,
    /// The findings.
    pub findings: Vec<Finding>,
}

/// One check that was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptCheck {
    /// The command.
    pub command: String,
    /// Whether it counted for the work.
    pub passed: bool,
    /// The digest of the checkpoint that it ran on; `None` when it was never run.
    pub checkpoint: Option<Digest>,
    /// How it ended; `None` when it has no result.
    pub outcome: Option<CheckOutcome>,
    /// Its exit code, where it ended by itself.
    pub exit_code: Option<i32>,
    /// How long it took.
    pub duration_ms: Option<u64>,
}

/// One permission that lasts, or lasted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptGrant {
    /// Its name.
    pub grant: ApprovalId,
    /// Whose.
    pub worker: WorkerName,
    /// What, in words; completes "it may …".
    pub what: String,
    /// Its bounds, in words.
    pub exactly: String,
    /// Who gave it.
    pub by: GrantedBy,
    /// The rule of the person's that it comes from.
    pub rule: Option<String>,
    /// When it was given.
    pub given_at: Timestamp,
    /// When it ends, in words.
    pub ends: String,
    /// When it was taken back; `None`: it was not, until then.
    pub revoked_at: Option<Timestamp>,
    /// When it was over with the work that it was given for; `None`: it was not, until then.
    pub ended_at: Option<Timestamp>,
}

impl ReceiptGrant {
    /// Whether it let something through at the time of the decision.
    pub fn is_in_force(&self) -> bool {
        self.revoked_at.is_none() && self.ended_at.is_none()
    }

    /// In one line.
    pub fn in_words(&self) -> String {
        let over = match (self.revoked_at, self.ended_at) {
            (Some(at), _) => format!(", taken back at {at}"),
            (None, Some(at)) => format!(", over at {at}"),
            (None, None) => String::new(),
        };
        let by = match &self.rule {
            Some(rule) => format!("your rule `{rule}`"),
            None => self.by.as_str().to_owned(),
        };
        format!("{} may {} ({}; by {by}){over}", self.worker, self.what, self.exactly)
    }
}

impl Receipt {
    /// What in it does not agree, in sentences; empty when the rule leads from what it names to its decision.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.receipt != RECEIPT_VERSION {
            problems.push(format!("its form is version {}; {RECEIPT_VERSION} is known here", self.receipt));
            return problems;
        }
        let verdicts: Vec<PairVerdict> = self
            .reviews
            .iter()
            .map(|r| {
                let pair = Pair { reviewer: r.reviewer.clone(), subject: r.subject.clone() };
                PairVerdict { pair, verdict: r.verdict }
            })
            .collect();
        let checks: Vec<CheckResult> = self
            .checks
            .iter()
            .map(|c| CheckResult { command: c.command.clone(), passed: c.passed })
            .collect();
        let Decided { decision, fired } = decide_review(&self.expected, &verdicts, &checks);
        if (decision, fired) != (self.decision, self.fired) {
            problems.push(format!(
                "the rule leads to {} ({}), but it says {} ({})",
                decision.as_str(),
                fired.as_str(),
                self.decision.as_str(),
                self.fired.as_str()
            ));
        }
        problems.extend(self.reviews.iter().filter_map(|review| self.problem_of_review(review)));
        problems.extend(self.checks.iter().filter_map(|check| self.problem_of_check(check)));
        problems.extend(self.grants.iter().filter_map(|grant| self.problem_of_grant(grant)));
        problems
    }

    fn problem_of_review(&self, review: &ReceiptReview) -> Option<String> {
        let who = format!("{} on {}", review.reviewer, review.subject);
        let worst = review.findings.iter().map(|f| f.severity).max();
        let least = match worst {
            Some(Severity::Blocker) => Verdict::Blocker,
            Some(Severity::Concern) => Verdict::Concern,
            Some(Severity::Note) | None => Verdict::Approved,
        };
        if review.verdict < least {
            let (said, least) = (review.verdict.as_str(), least.as_str());
            return Some(format!("the verdict of {who} is {said}, but it has a {least} among its findings"));
        }
        if !review.carried_over && review.checkpoint != self.checkpoint {
            return Some(format!("the verdict of {who} is about another checkpoint"));
        }
        None
    }

    fn problem_of_grant(&self, grant: &ReceiptGrant) -> Option<String> {
        let over = [grant.revoked_at, grant.ended_at].into_iter().flatten();
        let wrong = grant.given_at > self.at || over.clone().any(|at| at > self.at || at < grant.given_at);
        wrong.then(|| format!("the times of the grant {} do not agree", grant.grant))
    }

    fn problem_of_check(&self, check: &ReceiptCheck) -> Option<String> {
        let ran = check.outcome == Some(CheckOutcome::Passed);
        if check.passed && !ran {
            return Some(format!("the check `{}` counts as passed and has not passed", check.command));
        }
        if check.passed && check.checkpoint != self.checkpoint {
            return Some(format!("the check `{}` was run on another checkpoint", check.command));
        }
        None
    }
}

#[cfg(test)]
#[path = "receipt_tests.rs"]
mod tests;
