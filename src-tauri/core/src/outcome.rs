//! How a turn ends (design.md §4). Success is never read from an exit code alone.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The end of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The agent's protocol said that it finished what it was asked.
    Completed,
    /// The agent or its model service failed; the class says how.
    Failed,
    /// A signal, a cancel of ours or the person ended it.
    Interrupted,
    /// The turn had begun and its process went away without a closing message.
    Vanished,
}

impl Outcome {
    /// The word used in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Vanished => "vanished",
        }
    }
}

/// Why a turn failed; serialises as its snake_case word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the words are their own meaning; the table is in agents/")]
pub enum FailureClass {
    NotLoggedIn,
    AuthInvalid,
    AuthExpired,
    PermissionDenied,
    UntrustedFolder,
    NotAGitRepo,
    RootRefused,
    UsageLimit,
    RateLimited,
    Overloaded,
    Network,
    ContextTooLong,
    ModelUnknown,
    OutputTruncated,
    RefusedByModel,
    BadArguments,
    SessionUnknown,
    SessionInUse,
    BudgetExhausted,
    TurnLimit,
    StructuredOutputMissing,
    Internal,
    Unknown,
}

/// Tokens of a turn as its agent reported them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read, cached ones included where the agent counts them so.
    pub input_tokens: u64,
    /// Tokens written, reasoning included.
    pub output_tokens: u64,
    /// Tokens read from the cache.
    pub cached_tokens: u64,
}

impl Usage {
    /// The sum of two reports.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            cached_tokens: self.cached_tokens.saturating_add(other.cached_tokens),
        }
    }

    /// Everything read and written.
    pub fn total(self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

/// The closing of a turn, as decoded from the protocol's own message, its error text or the process's end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TurnEnd {
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed; `None` unless `outcome` is `Failed`.
    pub class: Option<FailureClass>,
    /// The agent's final answer, or the error text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The answer to an output schema, where the protocol returns one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structured: Option<serde_json::Value>,
    /// Tokens of this turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// US dollars of this turn; `None` is unknown, never zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// When a usage limit ends, where the agent said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<Timestamp>,
}

impl TurnEnd {
    /// A closing that carries nothing but how it ended.
    pub fn bare(outcome: Outcome, class: Option<FailureClass>) -> Self {
        Self { outcome, class, text: None, structured: None, usage: None, cost_usd: None, resets_at: None }
    }
}
