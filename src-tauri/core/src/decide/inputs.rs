//! The facts that an input itself is, before anything follows from them.

use super::approvals::{self, Asker};
use super::{Fact, checks, grants, limits, recover, resume};
use crate::agent_event::{AgentEvent, Decoded};
use crate::event::{
    CheckpointPurpose, CheckpointTaken, Ending, Event, Fault, Purpose, RestState, Step, StopCause,
};
use crate::ids::{AttemptNo, Nonce, ReviewId, Role, TurnNo, WorkerName};
use crate::input::{Input, Rejection};
use crate::outcome::{FailureClass, Outcome, TurnEnd};
use crate::policy::Survey;
use crate::recovery::{Signs, Trouble};
use crate::review::answer;
use crate::review::verdict::Judgement;
use crate::state::{Attempt, AttemptState, BlockerStand, ReviewProgress, ReviewState, State};
use crate::time::{Timestamp, seconds};

/// The input as facts.
pub(super) fn facts(state: &State, input: Input, now: Timestamp) -> Result<Vec<Fact>, Rejection> {
    if let Input::Create(created) = input {
        return match state.created {
            None => Ok(vec![(None, Event::SessionCreated(created))]),
            Some(_) => Err(Rejection::Exists),
        };
    }
    if state.created.is_none() {
        return Err(Rejection::Unknown);
    }
    let input = match input {
        Input::Resume { message, waits } => return resume::resume(state, message, waits),
        Input::ReviewNow { focus, waits } => return resume::review_now(state, focus, waits),
        Input::Answer { approval, choice, by, backing } => {
            return approvals::answered(state, &approval, choice, by, backing.as_deref());
        }
        Input::Revoke { grant } => return grants::revoked(state, &grant, now),
        Input::Resolve { blocker } => return resolved(state, blocker),
        Input::Saved(taken) => {
            at_rest(state)?;
            return Ok(vec![(None, Event::CheckpointTaken(taken))]);
        }
        Input::Restored { restored, now } => {
            at_rest(state)?;
            return Ok(vec![
                (None, Event::CheckpointRestored(restored)),
                (None, Event::CheckpointTaken(now)),
            ]);
        }
        other => other,
    };
    if state.is_over() {
        return Err(Rejection::Ended);
    }
    match input {
        Input::Create(_) => Err(Rejection::Exists),
        Input::Saved(_) | Input::Restored { .. } => Err(Rejection::Running),
        Input::Answer { .. } | Input::Revoke { .. } | Input::Resolve { .. } => Err(Rejection::Stale),
        Input::Prepared(result) => match (&state.prepared, &state.at_step.fault, result) {
            (None, None, Ok(prepared)) => Ok(vec![(None, Event::SessionPrepared(prepared))]),
            (None, None, Err(fault)) => Ok(vec![(None, Event::PrepareFailed(fault))]),
            _ => Err(Rejection::Stale),
        },
        Input::Checkpoint { checkpoint, result } => match state.pending_checkpoint {
            Some((pending, purpose)) if pending == checkpoint => Ok(vec![(
                None,
                match result {
                    Ok(taken) => checkpoint_taken(state, purpose, taken),
                    Err(fault) => Event::CheckpointFailed { checkpoint, fault },
                },
            )]),
            _ => Err(Rejection::Stale),
        },
        Input::Spawned { worker, attempt, result } => spawned(state, &worker, attempt, result, now),
        Input::Exited { worker, attempt, code, signal, tree_empty, turn } => {
            let open = unended(state, &worker, attempt)?;
            let mut facts = Vec::new();
            if let Some(end) = vanished(open).map(|bare| turn.map_or(bare, |end| *end)) {
                facts.extend(turn_ended(state, &worker, attempt, end, false, now));
            }
            let exited = Event::WorkerExited { attempt, code, signal, tree_empty };
            facts.push((Some(worker), exited));
            Ok(facts)
        }
        Input::Agent { worker, attempt, decoded, survey } => {
            agent(state, worker, attempt, decoded, survey.as_deref(), now)
        }
        Input::Stalled { worker, attempt, turn, silent_ms, retrying } => {
            let open = unended(state, &worker, attempt)?.turn.as_ref();
            if open.is_none_or(|open| open.turn != turn) {
                return Err(Rejection::Stale);
            }
            let mut facts = vec![(Some(worker.clone()), Event::WorkerStalled { attempt, turn, silent_ms })];
            let seconds = silent_ms / 1000;
            let (class, text) = match retrying {
                Some(class) => {
                    (class, format!("no sign of work for {seconds} s but further tries at its model"))
                }
                None => (FailureClass::Unknown, format!("no sign of work for {seconds} s")),
            };
            facts.extend(turn_ended(state, &worker, attempt, failed(class, text), true, now));
            facts.push((Some(worker), Event::WorkerStopRequested { attempt, urgent: false }));
            Ok(facts)
        }
        Input::CheckRan { check, result } => checks::ran(state, check, result),
        Input::ReviewPrepared { review, try_no, result } => review_prepared(state, review, try_no, result),
        Input::PlacesChecked { review, try_no, missing, tampered } => {
            places_checked(state, review, try_no, missing, tampered)
        }
        Input::ReviewTimedOut { review } => match state.review(&review) {
            // The time of one that cannot be asked for yet begins anew when it can.
            Some(open)
                if open.judgement().is_none() && state.ending.is_none() && !waits_for_quota(state, open) =>
            {
                let limit = seconds(state.settings().review_timeout_ms);
                let why = format!("{} gave no answer within {limit}", open.request.reviewer);
                Ok(vec![verdict(state, review, Judgement::inconclusive(why))])
            }
            _ => Err(Rejection::Stale),
        },
        Input::RecoveryDue { worker, turn } => recover::due(state, worker, turn),
        Input::QuotaReached { agent, until } => recover::quota_reached(state, agent, until),
        Input::QuotaReset { agent, until } => recover::quota_reset(state, agent, until),
        Input::QuotaLifted { agent } => recover::quota_lifted(state, &agent),
        Input::Measured(look) => limits::measured(state, look),
        Input::TimeLimitReached => stop(state, StopCause::TimeLimit, false),
        Input::Stop { by, urgent } => stop(state, by, urgent),
        Input::Resume { .. } | Input::ReviewNow { .. } => Err(Rejection::NotAtRest),
        Input::Message { worker, text } => message(state, worker, text),
        Input::Proceed => Ok(Vec::new()),
        Input::Warn { text } => Ok(vec![(None, Event::WarningRaised { text })]),
    }
}

fn waits_for_quota(state: &State, review: &ReviewState) -> bool {
    let reviewer = state.workers.get(&review.request.reviewer);
    matches!(review.progress, ReviewProgress::Preparing { .. } | ReviewProgress::Ready { .. })
        && reviewer.is_some_and(|known| state.quotas.contains_key(&known.member.agent))
}

/// Files are brought back only where nothing runs that could write them.
fn at_rest(state: &State) -> Result<(), Rejection> {
    if state.is_over() { Ok(()) } else { Err(Rejection::Running) }
}

/// Before a turn no second checkpoint of the same is kept.
fn checkpoint_taken(state: &State, purpose: CheckpointPurpose, taken: CheckpointTaken) -> Event {
    match state.newest_checkpoint() {
        Some(newest) if purpose == CheckpointPurpose::Turn && newest.digest == taken.digest => {
            Event::CheckpointUnchanged { checkpoint: taken.checkpoint, same_as: newest.checkpoint }
        }
        _ => Event::CheckpointTaken(taken),
    }
}

fn unended<'a>(state: &'a State, worker: &WorkerName, attempt: AttemptNo) -> Result<&'a Attempt, Rejection> {
    state.attempt(worker, attempt).filter(|a| !a.is_over()).ok_or(Rejection::Stale)
}

fn failed(class: FailureClass, text: String) -> TurnEnd {
    TurnEnd { text: Some(text), ..TurnEnd::bare(Outcome::Failed, Some(class)) }
}

fn vanished(attempt: &Attempt) -> Option<TurnEnd> {
    attempt.turn.as_ref()?;
    let outcome = if attempt.stopping.is_some() { Outcome::Interrupted } else { Outcome::Vanished };
    Some(TurnEnd::bare(outcome, None))
}

fn spawned(
    state: &State,
    worker: &WorkerName,
    attempt: AttemptNo,
    result: Result<(i32, u64), Fault>,
    now: Timestamp,
) -> Result<Vec<Fact>, Rejection> {
    let open = unended(state, worker, attempt)?;
    if open.state != AttemptState::Starting {
        return Err(Rejection::Stale);
    }
    Ok(match result {
        Ok((pid, start_time)) => {
            vec![(Some(worker.clone()), Event::WorkerSpawned { attempt, pid, start_time })]
        }
        Err(fault) => {
            let text = format!("{} ({})", fault.message, fault.hint);
            let mut facts = vec![(Some(worker.clone()), Event::WorkerSpawnFailed { attempt, fault })];
            facts.extend(turn_ended(
                state,
                worker,
                attempt,
                failed(FailureClass::BadArguments, text),
                false,
                now,
            ));
            facts
        }
    })
}

fn agent(
    state: &State,
    worker: WorkerName,
    attempt: AttemptNo,
    decoded: Decoded,
    survey: Option<&Survey>,
    now: Timestamp,
) -> Result<Vec<Fact>, Rejection> {
    let open = unended(state, &worker, attempt)?;
    let turn = open.turn.as_ref().map(|open| open.turn);
    match decoded.event {
        AgentEvent::Delta { .. } => Err(Rejection::Stale),
        AgentEvent::TurnEnded { end } => {
            let ended = turn_ended(state, &worker, attempt, end, false, now);
            if ended.is_empty() { Err(Rejection::Stale) } else { Ok(ended) }
        }
        AgentEvent::ApprovalRequested { request } => {
            let asker = Asker { worker, attempt, turn, may_write: open.place.may_write() };
            Ok(approvals::asked(state, asker, request, survey, now))
        }
        AgentEvent::ApprovalWithdrawn { request } => {
            let void = approvals::withdrawn(state, &worker, attempt, &request);
            let item = AgentEvent::ApprovalWithdrawn { request };
            let withdrawn = (Some(worker), Event::AgentItem { attempt, turn, item });
            Ok(std::iter::once(withdrawn).chain(void).collect())
        }
        item => Ok(vec![(Some(worker), Event::AgentItem { attempt, turn, item })]),
    }
}

/// The process's turn fails, for a reason of ours.
pub(super) fn turn_failed(
    state: &State,
    worker: &WorkerName,
    attempt: AttemptNo,
    class: FailureClass,
    text: String,
    now: Timestamp,
) -> Vec<Fact> {
    turn_ended(state, worker, attempt, failed(class, text), false, now)
}

/// The end of the process's turn, and what it says about a review; nothing when no turn is open.
fn turn_ended(
    state: &State,
    worker: &WorkerName,
    attempt: AttemptNo,
    end: TurnEnd,
    stalled: bool,
    now: Timestamp,
) -> Vec<Fact> {
    let Some(open) = state.attempt(worker, attempt).and_then(|a| a.turn.as_ref()) else { return Vec::new() };
    let end = end.heard_at(now);
    let follow = match &open.purpose {
        Purpose::Review { review, try_no } if end.outcome == Outcome::Completed => {
            reviewed(state, worker, review, *try_no, &end).into_iter().collect()
        }
        Purpose::Review { review, .. } => {
            review_not_completed(state, worker, review, open.turn, &end, stalled, now)
        }
        Purpose::Plan | Purpose::Implement | Purpose::Fix { .. } | Purpose::FollowUp => Vec::new(),
    };
    let completed = (end.outcome == Outcome::Completed).then(|| recover::succeeded(state, worker)).flatten();
    let ended = Event::TurnEnded { turn: open.turn, attempt, purpose: open.purpose.clone(), end };
    let void = approvals::of_ended_turn(state, worker);
    void.into_iter()
        .chain(std::iter::once((Some(worker.clone()), ended)))
        .chain(completed)
        .chain(follow)
        .collect()
}

/// A review whose turn broke off is asked for again, in what is left of its time, or is inconclusive.
fn review_not_completed(
    state: &State,
    worker: &WorkerName,
    review: &ReviewId,
    turn: TurnNo,
    end: &TurnEnd,
    stalled: bool,
    now: Timestamp,
) -> Vec<Fact> {
    let runs = state.review(review).is_some_and(|r| matches!(r.progress, ReviewProgress::Running { .. }));
    if !runs || state.ending.is_some() {
        return Vec::new();
    }
    let signs = state.workers.get(worker).map_or_else(Signs::default, |known| known.recovery.signs);
    let trouble = Trouble::of(end, Signs { stalled, ..signs });
    if let Some(facts) = recover::attempt(state, worker, turn, trouble, end.resets_at, now) {
        return facts;
    }
    let text = end.text.as_deref().unwrap_or_default();
    let why = format!("{worker} could not review: {} {text}", end.outcome.as_str());
    let verdict = verdict(state, review.clone(), Judgement::inconclusive(why.trim_end()));
    recover::exhausted(state, worker).into_iter().chain(std::iter::once(verdict)).collect()
}

fn reviewed(
    state: &State,
    worker: &WorkerName,
    review: &ReviewId,
    try_no: u32,
    end: &TurnEnd,
) -> Option<Fact> {
    let open = state.review(review)?;
    let ReviewProgress::Running { nonce, .. } = &open.progress else { return None };
    if state.ending.is_some() {
        return None;
    }
    let last = state.workers.get(worker).and_then(|w| w.last_message.as_deref());
    let text = end.text.as_deref().filter(|t| !t.trim().is_empty()).or(last);
    match answer::read(end.structured.as_ref(), text, nonce, &open.request.digest) {
        Ok(judgement) => {
            Some((Some(worker.clone()), Event::ReviewAnswered { review: review.clone(), try_no, judgement }))
        }
        Err(why) => Some(unusable(state, review.clone(), try_no, &why.to_string())),
    }
}

/// The first unusable answer is asked for once more; the second is inconclusive.
fn unusable(state: &State, review: ReviewId, try_no: u32, why: &str) -> Fact {
    let open = state.review(&review);
    let reviewer = open.map(|r| r.request.reviewer.clone());
    if try_no < 2 {
        return (reviewer, Event::ReviewAnswerUnusable { review, try_no, why: why.to_owned() });
    }
    let name = reviewer.as_ref().map_or("the reviewer", |r| r.as_str());
    let said = match open.and_then(|r| r.unusable.as_deref()) {
        Some(first) if first != why => format!("{name}'s first answer {first}, its second one {why}"),
        _ => format!("{name}'s answer {why}, twice"),
    };
    verdict(state, review, Judgement::inconclusive(said))
}

fn verdict(state: &State, review: ReviewId, judgement: Judgement) -> Fact {
    let reviewer = state.review(&review).map(|r| r.request.reviewer.clone());
    (reviewer, Event::VerdictRecorded { review, judgement })
}

fn review_prepared(
    state: &State,
    review: ReviewId,
    try_no: u32,
    result: Result<(Nonce, String), Fault>,
) -> Result<Vec<Fact>, Rejection> {
    let open = state.review(&review).ok_or(Rejection::Stale)?;
    if open.progress != (ReviewProgress::Preparing { try_no }) || state.ending.is_some() {
        return Err(Rejection::Stale);
    }
    let reviewer = Some(open.request.reviewer.clone());
    Ok(match result {
        Ok((nonce, checkout)) => {
            vec![(reviewer, Event::ReviewPrepared { review, try_no, nonce, checkout })]
        }
        Err(fault) => {
            let why = format!("the review could not be prepared: {}", fault.message);
            let failed = Event::ReviewPrepareFailed { review: review.clone(), fault };
            vec![(reviewer, failed), verdict(state, review, Judgement::inconclusive(why))]
        }
    })
}

fn places_checked(
    state: &State,
    review: ReviewId,
    try_no: u32,
    missing: Option<String>,
    tampered: Option<String>,
) -> Result<Vec<Fact>, Rejection> {
    let open = state.review(&review).ok_or(Rejection::Stale)?;
    let ReviewProgress::Checking { try_no: checking, judgement } = &open.progress else {
        return Err(Rejection::Stale);
    };
    if *checking != try_no || state.ending.is_some() {
        return Err(Rejection::Stale);
    }
    Ok(vec![if let Some(path) = tampered {
        let why = format!("{} wrote to its read-only checkout ({path})", open.request.reviewer);
        verdict(state, review, Judgement::inconclusive(why))
    } else if let Some(place) = missing {
        unusable(state, review, try_no, &answer::Unusable::NoSuchPlace(place).to_string())
    } else {
        let judgement = judgement.as_ref().clone();
        verdict(state, review, judgement)
    }])
}

/// A message is told after the turn in flight or with the next one, so the worker must still have one to come.
fn message(state: &State, worker: WorkerName, text: String) -> Result<Vec<Fact>, Rejection> {
    let role = state.workers.get(&worker).map(|w| w.member.role);
    let listens = match state.step {
        Step::Prepare | Step::Architecture => matches!(role, Some(Role::Architect | Role::Implementer)),
        Step::PlanReview | Step::Implementation { .. } | Step::Review { .. } => {
            role == Some(Role::Implementer)
        }
        Step::Done => false,
    };
    if state.ending.is_some() || !listens {
        return Err(Rejection::WorkerAtRest);
    }
    Ok(vec![(Some(worker), Event::MessageQueued { text })])
}

/// Stops are effective at once: the session is ending from this event on.
fn stop(state: &State, by: StopCause, urgent: bool) -> Result<Vec<Fact>, Rejection> {
    if state.ending.is_some() {
        if !urgent {
            return Err(Rejection::Stale);
        }
        let again = state.unended().filter(|(_, _, a)| a.stopping != Some(true));
        return Ok(again
            .map(|(worker, attempt, _)| {
                (Some(worker.clone()), Event::WorkerStopRequested { attempt, urgent: true })
            })
            .collect());
    }
    let (rest, exit_code, reason) = match by {
        StopCause::Person => (RestState::Stopped, 14, "stopped by the person"),
        StopCause::Pause => (RestState::Paused, 11, "paused by the person"),
        StopCause::Sigint => (RestState::Stopped, 130, "stopped by SIGINT"),
        StopCause::Sigterm => (RestState::Stopped, 143, "stopped by SIGTERM"),
        StopCause::TimeLimit => (RestState::Paused, 11, "the time limit was reached"),
        StopCause::MoneyLimit => (RestState::Paused, 11, "the money limit was reached"),
        StopCause::MemoryLimit => (RestState::Paused, 11, "a memory limit was reached"),
        StopCause::DiskLimit => (RestState::Paused, 11, "too little room was left on a disk"),
        StopCause::Crash => (RestState::Crashed, 1, "the program that ran it went away in mid-session"),
    };
    let ending = Ending { state: rest, exit_code, reason: reason.to_owned() };
    let mut facts = vec![(None, Event::StopRequested { by }), (None, Event::SessionEnding(ending))];
    if urgent {
        facts.extend(state.unended().map(|(worker, attempt, _)| {
            (Some(worker.clone()), Event::WorkerStopRequested { attempt, urgent: true })
        }));
    }
    Ok(facts)
}

/// A blocker is said to be resolved.
fn resolved(state: &State, seq: u64) -> Result<Vec<Fact>, Rejection> {
    let blocker = state.blockers.iter().find(|one| one.seq == seq).ok_or(Rejection::BlockerUnknown)?;
    match blocker.stand {
        BlockerStand::Open => Ok(vec![(blocker.worker.clone(), Event::BlockerResolved { blocker: seq })]),
        BlockerStand::Resolved | BlockerStand::Passed => Err(Rejection::BlockerSettled),
    }
}
