//! Permissions that last, and those that were taken back.

use std::borrow::Cow;
use std::sync::Arc;

use crate::approval::Action;
use crate::event::{Envelope, Event, RestState};
use crate::grant::{Grant, Scope};
use crate::ids::{ApprovalId, WorkerName};
use crate::policy::{Permit, Rule};
use crate::recovery::Remedy;
use crate::time::Timestamp;

/// Grants of a session.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grants {
    /// Those in force, in their order.
    pub given: Vec<Given>,
    /// Those that are over, in the order of their ends.
    pub over: Vec<Over>,
    /// Those of rules and recoveries that were taken back: they are not given again in this session.
    barred: Vec<Arc<Grant>>,
}

/// A grant that is in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// Since when.
    pub at: Timestamp,
    /// What.
    pub grant: Arc<Grant>,
}

/// A grant that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Over {
    /// What it was.
    pub given: Given,
    /// Since when it holds no more.
    pub at: Timestamp,
    /// Whether a person took it back; else the work that it was given for is over.
    pub revoked: bool,
}

impl Grants {
    /// The grant of that name.
    pub fn named(&self, name: &ApprovalId) -> Option<&Grant> {
        self.all().find(|grant| grant.grant == *name)
    }

    /// An answer's grant that covers the action.
    pub fn for_action(&self, worker: &WorkerName, action: &Action) -> Option<&Grant> {
        self.all().find(|grant| grant.lets(worker, action))
    }

    /// Whether what this rule lets the worker do is listed already.
    pub fn has_rule(&self, worker: &WorkerName, name: &str) -> bool {
        self.all().any(|grant| grant.is_of_rule(worker, name))
    }

    /// Whether a person took back what this remedy adds to the worker's command line.
    pub fn bars(&self, worker: &WorkerName, remedy: Remedy) -> bool {
        self.barred.iter().any(|grant| grant.worker == *worker && grant.scope == Scope::Remedy { remedy })
    }

    /// The rules that hold for a worker: without those whose grant was taken back.
    pub fn rules<'a>(&self, worker: &WorkerName, rules: &'a [Rule]) -> Cow<'a, [Rule]> {
        let barred = |rule: &Rule| {
            rule.verdict == Permit::Allow
                && self.barred.iter().any(|grant| grant.is_of_rule(worker, &rule.name))
        };
        if self.barred.is_empty() || !rules.iter().any(barred) {
            return Cow::Borrowed(rules);
        }
        Cow::Owned(rules.iter().filter(|rule| !barred(rule)).cloned().collect())
    }

    fn all(&self) -> impl Iterator<Item = &Grant> {
        self.given.iter().map(|given| given.grant.as_ref())
    }

    pub(super) fn apply(&mut self, envelope: &Envelope) {
        match &envelope.event {
            Event::GrantGiven(grant) => {
                self.given.push(Given { at: envelope.at, grant: Arc::new(grant.clone()) });
            }
            Event::GrantRevoked { grant } => {
                let Some(at) = self.given.iter().position(|given| given.grant.grant == *grant) else {
                    return;
                };
                let given = self.given.remove(at);
                if !matches!(given.grant.scope, Scope::Action { .. }) {
                    self.barred.push(Arc::clone(&given.grant));
                }
                self.over.push(Over { given, at: envelope.at, revoked: true });
            }
            // No grant outlives the work that it was given for.
            Event::SessionEnded(ending) if ends_grants(ending.state) => {
                let ended = self.given.drain(..);
                self.over.extend(ended.map(|given| Over { given, at: envelope.at, revoked: false }));
            }
            _ => {}
        }
    }
}

/// Whether a session that rests so is over, rather than waiting to go on.
pub(super) fn ends_grants(rest: RestState) -> bool {
    match rest {
        RestState::Finished | RestState::Stopped | RestState::Failed => true,
        RestState::Paused | RestState::Blocked | RestState::Crashed => false,
    }
}
