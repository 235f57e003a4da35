//! A worker asks to do something; the answer says allow or deny (design.md §1, §7).

use serde::{Deserialize, Serialize};

use crate::ids::{ItemId, RequestId};

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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// This once.
    Allow,
    /// No; the message is told to the agent.
    Deny {
        /// Why, in words for the agent.
        message: String,
    },
}
