//! What has happened in a session. The journal holds these and nothing else is true (design.md §3).

use serde::{Deserialize, Serialize};

use crate::agent_event::AgentEvent;
use crate::approval::ApprovalRequest;
use crate::ids::{
    AgentKind, AttemptNo, CheckpointNo, Digest, Nonce, ReviewId, SessionId, TurnNo, WorkerName,
};
use crate::outcome::TurnEnd;
use crate::policy::Ruling;
use crate::record::Record;
use crate::review::decision::{Decision, Fired, PairVerdict};
use crate::review::verdict::Judgement;
use crate::settings::Settings;
use crate::team::Team;
use crate::time::Timestamp;

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
        ruling: Ruling,
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
    /// The architect's plan stands.
    PlanRecorded {
        /// Its text.
        text: String,
    },
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
        ruling: Ruling,
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

/// What a session is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionCreated {
    /// What was asked for.
    pub goal: String,
    /// The folder, absolute and without symlinks.
    pub target: String,
    /// Who works.
    pub team: Team,
    /// How.
    pub settings: Settings,
    /// Warnings that were given before the start, such as running as root.
    pub warnings: Vec<String>,
}

/// What was found before anything started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// One for each agent of the team.
    pub agents: Vec<FoundAgent>,
    /// Whether the target is in a git repository.
    pub git: bool,
    /// Guarantees that a sandbox has proven here; none before there is one.
    pub guarantees: Vec<String>,
}

/// A CLI that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundAgent {
    /// Which.
    pub agent: AgentKind,
    /// Its executable.
    pub path: String,
    /// What it says of its version; `None` when it did not say in time.
    pub version: Option<String>,
}

/// What went wrong, for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// A stable word.
    pub code: String,
    /// What and where.
    pub message: String,
    /// How to mend it.
    pub hint: String,
}

/// A step of the workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Step {
    /// Validation, checkpoint 0.
    Prepare,
    /// The architect's turn.
    Architecture,
    /// The reviews of the plan.
    PlanReview,
    /// The implementer's turn.
    Implementation {
        /// 0, or the number of the fix round.
        fix_round: u32,
    },
    /// The reviews of the implementation.
    Review {
        /// As that of the implementation.
        fix_round: u32,
    },
    /// After the last decision.
    Done,
}

impl Step {
    /// The phase's word in output.
    pub fn phase(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Architecture => "architecture",
            Self::PlanReview => "plan_review",
            Self::Implementation { .. } => "implementation",
            Self::Review { .. } => "review",
            Self::Done => "done",
        }
    }
}

/// What a checkpoint is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckpointPurpose {
    /// Before anything was done.
    Start,
    /// To be reviewed.
    Review,
    /// When a session ends after work that no checkpoint has.
    End,
}

/// A checkpoint that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointTaken {
    /// Its number.
    pub checkpoint: CheckpointNo,
    /// Its digest.
    pub digest: Digest,
    /// Files in it.
    pub files: u64,
    /// Bytes in it.
    pub bytes: u64,
    /// Ignored entries that were left out.
    pub ignored: u64,
    /// Entries that were skipped, with the reason, at most 100.
    pub skipped: Vec<String>,
    /// Paths that differ from checkpoint 0, at most 1,000.
    pub changed: Vec<String>,
}

/// In which folder a process works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum Place {
    /// In the target; only the implementer may write.
    Target {
        /// Whether it may write.
        write: bool,
    },
    /// In the read-only checkout of a review.
    Checkout {
        /// Which.
        review: ReviewId,
    },
}

impl Place {
    /// Whether a process in that place may write into the target.
    pub fn may_write(&self) -> bool {
        matches!(self, Self::Target { write: true })
    }
}

/// How a turn stands to one that was broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoesOn {
    /// It begins something.
    #[default]
    No,
    /// In the agent's own session, which knows what was done.
    InItsSession,
    /// In a new session, which must be told.
    ByHandover,
}

impl GoesOn {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
    fn is_new(&self) -> bool {
        *self == Self::No
    }
}

/// What a turn is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "purpose", rename_all = "snake_case")]
pub enum Purpose {
    /// To write the plan.
    Plan,
    /// To do the goal.
    Implement,
    /// To mend what the reviews found.
    Fix {
        /// From 1.
        fix_round: u32,
    },
    /// To do what the person says, after the work was reviewed or in the midst of it.
    FollowUp,
    /// To review.
    Review {
        /// Which.
        review: ReviewId,
        /// 1 or 2.
        try_no: u32,
    },
}

/// A review that is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewRequested {
    /// Its id.
    pub review: ReviewId,
    /// In which step.
    pub step: Step,
    /// Who reviews.
    pub reviewer: WorkerName,
    /// Whose work.
    pub subject: WorkerName,
    /// At which checkpoint.
    pub checkpoint: CheckpointNo,
    /// Its digest.
    pub digest: Digest,
    /// The checkpoint that the diff starts from.
    pub since: CheckpointNo,
}

/// A decision of the rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionMade {
    /// One of the four words.
    pub decision: Decision,
    /// After which step.
    pub step: Step,
    /// The line of the rule that fired.
    pub fired: Fired,
    /// The rule in words.
    pub rule: String,
    /// The verdicts that were counted.
    pub verdicts: Vec<PairVerdict>,
    /// `false` when a fix round comes first.
    pub takes_effect: bool,
}

/// What only a person can resolve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocker {
    /// In one line.
    pub title: String,
    /// The error, as evidence.
    pub details: String,
    /// Steps or exact commands that resolve it.
    pub required_actions: Vec<String>,
    /// Further hints.
    pub suggestions: Vec<String>,
}

/// Who asked for the end of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopCause {
    /// A person, by a command or a button.
    Person,
    /// SIGINT to the owner.
    Sigint,
    /// SIGTERM to the owner.
    Sigterm,
    /// A person, who means to go on later.
    Pause,
    /// The time limit.
    TimeLimit,
    /// The money limit.
    MoneyLimit,
    /// The owner's process had gone away in mid-session.
    Crash,
}

/// How a session ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The state it comes to rest in.
    pub state: RestState,
    /// The exit code of a `run` that waits for it (design.md §11).
    pub exit_code: u8,
    /// Why, in one sentence.
    pub reason: String,
}

/// A state in which nothing runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the words of design.md §11")]
pub enum RestState {
    Finished,
    Paused,
    Blocked,
    Stopped,
    Failed,
    Crashed,
}

impl RestState {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Paused => "paused",
            Self::Blocked => "blocked",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Crashed => "crashed",
        }
    }
}

/// An event with its place in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// Dense from 1 in its session.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// The worker it is about, if it is about one.
    pub worker: Option<WorkerName>,
    /// What happened.
    pub event: Event,
}

/// A stored record that is no event of this version.
#[derive(Debug, thiserror::Error)]
#[error("event {seq} of kind `{kind}` cannot be read: {reason}")]
pub struct BadRecord {
    /// Its seq.
    pub seq: u64,
    /// Its kind.
    pub kind: String,
    /// What is wrong.
    pub reason: String,
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
            Self::WorkerSpawnRequested { .. } => "worker_spawn_requested",
            Self::WorkerSpawned { .. } => "worker_spawned",
            Self::WorkerSpawnFailed { .. } => "worker_spawn_failed",
            Self::WorkerStopRequested { .. } => "worker_stop_requested",
            Self::WorkerExited { .. } => "worker_exited",
            Self::TurnRequested { .. } => "turn_requested",
            Self::AgentItem { .. } => "agent_item",
            Self::ApprovalDecided { .. } => "approval_decided",
            Self::WorkerStalled { .. } => "worker_stalled",
            Self::TurnEnded { .. } => "turn_ended",
            Self::PlanRecorded { .. } => "plan_recorded",
            Self::ReviewRequested(_) => "review_requested",
            Self::ReviewPrepared { .. } => "review_prepared",
            Self::ReviewPrepareFailed { .. } => "review_prepare_failed",
            Self::ReviewAnswered { .. } => "review_answered",
            Self::ReviewAnswerUnusable { .. } => "review_answer_unusable",
            Self::VerdictRecorded { .. } => "verdict_recorded",
            Self::DecisionMade(_) => "decision_made",
            Self::PermissionBlocker(_) => "permission_blocker",
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

impl Envelope {
    /// The form to be stored.
    pub fn to_record(&self, session: &SessionId) -> Record {
        Record {
            seq: self.seq,
            at: self.at,
            session: session.clone(),
            worker: self.worker.clone(),
            kind: self.event.kind().into(),
            data: self.event.data_json(),
        }
    }

    /// Reads a stored record.
    pub fn from_record(record: &Record) -> Result<Self, BadRecord> {
        let bad = |reason: String| BadRecord { seq: record.seq, kind: record.kind.to_string(), reason };
        let tagged = format!("{{\"kind\":\"{}\",\"data\":{}}}", record.kind, record.data);
        let event = serde_json::from_str(&tagged).map_err(|error| bad(error.to_string()))?;
        Ok(Self { seq: record.seq, at: record.at, worker: record.worker.clone(), event })
    }
}

impl Event {
    /// The data as a JSON object on one line: what `kind` does not say.
    pub fn data_json(&self) -> String {
        // Serialising owned data into a string cannot fail; the tag is cut off, so that there is one definition
        // of the data's form.
        let tagged = serde_json::to_string(self).unwrap_or_default();
        let prefix = "{\"kind\":\"".len() + self.kind().len() + "\",\"data\":".len();
        tagged.get(prefix..tagged.len().saturating_sub(1)).map_or_else(|| "{}".to_owned(), ToOwned::to_owned)
    }
}
