//! Recovery's part of the state: what was tried for a worker, and what it waits for.

use std::collections::BTreeMap;

use super::grants::ends_grants;
use super::{ReviewProgress, State};
use crate::agent_event::AgentEvent;
use crate::ceiling::Freedom;
use crate::event::{Envelope, Event, Place, RecoveryAttempted};
use crate::ids::{TurnNo, WorkerName};
use crate::recovery::{LaunchChanges, Launched, Remedy, Signs, Trouble};
use crate::settings::PermissionMode;
use crate::time::Timestamp;

/// One worker's recoveries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// How often each trouble was met with a remedy since the last completed turn.
    pub tries: BTreeMap<Trouble, u32>,
    /// The remedy that is being tried.
    pub underway: Option<Underway>,
    /// What remedies have changed of its launches.
    pub launch: LaunchChanges,
    /// What was noticed in its newest turn.
    pub signs: Signs,
    /// Remedies that were tried in all; waits for a usage limit are none, since nothing has failed.
    pub attempted: u32,
}

/// A remedy that is being tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Underway {
    /// The turn that failed.
    pub turn: TurnNo,
    /// What is wrong.
    pub trouble: Trouble,
    /// What is done.
    pub remedy: Remedy,
    /// Which try.
    pub try_no: u32,
    /// Of how many.
    pub of: u32,
    /// What is waited for; `None` as soon as it has come.
    pub until: Option<Timestamp>,
    /// Whether the turn that takes the failed one up has begun.
    pub begun: bool,
}

impl Recovery {
    /// All tries since the last completed turn.
    pub fn tries_in_all(&self) -> u32 {
        self.tries.values().fold(0, |sum, tries| sum.saturating_add(*tries))
    }

    /// The remedy that still has to lead to a turn.
    pub fn to_begin(&self) -> Option<&Underway> {
        self.underway.as_ref().filter(|underway| !underway.begun)
    }

    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::RecoveryAttempted(attempted) => self.attempt(attempted),
            Event::RecoveryDue { turn } => {
                if let Some(underway) = self.underway.as_mut().filter(|underway| underway.turn == *turn) {
                    underway.until = None;
                }
            }
            Event::RecoverySucceeded(_) | Event::RecoveryExhausted(_) => self.forget(),
            Event::TurnRequested { .. } => {
                self.signs = Signs::default();
                if let Some(underway) = &mut self.underway {
                    underway.begun = true;
                }
            }
            Event::WorkerStalled { .. } => self.signs.stalled = true,
            Event::AgentItem { item: AgentEvent::Malformed { .. }, .. } => self.signs.malformed = true,
            _ => {}
        }
    }

    fn attempt(&mut self, attempted: &RecoveryAttempted) {
        self.tries.insert(attempted.class, attempted.try_no);
        match attempted.remedy {
            Remedy::AddSkipGitRepoCheck => self.launch.skip_git_repo_check = true,
            Remedy::AddSkipTrust => self.launch.skip_trust = true,
            Remedy::AskInstead => self.launch.asks = true,
            Remedy::BackOff | Remedy::WaitForReset | Remedy::NewSession | Remedy::GoOn => {}
        }
        if attempted.remedy != Remedy::WaitForReset {
            self.attempted = self.attempted.saturating_add(1);
        }
        self.underway = Some(Underway {
            turn: attempted.turn,
            trouble: attempted.class,
            remedy: attempted.remedy,
            try_no: attempted.try_no,
            of: attempted.of,
            // A usage limit is waited for by all workers of the agent together.
            until: attempted.until.filter(|_| attempted.remedy == Remedy::BackOff),
            begun: false,
        });
    }

    fn forget(&mut self) {
        self.tries.clear();
        self.underway = None;
    }

    /// A person has the session go on: the tries count anew, and what was waited for and is past is not.
    fn resumed(&mut self, at: Timestamp) {
        self.tries.clear();
        if self.underway.as_ref().is_some_and(|u| u.begun || u.until.is_none_or(|until| until <= at)) {
            self.underway = None;
        }
    }
}

impl State {
    /// What the worker's next process in that place is launched with, as far as a remedy can change it.
    ///
    /// Who reviews asks, whatever the session's mode: a checkout of its own needs no more, and only the protocols that
    /// ask hold the form of the answer.
    pub fn launched(&self, worker: &WorkerName, place: &Place) -> Launched {
        let changes = self.workers.get(worker).map(|known| known.recovery.launch).unwrap_or_default();
        let settings = self.settings();
        // Who asks nobody needs all that can be given without a person.
        let asks = changes.asks || !settings.ceiling.has_all() || matches!(place, Place::Checkout { .. });
        let may =
            |remedy| settings.ceiling.has(Freedom::Flags) && !self.approvals.grants.bars(worker, remedy);
        let (git, trusted) = self.prepared.as_ref().map_or((true, false), |p| (p.git, p.trusted));
        Launched {
            permission: if asks { PermissionMode::Ask } else { settings.permission },
            skip_git_repo_check: may(Remedy::AddSkipGitRepoCheck) && (changes.skip_git_repo_check || !git),
            skip_trust: may(Remedy::AddSkipTrust) && (changes.skip_trust || !trusted),
        }
    }

    /// What the worker's newest process was launched with.
    pub fn was_launched(&self, worker: &WorkerName) -> Option<Launched> {
        let (_, newest) = self.workers.get(worker)?.attempts.last_key_value()?;
        Some(self.launched(worker, &newest.place))
    }

    /// Until when nothing may be asked of the worker: its own wait, or its agent's usage limit.
    pub fn held_until(&self, worker: &WorkerName) -> Option<Timestamp> {
        let known = self.workers.get(worker)?;
        let own = known.recovery.to_begin().and_then(|underway| underway.until);
        own.max(self.quotas.get(&known.member.agent).copied())
    }

    /// Whether something goes on by itself after a wait.
    pub fn waits_to_recover(&self) -> bool {
        !self.quotas.is_empty() || self.workers.values().any(|known| known.recovery.to_begin().is_some())
    }

    pub(super) fn apply_recovery(&mut self, envelope: &Envelope) {
        match &envelope.event {
            Event::QuotaReached { agent, until, .. } => {
                self.quotas.insert(agent.clone(), *until);
            }
            Event::QuotaReset { agent, .. } => {
                self.quotas.remove(agent);
            }
            Event::SessionResumed { .. } => {
                self.quotas.retain(|_, until| *until > envelope.at);
                for worker in self.workers.values_mut() {
                    worker.recovery.resumed(envelope.at);
                }
            }
            // What was added to command lines is granted no longer.
            Event::SessionEnded(ending) if ends_grants(ending.state) => {
                for worker in self.workers.values_mut() {
                    worker.recovery.launch =
                        LaunchChanges { asks: worker.recovery.launch.asks, ..LaunchChanges::default() };
                }
            }
            Event::RecoveryAttempted(_) => {
                // Its review is to be asked for again, with what it was asked for before.
                let running =
                    self.reviews.iter_mut().filter(|r| Some(&r.request.reviewer) == envelope.worker.as_ref());
                for review in running {
                    if let ReviewProgress::Running { try_no, nonce } = &review.progress {
                        review.progress = ReviewProgress::Ready { try_no: *try_no, nonce: nonce.clone() };
                    }
                }
            }
            Event::VerdictRecorded { .. } => {
                // What was tried for a review that is over is tried no more.
                if let Some(known) = envelope.worker.as_ref().and_then(|name| self.workers.get_mut(name)) {
                    known.recovery.forget();
                }
            }
            _ => {}
        }
        if let Some(known) = envelope.worker.as_ref().and_then(|name| self.workers.get_mut(name)) {
            known.recovery.apply(&envelope.event);
        }
    }
}
