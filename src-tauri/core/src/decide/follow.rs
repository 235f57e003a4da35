//! What follows from a state by the workflow of design.md §5: a pure function of the state, asked again until
//! nothing more follows.

use super::resume::session_to_resume;
use super::{Fact, approvals, checks, recover};
use crate::event::{
    Blocker, CheckpointPurpose, DecisionMade, Ending, Event, Fault, GoesOn, Place, Purpose, RestState,
    ReviewRequested, Step, StopCause,
};
use crate::ids::{Digest, ReviewId, Role, WorkerName};
use crate::outcome::Outcome;
use crate::recovery;
use crate::review::decision::{Decided, Decision, PairVerdict, decide_review};
use crate::review::verdict::Severity;
use crate::state::{AttemptState, ReviewProgress, State, StepTurn, TurnResult};
use crate::team::{Pair, Team};
use crate::time::Timestamp;

/// The next facts; none when the session waits for the outside or is over.
pub(super) fn follow(state: &State, now: Timestamp) -> Vec<Fact> {
    let Some(created) = &state.created else { return Vec::new() };
    if state.is_over() {
        return Vec::new();
    }
    let void = approvals::of_nobody(state);
    if !void.is_empty() {
        return void;
    }
    if let Some(ending) = &state.ending {
        return wind_down(state, ending);
    }
    if let Some(fault) = &state.at_step.fault {
        return faulted(fault);
    }
    let idle = stop_idle(state);
    if !idle.is_empty() {
        return idle;
    }
    let over = over_budget(state);
    if !over.is_empty() {
        return over;
    }
    if let Some((rest, code, reason)) = approvals::rests_on_a_person(state) {
        return vec![ending(rest, code, &reason)];
    }
    let released = release(state);
    if !released.is_empty() {
        return released;
    }
    let team = &created.team;
    match state.step {
        Step::Prepare => prepare(state, team),
        Step::Architecture => match team.member_of(Role::Architect) {
            Some(architect) => architecture(state, team, &architect.name, now),
            None => vec![phase(Step::Implementation { fix_round: 0 })],
        },
        Step::PlanReview => match reviews(state, team, Role::Architect) {
            Ok(facts) => facts,
            Err(decided) => after_plan_review(&decided),
        },
        Step::Implementation { fix_round } => implementation(state, team, fix_round, now),
        Step::Review { fix_round } => match reviews(state, team, Role::Implementer) {
            Ok(facts) => facts,
            Err(decided) => after_review(state, team, &decided, fix_round),
        },
        Step::Done => Vec::new(),
    }
}

fn phase(step: Step) -> Fact {
    (None, Event::PhaseStarted { step })
}

fn ending(state: RestState, exit_code: u8, reason: &str) -> Fact {
    (None, Event::SessionEnding(Ending { state, exit_code, reason: reason.to_owned() }))
}

/// Stops what still runs, takes a last checkpoint of work that none has, then closes.
fn wind_down(state: &State, ending: &Ending) -> Vec<Fact> {
    let stops: Vec<Fact> = state
        .unended()
        .filter(|(_, _, attempt)| attempt.stopping.is_none())
        .map(|(worker, attempt, _)| {
            (Some(worker.clone()), Event::WorkerStopRequested { attempt, urgent: false })
        })
        .collect();
    if !stops.is_empty() {
        return stops;
    }
    let waits = state.unended().next().is_some() || state.pending_checkpoint.is_some();
    if waits || state.is_preparing() || state.running_check().is_some() {
        return Vec::new();
    }
    if state.dirty {
        return vec![(
            None,
            Event::CheckpointRequested { checkpoint: state.next_checkpoint, purpose: CheckpointPurpose::End },
        )];
    }
    vec![(None, Event::SessionEnded(ending.clone()))]
}

/// Processes that have nothing more to do: all but the implementer's, once their turn or review is over.
fn stop_idle(state: &State) -> Vec<Fact> {
    // Whose turn failed may be asked again.
    let failed = |worker: &WorkerName| {
        let turn = state.at_step.turn.as_ref().filter(|turn| turn.worker == *worker);
        turn.and_then(|turn| turn.ended.as_ref()?.trouble).is_some()
    };
    let idle = |worker: &WorkerName, place: &Place, has_turn: bool| match place {
        Place::Target { write: true } => false,
        Place::Target { write: false } => !has_turn && !failed(worker),
        Place::Checkout { review } => state.review(review).is_none_or(|r| r.judgement().is_some()),
    };
    state
        .unended()
        .filter(|(worker, _, a)| a.stopping.is_none() && idle(worker, &a.place, a.turn.is_some()))
        .map(|(worker, attempt, _)| {
            (Some(worker.clone()), Event::WorkerStopRequested { attempt, urgent: false })
        })
        .collect()
}

/// The money limit, held on what is known.
fn over_budget(state: &State) -> Vec<Fact> {
    let limit = state.settings().money_limit_usd;
    let spent = state.known_cost() - state.spent_before;
    if limit <= 0.0 || spent < limit {
        return Vec::new();
    }
    let reason = format!("the money limit was reached: ${spent:.2} of ${limit:.2}");
    vec![(None, Event::StopRequested { by: StopCause::MoneyLimit }), ending(RestState::Paused, 11, &reason)]
}

/// What was asked during a review is answered when it is over.
fn release(state: &State) -> Vec<Fact> {
    if state.parked.is_some() {
        return Vec::new();
    }
    let answered = state.held.iter().filter(|held| state.is_live(&held.worker, held.attempt));
    answered
        .map(|held| {
            let turn =
                state.attempt(&held.worker, held.attempt).and_then(|a| a.turn.as_ref()).map(|t| t.turn);
            let (request, ruling) = (held.request.clone(), held.ruling.clone());
            let decided = Event::ApprovalDecided { attempt: held.attempt, turn, request, ruling };
            (Some(held.worker.clone()), decided)
        })
        .collect()
}

fn prepare(state: &State, team: &Team) -> Vec<Fact> {
    if state.prepared.is_none() || state.pending_checkpoint.is_some() {
        return Vec::new();
    }
    if state.checkpoints.is_empty() {
        return vec![(None, Event::CheckpointRequested { checkpoint: 0, purpose: CheckpointPurpose::Start })];
    }
    vec![phase(match team.member_of(Role::Architect) {
        Some(_) => Step::Architecture,
        None => Step::Implementation { fix_round: 0 },
    })]
}

fn architecture(state: &State, team: &Team, architect: &WorkerName, now: Timestamp) -> Vec<Fact> {
    let Some(turn) = &state.at_step.turn else {
        return begin_turn(state, architect, Place::Target { write: false }, Purpose::Plan);
    };
    let Some(TurnResult { outcome, text, .. }) = &turn.ended else { return Vec::new() };
    if *outcome != Outcome::Completed {
        return not_completed(state, turn, now);
    }
    if text.trim().is_empty() {
        return blocked_by(state, architect, "it gave no plan", "the turn was completed without any text");
    }
    if state.words_for(architect).is_some() {
        return begin_turn(state, architect, Place::Target { write: false }, Purpose::Plan);
    }
    if state.plan.as_deref() != Some(text.as_ref()) {
        return vec![(Some(architect.clone()), Event::PlanRecorded { text: text.to_string() })];
    }
    vec![phase(if team.pairs_on(Role::Architect).next().is_some() {
        Step::PlanReview
    } else {
        Step::Implementation { fix_round: 0 }
    })]
}

fn implementation(state: &State, team: &Team, fix_round: u32, now: Timestamp) -> Vec<Fact> {
    let Some(implementer) = team.member_of(Role::Implementer) else {
        return vec![ending(RestState::Failed, 1, "the team has no implementer")];
    };
    let Some(turn) = &state.at_step.turn else {
        let purpose = if fix_round == 0 { Purpose::Implement } else { Purpose::Fix { fix_round } };
        return begin_writing(state, &implementer.name, purpose);
    };
    match &turn.ended {
        None => Vec::new(),
        Some(TurnResult { outcome: Outcome::Completed, .. })
            if state.words_for(&implementer.name).is_some() =>
        {
            begin_writing(state, &implementer.name, Purpose::FollowUp)
        }
        Some(TurnResult { outcome: Outcome::Completed, .. }) => vec![phase(Step::Review { fix_round })],
        Some(_) => not_completed(state, turn, now),
    }
}

/// The step's turn once more, as soon as its remedy lets it; else a person is called.
fn not_completed(state: &State, turn: &StepTurn, now: Timestamp) -> Vec<Fact> {
    let (Some(known), Some(ended)) = (state.workers.get(&turn.worker), &turn.ended) else {
        return Vec::new();
    };
    if known.recovery.to_begin().is_some_and(|underway| underway.turn == turn.turn) {
        return match turn.purpose {
            Purpose::Plan => {
                begin_turn(state, &turn.worker, Place::Target { write: false }, turn.purpose.clone())
            }
            _ => begin_writing(state, &turn.worker, turn.purpose.clone()),
        };
    }
    let tried = recover::attempt(state, &turn.worker, turn.turn, ended.trouble, ended.resets_at, now);
    tried.unwrap_or_else(|| blocked(state, turn))
}

/// A turn that may write, after a checkpoint of what is there before it.
fn begin_writing(state: &State, worker: &WorkerName, purpose: Purpose) -> Vec<Fact> {
    if state.pending_checkpoint.is_some() || recover::holds(state, worker) {
        return Vec::new();
    }
    if !state.at_step.saved {
        let (checkpoint, purpose) = (state.next_checkpoint, CheckpointPurpose::Turn);
        return vec![(None, Event::CheckpointRequested { checkpoint, purpose })];
    }
    begin_turn(state, worker, Place::Target { write: true }, purpose)
}

/// A turn in the worker's running process of that place, or in a new one.
fn begin_turn(state: &State, worker: &WorkerName, place: Place, purpose: Purpose) -> Vec<Fact> {
    let Some(known) = state.workers.get(worker).filter(|_| !recover::holds(state, worker)) else {
        return Vec::new();
    };
    let underway = known.recovery.to_begin();
    let usable = known.attempts.iter().find(|(_, a)| {
        matches!(a.state, AttemptState::Live { .. })
            && a.place == place
            && a.stopping.is_none()
            && a.turn.is_none()
    });
    let mut facts = Vec::new();
    let attempt = if let Some((attempt, _)) = usable {
        *attempt
    } else {
        // The work goes on in the agent's own session where its process has gone; a review never does.
        let resume = session_to_resume(state, known, &purpose);
        let attempt = known.next_attempt;
        facts.push((Some(worker.clone()), Event::WorkerSpawnRequested { attempt, place, resume }));
        attempt
    };
    let turn = known.next_turn;
    let takes_up = match &purpose {
        // The second try of a review speaks of the first.
        Purpose::Review { try_no, .. } => *try_no > 1 || underway.is_some(),
        _ => underway.is_some() || (state.resuming && known.next_turn > 1),
    };
    let goes_on = if !takes_up {
        GoesOn::No
    } else if usable.is_some() || session_to_resume(state, known, &purpose).is_some() {
        GoesOn::InItsSession
    } else {
        GoesOn::ByHandover
    };
    let is_review = matches!(purpose, Purpose::Review { .. });
    let message = if is_review { None } else { words(state, worker, underway.is_some()) };
    let recovers = underway.map(|underway| underway.trouble);
    let requested = Event::TurnRequested { turn, attempt, purpose, message, goes_on, recovers };
    facts.push((Some(worker.clone()), requested));
    facts
}

/// Words of the person for the turn: those that its failed one was given too.
fn words(state: &State, worker: &WorkerName, again: bool) -> Option<String> {
    let failed = state.at_step.turn.as_ref().filter(|turn| again && turn.worker == *worker);
    let before = failed.and_then(|turn| turn.message.as_deref().map(ToOwned::to_owned));
    match (before, state.words_for(worker)) {
        (Some(before), Some(since)) => Some(format!("{before}\n\n{since}")),
        (before, since) => before.or(since),
    }
}

fn blocked(state: &State, turn: &StepTurn) -> Vec<Fact> {
    let (Some(ended), Some(known)) = (&turn.ended, state.workers.get(&turn.worker)) else {
        return Vec::new();
    };
    let (worker, agent) = (&turn.worker, &known.member.agent);
    let tries = known.recovery.tries_in_all();
    let blocker = recovery::blocker(worker, agent, ended.outcome, ended.trouble, &ended.text, tries);
    let reason = blocker.title.clone();
    let mut facts: Vec<Fact> = recover::exhausted(state, worker).into_iter().collect();
    facts.push((Some(worker.clone()), Event::PermissionBlocker(blocker)));
    facts.push(ending(RestState::Blocked, 12, &reason));
    facts
}

/// What the outside refused us, such as a checkpoint: nothing goes on unprotected, and a person can mend it.
fn faulted(fault: &Fault) -> Vec<Fact> {
    let blocker = Blocker {
        title: fault.message.clone(),
        details: format!("{}: {}", fault.code, fault.message),
        required_actions: vec![fault.hint.clone(), "then: orchestrate resume <session>".to_owned()],
        suggestions: Vec::new(),
    };
    vec![(None, Event::PermissionBlocker(blocker)), ending(RestState::Blocked, 12, &fault.message)]
}

fn blocked_by(state: &State, worker: &WorkerName, what: &str, evidence: &str) -> Vec<Fact> {
    let agent = state.workers.get(worker).map_or("the agent", |w| w.member.agent.as_str());
    let title = format!("{worker}: {what}");
    let blocker = Blocker {
        title: title.clone(),
        details: evidence.to_owned(),
        required_actions: vec![
            format!("read the end of the worker's log: orchestrate logs <session> {worker}"),
            format!("see that `{agent}` works by itself in this folder, then: orchestrate resume <session>"),
        ],
        suggestions: vec!["orchestrate doctor shows which agents are found".to_owned()],
    };
    vec![(Some(worker.clone()), Event::PermissionBlocker(blocker)), ending(RestState::Blocked, 12, &title)]
}

/// One round of reviews on the work of a role. `Err` is the decision that was made and takes effect now.
fn reviews(state: &State, team: &Team, subject: Role) -> Result<Vec<Fact>, DecisionMade> {
    let Some(checkpoint) = state.at_step.checkpoint else {
        let (checkpoint, purpose) = (state.next_checkpoint, CheckpointPurpose::Review);
        return Ok(vec![(None, Event::CheckpointRequested { checkpoint, purpose })]);
    };
    let Some(taken) = state.checkpoints.get(&checkpoint) else { return Ok(Vec::new()) };
    if subject == Role::Implementer
        && let Some(facts) = checks::before_reviews(state, checkpoint, &taken.digest)
    {
        return Ok(facts);
    }
    if state.at_step.reviews.is_empty() && state.at_step.decision.is_none() {
        let requested = request_reviews(state, team, subject, checkpoint, &taken.digest);
        if !requested.is_empty() {
            return Ok(requested);
        }
    }
    let running = run_reviews(state);
    if !running.is_empty() {
        return Ok(running);
    }
    if state.at_step.reviews.iter().any(|id| state.review(id).is_none_or(|r| r.judgement().is_none())) {
        return Ok(Vec::new());
    }
    match &state.at_step.decision {
        Some(made) => Err(made.as_ref().clone()),
        None => Ok(vec![(None, Event::DecisionMade(decision(state, team)))]),
    }
}

fn request_reviews(state: &State, team: &Team, subject: Role, checkpoint: u32, digest: &Digest) -> Vec<Fact> {
    let since = state
        .reviews
        .iter()
        .rev()
        .find(|r| team.member(&r.request.subject).is_some_and(|m| m.role == subject))
        .map_or(0, |r| r.request.checkpoint);
    let first = state.reviews.len() + 1;
    team.pairs_on(subject)
        .enumerate()
        .map(|(index, pair)| {
            let request = ReviewRequested {
                review: ReviewId::new(format!("r{}", first + index)),
                step: state.step,
                reviewer: pair.reviewer.clone(),
                subject: pair.subject.clone(),
                checkpoint,
                digest: digest.clone(),
                since,
            };
            (Some(pair.reviewer.clone()), Event::ReviewRequested(request))
        })
        .collect()
}

/// Turns for the reviews whose checkout and nonce are ready; a second try stays in its process.
fn run_reviews(state: &State) -> Vec<Fact> {
    for id in &state.at_step.reviews {
        let Some(review) = state.review(id) else { continue };
        let ReviewProgress::Ready { try_no, .. } = review.progress else { continue };
        let reviewer = &review.request.reviewer;
        let place = Place::Checkout { review: id.clone() };
        let begun = begin_turn(state, reviewer, place, Purpose::Review { review: id.clone(), try_no });
        if !begun.is_empty() {
            return begun;
        }
    }
    Vec::new()
}

/// The newest standing verdict of every pair that has been due so far, and what the rule makes of them.
fn decision(state: &State, team: &Team) -> DecisionMade {
    let with_plan = team.member_of(Role::Architect).is_some();
    let due = |pair: &&Pair| {
        let role = team.member(&pair.subject).map(|m| m.role);
        match state.step {
            Step::PlanReview => role == Some(Role::Architect),
            _ => role == Some(Role::Implementer) || with_plan,
        }
    };
    let expected: Vec<Pair> = team.reviews.iter().filter(due).cloned().collect();
    let newest = |pair: &Pair| {
        state
            .reviews
            .iter()
            .rev()
            .find(|r| r.request.reviewer == pair.reviewer && r.request.subject == pair.subject)
            .and_then(|r| r.judgement())
            .map(|judgement| PairVerdict { pair: pair.clone(), verdict: judgement.verdict })
    };
    let verdicts: Vec<PairVerdict> = expected.iter().filter_map(newest).collect();
    let checks = state.check_results();
    let Decided { decision, fired } = decide_review(&expected, &verdicts, &checks);
    let fix_possible = match state.step {
        Step::Review { fix_round } => fix_round < state.settings().fix_rounds && rests_on_findings(state),
        _ => false,
    };
    DecisionMade {
        decision,
        step: state.step,
        fired,
        rule: fired.words().to_owned(),
        checkpoint: state.at_step.checkpoint,
        expected,
        verdicts,
        checks,
        takes_effect: decision == Decision::Continue || !fix_possible,
    }
}

/// Whether this round's reviews or checks found something that the implementer can mend.
fn rests_on_findings(state: &State) -> bool {
    let found = checks::found_something(state);
    let mut judgements = state.at_step.reviews.iter().filter_map(|id| state.review(id)?.judgement());
    found || judgements.any(|judgement| judgement.findings.iter().any(|f| f.severity > Severity::Note))
}

fn after_plan_review(made: &DecisionMade) -> Vec<Fact> {
    match made.decision {
        Decision::Continue => vec![phase(Step::Implementation { fix_round: 0 })],
        Decision::LogWarning => vec![
            (
                None,
                Event::WarningRaised { text: "the plan has a concern; the implementer was told".to_owned() },
            ),
            phase(Step::Implementation { fix_round: 0 }),
        ],
        Decision::PauseAndClarify | Decision::StopAndEscalate => vec![end_by(made)],
    }
}

fn after_review(state: &State, team: &Team, made: &DecisionMade, fix_round: u32) -> Vec<Fact> {
    // Who spoke to the implementer meanwhile is heard before the end.
    let spoken = team.member_of(Role::Implementer).is_some_and(|m| state.words_for(&m.name).is_some());
    // A review in the middle of a turn that found nothing grave lets the turn go on.
    if state.parked.is_some() && made.decision <= Decision::LogWarning {
        return vec![phase(Step::Implementation { fix_round })];
    }
    if made.takes_effect && !spoken {
        vec![end_by(made)]
    } else {
        vec![phase(Step::Implementation { fix_round: fix_round + 1 })]
    }
}

fn end_by(made: &DecisionMade) -> Fact {
    let (state, code) = match made.decision {
        Decision::Continue => (RestState::Finished, 0),
        Decision::LogWarning => (RestState::Finished, 10),
        Decision::PauseAndClarify => (RestState::Paused, 11),
        Decision::StopAndEscalate => (RestState::Stopped, 13),
    };
    ending(state, code, &made.rule)
}
