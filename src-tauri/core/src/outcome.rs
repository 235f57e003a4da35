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

/// Why a turn failed; serialises as its snake_case word. The CLIs' words and texts for each are the tables in
/// `agents/src/<agent>/failure`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// There is no key and no login: only a person can log in.
    NotLoggedIn,
    /// The key or login was refused: wrong, revoked, disabled, or without the right to what was asked (401, 403).
    AuthInvalid,
    /// The login was good and is over; the person logs in again.
    AuthExpired,
    /// The CLI's own policy forbids the way in which it was started; a tool call that was refused fails no turn.
    PermissionDenied,
    /// The CLI wants to be told that it may trust the folder.
    UntrustedFolder,
    /// The CLI wants a git repository, or to be told that it may do without.
    NotAGitRepo,
    /// The CLI does not do this as root.
    RootRefused,
    /// A plan's limit, a daily quota or the credit is used up: hours or a payment away. See [`TurnEnd::resets_at`].
    UsageLimit,
    /// Too many requests or tokens at once (429): seconds to minutes away.
    RateLimited,
    /// The model service fails or has no capacity (5xx); it passes.
    Overloaded,
    /// The model service was not reached, or the connection broke.
    Network,
    /// The conversation, or what was added to it, is more than the model takes (413 too).
    ContextTooLong,
    /// There is no such model for this login.
    ModelUnknown,
    /// The answer was cut off at the model's limit.
    OutputTruncated,
    /// The model or its service's policy refused to answer.
    RefusedByModel,
    /// Something that we gave was refused as wrong: a flag, a folder, a setting, a message.
    BadArguments,
    /// The agent has no session of that id.
    SessionUnknown,
    /// Somebody else has the session.
    SessionInUse,
    /// The money or tokens that the launch allowed are used up.
    BudgetExhausted,
    /// The requests to the model that the launch allowed are used up.
    TurnLimit,
    /// The answer does not follow the schema, after the CLI's own further tries.
    StructuredOutputMissing,
    /// The CLI or what it stands on failed: a crash, a full disk, no sandbox, an empty answer.
    Internal,
    /// It failed, and nothing that it said is known.
    Unknown,
}

impl FailureClass {
    /// Every class: for tables that leave none out.
    pub const ALL: [Self; 23] = [
        Self::NotLoggedIn,
        Self::AuthInvalid,
        Self::AuthExpired,
        Self::PermissionDenied,
        Self::UntrustedFolder,
        Self::NotAGitRepo,
        Self::RootRefused,
        Self::UsageLimit,
        Self::RateLimited,
        Self::Overloaded,
        Self::Network,
        Self::ContextTooLong,
        Self::ModelUnknown,
        Self::OutputTruncated,
        Self::RefusedByModel,
        Self::BadArguments,
        Self::SessionUnknown,
        Self::SessionInUse,
        Self::BudgetExhausted,
        Self::TurnLimit,
        Self::StructuredOutputMissing,
        Self::Internal,
        Self::Unknown,
    ];
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
    /// Why it failed; `None` unless `outcome` is `Failed`, then always there.
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
    /// When a usage limit ends; only where the agent named an instant: a clock time without zone or day is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<Timestamp>,
    /// How long a usage limit goes on from here, in milliseconds, where the agent said it so and on no clock. The journal
    /// has the instant instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_in_ms: Option<u64>,
}

impl TurnEnd {
    /// A closing that carries nothing but how it ended.
    pub fn bare(outcome: Outcome, class: Option<FailureClass>) -> Self {
        Self {
            outcome,
            class,
            text: None,
            structured: None,
            usage: None,
            cost_usd: None,
            resets_at: None,
            resets_in_ms: None,
        }
    }

    /// The same, with an instant where only a span was named.
    #[must_use]
    pub fn heard_at(mut self, now: Timestamp) -> Self {
        let span = self.resets_in_ms.take();
        self.resets_at = self.resets_at.or_else(|| span.map(|ms| now.plus_ms(ms)));
        self
    }
}
