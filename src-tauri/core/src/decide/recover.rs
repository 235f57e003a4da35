//! What follows from a turn that did not complete: a remedy, a wait, the turn once more, or nothing that helps.

use super::{Fact, grants};
use crate::event::{Event, RecoveryAttempted, RecoveryEnded};
use crate::ids::{AgentKind, TurnNo, WorkerName};
use crate::input::Rejection;
use crate::recovery::{Remedy, Trouble, back_off_ms, remedy, seed};
use crate::state::{State, WorkerState};
use crate::time::Timestamp;

/// The next try of a worker whose turn ended like this; `None` where no remedy is known, or none is left.
pub(super) fn attempt(
    state: &State,
    worker: &WorkerName,
    turn: TurnNo,
    trouble: Option<Trouble>,
    resets_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<Vec<Fact>> {
    let (known, class) = (state.workers.get(worker)?, trouble?);
    let settings = state.created.as_ref()?.settings.recovery;
    let agent = &known.member.agent;
    let (remedy, of) = remedy(class, agent, state.was_launched(worker)?, resets_at.is_some(), settings)?;
    if !grants::may_try(state, worker, remedy) {
        return None;
    }
    let tried = known.recovery.tries.get(&class).copied().unwrap_or(0);
    if tried >= of {
        return None;
    }
    let try_no = tried + 1;
    let mut facts = Vec::new();
    let (mut delay_ms, mut until) = (None, None);
    match remedy {
        Remedy::BackOff => {
            let seed = seed(state.created_at.0, state.last_seq, worker.as_str());
            let delay = back_off_ms(settings, try_no, seed);
            (delay_ms, until) = (Some(delay), Some(now.plus_ms(delay)));
        }
        Remedy::WaitForReset => {
            // Our clock and theirs are not the same, and one that is over by now is asked for a moment later.
            let over = resets_at?.max(now).plus_ms(settings.back_off_ms.min(MARGIN_MS));
            until = Some(over);
            if state.quotas.get(agent).is_none_or(|known| *known < over) {
                let reached = Event::QuotaReached { agent: agent.clone(), until: over, elsewhere: false };
                facts.push((Some(worker.clone()), reached));
            }
        }
        Remedy::AddSkipGitRepoCheck
        | Remedy::AddSkipTrust
        | Remedy::AskInstead
        | Remedy::NewSession
        | Remedy::GoOn => {}
    }
    facts.extend(grants::by_remedy(state, worker, remedy));
    let attempted = RecoveryAttempted { turn, class, remedy, try_no, of, delay_ms, until };
    facts.push((Some(worker.clone()), Event::RecoveryAttempted(attempted)));
    if remedy.needs_new_process() {
        let usable = known.attempts.iter().filter(|(_, a)| !a.is_over() && a.stopping.is_none());
        facts.extend(usable.map(|(attempt, _)| {
            (Some(worker.clone()), Event::WorkerStopRequested { attempt: *attempt, urgent: false })
        }));
    }
    Some(facts)
}

/// How long after its named end a usage limit counts as over, at most.
const MARGIN_MS: u64 = 2_000;

/// What is said where no remedy helped, before the person is called.
pub(super) fn exhausted(state: &State, worker: &WorkerName) -> Option<Fact> {
    let known = state.workers.get(worker)?;
    let ended = ended(known)?;
    Some((Some(worker.clone()), Event::RecoveryExhausted(ended)))
}

/// What is said where the turn that took up a failed one was completed.
pub(super) fn succeeded(state: &State, worker: &WorkerName) -> Option<Fact> {
    let ended = ended(state.workers.get(worker)?)?;
    Some((Some(worker.clone()), Event::RecoverySucceeded(ended)))
}

fn ended(known: &WorkerState) -> Option<RecoveryEnded> {
    let underway = known.recovery.underway.as_ref()?;
    let tries = known.recovery.tries_in_all();
    Some(RecoveryEnded { class: underway.trouble, remedy: underway.remedy, tries })
}

/// Whether the worker's next turn cannot begin yet: it waits, or its last process has not ended.
pub(super) fn holds(state: &State, worker: &WorkerName) -> bool {
    let ends = state.workers.get(worker).is_some_and(|known| {
        known.recovery.to_begin().is_some()
            && known.attempts.values().any(|a| !a.is_over() && a.stopping.is_some())
    });
    ends || state.held_until(worker).is_some()
}

/// The wait of a recovery is over.
pub(super) fn due(state: &State, worker: WorkerName, turn: TurnNo) -> Result<Vec<Fact>, Rejection> {
    let underway = state.workers.get(&worker).and_then(|known| known.recovery.to_begin());
    if state.ending.is_some() || underway.is_none_or(|u| u.turn != turn || u.until.is_none()) {
        return Err(Rejection::Stale);
    }
    Ok(vec![(Some(worker), Event::RecoveryDue { turn })])
}

/// Another session was told of a usage limit.
pub(super) fn quota_reached(
    state: &State,
    agent: AgentKind,
    until: Timestamp,
) -> Result<Vec<Fact>, Rejection> {
    let concerned = state.workers.values().any(|known| known.member.agent == agent);
    let known = state.quotas.get(&agent).is_some_and(|known| *known >= until);
    if !concerned || known || state.ending.is_some() {
        return Err(Rejection::Stale);
    }
    Ok(vec![(None, Event::QuotaReached { agent, until, elsewhere: true })])
}

/// A usage limit is over.
pub(super) fn quota_reset(state: &State, agent: AgentKind, until: Timestamp) -> Result<Vec<Fact>, Rejection> {
    // A later end may have been named since.
    if state.ending.is_some() || state.quotas.get(&agent) != Some(&until) {
        return Err(Rejection::Stale);
    }
    Ok(vec![(None, Event::QuotaReset { agent, lifted: false })])
}

/// A person has it tried again now. Whoever waits for nothing else goes on; what then fails again waits again.
pub(super) fn quota_lifted(state: &State, agent: &AgentKind) -> Result<Vec<Fact>, Rejection> {
    if state.ending.is_some() || !state.quotas.contains_key(agent) {
        return Err(Rejection::Stale);
    }
    let of_agent = state.workers.iter().filter(|(_, known)| known.member.agent == *agent);
    let waiting = of_agent.filter_map(|(worker, known)| {
        let underway = known.recovery.to_begin()?;
        let waits = underway.remedy == Remedy::WaitForReset && underway.until.is_some();
        waits.then(|| (Some(worker.clone()), Event::RecoveryDue { turn: underway.turn }))
    });
    let lifted = (None, Event::QuotaReset { agent: agent.clone(), lifted: true });
    Ok(std::iter::once(lifted).chain(waiting).collect())
}
