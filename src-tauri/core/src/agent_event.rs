//! What an agent did, in one model for all agents (shaped like ACP's: turn, tool call and update, permission
//! request, stop reason). Decoders in `agents/` make these out of bytes.

use serde::{Deserialize, Serialize};

use crate::approval::ApprovalRequest;
use crate::ids::{ItemId, RequestId};
use crate::outcome::{TurnEnd, Usage};
use crate::time::Timestamp;

/// An agent event with the time that its line carried, if it carried one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decoded {
    /// The time in the line; the time of reading is used where it is `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What happened.
    pub event: AgentEvent,
}

impl From<AgentEvent> for Decoded {
    fn from(event: AgentEvent) -> Self {
        Self { at: None, event }
    }
}

/// One thing that an agent reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AgentEvent {
    /// The agent opened or resumed a session of its own.
    SessionStarted {
        /// The agent's own session id, with which it can be resumed.
        agent_session: String,
        /// The model, where said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
        /// The CLI's version, where said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>,
    },
    /// The agent began to work on the prompt.
    TurnStarted,
    /// A whole message to the person.
    Message {
        /// The agent's id of it.
        item: ItemId,
        /// The text.
        text: String,
    },
    /// A whole thought.
    Thought {
        /// The agent's id of it.
        item: ItemId,
        /// The text.
        text: String,
    },
    /// A piece of a message, thought or tool output while it is being written. Shown, never journalled.
    Delta {
        /// The item it belongs to.
        item: ItemId,
        /// What the piece is of.
        of: DeltaOf,
        /// The piece.
        text: String,
    },
    /// A tool call began.
    ToolStarted {
        /// The agent's id of the call.
        item: ItemId,
        /// What sort of tool.
        tool: ToolKind,
        /// The tool's own name or a short line of what it does.
        title: String,
        /// The input as the agent gave it (cut when large).
        input: serde_json::Value,
    },
    /// A tool call ended.
    ToolEnded {
        /// The agent's id of the call.
        item: ItemId,
        /// How.
        status: ToolStatus,
        /// A command's exit code, where said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit_code: Option<i32>,
        /// Output or error text (cut when large).
        #[serde(default, skip_serializing_if = "String::is_empty")]
        output: String,
    },
    /// Files were changed by the agent's own edit tool.
    FilesChanged {
        /// The agent's id of the call.
        item: ItemId,
        /// Which files.
        changes: Vec<FileTouch>,
        /// How it ended.
        status: ToolStatus,
    },
    /// The agent's own plan or todo list, whole.
    Plan {
        /// Its entries in order.
        entries: Vec<PlanEntry>,
    },
    /// A line `MILESTONE: …` or an explicit milestone event.
    Milestone {
        /// What was reached.
        text: String,
    },
    /// The agent waits for leave to do something.
    ApprovalRequested {
        /// What.
        request: ApprovalRequest,
    },
    /// The agent took a request back.
    ApprovalWithdrawn {
        /// Which.
        request: RequestId,
    },
    /// Tokens so far, as reported outside the closing message.
    UsageReported {
        /// The tokens.
        usage: Usage,
    },
    /// Something said that is none of the above: a retry, a warning, a rate-limit notice, a mode.
    Notice {
        /// How serious.
        level: NoticeLevel,
        /// A stable word for it, such as `api_retry`.
        code: String,
        /// What was said.
        text: String,
    },
    /// The turn is over.
    TurnEnded {
        /// How.
        end: TurnEnd,
    },
    /// A line that is not what the protocol allows; its excerpt is cut.
    Malformed {
        /// The beginning of the line, made printable.
        excerpt: String,
        /// What is wrong with it.
        reason: String,
        /// Its length in bytes.
        bytes: u64,
    },
    /// A well-formed line of a type that the decoder does not know.
    Unrecognized {
        /// The type.
        kind: String,
    },
}

/// What a delta is a piece of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "plain words")]
pub enum DeltaOf {
    Message,
    Thought,
    ToolOutput,
    ToolInput,
}

/// What a tool does; from the protocol's own kind or the tool's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "plain words")]
pub enum ToolKind {
    Read,
    Search,
    Edit,
    Command,
    Fetch,
    Plan,
    Other,
}

/// How a tool call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "plain words")]
pub enum ToolStatus {
    Completed,
    Failed,
    Declined,
    Cancelled,
}

/// One file of an edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileTouch {
    /// As the agent named it.
    pub path: String,
    /// What was done.
    pub change: TouchKind,
}

/// What an edit did to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "plain words")]
pub enum TouchKind {
    Added,
    Changed,
    Deleted,
}

/// One entry of an agent's plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanEntry {
    /// What is to be done.
    pub text: String,
    /// How far.
    pub status: PlanStatus,
}

/// How far a plan entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "plain words")]
pub enum PlanStatus {
    Pending,
    InProgress,
    Completed,
}

/// How serious a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "plain words")]
pub enum NoticeLevel {
    Info,
    Warning,
    Error,
}

impl AgentEvent {
    /// Whether the event gets a `seq`. Deltas are shown at once and folded into their item's event.
    pub fn is_durable(&self) -> bool {
        match self {
            Self::Delta { .. } => false,
            Self::SessionStarted { .. }
            | Self::TurnStarted
            | Self::Message { .. }
            | Self::Thought { .. }
            | Self::ToolStarted { .. }
            | Self::ToolEnded { .. }
            | Self::FilesChanged { .. }
            | Self::Plan { .. }
            | Self::Milestone { .. }
            | Self::ApprovalRequested { .. }
            | Self::ApprovalWithdrawn { .. }
            | Self::UsageReported { .. }
            | Self::Notice { .. }
            | Self::TurnEnded { .. }
            | Self::Malformed { .. }
            | Self::Unrecognized { .. } => true,
        }
    }
}
