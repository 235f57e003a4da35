//! Permissions that last: what rules and recoveries give, within the ceiling, and what is taken back.

use super::{Fact, inputs};
use crate::approval::{Answer, Ruled};
use crate::ceiling::Freedom;
use crate::event::{Envelope, Event};
use crate::grant::{Grant, GrantedBy, Scope};
use crate::ids::{ApprovalId, WorkerName};
use crate::input::Rejection;
use crate::outcome::FailureClass;
use crate::policy::Rule;
use crate::recovery::{Remedy, seed};
use crate::state::State;
use crate::time::Timestamp;

/// The grants of rules that let something through for the first time. `name` is that of the request.
pub(super) fn by_rules(
    state: &State,
    worker: &WorkerName,
    by: &[String],
    rules: &[Rule],
    name: &ApprovalId,
) -> Vec<Fact> {
    let grants = &state.approvals.grants;
    let fresh = by.iter().filter(|rule| !grants.has_rule(worker, rule));
    let found = fresh.filter_map(|by| rules.iter().find(|rule| rule.name == *by));
    let given = found.enumerate().map(|(nth, rule)| Grant {
        // One request can be let through by several rules.
        grant: if nth == 0 { name.clone() } else { ApprovalId::new(format!("{name}.{nth}")) },
        worker: worker.clone(),
        scope: Scope::Rule { rule: Box::new(rule.clone()) },
        by: GrantedBy::Rule,
    });
    given.map(|grant| (Some(worker.clone()), Event::GrantGiven(grant))).collect()
}

/// The grant that a remedy is, where it is one.
pub(super) fn by_remedy(state: &State, worker: &WorkerName, remedy: Remedy) -> Option<Fact> {
    failure_without(remedy)?;
    let target = state.created.as_ref()?.target.as_str();
    let name = seed(state.created_at.0, state.last_seq, &format!("{worker} {target}"));
    let grant = Grant {
        grant: ApprovalId::new(format!("recovery-{name:016x}")),
        worker: worker.clone(),
        scope: Scope::Remedy { remedy },
        by: GrantedBy::Recovery,
    };
    Some((Some(worker.clone()), Event::GrantGiven(grant)))
}

/// Whether the remedy stays within what may be given without a person, and was not taken back by one.
pub(super) fn may_try(state: &State, worker: &WorkerName, remedy: Remedy) -> bool {
    failure_without(remedy).is_none()
        || (state.settings().ceiling.has(Freedom::Flags) && !state.approvals.grants.bars(worker, remedy))
}

/// How a turn fails without what the remedy permits; `None` of one that permits nothing.
fn failure_without(remedy: Remedy) -> Option<FailureClass> {
    match remedy {
        Remedy::AddSkipGitRepoCheck => Some(FailureClass::NotAGitRepo),
        Remedy::AddSkipTrust => Some(FailureClass::UntrustedFolder),
        Remedy::AskInstead | Remedy::BackOff | Remedy::WaitForReset | Remedy::NewSession | Remedy::GoOn => {
            None
        }
    }
}

/// Yeses that were given on this grant's strength and wait for a review to end: they are noes now. Of several rules it
/// is not known which a yes rests on.
fn held_by<'a>(state: &'a State, given: &'a Grant) -> impl Iterator<Item = Fact> + 'a {
    let rests = |rule: &str| match &given.scope {
        Scope::Action { .. } => rule.strip_prefix("granted ") == Some(given.grant.as_str()),
        Scope::Rule { .. } => state.approvals.grants.has_rule(&given.worker, rule),
        Scope::Remedy { .. } => false,
    };
    let held = state.held.iter().filter(move |held| {
        held.worker == given.worker && held.ruling.answer == Answer::Allow && rests(&held.ruling.rule)
    });
    held.map(|held| {
        let turn =
            state.attempt(&held.worker, held.attempt).and_then(|a| a.turn.as_ref()).map(|turn| turn.turn);
        let ruling =
            Ruled::deny("revoked", "what allowed it was taken back; ask again if you need it".to_owned());
        let (attempt, request) = (held.attempt, held.request.clone());
        (Some(held.worker.clone()), Event::ApprovalDecided { attempt, turn, request, ruling })
    })
}

/// A grant is taken back. That of an answer or a rule is asked about from the next request on; a process that was
/// started with more than is granted now is ended.
pub(super) fn revoked(state: &State, grant: &ApprovalId, now: Timestamp) -> Result<Vec<Fact>, Rejection> {
    let given = state.approvals.grants.named(grant).ok_or(Rejection::GrantUnknown)?;
    let worker = &given.worker;
    let event = Event::GrantRevoked { grant: grant.clone() };
    let mut facts = vec![(Some(worker.clone()), event.clone())];
    facts.extend(held_by(state, given));
    let class = match given.scope {
        Scope::Remedy { remedy } => failure_without(remedy),
        Scope::Action { .. } | Scope::Rule { .. } => None,
    };
    let Some(class) = class.filter(|_| state.ending.is_none()) else { return Ok(facts) };
    let mut after = state.clone();
    after.apply(&Envelope { seq: state.last_seq, at: now, worker: Some(worker.clone()), event });
    let running = state.unended().filter(|(of, _, attempt)| *of == worker && attempt.stopping.is_none());
    for (worker, attempt, _) in running {
        let text = "what it was started with was taken back".to_owned();
        facts.extend(inputs::turn_failed(&after, worker, attempt, class, text, now));
        facts.push((Some(worker.clone()), Event::WorkerStopRequested { attempt, urgent: false }));
    }
    Ok(facts)
}
