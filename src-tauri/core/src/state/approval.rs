//! Questions to a person: those that wait, and what was granted for longer.

use std::collections::VecDeque;
use std::sync::Arc;

use super::allowed::{AllowedCalls, CallState};
use super::grants::Grants;
use crate::approval::{Action, Answer, AnsweredBy, ApprovalAnswered, ApprovalAsked, Choice};
use crate::event::{Envelope, Event};
use crate::ids::{ApprovalId, AttemptNo, RequestId, WorkerName};
use crate::time::Timestamp;

/// The most questions that wait at a time. A worker that asks more is told no.
pub const MAX_OPEN: usize = 200;
/// Of how many settled questions it is remembered what became of them.
const MAX_SETTLED: usize = 500;
/// The most characters of what a settled question was about.
const MAX_WHAT: usize = 200;

/// Questions and grants of a session.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Approvals {
    /// Questions that are not settled, in their order.
    pub open: Vec<OpenApproval>,
    /// Permissions that last.
    pub grants: Grants,
    /// Questions that were answered and applied, or are void; the newest.
    pub settled: VecDeque<SettledApproval>,
    allowed: AllowedCalls,
}

/// A question that is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledApproval {
    /// Its name.
    pub approval: ApprovalId,
    /// Who asked.
    pub worker: WorkerName,
    /// When.
    pub at: Timestamp,
    /// What, in words.
    pub what: Arc<str>,
    /// What was allowed instead, in words, where it was edited.
    pub instead: Option<Arc<str>>,
    /// What became of it.
    pub outcome: Settling,
    /// How far the call is, where it was allowed.
    pub call: Option<CallState>,
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settling {
    /// A yes was given to the agent.
    Allowed(AnsweredBy),
    /// A no was.
    Denied(AnsweredBy),
    /// Nobody waited for an answer any more.
    Void,
}

/// A question that is not settled.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenApproval {
    /// Who asks.
    pub worker: WorkerName,
    /// When it asked first.
    pub at: Timestamp,
    /// What is asked.
    pub asked: Arc<ApprovalAsked>,
    /// The process that waits for the answer now, and its request; `None` since that process is gone.
    pub waiting: Option<(AttemptNo, RequestId)>,
    /// The answer that was given while no process waited: it is for the same question, should it come again.
    pub answer: Option<KeptAnswer>,
}

/// An answer that nobody has been told yet.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptAnswer {
    /// What was said.
    pub choice: Choice,
    /// By whom.
    pub by: AnsweredBy,
    /// What is done instead, where it was edited.
    pub instead: Option<Action>,
}

impl KeptAnswer {
    /// Whether it allows the call with another input.
    pub fn is_edit(&self) -> bool {
        matches!(self.choice, Choice::Edit { .. })
    }
}

impl Approvals {
    /// The question of that name, while it is not settled.
    pub fn open(&self, approval: &ApprovalId) -> Option<&OpenApproval> {
        self.open.iter().find(|open| open.asked.approval == *approval)
    }

    /// The question that a process asks by this request.
    pub fn of_request(
        &self,
        worker: &WorkerName,
        attempt: AttemptNo,
        request: &RequestId,
    ) -> Option<&OpenApproval> {
        let waiting = Some((attempt, request.clone()));
        self.open.iter().find(|open| open.worker == *worker && open.waiting == waiting)
    }

    /// The question of a process that is gone which this worker asks again.
    pub fn left_behind(&self, worker: &WorkerName, action: &Action) -> Option<&OpenApproval> {
        self.open.iter().find(|open| {
            open.waiting.is_none() && open.worker == *worker && open.asked.request.action.is_same_as(action)
        })
    }

    /// What the worker was allowed to do when it asked this before, itself or in its place, where it is not known
    /// whether it did it: its process went away.
    pub fn may_have_been_made(&self, worker: &WorkerName, action: &Action) -> Option<&Action> {
        self.allowed.may_have_been_made(worker, action)
    }

    /// Whether the question was asked once and is settled.
    pub fn is_settled(&self, approval: &ApprovalId) -> bool {
        self.settled.iter().any(|settled| settled.approval == *approval)
    }

    /// Questions that wait for a person.
    pub fn unanswered(&self) -> impl Iterator<Item = &OpenApproval> {
        self.open.iter().filter(|open| open.answer.is_none())
    }

    /// Whether a process of the worker waits for a person.
    pub fn keeps_waiting(&self, worker: &WorkerName, attempt: AttemptNo) -> bool {
        self.open.iter().any(|open| {
            open.worker == *worker && open.waiting.as_ref().is_some_and(|(waiting, _)| *waiting == attempt)
        })
    }

    pub(super) fn apply(&mut self, envelope: &Envelope) {
        self.settle_judged_again(envelope);
        self.grants.apply(envelope);
        for (approval, call) in self.allowed.apply(envelope) {
            self.call_is(&approval, call);
        }
        match &envelope.event {
            Event::ApprovalRequested(asked) => {
                let Some(worker) = envelope.worker.clone() else { return };
                let waiting = Some((asked.attempt, asked.request.request.clone()));
                self.open.push(OpenApproval {
                    worker,
                    at: envelope.at,
                    asked: Arc::new(asked.clone()),
                    waiting,
                    answer: None,
                });
            }
            Event::ApprovalRepeated { approval, attempt, request } => {
                let waiting = Some((*attempt, request.clone()));
                self.change(approval, |open| open.waiting = waiting);
                let kept = self.open(approval).and_then(|open| open.answer.clone());
                if let Some(kept) = kept.filter(|kept| !kept.is_edit()) {
                    self.settle(approval, Settling::of(&kept.choice, kept.by), None);
                }
            }
            Event::ApprovalAnswered(answered) => {
                let ApprovalAnswered { approval, choice, by, instead, .. } = answered;
                if self.open(approval).is_some_and(|open| open.waiting.is_some()) {
                    self.settle(approval, Settling::of(choice, *by), instead.as_ref());
                } else {
                    let kept = KeptAnswer { choice: choice.clone(), by: *by, instead: instead.clone() };
                    self.change(approval, |open| open.answer = Some(kept));
                }
            }
            Event::ApprovalVoided { approval, .. } => self.settle(approval, Settling::Void, None),
            Event::WorkerExited { attempt, .. } => {
                for open in &mut self.open {
                    if envelope.worker.as_ref() == Some(&open.worker) {
                        open.waiting.take_if(|(waiting, _)| waiting == attempt);
                    }
                }
            }
            _ => {}
        }
    }

    fn change(&mut self, approval: &ApprovalId, change: impl FnOnce(&mut OpenApproval)) {
        if let Some(open) = self.open.iter_mut().find(|open| open.asked.approval == *approval) {
            change(open);
        }
    }

    /// An edited call that was allowed at rest is settled by what is told when it has been judged again.
    fn settle_judged_again(&mut self, envelope: &Envelope) {
        let (Event::ApprovalDecided { attempt, request, ruling, .. }
        | Event::ApprovalHeld { attempt, request, ruling }) = &envelope.event
        else {
            return;
        };
        let Some(worker) = &envelope.worker else { return };
        let Some(open) = self.of_request(worker, *attempt, &request.request) else { return };
        let Some(by) = open.answer.as_ref().map(|kept| kept.by) else { return };
        let approval = open.asked.approval.clone();
        match &ruling.answer {
            Answer::Allow => self.settle(&approval, Settling::Allowed(by), None),
            Answer::Instead { action, .. } => self.settle(&approval, Settling::Allowed(by), Some(action)),
            Answer::Deny { .. } => self.settle(&approval, Settling::Denied(by), None),
        }
    }

    fn call_is(&mut self, approval: &ApprovalId, state: CallState) {
        if let Some(settled) = self.settled.iter_mut().rev().find(|s| s.approval == *approval) {
            settled.call = Some(state);
        }
    }

    fn settle(&mut self, approval: &ApprovalId, outcome: Settling, instead: Option<&Action>) {
        let Some(at) = self.open.iter().position(|open| open.asked.approval == *approval) else { return };
        let open = self.open.remove(at);
        let allowed = matches!(outcome, Settling::Allowed(_));
        if let (true, Some(waiting)) = (allowed, open.waiting) {
            for silent in self.allowed.add(&open.worker, waiting, &open.asked, instead) {
                self.call_is(&silent, CallState::Unreported);
            }
        }
        if self.settled.len() >= MAX_SETTLED {
            self.settled.pop_front();
        }
        let words = |action: &Action| action.in_words().chars().take(MAX_WHAT).collect::<String>();
        self.settled.push_back(SettledApproval {
            approval: approval.clone(),
            worker: open.worker,
            at: open.at,
            what: words(&open.asked.request.action).into(),
            instead: instead.map(|action| words(action).into()),
            outcome,
            call: allowed.then_some(CallState::UnderWay),
        });
    }
}

impl Settling {
    fn of(choice: &Choice, by: AnsweredBy) -> Self {
        match choice {
            Choice::Allow { .. } | Choice::Edit { .. } => Self::Allowed(by),
            Choice::Deny { .. } => Self::Denied(by),
        }
    }
}
