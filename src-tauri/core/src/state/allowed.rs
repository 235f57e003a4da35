//! Calls that a person allowed once, until it is known that they have come to their end: a call whose process went
//! away before may have been made or not, and is never made again without a question that says so.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::agent_event::{AgentEvent, ToolStatus};
use crate::approval::{Action, ApprovalAsked};
use crate::event::{Envelope, Event};
use crate::ids::{ApprovalId, AttemptNo, ItemId, RequestId, WorkerName};
use crate::outcome::Outcome;

/// Of how many calls it is remembered that their end is not known; the oldest is forgotten first.
const MAX_CALLS: usize = 200;

/// How far a call is that a person allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallState {
    /// Its agent has been told, or is being told.
    UnderWay,
    /// Its agent has reported its end.
    Ended,
    /// Its agent has ended its turn without a word of it.
    Unreported,
    /// Its process went away before: it may have been made or not.
    Unknown,
}

impl CallState {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnderWay => "under_way",
            Self::Ended => "ended",
            Self::Unreported => "unreported",
            Self::Unknown => "unknown",
        }
    }
}

/// Calls that a person allowed and whose end is not known.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct AllowedCalls {
    calls: VecDeque<Call>,
}

#[derive(Debug, Clone, PartialEq)]
struct Call {
    worker: WorkerName,
    attempt: AttemptNo,
    request: RequestId,
    asked: Arc<ApprovalAsked>,
    /// What was allowed in its place, where it was edited.
    instead: Option<Action>,
    /// The agent's id of it, once it is told.
    item: Option<ItemId>,
    state: CallState,
}

impl AllowedCalls {
    /// A yes is about to be told. Gives the earlier questions about the very same whose call its agent said nothing of
    /// before it asked anew.
    pub(super) fn add(
        &mut self,
        worker: &WorkerName,
        waiting: (AttemptNo, RequestId),
        asked: &Arc<ApprovalAsked>,
        instead: Option<&Action>,
    ) -> Vec<ApprovalId> {
        let action = &asked.request.action;
        let same = |call: &Call| call.worker == *worker && call.asked.request.action.is_same_as(action);
        let silent = self.calls.iter().filter(|call| same(call) && call.state == CallState::UnderWay);
        let silent = silent.map(|call| call.asked.approval.clone()).collect();
        self.calls.retain(|call| !same(call));
        if self.calls.len() >= MAX_CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back(Call {
            worker: worker.clone(),
            attempt: waiting.0,
            request: waiting.1,
            asked: Arc::clone(asked),
            instead: instead.cloned(),
            item: None,
            state: CallState::UnderWay,
        });
        silent
    }

    /// What the worker was allowed when it asked this before, and of which nobody knows whether it did it: the very
    /// same, or what a person had put in its place.
    pub(super) fn may_have_been_made(&self, worker: &WorkerName, action: &Action) -> Option<&Action> {
        let unknown = |call: &&Call| call.worker == *worker && call.state == CallState::Unknown;
        self.calls.iter().rev().filter(unknown).find_map(|call| {
            let asked = &call.asked.request.action;
            let made = call.instead.as_ref().unwrap_or(asked);
            (asked.is_same_as(action) || made.is_same_as(action)).then_some(made)
        })
    }

    /// What the event says of the calls: the questions whose call is now in another state.
    pub(super) fn apply(&mut self, envelope: &Envelope) -> Vec<(ApprovalId, CallState)> {
        let Some(worker) = envelope.worker.as_ref().filter(|_| !self.calls.is_empty()) else {
            return Vec::new();
        };
        match &envelope.event {
            Event::ApprovalDecided { attempt, request, .. } => {
                let told = |call: &&mut Call| {
                    call.worker == *worker && call.attempt == *attempt && call.request == request.request
                };
                if let Some(call) = self.calls.iter_mut().find(told) {
                    call.item.clone_from(&request.item);
                }
                Vec::new()
            }
            Event::AgentItem { attempt, item, .. } => match item {
                AgentEvent::ToolEnded { item, status, .. } | AgentEvent::FilesChanged { item, status, .. }
                    // One that was cut short may have been made.
                    if *status != ToolStatus::Cancelled =>
                {
                    self.end(worker, *attempt, item)
                }
                _ => Vec::new(),
            },
            Event::TurnEnded { attempt, end, .. } => {
                let completed = end.outcome == Outcome::Completed;
                let state = if completed { CallState::Unreported } else { CallState::Unknown };
                self.settle(worker, *attempt, state)
            }
            Event::WorkerExited { attempt, .. } => self.settle(worker, *attempt, CallState::Unknown),
            _ => Vec::new(),
        }
    }

    fn end(
        &mut self,
        worker: &WorkerName,
        attempt: AttemptNo,
        item: &ItemId,
    ) -> Vec<(ApprovalId, CallState)> {
        let ended = |call: &Call| {
            call.worker == *worker && call.attempt == attempt && call.item.as_ref() == Some(item)
        };
        let Some(at) = self.calls.iter().position(ended) else { return Vec::new() };
        let call = self.calls.remove(at);
        call.map(|call| (call.asked.approval.clone(), CallState::Ended)).into_iter().collect()
    }

    /// What becomes of the calls of a process that will report nothing more of them.
    fn settle(
        &mut self,
        worker: &WorkerName,
        attempt: AttemptNo,
        state: CallState,
    ) -> Vec<(ApprovalId, CallState)> {
        let mut changed = Vec::new();
        for call in &mut self.calls {
            if call.worker == *worker && call.attempt == attempt && call.state == CallState::UnderWay {
                // Of one that no item of the agent's names nothing can be reported.
                let nameless = state == CallState::Unreported && call.item.is_none();
                call.state = state;
                let state = if nameless { CallState::Ended } else { state };
                changed.push((call.asked.approval.clone(), state));
            }
        }
        self.calls.retain(|call| call.state != CallState::Unreported);
        changed
    }
}
