//! What may come into the core: commands, what workers put out, timers, and the outcomes of effects.

use crate::agent_event::Decoded;
use crate::approval::{Action, AnsweredBy, Choice};
use crate::event::{CheckpointRestored, CheckpointTaken, Fault, Prepared, SessionCreated, StopCause};
use crate::ids::{
    AgentKind, ApprovalId, AttemptNo, CheckNo, CheckpointNo, Nonce, ReviewId, TurnNo, WorkerName,
};
use crate::outcome::{FailureClass, TurnEnd};
use crate::policy::{Rule, Survey};
use crate::review::check::CheckRun;
use crate::time::Timestamp;

/// One input for one session.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A person starts it; everything in it has been validated.
    Create(SessionCreated),
    /// Outcome of [`Effect::Prepare`](crate::effect::Effect::Prepare).
    Prepared(Result<Prepared, Fault>),
    /// Outcome of [`Effect::TakeCheckpoint`](crate::effect::Effect::TakeCheckpoint).
    Checkpoint {
        /// Which.
        checkpoint: CheckpointNo,
        /// What came of it.
        result: Result<CheckpointTaken, Fault>,
    },
    /// Outcome of [`Effect::Spawn`](crate::effect::Effect::Spawn): pid and start time.
    Spawned {
        /// Whose.
        worker: WorkerName,
        /// Which process.
        attempt: AttemptNo,
        /// What came of it.
        result: Result<(i32, u64), Fault>,
    },
    /// A process and its whole tree are gone.
    Exited {
        /// Whose.
        worker: WorkerName,
        /// Which process.
        attempt: AttemptNo,
        /// Exit code.
        code: Option<i32>,
        /// Signal.
        signal: Option<i32>,
        /// Whether nothing is left of its tree.
        tree_empty: bool,
        /// What the end says about the turn in flight.
        turn: Option<Box<TurnEnd>>,
    },
    /// Something that an agent reported; the paths in approval requests are resolved.
    Agent {
        /// Whose.
        worker: WorkerName,
        /// Which process.
        attempt: AttemptNo,
        /// What.
        decoded: Decoded,
        /// For an approval request: what was found out about it.
        survey: Option<Box<Survey>>,
    },
    /// The watchdog saw no sign of work for longer than the stall timeout.
    Stalled {
        /// Whose.
        worker: WorkerName,
        /// Which process.
        attempt: AttemptNo,
        /// Which turn.
        turn: TurnNo,
        /// For how long.
        silent_ms: u64,
        /// Why the agent's requests to its model service fail, where it does nothing but make them again.
        retrying: Option<FailureClass>,
    },
    /// Outcome of [`Effect::RunCheck`](crate::effect::Effect::RunCheck).
    CheckRan {
        /// Which.
        check: CheckNo,
        /// What came of it.
        result: Result<CheckRun, Fault>,
    },
    /// Outcome of [`Effect::PrepareReview`](crate::effect::Effect::PrepareReview): nonce and checkout.
    ReviewPrepared {
        /// Which.
        review: ReviewId,
        /// Which try.
        try_no: u32,
        /// What came of it.
        result: Result<(Nonce, String), Fault>,
    },
    /// Outcome of [`Effect::CheckPlaces`](crate::effect::Effect::CheckPlaces).
    PlacesChecked {
        /// Which.
        review: ReviewId,
        /// Which try.
        try_no: u32,
        /// The first place of a finding that does not exist.
        missing: Option<String>,
        /// What the reviewer changed in its checkout.
        tampered: Option<String>,
    },
    /// A review's time is over.
    ReviewTimedOut {
        /// Which.
        review: ReviewId,
    },
    /// The wait of a recovery is over.
    RecoveryDue {
        /// Whose.
        worker: WorkerName,
        /// The turn that failed.
        turn: TurnNo,
    },
    /// Another session was told that an agent's usage limit is reached.
    QuotaReached {
        /// Which agent.
        agent: AgentKind,
        /// When the limit is over.
        until: Timestamp,
    },
    /// It is over.
    QuotaReset {
        /// Which agent.
        agent: AgentKind,
        /// When it was to be over.
        until: Timestamp,
    },
    /// A person says that it may be tried again before it is over.
    QuotaLifted {
        /// Which agent.
        agent: AgentKind,
    },
    /// What the session was seen to take of the machine.
    Measured(Measured),
    /// The session's time is over.
    TimeLimitReached,
    /// Someone wants it to end.
    Stop {
        /// Who.
        by: StopCause,
        /// Kill at once.
        urgent: bool,
    },
    /// A person wants a session that rests to go on, perhaps with words for it.
    Resume {
        /// Their words.
        message: Option<String>,
        /// Whether it waits for a person from now on; `None`: as before.
        waits: Option<bool>,
    },
    /// A person wants the implementation reviewed now, also in the middle of a turn or at rest.
    ReviewNow {
        /// What to look at.
        focus: Option<String>,
        /// Whether a session that rests waits for a person from now on; `None`: as before.
        waits: Option<bool>,
    },
    /// A person has something to say to a worker that is at work.
    Message {
        /// To whom.
        worker: WorkerName,
        /// Their words.
        text: String,
    },
    /// A question is answered.
    Answer {
        /// Which.
        approval: ApprovalId,
        /// What is said.
        choice: Choice,
        /// By whom.
        by: AnsweredBy,
        /// What an edited call, or one that is allowed always, rests on.
        backing: Option<Box<Backing>>,
    },
    /// A lasting permission is taken back.
    Revoke {
        /// Which.
        grant: ApprovalId,
    },
    /// A person says that a blocker is resolved.
    Resolve {
        /// The `seq` of its event.
        blocker: u64,
    },
    /// The target of a session that rests was saved as a checkpoint, because a person wants files back.
    Saved(CheckpointTaken),
    /// They are back, and the target is a checkpoint again.
    Restored {
        /// What was done.
        restored: CheckpointRestored,
        /// The target since then.
        now: CheckpointTaken,
    },
    /// Nothing came in; what follows is asked again. After a restart the last follow-up may be missing.
    Proceed,
    /// Something that a person should know.
    Warn {
        /// In one sentence.
        text: String,
    },
}

/// What the engine has found out or done for an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Backing {
    /// What the edited call does.
    Edited(Edited),
    /// The rule that was written into the person's own.
    Saved(Rule),
}

/// A call that a person has edited. Its paths are resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited {
    /// What it does.
    pub action: Action,
    /// What was found out about that.
    pub survey: Survey,
}

/// One look at what a session takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Measured {
    /// Bytes of memory of each worker that has a process, with everything that it has started.
    pub memory: Vec<(WorkerName, u64)>,
    /// Bytes that are free on the file systems of the folders that the session writes to.
    pub free: Vec<(String, u64)>,
}

/// Why an input changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The session exists already.
    #[error("the session exists already")]
    Exists,
    /// There is no such session.
    #[error("the session does not exist")]
    Unknown,
    /// It has ended.
    #[error("the session has ended")]
    Ended,
    /// It runs, and what was asked needs it to rest.
    #[error("the session still runs")]
    Running,
    /// It runs, or it has finished and there is nothing more to do without a message.
    #[error("there is nothing to resume")]
    NotAtRest,
    /// Nothing has been implemented yet, or the session is just ending.
    #[error("there is nothing to review now")]
    NothingToReview,
    /// The worker is not at work, so that it could not be told.
    #[error("the worker is not at work")]
    WorkerAtRest,
    /// There is no such question.
    #[error("there is no such question")]
    ApprovalUnknown,
    /// It was answered before, or nobody waits for the answer any more.
    #[error("that question was answered before, or is void")]
    ApprovalSettled,
    /// That question cannot be answered so.
    #[error("that cannot be allowed for so long")]
    NotAnOption,
    /// The agent takes no other input for it.
    #[error("this agent cannot be given another input; deny it with a message")]
    NotEditable,
    /// What it was changed to may never be done.
    #[error("what it was changed to is denied by a rule")]
    EditDenied,
    /// Only a person can allow that.
    #[error("that is above the session's ceiling: only a person can allow it")]
    AboveCeiling,
    /// There is no such grant.
    #[error("there is no such grant")]
    GrantUnknown,
    /// There is no such blocker.
    #[error("there is no such blocker")]
    BlockerUnknown,
    /// It was resolved before, or the session went on since.
    #[error("that blocker was resolved before, or the session went on since")]
    BlockerSettled,
    /// The input speaks of something that is over, was never asked for, or is known already.
    #[error("that is over, was never asked for, or is known already")]
    Stale,
}

impl Rejection {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Exists => "session_exists",
            Self::Unknown => "session_unknown",
            Self::Ended => "session_ended",
            Self::Running => "session_running",
            Self::NotAtRest => "nothing_to_resume",
            Self::WorkerAtRest => "worker_at_rest",
            Self::NothingToReview => "nothing_to_review",
            Self::ApprovalUnknown => "approval_unknown",
            Self::ApprovalSettled => "approval_settled",
            Self::NotAnOption => "not_an_option",
            Self::NotEditable => "not_editable",
            Self::EditDenied => "edit_denied",
            Self::AboveCeiling => "above_ceiling",
            Self::GrantUnknown => "grant_unknown",
            Self::BlockerUnknown => "blocker_unknown",
            Self::BlockerSettled => "blocker_settled",
            Self::Stale => "stale",
        }
    }
}
