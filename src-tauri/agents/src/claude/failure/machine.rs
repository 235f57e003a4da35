//! Claude Code's words for programs. Sources: "facts §5" is the measured table of facts/agent-clis.md; "2.1.330"
//! are words that the pinned version itself has and that no capture shows.

use mo_core::outcome::FailureClass::{
    self, AuthExpired, AuthInvalid, BadArguments, BudgetExhausted, ContextTooLong, Internal, ModelUnknown,
    Network, NotLoggedIn, OutputTruncated, Overloaded, PermissionDenied, RateLimited, RefusedByModel,
    RootRefused, SessionInUse, SessionUnknown, StructuredOutputMissing, TurnLimit, Unknown, UsageLimit,
};

use crate::shared::failure::Word;

/// Everything that the CLI reports under one of its vague words.
const ANY: &[FailureClass] = &[
    NotLoggedIn,
    AuthInvalid,
    AuthExpired,
    PermissionDenied,
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
];

/// `result.terminal_reason`: why the turn stopped. `api_error` and `model_error` name no cause; `completed` is
/// none, and the words of an interruption are in [`INTERRUPTED`].
pub(super) const TERMINAL_REASONS: &[Word] = &[
    ("prompt_too_long", ContextTooLong, &[], "facts §5: too long"),
    // HTTP 413: the conversation with its attachments is too large.
    ("image_error", ContextTooLong, &[], "facts §5: 413"),
    ("blocking_limit", ContextTooLong, &[], "2.1.330: the context is full before the request"),
    ("rapid_refill_breaker", ContextTooLong, &[], "2.1.330: compacting does not help any more"),
    ("max_turns", TurnLimit, &[], "facts §5: max turns"),
    ("budget_exhausted", BudgetExhausted, &[], "facts §5: max budget"),
    ("structured_output_retry_exhausted", StructuredOutputMissing, &[], "facts §3, §8"),
    ("malformed_tool_use_exhausted", Internal, &[], "2.1.330"),
    ("tool_deferred", Internal, &[], "wire findings: ends the turn although the tool did not run"),
    ("tool_deferred_unavailable", Internal, &[], "2.1.330"),
    ("background_requested", Internal, &[], "2.1.330: the turn went on where we cannot see it"),
    ("turn_setup_failed", Internal, ANY, "2.1.330"),
];

/// `result.terminal_reason` of a turn that somebody stopped. A hook's `continue: false` is a wish, no failure.
pub(super) const INTERRUPTED: [&str; 4] =
    ["aborted_streaming", "aborted_tools", "hook_stopped", "stop_hook_prevented"];

/// `result.subtype`. `success` and `error_during_execution` name no cause.
pub(super) const SUBTYPES: &[Word] = &[
    ("error_max_turns", TurnLimit, &[], "facts §3"),
    ("error_max_budget_usd", BudgetExhausted, &[], "facts §3"),
    ("error_max_structured_output_retries", StructuredOutputMissing, &[], "facts §3"),
];

/// `api_error` of an `assistant` or `result` line: the finer word, where there is one.
pub(super) const API_ERRORS: &[Word] = &[
    ("usage_limit_reached", UsageLimit, &[], "facts §5: subscription limit"),
    ("connection_failed", Network, &[], "facts §5: ECONNREFUSED"),
    // Of the model's own context window, too: then a new conversation is the remedy.
    ("max_output_tokens", OutputTruncated, &[ContextTooLong], "facts §5: max tokens"),
    ("message_over_context_limit", ContextTooLong, &[], "2.1.330"),
    ("autocompact_thrashing", ContextTooLong, &[], "2.1.330"),
    ("pdf_too_large", ContextTooLong, &[], "2.1.330"),
    ("long_context_credits_required", UsageLimit, &[], "2.1.330"),
    ("model_requires_usage_credits", UsageLimit, &[], "2.1.330"),
    ("consent_unanswered", UsageLimit, &[], "2.1.330: going on would cost credits"),
    ("network_edge_blocked", Network, &[], "2.1.330"),
    ("stream_idle_timeout", Network, &[], "2.1.330"),
    ("no_response", Network, &[], "2.1.330"),
    ("api_key_auth_disabled", AuthInvalid, &[], "2.1.330"),
    ("invalid_credential_header", AuthInvalid, &[], "2.1.330"),
    ("org_disabled_credential", AuthInvalid, &[], "2.1.330"),
    ("stored_login_refused", AuthInvalid, &[AuthExpired], "2.1.330"),
    ("oauth_refresh_store_refused", AuthExpired, &[], "2.1.330"),
    ("named_profile_unusable", AuthInvalid, &[AuthExpired, NotLoggedIn], "2.1.330"),
    ("provider_credentials", AuthInvalid, &[AuthExpired, NotLoggedIn], "2.1.330: Bedrock, Vertex, Foundry"),
    ("no_allowed_fallback", ModelUnknown, &[], "2.1.330"),
    ("hook_denied", PermissionDenied, &[], "2.1.330"),
    ("empty_completion", Internal, &[], "2.1.330"),
    ("malformed_tool_use_exhausted", Internal, &[], "2.1.330"),
    ("tool_history_mismatch", Internal, &[], "2.1.330"),
];

/// `error` of an `assistant` line.
pub(super) const ERRORS: &[Word] = &[
    ("authentication_failed", AuthInvalid, &[NotLoggedIn, AuthExpired], "facts §5: 401, 403, no key, OAuth"),
    ("oauth_org_not_allowed", AuthInvalid, &[], "2.1.330"),
    ("account_on_hold", AuthInvalid, &[], "2.1.330"),
    ("verification_required", AuthInvalid, &[], "2.1.330"),
    ("cloud_credential_error", AuthInvalid, &[AuthExpired, NotLoggedIn], "2.1.330"),
    ("billing_error", UsageLimit, &[], "facts §5: credit"),
    ("rate_limit", RateLimited, &[UsageLimit, Overloaded], "facts §5: 429; subscription limits"),
    ("overloaded", Overloaded, &[], "facts §5: the word of api_retry"),
    // Also what never reached a server: then its text or `api_error` says so.
    ("server_error", Overloaded, &[Network, AuthExpired], "facts §5: 500/529, ECONNREFUSED"),
    ("model_not_found", ModelUnknown, &[], "facts §5: 404 model"),
    ("max_output_tokens", OutputTruncated, &[ContextTooLong], "facts §5: max tokens"),
    ("invalid_request", BadArguments, ANY, "facts §5: 400, 413"),
    ("unknown", Unknown, ANY, "2.1.330"),
];
