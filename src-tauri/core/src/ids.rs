//! Names and numbers that identify things in a session (design.md §1).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a text that is already known to be such an id.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A session: `orch_YYYYMMDD_HHMMSS_<4 hex>`.
    SessionId
);
text_id!(
    /// A worker of a session: `<agent>-<role>`, such as `claude-implementer`.
    WorkerName
);
text_id!(
    /// The agent's own name for one of its items (a message, a tool call); unique within a turn.
    ItemId
);
text_id!(
    /// The agent protocol's id of one approval request; unique within an attempt.
    RequestId
);
text_id!(
    /// A one-use UUID that a review request carries and its answer must repeat.
    Nonce
);
text_id!(
    /// One review: `r<number>`, dense from 1 in a session.
    ReviewId
);
text_id!(
    /// One approval request as a person names it (UUID v7).
    ApprovalId
);

/// A blocker as a person names it: `<session>.<seq>`, with the `seq` of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockerId {
    /// Whose.
    pub session: SessionId,
    /// Its event.
    pub seq: u64,
}

impl BlockerId {
    /// Reads one; `None` when the text has not that form.
    pub fn parse(text: &str) -> Option<Self> {
        let (session, seq) = text.rsplit_once('.')?;
        let session = SessionId::new(session);
        (SessionId::is_well_formed(session.as_str()) && seq.bytes().all(|b| b.is_ascii_digit()))
            .then(|| seq.parse().ok())?
            .map(|seq| Self { session, seq })
    }
}

impl std::fmt::Display for BlockerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.session, self.seq)
    }
}

impl SessionId {
    /// Whether the text has the form of a session id; keeps path tricks out of folder names.
    pub fn is_well_formed(text: &str) -> bool {
        let Some(rest) = text.strip_prefix("orch_") else { return false };
        let parts: Vec<&str> = rest.split('_').collect();
        let [date, time, tail] = parts.as_slice() else { return false };
        date.len() == 8
            && date.bytes().all(|b| b.is_ascii_digit())
            && time.len() == 6
            && time.bytes().all(|b| b.is_ascii_digit())
            && tail.len() == 4
            && tail.bytes().all(|b| b.is_ascii_hexdigit())
    }
}

/// The number of a worker's process, from 1 in a session for each worker.
pub type AttemptNo = u32;
/// The number of a worker's turn, from 1 in a session for each worker.
pub type TurnNo = u32;
/// The number of a checkpoint of a session; 0 is the start.
pub type CheckpointNo = u32;
/// The number of one run of a check, from 1 in a session.
pub type CheckNo = u32;

/// A kind of CLI that can be a worker.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum AgentKind {
    /// Claude Code.
    Claude,
    /// OpenAI Codex.
    Codex,
    /// Gemini CLI.
    Gemini,
    /// Any other agent that speaks the Agent Client Protocol, by its configured name.
    Acp(String),
}

impl AgentKind {
    /// The name used in configuration, worker names and output.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
            Self::Acp(name) => name,
        }
    }

    /// The name as a person reads it.
    pub fn title(&self) -> &str {
        match self {
            Self::Claude => "Claude",
            Self::Codex => "Codex",
            Self::Gemini => "Gemini",
            Self::Acp(name) => name,
        }
    }
}

impl fmt::Display for AgentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<AgentKind> for String {
    fn from(kind: AgentKind) -> Self {
        kind.as_str().to_owned()
    }
}

/// A name that no agent and no worker may have.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a name (lower-case letters, digits and `-`, starting with a letter, at most 32)")]
pub struct BadName(pub String);

impl TryFrom<String> for AgentKind {
    type Error = BadName;
    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl FromStr for AgentKind {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        match text {
            "claude" => Ok(Self::Claude),
            "codex" => Ok(Self::Codex),
            "gemini" => Ok(Self::Gemini),
            other if is_name(other) => Ok(Self::Acp(other.to_owned())),
            other => Err(BadName(other.to_owned())),
        }
    }
}

fn is_name(text: &str) -> bool {
    text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// What a worker does in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads the target and writes the plan.
    Architect,
    /// Changes the target.
    Implementer,
    /// Examines what others did.
    Reviewer,
}

impl Role {
    /// The role in configuration and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Architect => "architect",
            Self::Implementer => "implementer",
            Self::Reviewer => "reviewer",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The digest of a checkpoint: `sha256:<64 lower-case hex digits>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Takes a text that has the form of a digest.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256:")?;
        let ok = hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        ok.then(|| Self(text.to_owned()))
    }
    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The hex digits without `sha256:`.
    pub fn hex(&self) -> &str {
        self.0.get(7..).unwrap_or_default()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
