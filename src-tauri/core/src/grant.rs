//! Permissions that last: to whom, what exactly, from whom, until when (design.md §1, §7).

use serde::{Deserialize, Serialize};

use crate::approval::{Action, AnsweredBy};
use crate::ids::{ApprovalId, WorkerName};
use crate::policy::Rule;
use crate::recovery::Remedy;

/// A permission that lasts. It ends with the session's work, or when it is taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// Its name; where it answered a question, that of the question.
    pub grant: ApprovalId,
    /// Whose.
    pub worker: WorkerName,
    /// What exactly.
    #[serde(flatten)]
    pub scope: Scope,
    /// Who gave it.
    pub by: GrantedBy,
}

/// What a grant is for. In JSON one of the members `action`, `rule` and `remedy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scope {
    /// This very action, and no other.
    Action {
        /// Which.
        action: Action,
    },
    /// What this rule of the person's matches.
    Rule {
        /// As it stood when it first let something through.
        rule: Box<Rule>,
    },
    /// An option on the worker's command line, which this remedy added.
    Remedy {
        /// Which.
        remedy: Remedy,
    },
}

/// Who gave a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantedBy {
    /// A person, by an answer.
    Person,
    /// The demo, which has nobody to ask.
    Demo,
    /// A rule of the person's.
    Rule,
    /// A recovery.
    Recovery,
}

impl GrantedBy {
    /// Whose answer gave it; `None`: one that never grants.
    pub fn answering(by: AnsweredBy) -> Option<Self> {
        match by {
            AnsweredBy::Person => Some(Self::Person),
            AnsweredBy::Demo => Some(Self::Demo),
            AnsweredBy::Expiry => None,
        }
    }

    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Demo => "demo",
            Self::Rule => "rule",
            Self::Recovery => "recovery",
        }
    }
}

impl Grant {
    /// Whether it lets this through for that worker.
    pub fn lets(&self, worker: &WorkerName, action: &Action) -> bool {
        let same = matches!(&self.scope, Scope::Action { action: granted } if granted.is_same_as(action));
        same && self.worker == *worker
    }

    /// Whether it is that of this rule.
    pub fn is_of_rule(&self, worker: &WorkerName, name: &str) -> bool {
        self.worker == *worker && matches!(&self.scope, Scope::Rule { rule } if rule.name == name)
    }
}
