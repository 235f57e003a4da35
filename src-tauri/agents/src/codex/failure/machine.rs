//! Codex's words for programs: `codexErrorInfo` of the app-server, and the codes in the bodies of the model service
//! that `exec` prints as they came.

use mo_core::outcome::FailureClass::{
    self, AuthExpired, AuthInvalid, BadArguments, BudgetExhausted, ContextTooLong, Internal, ModelUnknown,
    Network, NotLoggedIn, Overloaded, PermissionDenied, RateLimited, RefusedByModel, SessionUnknown,
    UsageLimit,
};

use crate::shared::failure::Word;

/// `codexErrorInfo`: a word, or an object of one word with an HTTP status (facts/codex-app-server-schema:
/// CodexErrorInfo). `other` says nothing.
pub(super) const ERROR_INFO: &[Word] = &[
    ("contextWindowExceeded", ContextTooLong, &[], "schema"),
    ("sessionBudgetExceeded", BudgetExhausted, &[], "schema"),
    ("usageLimitExceeded", UsageLimit, &[], "schema; facts §5"),
    ("rateLimitExceeded", RateLimited, &[UsageLimit], "schema"),
    (
        "responseTooManyFailedAttempts",
        RateLimited,
        &[Network, Overloaded, UsageLimit],
        "schema; facts §5: retry limit",
    ),
    ("serverOverloaded", Overloaded, &[], "schema; facts §5: 503"),
    ("flexUnavailable", Overloaded, &[], "schema"),
    ("policyCapacityUnavailable", Overloaded, &[], "schema"),
    ("internalServerError", Overloaded, &[], "schema; facts §5: 500"),
    ("modelNotFound", ModelUnknown, &[], "schema"),
    ("cyberPolicy", RefusedByModel, &[], "schema"),
    ("misalignmentPolicyViolation", RefusedByModel, &[], "schema"),
    ("tooManyDenials", PermissionDenied, &[], "schema"),
    ("inferenceHookDenied", PermissionDenied, &[], "schema"),
    ("unauthorized", AuthInvalid, &[AuthExpired, NotLoggedIn], "schema"),
    (
        "badRequest",
        BadArguments,
        &[ContextTooLong, ModelUnknown, RefusedByModel, UsageLimit, AuthInvalid, NotLoggedIn],
        "schema; facts §5: 400",
    ),
    // With an HTTP status of its own, that status counts instead.
    ("httpConnectionFailed", Network, &[], "schema; facts §5"),
    ("responseStreamConnectionFailed", Network, &[], "schema"),
    (
        "responseStreamDisconnected",
        Network,
        &[Overloaded, RefusedByModel],
        "schema; facts §5: stream disconnected",
    ),
    ("threadRollbackFailed", Internal, &[], "schema"),
    ("sandboxError", Internal, &[], "schema"),
    ("activeTurnNotSteerable", Internal, &[], "schema"),
];

/// `error.code` and `error.type` of the model service's bodies.
pub(super) const BODY_WORDS: &[Word] = &[
    ("context_length_exceeded", ContextTooLong, &[], "model service"),
    ("string_above_max_length", ContextTooLong, &[], "model service"),
    ("insufficient_quota", UsageLimit, &[], "model service"),
    ("billing_hard_limit_reached", UsageLimit, &[], "model service"),
    ("usage_limit_reached", UsageLimit, &[], "model service"),
    ("usage_not_included", UsageLimit, &[], "model service"),
    ("rate_limit_exceeded", RateLimited, &[UsageLimit], "model service"),
    ("model_not_found", ModelUnknown, &[], "model service"),
    ("invalid_model", ModelUnknown, &[], "model service"),
    ("invalid_api_key", AuthInvalid, &[AuthExpired], "model service"),
    ("token_expired", AuthExpired, &[], "model service"),
    ("token_invalidated", AuthExpired, &[], "model service"),
    ("account_deactivated", AuthInvalid, &[], "model service"),
    ("unsupported_country_region_territory", AuthInvalid, &[], "model service"),
    ("content_policy_violation", RefusedByModel, &[], "model service"),
    ("content_filter", RefusedByModel, &[], "model service"),
    ("cyber_policy_violation", RefusedByModel, &[], "model service"),
    ("previous_response_not_found", SessionUnknown, &[], "model service"),
    ("server_is_overloaded", Overloaded, &[], "model service"),
    ("slow_down", Overloaded, &[], "model service"),
    ("server_error", Overloaded, &[], "model service"),
    (
        "invalid_request_error",
        BadArguments,
        &[ContextTooLong, ModelUnknown, RefusedByModel, UsageLimit, AuthInvalid, AuthExpired, NotLoggedIn],
        "model service; facts §5: 400 is the raw body",
    ),
];

/// Exit codes that say more than "it failed".
pub(super) const EXIT_CODES: &[(i32, FailureClass, &str)] =
    &[(2, BadArguments, "facts §3: bad args"), (101, Internal, "Rust: a panic")];
