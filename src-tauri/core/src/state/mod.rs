//! A session's state: what replaying its events gives. Bounded: it keeps no messages and no raw output.

mod allowed;
mod apply;
mod approval;
mod blocker;
mod check;
mod grants;
mod recovery;
mod review;
mod worker;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::approval::ApprovalRequest;
use crate::approval::Ruled;
use crate::event::{
    Blocker, CheckpointPurpose, CheckpointTaken, DecisionMade, Ending, Prepared, Purpose, SessionCreated,
    Step, StopCause,
};
use crate::ids::{AgentKind, AttemptNo, CheckpointNo, ReviewId, TurnNo, WorkerName};
use crate::limits::Limited;
use crate::outcome::Outcome;
use crate::recovery::Trouble;
use crate::settings::Settings;
use crate::time::Timestamp;

pub use allowed::CallState;
pub use approval::{Approvals, MAX_OPEN, OpenApproval, SettledApproval, Settling};
pub use blocker::{BlockerStand, BlockerState};
pub use check::CheckState;
pub use grants::{Given, Grants, Over};
pub use recovery::{Recovery, Underway};
pub use review::{ReviewProgress, ReviewState};
pub use worker::{Attempt, AttemptState, Costs, OpenTurn, WorkerState};

/// The state of one session.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The seq of the newest event; 0 before the first.
    pub last_seq: u64,
    /// The time of the newest event.
    pub last_at: Timestamp,
    /// When the session was created.
    pub created_at: Timestamp,
    /// What it is; `None` before the first event.
    pub created: Option<Arc<SessionCreated>>,
    /// What was found at the start.
    pub prepared: Option<Arc<Prepared>>,
    /// Where the workflow stands.
    pub step: Step,
    /// What has been done of the step.
    pub at_step: AtStep,
    /// Workers by name.
    pub workers: BTreeMap<WorkerName, WorkerState>,
    /// Checkpoints that stand, by number.
    pub checkpoints: BTreeMap<CheckpointNo, Arc<CheckpointTaken>>,
    /// The checkpoint that is being taken.
    pub pending_checkpoint: Option<(CheckpointNo, CheckpointPurpose)>,
    /// The number of the next checkpoint.
    pub next_checkpoint: CheckpointNo,
    /// Whether a worker that may write has begun a turn since the newest checkpoint.
    pub dirty: bool,
    /// The plan.
    pub plan: Option<Arc<str>>,
    /// All reviews, in order.
    pub reviews: Vec<ReviewState>,
    /// All runs of checks, in order; only the last one may still run.
    pub checks: Vec<CheckState>,
    /// All decisions, in order.
    pub decisions: Vec<(Timestamp, Arc<DecisionMade>)>,
    /// Whether the newest decision is about the work as it is: nobody has begun a turn on it since.
    pub decided: bool,
    /// What waits for a person.
    pub blocker: Option<Arc<Blocker>>,
    /// All blockers, in order; the newest of very many.
    pub blockers: VecDeque<BlockerState>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// Who asked for the end.
    pub stop: Option<StopCause>,
    /// Words of the person that wait for a turn: of that worker, or of whoever has the next one.
    pub words: Vec<(Option<WorkerName>, Arc<str>)>,
    /// The implementer's turn while a review that was asked for in its middle goes on.
    pub parked: Option<StepTurn>,
    /// What the implementer has asked meanwhile.
    pub held: Vec<Arc<HeldRequest>>,
    /// Questions to a person, and what was granted for longer.
    pub approvals: Approvals,
    /// Agents whose usage limit is reached, and when it is over: nothing is asked of them until then.
    pub quotas: BTreeMap<AgentKind, Timestamp>,
    /// What was warned of since the session began to run, or was resumed.
    pub near_limits: BTreeSet<Limited>,
    /// What a person wants looked at in the reviews of this step.
    pub focus: Option<Arc<str>>,
    /// Known US dollars spent before the session was last resumed; the money limit counts from there.
    pub spent_before: f64,
    /// Whether the session was resumed and the step's own turn is still to be taken up again.
    pub resuming: bool,
    /// Set while it ends and after.
    pub ending: Option<Arc<Ending>>,
    /// When nothing of it ran any more.
    pub ended_at: Option<Timestamp>,
}

/// What has been done of the current step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AtStep {
    /// The step's own turn.
    pub turn: Option<StepTurn>,
    /// The step's checkpoint.
    pub checkpoint: Option<CheckpointNo>,
    /// Whether the target as it is has a checkpoint for the next turn that may write.
    pub saved: bool,
    /// The index of the step's first check.
    pub first_check: usize,
    /// The step's reviews.
    pub reviews: Vec<ReviewId>,
    /// The step's decision.
    pub decision: Option<Arc<DecisionMade>>,
    /// A fault that only a person can mend.
    pub fault: Option<crate::event::Fault>,
}

/// A request that is answered when a review is over.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldRequest {
    /// Whose.
    pub worker: WorkerName,
    /// By which process.
    pub attempt: AttemptNo,
    /// What was asked.
    pub request: ApprovalRequest,
    /// What the policy answers.
    pub ruling: Ruled,
}

/// The turn that a step consists of.
#[derive(Debug, Clone, PartialEq)]
pub struct StepTurn {
    /// Whose.
    pub worker: WorkerName,
    /// Which.
    pub turn: TurnNo,
    /// What for.
    pub purpose: Purpose,
    /// Words of the person that went with it.
    pub message: Option<Arc<str>>,
    /// How it ended, once it did.
    pub ended: Option<TurnResult>,
}

/// How a step's turn ended.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnResult {
    /// In one word.
    pub outcome: Outcome,
    /// What is wrong with it, unless it was completed or somebody ended it.
    pub trouble: Option<Trouble>,
    /// The answer, or the error.
    pub text: Arc<str>,
    /// When its agent's usage limit is over, where it said so.
    pub resets_at: Option<Timestamp>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            last_seq: 0,
            last_at: Timestamp::default(),
            created_at: Timestamp::default(),
            created: None,
            prepared: None,
            step: Step::Prepare,
            at_step: AtStep::default(),
            workers: BTreeMap::new(),
            checkpoints: BTreeMap::new(),
            pending_checkpoint: None,
            next_checkpoint: 0,
            dirty: false,
            plan: None,
            reviews: Vec::new(),
            checks: Vec::new(),
            decisions: Vec::new(),
            decided: false,
            blocker: None,
            blockers: VecDeque::new(),
            warnings: Vec::new(),
            stop: None,
            words: Vec::new(),
            parked: None,
            held: Vec::new(),
            approvals: Approvals::default(),
            quotas: BTreeMap::new(),
            near_limits: BTreeSet::new(),
            focus: None,
            spent_before: 0.0,
            resuming: false,
            ending: None,
            ended_at: None,
        }
    }
}

impl State {
    /// The session's settings, or the defaults before it was created.
    pub fn settings(&self) -> Settings {
        self.created.as_ref().map(|c| c.settings.clone()).unwrap_or_default()
    }

    /// The words of the person that the worker's next turn is to be given.
    pub fn words_for(&self, worker: &WorkerName) -> Option<String> {
        let heard = self.words.iter().filter(|(to, _)| to.as_ref().is_none_or(|to| to == worker));
        let texts: Vec<&str> = heard.map(|(_, text)| text.as_ref()).collect();
        (!texts.is_empty()).then(|| texts.join("\n\n"))
    }

    /// The newest checkpoint that stands.
    pub fn newest_checkpoint(&self) -> Option<&CheckpointTaken> {
        self.checkpoints.values().next_back().map(AsRef::as_ref)
    }

    /// The decision about the work as it is, if one was made.
    pub fn standing_decision(&self) -> Option<&DecisionMade> {
        self.decisions.last().filter(|_| self.decided).map(|(_, made)| made.as_ref())
    }

    /// The review of that id.
    pub fn review(&self, id: &ReviewId) -> Option<&ReviewState> {
        self.reviews.iter().find(|review| review.request.review == *id)
    }

    /// Whether the process runs.
    pub fn is_live(&self, worker: &WorkerName, attempt: AttemptNo) -> bool {
        self.attempt(worker, attempt).is_some_and(|a| matches!(a.state, AttemptState::Live { .. }))
    }

    /// One process of a worker.
    pub fn attempt(&self, worker: &WorkerName, attempt: AttemptNo) -> Option<&Attempt> {
        self.workers.get(worker)?.attempts.get(&attempt)
    }

    /// The turn that a process which has just started is to be given.
    pub fn turn_to_prompt(&self, worker: &WorkerName, attempt: AttemptNo) -> Option<OpenTurn> {
        self.attempt(worker, attempt).filter(|a| a.stopping.is_none())?.turn.clone()
    }

    /// Processes that are starting or running.
    pub fn unended(&self) -> impl Iterator<Item = (&WorkerName, AttemptNo, &Attempt)> {
        self.workers.iter().flat_map(|(name, worker)| {
            worker.attempts.iter().filter(|(_, a)| !a.is_over()).map(move |(no, a)| (name, *no, a))
        })
    }

    /// US dollars that all workers reported.
    pub fn known_cost(&self) -> f64 {
        self.workers.values().map(|w| w.costs.known_usd).sum()
    }

    /// Whether the worker must wait with everything that it asks for, because its work is being reviewed.
    pub fn holds(&self, worker: &WorkerName) -> bool {
        self.parked.as_ref().is_some_and(|turn| turn.worker == *worker) && self.ending.is_none()
    }

    /// Whether the outcome of the preparation is still to come; its probes are processes too.
    pub fn is_preparing(&self) -> bool {
        self.step == Step::Prepare && self.prepared.is_none() && self.at_step.fault.is_none()
    }

    /// Whether nothing more will happen to it.
    pub fn is_over(&self) -> bool {
        self.ended_at.is_some()
    }
}
