//! What the policy says of an action.

use serde::{Deserialize, Serialize};

/// The three answers of a rule, weakest first: the strictest that matches wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permit {
    /// Without a question.
    Allow,
    /// A person decides.
    Ask,
    /// Not at all.
    Deny,
}

impl Permit {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }
}

/// How much harm an action could do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Nothing is lost.
    #[default]
    Low,
    /// Something changes that a checkpoint or a second look can mend.
    Medium,
    /// Something may be lost, leaked or let in for good.
    High,
}

impl Risk {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What the policy says, by which rule, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// Allow, ask or deny.
    pub verdict: Permit,
    /// The stable name of the rule that decided.
    pub rule: String,
    /// Why, in one sentence.
    pub why: String,
    /// How much harm it could do.
    pub risk: Risk,
    /// The person's rules that it rests on where it is allowed, by their names.
    #[serde(skip)]
    pub by: Vec<String>,
}

impl Ruling {
    /// Allowed, with nothing to lose.
    pub(super) fn allow(rule: &str, why: impl Into<String>) -> Self {
        Self {
            verdict: Permit::Allow,
            rule: rule.to_owned(),
            why: why.into(),
            risk: Risk::Low,
            by: Vec::new(),
        }
    }

    /// For a person to decide.
    pub(super) fn ask(rule: &str, risk: Risk, why: impl Into<String>) -> Self {
        Self { verdict: Permit::Ask, rule: rule.to_owned(), why: why.into(), risk, by: Vec::new() }
    }

    /// Not at all.
    pub(super) fn deny(rule: &str, why: impl Into<String>) -> Self {
        Self {
            verdict: Permit::Deny,
            rule: rule.to_owned(),
            why: why.into(),
            risk: Risk::High,
            by: Vec::new(),
        }
    }

    /// The stricter of two, and of two questions the graver; the first where they are alike.
    pub(super) fn strictest(self, other: Self) -> Self {
        let (mut stricter, other) = if (other.verdict, other.risk) > (self.verdict, self.risk) {
            (other, self)
        } else {
            (self, other)
        };
        let more = other.by.into_iter().filter(|name| !stricter.by.contains(name)).collect::<Vec<_>>();
        stricter.by.extend(more);
        stricter
    }
}
