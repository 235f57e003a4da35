//! What crosses the socket: the names of the stream's events, the forms of requests and answers. The rest are the
//! views of the core and the lines of the journal.

use std::path::PathBuf;

use mo_checkpoint::{FileChange, RelPath};
use mo_core::ceiling::Ceiling;
use mo_core::event::{CheckpointRestored, CheckpointTaken, Event};
use mo_core::ids::{AgentKind, CheckpointNo, Role};
use mo_core::view::status::{ApprovalView, BlockerView, GrantView};
use mo_core::view::timeline::TimelineEntry;
use serde::{Deserialize, Serialize};

/// The name of an event on a stream (design.md §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventName {
    /// A worker's process, its turns and what it reports.
    Agent,
    /// An automatic remedy, or what only a person can resolve.
    Recovery,
    /// A decision of the rule.
    Decision,
    /// A review and its verdict.
    Review,
    /// A request for leave and its answer.
    Approval,
    /// The session as a whole.
    Session,
}

impl EventName {
    /// The name as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent_event",
            Self::Recovery => "recovery_event",
            Self::Decision => "decision_event",
            Self::Review => "review_event",
            Self::Approval => "approval_event",
            Self::Session => "session_event",
        }
    }
}

/// One table for both directions: over the events, so that a new one must be given a name here, and over the kinds,
/// so that a stored record need not be read for its name.
macro_rules! names {
    ($($variant:ident $kind:literal $name:ident,)*) => {
        impl EventName {
            /// The name of an event.
            pub fn of(event: &Event) -> Self {
                match event {
                    $(Event::$variant { .. } => Self::$name,)*
                }
            }

            /// The name of a record of that kind. A kind that is no event of this version is the session's.
            pub fn of_kind(kind: &str) -> Self {
                match kind {
                    $($kind => Self::$name,)*
                    _ => Self::Session,
                }
            }
        }
    };
}

names! {
    SessionCreated "session_created" Session,
    SessionPrepared "session_prepared" Session,
    PrepareFailed "prepare_failed" Session,
    PhaseStarted "phase_started" Session,
    CheckpointRequested "checkpoint_requested" Session,
    CheckpointTaken "checkpoint_taken" Session,
    CheckpointFailed "checkpoint_failed" Session,
    CheckpointUnchanged "checkpoint_unchanged" Session,
    CheckpointRestored "checkpoint_restored" Session,
    WorkerSpawnRequested "worker_spawn_requested" Agent,
    WorkerSpawned "worker_spawned" Agent,
    WorkerSpawnFailed "worker_spawn_failed" Agent,
    WorkerStopRequested "worker_stop_requested" Agent,
    WorkerExited "worker_exited" Agent,
    TurnRequested "turn_requested" Agent,
    AgentItem "agent_item" Agent,
    ApprovalDecided "approval_decided" Approval,
    ApprovalRequested "approval_requested" Approval,
    ApprovalRepeated "approval_repeated" Approval,
    ApprovalAnswered "approval_answered" Approval,
    ApprovalVoided "approval_voided" Approval,
    GrantGiven "grant_given" Approval,
    GrantRevoked "grant_revoked" Approval,
    WorkerStalled "worker_stalled" Recovery,
    TurnEnded "turn_ended" Agent,
    LimitNear "limit_near" Session,
    LimitReached "limit_reached" Session,
    PlanRecorded "plan_recorded" Session,
    CheckStarted "check_started" Review,
    CheckFinished "check_finished" Review,
    ReviewRequested "review_requested" Review,
    ReviewPrepared "review_prepared" Review,
    ReviewPrepareFailed "review_prepare_failed" Review,
    ReviewAnswered "review_answered" Review,
    ReviewAnswerUnusable "review_answer_unusable" Review,
    VerdictRecorded "verdict_recorded" Review,
    ReviewNowRequested "review_now_requested" Review,
    ApprovalHeld "approval_held" Approval,
    DecisionMade "decision_made" Decision,
    RecoveryAttempted "recovery_attempted" Recovery,
    RecoveryDue "recovery_due" Recovery,
    RecoverySucceeded "recovery_succeeded" Recovery,
    RecoveryExhausted "recovery_exhausted" Recovery,
    QuotaReached "quota_reached" Recovery,
    QuotaReset "quota_reset" Recovery,
    PermissionBlocker "permission_blocker" Recovery,
    BlockerResolved "blocker_resolved" Recovery,
    WarningRaised "warning_raised" Session,
    StopRequested "stop_requested" Session,
    SessionResumed "session_resumed" Session,
    MessageQueued "message_queued" Session,
    SessionEnding "session_ending" Session,
    SessionEnded "session_ended" Session,
}

/// `POST /api/v1/orchestrate`. What is left out is as the owner's configuration has it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartForm {
    /// What is to be done.
    pub goal: String,
    /// The folder to work on, as an absolute path.
    pub target: PathBuf,
    /// Who works; the default team where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamForm>,
    /// `ask` or `bypass`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
    /// How often findings go back to the implementer before a decision takes effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix_rounds: Option<u32>,
    /// Such as `5m`; `0` is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stall_timeout: Option<String>,
    /// Such as `30m`; `0`: a question waits without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_timeout: Option<String>,
    /// Whether the session runs on while only a person could move it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for_person: Option<bool>,
    /// Such as `2h`; `0` is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit: Option<String>,
    /// US dollars of known cost at which the session pauses; 0 is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub money_limit_usd: Option<f64>,
    /// Bytes of memory of one worker above which the session pauses; 0 is any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit_bytes: Option<u64>,
    /// Bytes that must stay free on the disks, or the session pauses; 0 is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_disk_limit_bytes: Option<u64>,
    /// What may ever be let through without a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<Ceiling>,
    /// Such as `10m`; `0` is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_timeout: Option<String>,
    /// Commands that run on the work before its reviews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<String>>,
    /// Such as `10m`; `0` is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_timeout: Option<String>,
    /// How much of a check's output is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_output_bytes: Option<u32>,
    /// How often a failing turn is tried again before a person is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_attempts: Option<u32>,
    /// Such as `5s`: the wait before the first such try where the model service is busy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_off: Option<String>,
    /// Such as `5m`: the longest such wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_off_max: Option<String>,
    /// The person knows that the target is their home folder or `/`.
    #[serde(default)]
    pub yes_really: bool,
}

/// A team, in the words of a team file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamForm {
    /// Who works.
    pub workers: Vec<WorkerForm>,
    /// Who reviews whose work.
    pub reviews: Vec<ReviewForm>,
}

/// One worker of a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerForm {
    /// `claude`, `codex`, `gemini` or an ACP agent's name.
    pub agent: AgentKind,
    /// What it does.
    pub role: Role,
}

/// One review pair; a worker by its whole name, or by its agent's where that is unambiguous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewForm {
    /// Who reviews.
    pub reviewer: String,
    /// Whose work.
    pub subject: String,
}

/// `POST …/stop`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopForm {
    /// At once instead of by the ladder.
    #[serde(default)]
    pub urgent: bool,
    /// By whom.
    #[serde(default)]
    pub by: StopBy,
}

/// Who stops a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopBy {
    /// A person, by a command or a button.
    #[default]
    Person,
    /// SIGINT to a command that follows the session.
    Sigint,
    /// SIGTERM to such a command.
    Sigterm,
}

/// `GET …/approvals`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approvals {
    /// Those that are open and the newest that were settled.
    pub approvals: Vec<ApprovalView>,
}

/// `GET …/grants`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants {
    /// What was allowed for the rest of the session.
    pub grants: Vec<GrantView>,
}

/// `GET …/blockers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blockers {
    /// In their order; the newest may be open.
    pub blockers: Vec<BlockerView>,
}

/// `POST …/blockers/{blocker}`: it is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolveForm {
    /// Whether the session goes on at once.
    #[serde(default)]
    pub retry: bool,
}

/// `POST …/pause`: nothing to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseForm {}

/// `POST …/resume`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResumeForm {
    /// Words for the session to go on with; a finished one needs them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether it waits while a question to a person is open; as before where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for_person: Option<bool>,
}

/// `POST …/messages`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageForm {
    /// To whom: a worker by its whole name, or by its agent's where that is unambiguous.
    pub worker: String,
    /// The words.
    pub text: String,
}

/// `POST …/review`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewNowForm {
    /// What to look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<String>,
    /// As for `POST …/resume`, where the session rests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for_person: Option<bool>,
}

/// `POST …/restore`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreForm {
    /// Which checkpoint.
    pub checkpoint: CheckpointNo,
    /// Which paths, relative to the target and in the written form of a diff; empty: all.
    #[serde(default)]
    pub paths: Vec<RelPath>,
}

/// The answer to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreAnswer {
    /// What was done.
    pub restored: CheckpointRestored,
}

/// The session that was started or that a command was for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionNamed {
    /// Its id.
    pub session: String,
}

/// `GET …/logs/{worker}` as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    /// The worker's whole name.
    pub worker: String,
    /// What it did, oldest first.
    pub entries: Vec<TimelineEntry>,
    /// The seq to ask on from.
    pub next: u64,
    /// Whether the journal had more when this page was full.
    pub more: bool,
}

/// `GET …/checkpoints`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoints {
    /// Those that stand, in order.
    pub checkpoints: Vec<CheckpointAt>,
}

/// A checkpoint with its place in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointAt {
    /// The event.
    pub seq: u64,
    /// RFC 3339.
    pub at: String,
    /// What was taken.
    #[serde(flatten)]
    pub taken: CheckpointTaken,
}

/// `GET …/diff`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffAnswer {
    /// The difference.
    pub diff: Diff,
}

/// What changed between two checkpoints of a session; the same as `orchestrate diff --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    /// Whose.
    pub session: String,
    /// The older side.
    pub from: CheckpointTaken,
    /// The newer side.
    pub to: CheckpointTaken,
    /// Every changed path.
    pub changes: Vec<FileChange>,
    /// Whether the text was cut.
    pub truncated: bool,
    /// The difference as git would print it.
    pub unified: String,
}

/// `GET /api/v1/health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthAnswer {
    /// The owner's version.
    pub version: String,
    /// The owner's process id.
    pub pid: u32,
    /// Whether the journal takes what happens. Where it does not, nothing goes on until it does again.
    pub journal: JournalHealth,
    /// Why it does not.
    pub reason: Option<String>,
    /// Sessions that run.
    pub running: Vec<String>,
}

/// Whether the journal takes what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "plain words")]
pub enum JournalHealth {
    Good,
    Down,
}

#[cfg(test)]
#[path = "dto_tests.rs"]
mod tests;
