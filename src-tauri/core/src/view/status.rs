//! `orchestrate status`, the API's state and the window's cards: one view for all.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The answer of `status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct StatusView {
    /// Newest first.
    pub sessions: Vec<SessionView>,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SessionView {
    /// `orch_…`.
    pub id: String,
    /// What was asked for.
    pub goal: String,
    /// The folder.
    pub target: String,
    /// `preparing running paused blocked stopped finished failed`.
    pub state: String,
    /// `prepare architecture plan_review implementation review done`.
    pub phase: String,
    /// The decision about the work as it is, one of the four words; `None` until it is made, and again while a turn
    /// that begins anew has not been decided on.
    pub decision: Option<String>,
    /// The `seq` that this view is true for.
    #[ts(type = "number")]
    pub seq: u64,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339, once it ended.
    pub ended_at: Option<String>,
    /// Why the session stands where it stands, in one sentence.
    pub reason: Option<String>,
    /// In the team's order.
    pub workers: Vec<WorkerView>,
    /// All reviews, in order.
    pub reviews: Vec<ReviewView>,
    /// All runs of checks, in order.
    pub checks: Vec<CheckView>,
    /// All decisions, in order.
    pub decisions: Vec<DecisionView>,
    /// How many recoveries were tried; waits for a usage limit are counted apart, as quotas.
    pub recoveries: u32,
    /// Usage limits that are reached, and when they are over.
    #[serde(default)]
    pub quotas: Vec<QuotaView>,
    /// The newest checkpoint; 0 is the start.
    #[serde(default)]
    pub checkpoint: Option<u32>,
    /// How often findings have gone back to the implementer since the goal or its follow-up was given.
    #[serde(default)]
    pub fix_round: u32,
    /// How often they may before a decision takes effect.
    #[serde(default)]
    pub fix_rounds: u32,
    /// What waits for a person.
    pub needs_you: Vec<NeedView>,
    /// Questions to a person, in their order: those that are open and the newest that were settled.
    #[serde(default)]
    pub approvals: Vec<ApprovalView>,
    /// What was allowed for the rest of the session.
    #[serde(default)]
    pub grants: Vec<GrantView>,
    /// What may be let through without a person, in the words of the setting `ceiling`.
    #[serde(default)]
    pub ceiling: Vec<String>,
    /// Blockers, in their order: the newest may be open.
    #[serde(default)]
    pub blockers: Vec<BlockerView>,
    /// Warnings of the session, in words.
    pub warnings: Vec<String>,
    /// Paths changed since checkpoint 0, as of the newest checkpoint.
    pub files_changed: Vec<String>,
    /// Tokens of all workers.
    #[ts(type = "number")]
    pub tokens: u64,
    /// US dollars of all workers; `None` when one that worked reports none.
    pub cost_usd: Option<f64>,
    /// US dollars that were reported, also where not all is known.
    #[serde(default)]
    pub cost_known_usd: f64,
    /// Milliseconds from start to end, or to `seq`.
    #[ts(type = "number")]
    pub elapsed_ms: u64,
}

/// One worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct WorkerView {
    /// `<agent>-<role>`.
    pub name: String,
    /// `claude codex gemini` or an ACP agent's name.
    pub agent: String,
    /// `architect implementer reviewer`.
    pub role: String,
    /// `idle starting working asking waiting recovering blocked done stopped failed`.
    pub state: String,
    /// What it does now, in plain words.
    pub doing: String,
    /// 0..100.
    pub progress: u8,
    /// Plan entries done and in all, when the agent keeps a plan.
    pub plan: Option<PlanCount>,
    /// Tokens so far.
    #[ts(type = "number")]
    pub tokens: u64,
    /// US dollars so far; `None` when a turn of it reported none.
    pub cost_usd: Option<f64>,
    /// US dollars that its other turns reported.
    #[serde(default)]
    pub cost_known_usd: f64,
    /// The number of its newest process, 0 before the first.
    pub attempt: u32,
}

/// Plan entries done and in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PlanCount {
    /// Completed.
    pub done: u32,
    /// All.
    pub all: u32,
}

/// One review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ReviewView {
    /// `r1`, `r2`, …
    pub id: String,
    /// Which round, from 1.
    pub round: u32,
    /// The worker that reviews.
    pub reviewer: String,
    /// The worker whose work is reviewed.
    pub subject: String,
    /// Checkpoint digest it is about.
    pub checkpoint: Option<String>,
    /// `approved concern blocker inconclusive`; `None` while it runs.
    pub verdict: Option<String>,
    /// Why it is inconclusive, or the reviewer's summary.
    pub summary: Option<String>,
    /// Its findings.
    pub findings: Vec<FindingView>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FindingView {
    /// `blocker concern note`.
    pub severity: String,
    /// The file it is about.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// In a few words.
    pub title: String,
    /// What shows it.
    pub evidence: String,
    /// What would mend it.
    pub suggestion: String,
}

/// One run of a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CheckView {
    /// From 1 in the session.
    pub check: u32,
    /// Which round, from 1.
    pub round: u32,
    /// The command.
    pub command: String,
    /// Checkpoint digest that it is about.
    pub checkpoint: String,
    /// `passed failed timed_out stopped not_run`; `None` while it runs.
    pub outcome: Option<String>,
    /// How it ended, in words, such as `failed: exit code 101 after 12 s`.
    pub summary: Option<String>,
    /// Its exit code, where it ended by itself.
    pub exit_code: Option<i32>,
    /// Milliseconds.
    #[ts(type = "number | null")]
    pub duration_ms: Option<u64>,
    /// The end of what it wrote, unless it passed; its event has more.
    pub output: Option<String>,
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct DecisionView {
    /// Which round, from 1.
    pub round: u32,
    /// After `plan_review` or `review`.
    pub phase: String,
    /// One of the four words.
    pub decision: String,
    /// The line of the rule that fired: `any_blocker two_concerns failed_check inconclusive no_reviews one_concern
    /// all_approved`.
    pub fired: String,
    /// The same in words.
    pub rule: String,
    /// `false` when a fix round comes first.
    pub takes_effect: bool,
    /// RFC 3339.
    pub at: String,
}

/// One thing that waits for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct NeedView {
    /// `permission_blocker`, `limit`, `decision` or `approval`.
    pub kind: String,
    /// What `approve` and `deny` name an approval by, or `resolve` a blocker.
    pub id: Option<String>,
    /// In one line.
    pub title: String,
    /// What happened.
    pub details: String,
    /// What would resolve it, as steps or exact commands.
    pub required_actions: Vec<String>,
    /// Further hints.
    pub suggestions: Vec<String>,
}

/// A usage limit that is reached: nothing is asked of that agent until it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct QuotaView {
    /// Which agent.
    pub agent: String,
    /// RFC 3339.
    pub until: String,
}

/// One question to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ApprovalView {
    /// What `approve` and `deny` name it by.
    pub id: String,
    /// Who asks.
    pub worker: String,
    /// RFC 3339.
    pub asked_at: String,
    /// `open`; `answered` before its worker asked again; `allowed denied void`.
    pub state: String,
    /// Whether its agent waits for the answer now: not while the session rests, until it asks again; of an open one.
    #[serde(default)]
    pub waits: bool,
    /// `person expiry demo`, once it is answered.
    pub by: Option<String>,
    /// `under_way ended unreported unknown`: how far the call is, once it is allowed. Unreported: its agent ended its turn
    /// without a word of it. Unknown: its process went away before it said that it was made.
    pub call: Option<String>,
    /// What it asks for, in words.
    pub what: String,
    /// What was allowed instead, in words, where a person has edited the call.
    #[serde(default)]
    pub instead: Option<String>,
    /// The call, where its agent can be given another input for it; of an open one.
    #[serde(default)]
    pub edit: Option<EditView>,
    /// `read write command fetch tool`; of an open one.
    #[serde(default)]
    pub kind: Option<String>,
    /// What exactly: the command, the paths, the address, or the tool and its input; of an open one.
    #[serde(default)]
    pub exactly: Vec<String>,
    /// Where a command would run; of an open one.
    #[serde(default)]
    pub cwd: Option<String>,
    /// What the agent says why; of an open one.
    #[serde(default)]
    pub reason: Option<String>,
    /// What it may from then on when it is allowed for the session, in words; of an open one that can be.
    #[serde(default)]
    pub grants: Option<String>,
    /// The rule that asks; of an open one.
    pub rule: Option<String>,
    /// Why it asks; of an open one.
    pub why: Option<String>,
    /// `low medium high`; of an open one.
    pub risk: Option<String>,
    /// The change that it would make, where it is a write and was shown; of an open one.
    pub diff: Option<String>,
    /// `once session always`: for how long it can be allowed.
    pub options: Vec<String>,
    /// RFC 3339: when it counts as a no; `None`: it waits without end.
    pub expires_at: Option<String>,
}

/// The rule that an answer can become, before it is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RuleOffer {
    /// As it would be written.
    pub text: String,
    /// What it says, in words.
    #[serde(default)]
    pub words: String,
    /// Into which file.
    pub file: String,
    /// How many of the session's questions so far it would have spared.
    pub spares: u32,
    /// How many there were.
    pub of: u32,
}

/// A tool call whose input can be edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EditView {
    /// The tool's own name.
    pub tool: String,
    /// Its whole input, as JSON.
    pub input: String,
    /// The folder that its worker works in.
    pub folder: String,
}

/// One thing that only a person can resolve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BlockerView {
    /// What `resolve` names it by: `<session>.<seq>`, with the `seq` of its event.
    pub id: String,
    /// Whose; `None`: the session's.
    pub worker: Option<String>,
    /// RFC 3339.
    pub at: String,
    /// `open`; `resolved` by a person's word; `passed`: the session went on without one.
    pub state: String,
    /// In one line.
    pub title: String,
    /// The error, as evidence.
    pub details: String,
    /// Steps or exact commands that resolve it.
    pub required_actions: Vec<String>,
    /// Further hints.
    pub suggestions: Vec<String>,
}

/// One permission that lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GrantView {
    /// What `revoke` names it by.
    pub id: String,
    /// Whose.
    pub worker: String,
    /// What, in words; completes "it may …".
    pub what: String,
    /// Its bounds, in words.
    #[serde(default)]
    pub exactly: String,
    /// `person demo rule recovery`: who gave it.
    pub by: String,
    /// The rule of the person's that it comes from.
    #[serde(default)]
    pub rule: Option<String>,
    /// RFC 3339; of a rule, when it first let something through.
    #[serde(default)]
    pub given_at: String,
    /// When it ends, in words.
    #[serde(default)]
    pub ends: String,
}
