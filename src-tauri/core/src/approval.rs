//! A worker asks to do something; the answer says allow or deny (design.md §1, §7).

use serde::{Deserialize, Serialize};

use crate::ids::{ApprovalId, AttemptNo, ItemId, RequestId, TurnNo};
use crate::policy::{Risk, Rule};
use crate::time::Timestamp;

/// What a worker asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalRequest {
    /// The protocol's id of the request, to answer it by.
    pub request: RequestId,
    /// The tool call it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemId>,
    /// How it reached us.
    pub via: AskedVia,
    /// What exactly.
    pub action: Action,
    /// Why the agent or its CLI says that it asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The whole call, where its agent takes another input for it and it is not too large. Kept while a person is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<ToolCall>,
}

/// A tool call as the agent made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The tool's own name.
    pub tool: String,
    /// Its whole input.
    pub input: serde_json::Value,
}

/// The door through which a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedVia {
    /// The CLI's own permission rules ask (`can_use_tool`, `requestApproval`, `request_permission`).
    Permission,
    /// A hook that sees every tool call before it runs, also those that the CLI allows by itself.
    Hook,
}

/// What a tool call would do. Paths are as the agent gave them until the engine has resolved them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Action {
    /// Reads or lists these places. None named means the worker's current folder.
    Read {
        /// The places.
        paths: Vec<String>,
    },
    /// Creates, changes or deletes these files.
    Write {
        /// The files.
        paths: Vec<String>,
        /// The change as the agent showed it, cut when large.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        diff: Option<String>,
    },
    /// Runs a command.
    Command {
        /// The shell line or the quoted argument list.
        command: String,
        /// Where.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cwd: Option<String>,
    },
    /// Reaches a host.
    Fetch {
        /// The address.
        url: String,
    },
    /// Only changes the agent's own state: its todo list, its plan, its structured answer.
    Internal {
        /// The tool's name.
        tool: String,
    },
    /// Any other tool.
    Tool {
        /// The tool's name.
        tool: String,
        /// Its input, cut when large.
        input: serde_json::Value,
    },
}

/// An answer and the rule that gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruled {
    /// The stable name of the rule.
    pub rule: String,
    /// Allow or deny.
    #[serde(flatten)]
    pub answer: Answer,
}

impl Ruled {
    /// The answer to everything that is asked of a process, or in a session, that is being ended.
    pub fn stopping() -> Self {
        let message = "the work is being stopped: nothing more is let through; end your turn".to_owned();
        Self { rule: "stopping".to_owned(), answer: Answer::Deny { message } }
    }

    /// A no by a rule.
    pub(crate) fn deny(rule: &str, message: String) -> Self {
        Self { rule: rule.to_owned(), answer: Answer::Deny { message } }
    }
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// This once.
    Allow,
    /// This once, with another input for the same tool.
    Instead {
        /// The whole input.
        input: serde_json::Value,
        /// What that does.
        action: Action,
    },
    /// No; the message is told to the agent.
    Deny {
        /// Why, in words for the agent.
        message: String,
    },
}

/// A question to a person: it stands in the journal before anyone is told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalAsked {
    /// Its name for people and commands.
    pub approval: ApprovalId,
    /// By which process it is asked.
    pub attempt: AttemptNo,
    /// In which turn; `None` between turns.
    pub turn: Option<TurnNo>,
    /// The folder that its worker works in, absolute.
    #[serde(default)]
    pub folder: String,
    /// What exactly.
    pub request: ApprovalRequest,
    /// The rule that asks.
    pub rule: String,
    /// Why it asks.
    pub why: String,
    /// How much harm it could do.
    pub risk: Risk,
    /// What can be answered beside a no.
    pub options: Vec<AllowFor>,
    /// When it counts as a no; `None`: it waits without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// For how long something is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowFor {
    /// This one call.
    Once,
    /// The very same for the rest of the session.
    Session,
    /// The very same in this folder from now on, by a rule of the person's.
    Always,
}

impl AllowFor {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Session => "session",
            Self::Always => "always",
        }
    }
}

/// What a person, or who stands in for one, says to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "choice", rename_all = "snake_case")]
pub enum Choice {
    /// Yes.
    Allow {
        /// For how long.
        allowed: AllowFor,
    },
    /// Yes, this once, to the same tool with another input.
    Edit {
        /// The whole input. From outside a text alone will do where the call is a command.
        input: serde_json::Value,
    },
    /// No; the message is told to the agent.
    Deny {
        /// Why, in words for the agent.
        message: String,
    },
}

/// What an agent is told with a no that came without words.
pub const PLAIN_NO: &str = "the person does not allow it";

impl Choice {
    /// What the agent is told. What an edited call does was found out when it was allowed.
    pub fn answer(&self, instead: Option<&Action>) -> Answer {
        match (self, instead) {
            (Self::Allow { .. }, _) => Answer::Allow,
            (Self::Edit { input }, Some(action)) => {
                Answer::Instead { input: input.clone(), action: action.clone() }
            }
            (Self::Edit { .. }, None) => {
                Answer::Deny { message: "it is not known what the edited call does".to_owned() }
            }
            (Self::Deny { message }, _) => Answer::Deny { message: message.clone() },
        }
    }
}

/// Who answered a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnsweredBy {
    /// A person.
    Person,
    /// Nobody in time.
    Expiry,
    /// The demo, which has nobody to ask.
    Demo,
}

impl AnsweredBy {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Expiry => "expiry",
            Self::Demo => "demo",
        }
    }
}

/// A question that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalAnswered {
    /// Which.
    pub approval: ApprovalId,
    /// What was said.
    #[serde(flatten)]
    pub choice: Choice,
    /// By whom.
    pub by: AnsweredBy,
    /// What is done instead, where it was edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<Action>,
    /// The rule that it became, where it is allowed always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<Rule>,
}

impl Action {
    /// Whether another action is the very same: what a grant is for. The diff of a write may differ.
    pub fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Write { paths: a, .. }, Self::Write { paths: b, .. }) => !a.is_empty() && a == b,
            (Self::Fetch { url: a }, Self::Fetch { url: b }) => a == b,
            (a, b) => a == b,
        }
    }

    /// The word in output.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Read { .. } => "read",
            Self::Write { .. } => "write",
            Self::Command { .. } => "command",
            Self::Fetch { .. } => "fetch",
            Self::Internal { .. } | Self::Tool { .. } => "tool",
        }
    }

    /// In one line, for a person.
    pub fn in_words(&self) -> String {
        match self {
            Self::Read { paths } => format!("read {}", paths.join(", ")),
            Self::Write { paths, .. } => format!("write {}", paths.join(", ")),
            Self::Command { command, .. } => format!("run `{command}`"),
            Self::Fetch { url } => format!("reach {url}"),
            Self::Internal { tool } | Self::Tool { tool, .. } => format!("use the tool `{tool}`"),
        }
    }
}
