//! What has happened in a session. The journal holds these and nothing else is true (design.md §3).

mod envelope;
mod recovery;
mod session;
mod work;

use serde::{Deserialize, Serialize};

use crate::agent_event::AgentEvent;
use crate::approval::{ApprovalAnswered, ApprovalAsked, ApprovalRequest, Ruled};
use crate::grant::Grant;
use crate::ids::{AgentKind, ApprovalId, AttemptNo, CheckpointNo, Nonce, RequestId, ReviewId, TurnNo};
use crate::limits::LimitReading;
use crate::outcome::TurnEnd;
use crate::recovery::Trouble;
use crate::review::check::{CheckFinished, CheckStarted};
use crate::review::verdict::Judgement;
use crate::time::Timestamp;

pub use envelope::{BadRecord, Envelope};
pub use recovery::{RecoveryAttempted, RecoveryEnded};
pub use session::{Blocker, Ending, Fault, FoundAgent, Prepared, RestState, SessionCreated, Step, StopCause};
pub use work::{
    CheckpointPurpose, CheckpointRestored, CheckpointTaken, DecisionMade, GoesOn, Place, Purpose,
    ReviewRequested,
};

/// One fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// A person asked for a session.
    SessionCreated(SessionCreated),
    /// The target was validated, the agents were found.
    SessionPrepared(Prepared),
    /// It could not be prepared.
    PrepareFailed(Fault),
    /// The workflow went on to a step.
    PhaseStarted {
        /// Which.
        step: Step,
    },
    /// A checkpoint is to be taken.
    CheckpointRequested {
        /// Its number.
        checkpoint: CheckpointNo,
        /// What for.
        purpose: CheckpointPurpose,
    },
    /// It stands.
    CheckpointTaken(CheckpointTaken),
    /// It could not be taken.
    CheckpointFailed {
        /// Its number.
        checkpoint: CheckpointNo,
        /// Why.
        fault: Fault,
    },
    /// It was not needed: the target is still as another checkpoint has it.
    CheckpointUnchanged {
        /// The number that it would have had; the next one gets it.
        checkpoint: CheckpointNo,
        /// The checkpoint of the target as it is.
        same_as: CheckpointNo,
    },
    /// Files of the target were brought back to it.
    CheckpointRestored(CheckpointRestored),
    /// A process is to be started. Written before it is.
    WorkerSpawnRequested {
        /// The new process's number.
        attempt: AttemptNo,
        /// In which folder and how.
        place: Place,
        /// The agent's own session to go on with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<String>,
    },
    /// It runs.
    WorkerSpawned {
        /// Which.
        attempt: AttemptNo,
        /// Its process id.
        pid: i32,
        /// Its start time in clock ticks since boot; with the pid it names the process for good.
        start_time: u64,
    },
    /// It could not be started.
    WorkerSpawnFailed {
        /// Which.
        attempt: AttemptNo,
        /// Why.
        fault: Fault,
    },
    /// It is to be stopped.
    WorkerStopRequested {
        /// Which.
        attempt: AttemptNo,
        /// At once (kill) or by the ladder.
        urgent: bool,
    },
    /// It is gone.
    WorkerExited {
        /// Which.
        attempt: AttemptNo,
        /// Its exit code.
        code: Option<i32>,
        /// The signal that ended it.
        signal: Option<i32>,
        /// Whether nothing of its process tree is left.
        tree_empty: bool,
    },
    /// A prompt is to be given.
    TurnRequested {
        /// The turn's number.
        turn: TurnNo,
        /// By which process.
        attempt: AttemptNo,
        /// What for.
        purpose: Purpose,
        /// Words of the person that go with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// Whether it goes on with a turn that was broken off.
        #[serde(default, skip_serializing_if = "GoesOn::is_new")]
        goes_on: GoesOn,
        /// What went wrong with the turn that this one takes up again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recovers: Option<Trouble>,
    },
    /// Something that the agent reported.
    AgentItem {
        /// By which process.
        attempt: AttemptNo,
        /// In which turn; `None` between turns.
        turn: Option<TurnNo>,
        /// What.
        item: AgentEvent,
    },
    /// The policy answered a request.
    ApprovalDecided {
        /// By which process it was asked.
        attempt: AttemptNo,
        /// In which turn.
        turn: Option<TurnNo>,
        /// What was asked.
        request: ApprovalRequest,
        /// The answer and its rule.
        ruling: Ruled,
    },
    /// A person is asked. The worker waits; everything else goes on.
    ApprovalRequested(ApprovalAsked),
    /// After a restart the worker asked the same again: it is the same question.
    ApprovalRepeated {
        /// Which.
        approval: ApprovalId,
        /// By which process it is asked now.
        attempt: AttemptNo,
        /// As which request of its protocol.
        request: RequestId,
    },
    /// The question was answered.
    ApprovalAnswered(ApprovalAnswered),
    /// The question is void: nobody waits for its answer.
    ApprovalVoided {
        /// Which.
        approval: ApprovalId,
        /// Why, completing "it is void: …".
        why: String,
    },
    /// From now on this is allowed without a question.
    GrantGiven(Grant),
    /// No longer.
    GrantRevoked {
        /// Which.
        grant: ApprovalId,
    },
    /// No sign of work for longer than the stall timeout.
    WorkerStalled {
        /// Which.
        attempt: AttemptNo,
        /// In which turn.
        turn: TurnNo,
        /// For how long, in milliseconds.
        silent_ms: u64,
    },
    /// A turn is over.
    TurnEnded {
        /// Which.
        turn: TurnNo,
        /// By which process.
        attempt: AttemptNo,
        /// What it was for.
        purpose: Purpose,
        /// How.
        end: TurnEnd,
    },
    /// A turn did not complete, and what is wrong has a remedy, which is being tried.
    RecoveryAttempted(RecoveryAttempted),
    /// The wait of a recovery is over.
    RecoveryDue {
        /// The turn that failed.
        turn: TurnNo,
    },
    /// A turn that took up a failed one was completed.
    RecoverySucceeded(RecoveryEnded),
    /// The remedy was tried as often as it may be.
    RecoveryExhausted(RecoveryEnded),
    /// An agent's usage limit is reached: nothing more is asked of it until then.
    QuotaReached {
        /// Which.
        agent: AgentKind,
        /// When the limit is over.
        until: Timestamp,
        /// Whether it was another session that was told so.
        #[serde(default)]
        elsewhere: bool,
    },
    /// The limit is over.
    QuotaReset {
        /// Which.
        agent: AgentKind,
        /// Whether a person said so, before its time.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        lifted: bool,
    },
    /// What the session takes of the machine comes near a limit.
    LimitNear(LimitReading),
    /// It is past the limit.
    LimitReached(LimitReading),
    /// The architect's plan stands.
    PlanRecorded {
        /// Its text.
        text: String,
    },
    /// A check of the person's is to be run. Written before it is.
    CheckStarted(CheckStarted),
    /// It is over.
    CheckFinished(CheckFinished),
    /// A review is due.
    ReviewRequested(ReviewRequested),
    /// Its checkout and its nonce are ready.
    ReviewPrepared {
        /// Which.
        review: ReviewId,
        /// 1, or 2 for the second try.
        try_no: u32,
        /// The nonce that the answer must carry.
        nonce: Nonce,
        /// The folder that the reviewer sees.
        checkout: String,
    },
    /// Its checkout could not be made.
    ReviewPrepareFailed {
        /// Which.
        review: ReviewId,
        /// Why.
        fault: Fault,
    },
    /// The reviewer gave an answer that has the right form; its places are to be checked.
    ReviewAnswered {
        /// Which.
        review: ReviewId,
        /// Which try.
        try_no: u32,
        /// What it says.
        judgement: Judgement,
    },
    /// The reviewer's answer cannot be used; it is asked once more.
    ReviewAnswerUnusable {
        /// Which.
        review: ReviewId,
        /// Which try.
        try_no: u32,
        /// Why, completing "the answer …".
        why: String,
    },
    /// The review is over.
    VerdictRecorded {
        /// Which.
        review: ReviewId,
        /// With what.
        judgement: Judgement,
    },
    /// The rule has decided.
    DecisionMade(DecisionMade),
    /// Only a person can resolve this.
    PermissionBlocker(Blocker),
    /// A person says that a blocker is resolved.
    BlockerResolved {
        /// The `seq` of the blocker's event.
        blocker: u64,
    },
    /// Something that a person should know, which stops nothing.
    WarningRaised {
        /// In one sentence.
        text: String,
    },
    /// A person or a signal asked for the end.
    StopRequested {
        /// Who.
        by: StopCause,
    },
    /// A session that had come to rest goes on.
    SessionResumed {
        /// Words of the person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// Whether it waits for a person from now on; as before where it is not said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waits_for_person: Option<bool>,
    },
    /// A person wants a review now.
    ReviewNowRequested {
        /// What to look at, in their words.
        focus: Option<String>,
    },
    /// A request that waits until a review which was asked for in mid-turn is over.
    ApprovalHeld {
        /// By which process it was asked.
        attempt: AttemptNo,
        /// What was asked.
        request: ApprovalRequest,
        /// What the policy will answer then.
        ruling: Ruled,
    },
    /// A person has something to say to a worker; it is told after the turn in flight.
    MessageQueued {
        /// Their words.
        text: String,
    },
    /// The session is ending; its workers are being stopped.
    SessionEnding(Ending),
    /// Nothing of it runs any more.
    SessionEnded(Ending),
}

impl Event {
    /// The kind in snake_case, as stored and printed.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SessionCreated(_) => "session_created",
            Self::SessionPrepared(_) => "session_prepared",
            Self::PrepareFailed(_) => "prepare_failed",
            Self::PhaseStarted { .. } => "phase_started",
            Self::CheckpointRequested { .. } => "checkpoint_requested",
            Self::CheckpointTaken(_) => "checkpoint_taken",
            Self::CheckpointFailed { .. } => "checkpoint_failed",
            Self::CheckpointUnchanged { .. } => "checkpoint_unchanged",
            Self::CheckpointRestored(_) => "checkpoint_restored",
            Self::WorkerSpawnRequested { .. } => "worker_spawn_requested",
            Self::WorkerSpawned { .. } => "worker_spawned",
            Self::WorkerSpawnFailed { .. } => "worker_spawn_failed",
            Self::WorkerStopRequested { .. } => "worker_stop_requested",
            Self::WorkerExited { .. } => "worker_exited",
            Self::TurnRequested { .. } => "turn_requested",
            Self::AgentItem { .. } => "agent_item",
            Self::ApprovalDecided { .. } => "approval_decided",
            Self::ApprovalRequested(_) => "approval_requested",
            Self::ApprovalRepeated { .. } => "approval_repeated",
            Self::ApprovalAnswered(_) => "approval_answered",
            Self::ApprovalVoided { .. } => "approval_voided",
            Self::GrantGiven(_) => "grant_given",
            Self::GrantRevoked { .. } => "grant_revoked",
            Self::WorkerStalled { .. } => "worker_stalled",
            Self::TurnEnded { .. } => "turn_ended",
            Self::RecoveryAttempted(_) => "recovery_attempted",
            Self::RecoveryDue { .. } => "recovery_due",
            Self::RecoverySucceeded(_) => "recovery_succeeded",
            Self::RecoveryExhausted(_) => "recovery_exhausted",
            Self::QuotaReached { .. } => "quota_reached",
            Self::QuotaReset { .. } => "quota_reset",
            Self::LimitNear(_) => "limit_near",
            Self::LimitReached(_) => "limit_reached",
            Self::PlanRecorded { .. } => "plan_recorded",
            Self::CheckStarted(_) => "check_started",
            Self::CheckFinished(_) => "check_finished",
            Self::ReviewRequested(_) => "review_requested",
            Self::ReviewPrepared { .. } => "review_prepared",
            Self::ReviewPrepareFailed { .. } => "review_prepare_failed",
            Self::ReviewAnswered { .. } => "review_answered",
            Self::ReviewAnswerUnusable { .. } => "review_answer_unusable",
            Self::VerdictRecorded { .. } => "verdict_recorded",
            Self::DecisionMade(_) => "decision_made",
            Self::PermissionBlocker(_) => "permission_blocker",
            Self::BlockerResolved { .. } => "blocker_resolved",
            Self::WarningRaised { .. } => "warning_raised",
            Self::StopRequested { .. } => "stop_requested",
            Self::SessionResumed { .. } => "session_resumed",
            Self::ReviewNowRequested { .. } => "review_now_requested",
            Self::ApprovalHeld { .. } => "approval_held",
            Self::MessageQueued { .. } => "message_queued",
            Self::SessionEnding(_) => "session_ending",
            Self::SessionEnded(_) => "session_ended",
        }
    }
}
