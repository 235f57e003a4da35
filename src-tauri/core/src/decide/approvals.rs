//! What workers ask: the policy's answer, a grant's, or a question to a person, and what becomes of that.

use super::{Fact, grants};
use crate::approval::{
    AllowFor, Answer, AnsweredBy, ApprovalAnswered, ApprovalAsked, ApprovalRequest, Choice, Ruled,
};
use crate::event::{Event, Place, RestState, Step};
use crate::grant::{Grant, GrantedBy, Scope};
use crate::ids::{ApprovalId, AttemptNo, RequestId, Role, TurnNo, WorkerName};
use crate::input::{Backing, Edited, Rejection};
use crate::policy::{Ground, Permit, Risk, Ruling, Survey, always, judge};
use crate::state::{AttemptState, MAX_OPEN, OpenApproval, ReviewProgress, State};
use crate::time::Timestamp;

/// What is added to the reason of a question about what was allowed before and may have been done.
const MAY_BE_DONE: &str = " before the program ended, and may have been done already";

/// Who asks: which process of a worker, in which turn.
pub(super) struct Asker {
    pub(super) worker: WorkerName,
    pub(super) attempt: AttemptNo,
    pub(super) turn: Option<TurnNo>,
    pub(super) may_write: bool,
}

/// What a request leads to.
pub(super) fn asked(
    state: &State,
    asker: Asker,
    request: ApprovalRequest,
    survey: Option<&Survey>,
    now: Timestamp,
) -> Vec<Fact> {
    let ends = state.attempt(&asker.worker, asker.attempt).is_none_or(|a| a.stopping.is_some());
    if state.ending.is_some() || ends {
        return vec![told(state, &asker, request, Ruled::stopping())];
    }
    let known = survey.zip(state.workers.get(&asker.worker));
    let Some((survey, worker)) = known else {
        let message = "nothing is known of the places that this names".to_owned();
        return vec![told(state, &asker, request, Ruled::deny("unknown_ground", message))];
    };
    let rules = state.approvals.grants.rules(&asker.worker, &survey.rules);
    let ground = Ground {
        bounds: &survey.bounds,
        role: worker.member.role,
        may_write: asker.may_write,
        places: &survey.known,
        rules: &rules,
        ceiling: state.settings().ceiling,
    };
    let ruling = judge(&request.action, &ground);
    match ruling.verdict {
        Permit::Allow => {
            let mut facts = grants::by_rules(state, &asker.worker, &ruling.by, &rules, &survey.approval);
            facts.push(told(state, &asker, request, Ruled { rule: ruling.rule, answer: Answer::Allow }));
            facts
        }
        Permit::Deny => {
            let message = format!("not allowed: {}", ruling.why);
            vec![told(state, &asker, request, Ruled::deny(&ruling.rule, message))]
        }
        Permit::Ask => ask(state, asker, request, ruling, (&ground, survey), now),
    }
}

fn ask(
    state: &State,
    asker: Asker,
    request: ApprovalRequest,
    ruling: Ruling,
    (ground, survey): (&Ground<'_>, &Survey),
    now: Timestamp,
) -> Vec<Fact> {
    if let Some(grant) = state.approvals.grants.for_action(&asker.worker, &request.action) {
        let rule = format!("granted {}", grant.grant);
        return vec![told(state, &asker, request, Ruled { rule, answer: Answer::Allow })];
    }
    if let Some(open) = state.approvals.left_behind(&asker.worker, &request.action) {
        let repeated = Event::ApprovalRepeated {
            approval: open.asked.approval.clone(),
            attempt: asker.attempt,
            request: request.request.clone(),
        };
        // An edited call is judged again first, on the ground as it is now.
        let kept = open.answer.as_ref().filter(|kept| !kept.is_edit());
        let answer =
            kept.map(|kept| Ruled { rule: kept.by.as_str().to_owned(), answer: kept.choice.answer(None) });
        let mut facts = vec![(Some(asker.worker.clone()), repeated)];
        facts.extend(answer.map(|ruled| told(state, &asker, request, ruled)));
        return facts;
    }
    if state.approvals.open.len() >= MAX_OPEN {
        let message = "too many questions are open; this one was not asked".to_owned();
        return vec![told(state, &asker, request, Ruled::deny("too_many_questions", message))];
    }
    let mut why = ruling.why;
    match state.approvals.may_have_been_made(&asker.worker, &request.action) {
        Some(made) if made.is_same_as(&request.action) => {
            why.extend(["; it was allowed", MAY_BE_DONE]);
        }
        Some(made) => {
            let instead = made.in_words();
            why.extend(["; to ", &instead, " was allowed instead of it", MAY_BE_DONE]);
        }
        None => {}
    }
    let mut options = vec![AllowFor::Once];
    if ruling.risk != Risk::High {
        options.push(AllowFor::Session);
        // The checkout of a review is not the person's folder.
        let in_target = state.attempt(&asker.worker, asker.attempt);
        if in_target.is_some_and(|asking| matches!(asking.place, Place::Target { .. }))
            && always(&request.action, ground).is_ok()
        {
            options.push(AllowFor::Always);
        }
    }
    let timeout = state.settings().approval_timeout_ms;
    let question = ApprovalAsked {
        approval: survey.approval.clone(),
        attempt: asker.attempt,
        turn: asker.turn,
        folder: survey.bounds.root.clone(),
        request,
        rule: ruling.rule,
        why,
        risk: ruling.risk,
        options,
        expires_at: (timeout > 0).then(|| now.plus_ms(timeout)),
    };
    vec![(Some(asker.worker), Event::ApprovalRequested(question))]
}

/// The answer to the agent; later, while its work is being reviewed.
fn told(state: &State, asker: &Asker, request: ApprovalRequest, ruling: Ruled) -> Fact {
    let request = ApprovalRequest { call: None, ..request };
    let (worker, attempt) = (asker.worker.clone(), asker.attempt);
    let fact = if state.holds(&worker) {
        Event::ApprovalHeld { attempt, request, ruling }
    } else {
        Event::ApprovalDecided { attempt, turn: asker.turn, request, ruling }
    };
    (Some(worker), fact)
}

/// An answer of a person, or of who stands in for one.
pub(super) fn answered(
    state: &State,
    approval: &ApprovalId,
    choice: Choice,
    by: AnsweredBy,
    backing: Option<&Backing>,
) -> Result<Vec<Fact>, Rejection> {
    let (edited, saved) = match backing {
        Some(Backing::Edited(edited)) => (Some(edited), None),
        Some(Backing::Saved(rule)) => (None, Some(rule)),
        None => (None, None),
    };
    let Some(open) = state.approvals.open(approval) else {
        let settled = state.approvals.is_settled(approval);
        return Err(if settled { Rejection::ApprovalSettled } else { Rejection::ApprovalUnknown });
    };
    if let Some(kept) = &open.answer {
        // Somebody waits for it again: what was edited is judged once more.
        let again = kept.is_edit() && kept.choice == choice && open.waiting.is_some();
        if !again {
            return Err(Rejection::ApprovalSettled);
        }
        let ruled = match edited.map(|edited| (edited, judged(state, open, edited))) {
            Some((edited, ruling)) if ruling.verdict != Permit::Deny => {
                Ruled { rule: kept.by.as_str().to_owned(), answer: choice.answer(Some(&edited.action)) }
            }
            Some((_, ruling)) => Ruled::deny(&ruling.rule, format!("not allowed: {}", ruling.why)),
            None => Ruled { rule: kept.by.as_str().to_owned(), answer: choice.answer(None) },
        };
        return Ok(answer_of_waiting(state, open, ruled).into_iter().collect());
    }
    if matches!(choice, Choice::Edit { .. }) {
        let edited = edited.filter(|_| open.asked.request.call.is_some()).ok_or(Rejection::NotEditable)?;
        if judged(state, open, edited).verdict == Permit::Deny {
            return Err(Rejection::EditDenied);
        }
    }
    if let Choice::Allow { allowed } = &choice
        && (!open.asked.options.contains(allowed) || (*allowed == AllowFor::Always && saved.is_none()))
    {
        return Err(Rejection::NotAnOption);
    }
    let action = &open.asked.request.action;
    if by != AnsweredBy::Person && !matches!(choice, Choice::Deny { .. }) {
        let ceiling = state.settings().ceiling;
        let instead = edited.map(|edited| &edited.action);
        if !std::iter::once(action).chain(instead).all(|action| ceiling.covers(action)) {
            return Err(Rejection::AboveCeiling);
        }
    }
    let worker = Some(open.worker.clone());
    let mut facts = Vec::new();
    if let (Choice::Allow { allowed: AllowFor::Session }, Some(granted_by)) =
        (&choice, GrantedBy::answering(by))
    {
        let grant = Grant {
            grant: approval.clone(),
            worker: open.worker.clone(),
            scope: Scope::Action { action: action.clone() },
            by: granted_by,
        };
        facts.push((worker.clone(), Event::GrantGiven(grant)));
    }
    let instead =
        edited.filter(|_| matches!(choice, Choice::Edit { .. })).map(|edited| edited.action.clone());
    let ruled = Ruled { rule: by.as_str().to_owned(), answer: choice.answer(instead.as_ref()) };
    let answered =
        ApprovalAnswered { approval: approval.clone(), choice, by, instead, saved: saved.cloned() };
    facts.insert(0, (worker, Event::ApprovalAnswered(answered)));
    facts.extend(answer_of_waiting(state, open, ruled));
    Ok(facts)
}

/// What is told to the process that waits, if one does.
fn answer_of_waiting(state: &State, open: &OpenApproval, ruled: Ruled) -> Option<Fact> {
    let (attempt, request) = open.waiting.as_ref()?;
    let turn = state.attempt(&open.worker, *attempt).and_then(|a| a.turn.as_ref()).map(|turn| turn.turn);
    let asker = Asker { worker: open.worker.clone(), attempt: *attempt, turn, may_write: false };
    let request = ApprovalRequest { request: request.clone(), ..open.asked.request.clone() };
    Some(told(state, &asker, request, ruled))
}

/// What the policy says of an edited call. A person can allow what it asks about, and nothing that it denies.
fn judged(state: &State, open: &OpenApproval, edited: &Edited) -> Ruling {
    let attempt = open.waiting.as_ref().map_or(open.asked.attempt, |(attempt, _)| *attempt);
    let asker = state.attempt(&open.worker, attempt);
    let role = state.workers.get(&open.worker).map_or(Role::Reviewer, |known| known.member.role);
    let rules = state.approvals.grants.rules(&open.worker, &edited.survey.rules);
    let ground = Ground {
        bounds: &edited.survey.bounds,
        role,
        may_write: asker.is_some_and(|asker| asker.place.may_write()),
        places: &edited.survey.known,
        rules: &rules,
        ceiling: state.settings().ceiling,
    };
    judge(&edited.action, &ground)
}

/// The agent took a request back. When the session ends that is our own cancel, and the question stays.
pub(super) fn withdrawn(
    state: &State,
    worker: &WorkerName,
    attempt: AttemptNo,
    request: &RequestId,
) -> Option<Fact> {
    let open = state.approvals.of_request(worker, attempt, request).filter(|_| state.ending.is_none())?;
    Some(void(open, "the agent took it back"))
}

/// Questions of a worker whose turn is over, in a session that goes on. When the session ends they stay: whoever
/// answers them meanwhile answers the same question of the next process.
pub(super) fn of_ended_turn(state: &State, worker: &WorkerName) -> Vec<Fact> {
    if state.ending.is_some() {
        return Vec::new();
    }
    let of_worker = state.approvals.open.iter().filter(|open| open.worker == *worker);
    of_worker.map(|open| void(open, "the turn that it was asked in is over")).collect()
}

/// Questions that nobody waits for any more and that nobody will ask again: their review has its verdict, the session is
/// finished, or they belonged to no turn and their process is gone.
pub(super) fn of_nobody(state: &State) -> Vec<Fact> {
    let finished = state.ending.as_ref().is_some_and(|ending| ending.state == RestState::Finished);
    let why = |open: &OpenApproval| {
        if finished {
            return Some("the session is finished");
        }
        if !works(state, &open.worker) {
            return Some("the review that it was asked in is over");
        }
        let gone = open.waiting.is_none() && open.asked.turn.is_none() && state.ending.is_none();
        gone.then_some("who asked is gone")
    };
    state.approvals.open.iter().filter_map(|open| Some(void(open, why(open)?))).collect()
}

/// Whether the worker has a turn to finish, now or when its session is taken up.
fn works(state: &State, worker: &WorkerName) -> bool {
    let reviews = || state.reviews.iter().any(|r| r.request.reviewer == *worker && r.judgement().is_none());
    match state.workers.get(worker).map(|known| known.member.role) {
        Some(Role::Implementer) => true,
        Some(Role::Architect) => matches!(state.step, Step::Prepare | Step::Architecture) || reviews(),
        _ => reviews(),
    }
}

fn void(open: &OpenApproval, why: &str) -> Fact {
    let voided = Event::ApprovalVoided { approval: open.asked.approval.clone(), why: why.to_owned() };
    (Some(open.worker.clone()), voided)
}

/// The end, where a session that does not wait has nothing left but questions.
pub(super) fn rests_on_a_person(state: &State) -> Option<(RestState, u8, String)> {
    if state.settings().waits_for_person {
        return None;
    }
    // One that nobody asks now may never be asked again, since the session was taken up.
    let question = state.approvals.unanswered().find(|open| open.waiting.is_some())?;
    if state.waits_to_recover() {
        return None;
    }
    // What counts as a no by itself needs nobody.
    if state.approvals.unanswered().any(|open| open.asked.expires_at.is_some()) {
        return None;
    }
    let busy = state.unended().any(|(worker, attempt, process)| {
        process.state == AttemptState::Starting
            || process.stopping.is_some()
            || (process.turn.is_some() && !state.approvals.keeps_waiting(worker, attempt))
    });
    let prepares = state.reviews.iter().any(|review| {
        matches!(
            review.progress,
            ReviewProgress::Preparing { .. } | ReviewProgress::Checking { .. } | ReviewProgress::Ready { .. }
        )
    });
    if busy || prepares || state.pending_checkpoint.is_some() || state.running_check().is_some() {
        return None;
    }
    let what = question.asked.request.action.in_words();
    Some((RestState::Blocked, 12, format!("{} waits for your answer: {what}", question.worker)))
}
