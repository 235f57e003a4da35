//! What a decision rests on, as it is written beside the session.

use super::of_grants;
use crate::event::DecisionMade;
use crate::ids::SessionId;
use crate::review::decision::{CheckResult, PairVerdict};
use crate::review::receipt::{RECEIPT_VERSION, Receipt, ReceiptCheck, ReceiptGrant, ReceiptReview};
use crate::state::{Grants, State};
use crate::time::Timestamp;

/// The receipt of a session's `number`th decision, without the digest of the receipt before it, which its writer
/// adds. `None` when there is no such decision, or when its journal does not say on which checkpoint it was made.
pub fn receipt(session: &SessionId, state: &State, number: usize) -> Option<Receipt> {
    let (at, made) = state.decisions.get(number.checked_sub(1)?)?;
    let checkpoint = state.checkpoints.get(&made.checkpoint?)?;
    let cost_usd = state.workers.values().filter(|w| w.next_turn > 1).map(|w| w.costs.total()).sum();
    Some(Receipt {
        receipt: RECEIPT_VERSION,
        session: session.clone(),
        number,
        at: *at,
        after: made.step.phase().to_owned(),
        decision: made.decision,
        fired: made.fired,
        rule: made.rule.clone(),
        takes_effect: made.takes_effect,
        checkpoint: Some(checkpoint.digest.clone()),
        expected: made.expected.clone(),
        reviews: made.verdicts.iter().map(|verdict| reviewed(state, made, verdict)).collect(),
        checks: made
            .checks
            .iter()
            .enumerate()
            .map(|(index, check)| checked(state, made, index, check))
            .collect(),
        grants: granted(&state.approvals.grants, *at),
        cost_usd,
        cost_known_usd: state.known_cost(),
        previous: None,
    })
}

/// What had been given until then, as it stood then.
fn granted(grants: &Grants, decided: Timestamp) -> Vec<ReceiptGrant> {
    let standing = grants.given.iter().map(|given| (given, None, None));
    let over = grants.over.iter().map(|over| {
        let at = Some(over.at).filter(|at| *at <= decided);
        (&over.given, at.filter(|_| over.revoked), at.filter(|_| !over.revoked))
    });
    let until_then = standing.chain(over).filter(|(given, ..)| given.at <= decided);
    let mut listed: Vec<ReceiptGrant> = until_then
        .map(|(given, revoked_at, ended_at)| {
            let seen = of_grants::view(given);
            ReceiptGrant {
                grant: given.grant.grant.clone(),
                worker: given.grant.worker.clone(),
                what: seen.what,
                exactly: seen.exactly,
                by: given.grant.by,
                rule: seen.rule,
                given_at: given.at,
                ends: seen.ends,
                revoked_at,
                ended_at,
            }
        })
        .collect();
    listed.sort_by(|one, other| {
        (one.given_at, one.grant.as_str()).cmp(&(other.given_at, other.grant.as_str()))
    });
    listed
}

fn reviewed(state: &State, made: &DecisionMade, counted: &PairVerdict) -> ReceiptReview {
    let pair = &counted.pair;
    // Later reviews are no part of an earlier decision.
    let review = state.reviews.iter().rev().find(|r| {
        r.request.reviewer == pair.reviewer
            && r.request.subject == pair.subject
            && Some(r.request.checkpoint) <= made.checkpoint
    });
    let reviewer = state.workers.get(&pair.reviewer);
    let agent = reviewer.map(|w| &w.member.agent);
    let found = state.prepared.as_ref().and_then(|p| p.agents.iter().find(|a| Some(&a.agent) == agent));
    let judgement = review.and_then(|r| r.judgement());
    ReceiptReview {
        reviewer: pair.reviewer.clone(),
        subject: pair.subject.clone(),
        agent: agent.cloned(),
        cli_version: found.and_then(|a| a.version.clone()),
        model: reviewer.and_then(|w| w.model.as_deref()).map(ToOwned::to_owned),
        checkpoint: review.map(|r| r.request.digest.clone()),
        carried_over: review.is_some_and(|r| r.request.step.phase() != made.step.phase()),
        verdict: counted.verdict,
        summary: judgement.map(|j| j.summary.clone()),
        findings: judgement.map(|j| j.findings.clone()).unwrap_or_default(),
    }
}

fn checked(state: &State, made: &DecisionMade, index: usize, counted: &CheckResult) -> ReceiptCheck {
    let mut of_checkpoint =
        state.checks.iter().filter(|check| Some(check.started.checkpoint) == made.checkpoint);
    let ran = of_checkpoint.nth(index).filter(|check| check.started.command == counted.command);
    let finished = ran.and_then(|check| check.finished.as_ref());
    ReceiptCheck {
        command: counted.command.clone(),
        passed: counted.passed,
        checkpoint: ran.map(|check| check.started.digest.clone()),
        outcome: finished.map(|f| f.outcome),
        exit_code: finished.and_then(|f| f.exit_code),
        duration_ms: finished.map(|f| f.duration_ms),
    }
}
