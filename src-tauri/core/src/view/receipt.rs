//! What a decision rests on, as it is written beside the session.

use serde_json::{Value, json};

use crate::ids::SessionId;
use crate::review::decision::PairVerdict;
use crate::state::State;

/// The receipt of a session's `number`th decision, without the digest of the receipt before it, which its writer
/// adds. `None` when there is no such decision.
pub fn receipt(session: &SessionId, state: &State, number: usize) -> Option<Value> {
    let (at, made) = state.decisions.get(number.checked_sub(1)?)?;
    let reviews: Vec<Value> = made.verdicts.iter().map(|verdict| reviewed(state, verdict)).collect();
    let costs: Option<f64> =
        state.workers.values().filter(|w| w.next_turn > 1).map(|w| w.costs.total()).sum();
    Some(json!({
        "receipt": 1,
        "session": session,
        "number": number,
        "at": at,
        "decision": made.decision,
        "takes_effect": made.takes_effect,
        "after": made.step.phase(),
        "rule": made.rule,
        "checkpoint": state.at_step.checkpoint.and_then(|n| state.checkpoints.get(&n)).map(|c| &c.digest),
        "reviews": reviews,
        "checks": [],
        "grants": [],
        "cost_usd": costs,
        "cost_known_usd": state.known_cost(),
    }))
}

fn reviewed(state: &State, counted: &PairVerdict) -> Value {
    let pair = &counted.pair;
    let newest = state
        .reviews
        .iter()
        .rev()
        .find(|r| r.request.reviewer == pair.reviewer && r.request.subject == pair.subject);
    let reviewer = state.workers.get(&pair.reviewer);
    let agent = reviewer.map(|w| &w.member.agent);
    let found = state.prepared.as_ref().and_then(|p| p.agents.iter().find(|a| Some(&a.agent) == agent));
    let judgement = newest.and_then(|r| r.judgement());
    json!({
        "reviewer": pair.reviewer,
        "subject": pair.subject,
        "agent": agent,
        "cli_version": found.and_then(|a| a.version.as_deref()),
        "model": reviewer.and_then(|w| w.model.as_deref()),
        "checkpoint": newest.map(|r| &r.request.digest),
        "verdict": counted.verdict,
        "summary": judgement.map(|j| &j.summary),
        "findings": judgement.map(|j| &j.findings),
    })
}
