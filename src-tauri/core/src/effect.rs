//! What the core asks the outside to do. Live only: replay makes none.

use crate::approval::Answer;
use crate::event::{CheckpointPurpose, Event, Place};
use crate::ids::{
    AgentKind, ApprovalId, AttemptNo, CheckNo, CheckpointNo, RequestId, ReviewId, TurnNo, WorkerName,
};
use crate::recovery::Launched;
use crate::review::verdict::Judgement;
use crate::state::{OpenTurn, ReviewProgress, State};
use crate::time::Timestamp;

/// One act on the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the words of design.md §1")]
pub enum Effect {
    /// Find the agents, look at the target.
    Prepare,
    /// Snapshot the target.
    TakeCheckpoint { checkpoint: CheckpointNo, purpose: CheckpointPurpose },
    /// Start a process.
    Spawn { attempt: AttemptNo, place: Place, resume: Option<String>, launched: Launched, worker: WorkerName },
    /// Give a running process its prompt.
    Prompt { worker: WorkerName, attempt: AttemptNo, turn: OpenTurn },
    /// Stop a process: by the ladder, or at once.
    StopWorker { worker: WorkerName, attempt: AttemptNo, urgent: bool },
    /// Tell an agent the answer to its request.
    AnswerApproval { worker: WorkerName, attempt: AttemptNo, request: RequestId, answer: Answer },
    /// Find out what an edited call does that was allowed at rest and is asked for again, and give that answer again.
    AnswerAgain { approval: ApprovalId },
    /// Run a check on a checkout of its own.
    RunCheck { check: CheckNo },
    /// End a check that runs, at once.
    StopCheck { check: CheckNo },
    /// Make a checkout and a nonce.
    PrepareReview { review: ReviewId, try_no: u32 },
    /// Look whether the places of the findings exist and the checkout is untouched.
    CheckPlaces { review: ReviewId, try_no: u32, judgement: Judgement },
    /// Write plan.md.
    WritePlan,
    /// Write what the decisions so far rest on.
    WriteReceipts,
    /// Begin to measure a review's time.
    StartReviewTimer { review: ReviewId, after_ms: u64 },
    /// Begin to measure the time that a question has.
    StartApprovalTimer { approval: ApprovalId, after_ms: u64 },
    /// Tell when the wait of a recovery is over.
    StartRecoveryTimer { worker: WorkerName, turn: TurnNo, until: Timestamp },
    /// Tell when an agent's usage limit is over.
    StartQuotaTimer { agent: AgentKind, until: Timestamp },
    /// The review is over: stop its timer, remove its checkout.
    CloseReview { review: ReviewId },
    /// Begin to measure the session's time.
    StartTimeLimit { after_ms: u64 },
    /// Write summary.md and let go of the target.
    CloseSession,
}

/// The effects of an event, given the state after it was applied.
pub fn effects(state: &State, worker: Option<&WorkerName>, event: &Event) -> Vec<Effect> {
    let of = |make: &dyn Fn(WorkerName) -> Effect| worker.cloned().map(make).into_iter().collect::<Vec<_>>();
    match event {
        Event::SessionCreated(created) => {
            let mut effects = vec![Effect::Prepare];
            if created.settings.time_limit_ms > 0 {
                effects.push(Effect::StartTimeLimit { after_ms: created.settings.time_limit_ms });
            }
            effects
        }
        Event::CheckpointRequested { checkpoint, purpose } => {
            vec![Effect::TakeCheckpoint { checkpoint: *checkpoint, purpose: *purpose }]
        }
        Event::WorkerSpawnRequested { attempt, place, resume } => of(&|worker| Effect::Spawn {
            attempt: *attempt,
            place: place.clone(),
            resume: resume.clone(),
            launched: state.launched(&worker, place),
            worker,
        }),
        Event::WorkerSpawned { attempt, .. } => {
            let waiting = worker.and_then(|w| state.turn_to_prompt(w, *attempt));
            let Some(turn) = waiting else { return Vec::new() };
            of(&|worker| Effect::Prompt { worker, attempt: *attempt, turn: turn.clone() })
        }
        Event::TurnRequested { attempt, .. } => {
            let live = worker.filter(|w| state.is_live(w, *attempt));
            let Some(turn) = live.and_then(|w| state.turn_to_prompt(w, *attempt)) else { return Vec::new() };
            of(&|worker| Effect::Prompt { worker, attempt: *attempt, turn: turn.clone() })
        }
        Event::WorkerStopRequested { attempt, urgent } => {
            of(&|worker| Effect::StopWorker { worker, attempt: *attempt, urgent: *urgent })
        }
        Event::ApprovalDecided { attempt, request, ruling, .. } => of(&|worker| Effect::AnswerApproval {
            worker,
            attempt: *attempt,
            request: request.request.clone(),
            answer: ruling.answer.clone(),
        }),
        Event::ApprovalRequested(asked) => approval_timer(state, &asked.approval).into_iter().collect(),
        Event::ApprovalRepeated { approval, .. } => {
            let kept = state.approvals.open(approval).and_then(|open| open.answer.as_ref());
            let again = kept.filter(|kept| kept.is_edit());
            let again = again.map(|_| Effect::AnswerAgain { approval: approval.clone() });
            approval_timer(state, approval).into_iter().chain(again).collect()
        }
        Event::RecoveryAttempted(attempted) => {
            let until = worker.and_then(|w| state.workers.get(w)?.recovery.to_begin()?.until);
            let timer = worker.zip(until).map(|(worker, until)| Effect::StartRecoveryTimer {
                worker: worker.clone(),
                turn: attempted.turn,
                until,
            });
            timer.into_iter().collect()
        }
        Event::QuotaReached { agent, until, .. } => {
            vec![Effect::StartQuotaTimer { agent: agent.clone(), until: *until }]
        }
        Event::QuotaReset { agent, .. } => review_timers(state, agent),
        Event::PlanRecorded { .. } => vec![Effect::WritePlan],
        Event::DecisionMade(_) => vec![Effect::WriteReceipts],
        Event::CheckStarted(started) => vec![Effect::RunCheck { check: started.check }],
        // What it would say is not waited for, and its checkout is thrown away.
        Event::SessionEnding(_) => {
            let running = state.running_check();
            running.map(|check| Effect::StopCheck { check: check.started.check }).into_iter().collect()
        }
        Event::ReviewRequested(request) => {
            let mut effects = vec![Effect::PrepareReview { review: request.review.clone(), try_no: 1 }];
            let after_ms = state.settings().review_timeout_ms;
            if after_ms > 0 {
                effects.push(Effect::StartReviewTimer { review: request.review.clone(), after_ms });
            }
            effects
        }
        Event::ReviewAnswerUnusable { review, try_no, .. } if *try_no == 1 => {
            vec![Effect::PrepareReview { review: review.clone(), try_no: 2 }]
        }
        Event::ReviewAnswered { review, try_no, judgement } => vec![Effect::CheckPlaces {
            review: review.clone(),
            try_no: *try_no,
            judgement: judgement.clone(),
        }],
        Event::VerdictRecorded { review, .. } => vec![Effect::CloseReview { review: review.clone() }],
        Event::SessionResumed { .. } => resumed(state),
        Event::SessionEnded(_) => vec![Effect::CloseSession],
        Event::ApprovalAnswered(_)
        | Event::ApprovalVoided { .. }
        | Event::PermissionBlocker(_)
        | Event::LimitReached(_)
        | Event::BlockerResolved { .. }
        | Event::SessionPrepared(_)
        | Event::PrepareFailed(_)
        | Event::PhaseStarted { .. }
        | Event::CheckpointTaken(_)
        | Event::CheckpointFailed { .. }
        | Event::CheckpointRestored(_)
        | Event::WorkerSpawnFailed { .. }
        | Event::WorkerExited { .. }
        | Event::AgentItem { .. }
        | Event::WorkerStalled { .. }
        | Event::RecoveryDue { .. }
        | Event::RecoverySucceeded(_)
        | Event::RecoveryExhausted(_)
        | Event::TurnEnded { .. }
        | Event::ReviewPrepared { .. }
        | Event::ReviewPrepareFailed { .. }
        | Event::ReviewAnswerUnusable { .. }
        | Event::WarningRaised { .. }
        | Event::LimitNear(_)
        | Event::StopRequested { .. }
        | Event::MessageQueued { .. }
        | Event::ReviewNowRequested { .. }
        | Event::CheckpointUnchanged { .. }
        | Event::CheckFinished(_)
        | Event::GrantGiven(_)
        | Event::GrantRevoked { .. }
        | Event::ApprovalHeld { .. } => Vec::new(),
    }
}

/// The time that reviews have does not run while nothing may be asked of their reviewers.
fn review_timers(state: &State, agent: &AgentKind) -> Vec<Effect> {
    let after_ms = state.settings().review_timeout_ms;
    let held = state.reviews.iter().filter(|review| {
        let reviewer = state.workers.get(&review.request.reviewer);
        matches!(review.progress, ReviewProgress::Preparing { .. } | ReviewProgress::Ready { .. })
            && reviewer.is_some_and(|known| known.member.agent == *agent)
    });
    let timers =
        held.map(|review| Effect::StartReviewTimer { review: review.request.review.clone(), after_ms });
    if after_ms > 0 { timers.collect() } else { Vec::new() }
}

/// What starts again with a session: its clock, its waits, and a preparation that never came to its end.
fn resumed(state: &State) -> Vec<Effect> {
    let after_ms = state.settings().time_limit_ms;
    let limit = (after_ms > 0).then_some(Effect::StartTimeLimit { after_ms });
    let prepare = state.prepared.is_none().then_some(Effect::Prepare);
    let quotas = state.quotas.iter();
    let quotas = quotas.map(|(agent, until)| Effect::StartQuotaTimer { agent: agent.clone(), until: *until });
    let waits = state.workers.iter().filter_map(|(name, known)| {
        let underway = known.recovery.to_begin()?;
        let (worker, turn) = (name.clone(), underway.turn);
        Some(Effect::StartRecoveryTimer { worker, turn, until: underway.until? })
    });
    limit.into_iter().chain(prepare).chain(quotas).chain(waits).collect()
}

/// A question that waits again has its whole time again.
fn approval_timer(state: &State, approval: &ApprovalId) -> Option<Effect> {
    let after_ms = state.settings().approval_timeout_ms;
    let waits = state.approvals.open(approval).is_some_and(|open| open.answer.is_none());
    (after_ms > 0 && waits).then(|| Effect::StartApprovalTimer { approval: approval.clone(), after_ms })
}
