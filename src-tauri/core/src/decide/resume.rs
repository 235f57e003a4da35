//! Going on with a session that rests: what is to be done again, and what comes next.

use super::{Fact, checks};
use crate::event::{Event, Place, Purpose, RestState, Step};
use crate::ids::AgentKind;
use crate::input::Rejection;
use crate::recovery::Remedy;
use crate::review::verdict::Severity;
use crate::settings::PermissionMode;
use crate::state::{State, WorkerState};

/// The facts of a resumption. What was broken off is done again; a decision that waited for a person is taken up
/// with what the reviews found and what the person says.
pub(super) fn resume(
    state: &State,
    message: Option<String>,
    waits: Option<bool>,
) -> Result<Vec<Fact>, Rejection> {
    let message = message.filter(|text| !text.trim().is_empty());
    let Some(ending) = state.ending.as_ref().filter(|_| state.is_over()) else {
        return Err(Rejection::NotAtRest);
    };
    let finished = matches!(ending.state, RestState::Finished);
    if (finished && message.is_none()) || ending.state == RestState::Failed {
        return Err(Rejection::NotAtRest);
    }
    let step = next_step(state, finished, message.is_some());
    Ok(vec![
        (None, Event::SessionResumed { message, waits_for_person: waits }),
        (None, Event::PhaseStarted { step }),
    ])
}

/// A review that a person asks for: at once in the middle of the implementation, whose turn then waits with what
/// it asks; of what is there, when the session rests.
pub(super) fn review_now(
    state: &State,
    focus: Option<String>,
    waits: Option<bool>,
) -> Result<Vec<Fact>, Rejection> {
    let focus = focus.filter(|text| !text.trim().is_empty());
    let requested = (None, Event::ReviewNowRequested { focus });
    let round = Step::Review { fix_round: last_round(state) };
    match &state.ending {
        None => match state.step {
            Step::Implementation { .. } => Ok(vec![requested, (None, Event::PhaseStarted { step: round })]),
            // The running reviews, or those that come after the turn, are this one.
            Step::Review { .. } => Ok(vec![requested]),
            _ => Err(Rejection::NothingToReview),
        },
        Some(ending)
            if state.is_over() && ending.state != RestState::Failed && !state.checkpoints.is_empty() =>
        {
            let resumed = (None, Event::SessionResumed { message: None, waits_for_person: waits });
            Ok(vec![requested, resumed, (None, Event::PhaseStarted { step: round })])
        }
        Some(_) => Err(Rejection::NothingToReview),
    }
}

fn next_step(state: &State, finished: bool, has_message: bool) -> Step {
    let next_round = || Step::Implementation { fix_round: last_round(state) + 1 };
    if finished {
        return next_round();
    }
    let decided = state.at_step.decision.is_some();
    let to_mend = has_message || found_something(state);
    match state.step {
        Step::PlanReview if decided && to_mend => Step::Architecture,
        Step::Review { .. } if decided && to_mend => next_round(),
        Step::Done => next_round(),
        step => step,
    }
}

/// Whether the step's reviews or checks found something that can be mended.
fn found_something(state: &State) -> bool {
    if checks::found_something(state) {
        return true;
    }
    let judgements = state.at_step.reviews.iter().filter_map(|id| state.review(id)?.judgement());
    judgements.flat_map(|judgement| &judgement.findings).any(|finding| finding.severity > Severity::Note)
}

fn last_round(state: &State) -> u32 {
    let of_step = |step: &Step| match step {
        Step::Implementation { fix_round } | Step::Review { fix_round } => *fix_round,
        _ => 0,
    };
    let reviewed = state.reviews.iter().map(|review| of_step(&review.request.step)).max();
    of_step(&state.step).max(reviewed.unwrap_or(0))
}

/// The agent's own session that a new process goes on with. Only where the agent can do that without harm: Gemini's
/// `session/load` of the live protocol loses sessions, the `--resume` of its one-shots does not (facts/agent-clis.md
/// §0.3).
pub(super) fn session_to_resume(state: &State, worker: &WorkerState, purpose: &Purpose) -> Option<String> {
    let can = match worker.member.agent {
        AgentKind::Claude | AgentKind::Codex => true,
        AgentKind::Gemini => {
            let place = Place::Target { write: *purpose != Purpose::Plan };
            state.launched(&worker.member.name, &place).permission == PermissionMode::Bypass
        }
        AgentKind::Acp(_) => false,
    };
    let underway = worker.recovery.to_begin();
    let works = match purpose {
        Purpose::Implement | Purpose::Fix { .. } | Purpose::FollowUp => true,
        Purpose::Plan => underway.is_some(),
        Purpose::Review { .. } => false,
    };
    let anew = underway.is_some_and(|underway| underway.remedy == Remedy::NewSession);
    if can && works && !anew { worker.agent_session.as_deref().map(ToOwned::to_owned) } else { None }
}
