//! Gemini CLI's words for programs: its exit codes, the types of its fatal errors, and the statuses, reasons and
//! quotas of its API's bodies. "0.61" are words that the pinned version itself has and that no capture shows.

use mo_core::outcome::FailureClass::{
    self, AuthExpired, AuthInvalid, BadArguments, ContextTooLong, Internal, ModelUnknown, Network,
    NotLoggedIn, Overloaded, PermissionDenied, RateLimited, RefusedByModel, SessionInUse, SessionUnknown,
    TurnLimit, UntrustedFolder, UsageLimit,
};

use crate::shared::failure::Word;

/// Exit codes of the CLI's own; 130 is an interruption. Those from 144 on are HTTP statuses cut to a byte: 400 is
/// 144, 401 is 145, 429 is 173. The code, what it means, what a text may say finer, and the source.
pub(super) const EXIT_CODES: &[(i32, FailureClass, &[FailureClass], &str)] = &[
    (41, NotLoggedIn, &[AuthInvalid, AuthExpired], "facts §5: auth"),
    (42, BadArguments, &[SessionUnknown, SessionInUse], "facts §5: input"),
    (44, Internal, &[], "facts §10: sandbox"),
    (52, BadArguments, &[PermissionDenied, NotLoggedIn], "facts §5: config"),
    (53, TurnLimit, &[], "facts §5: turns"),
    (54, Internal, &[], "0.61: a tool's fatal error"),
    (55, UntrustedFolder, &[], "facts §5: untrusted"),
];

/// `error.type` of a fatal error, on stdout in `result` or on stderr as an object.
pub(super) const ERROR_TYPES: &[Word] = &[
    ("FatalAuthenticationError", NotLoggedIn, &[AuthInvalid, AuthExpired], "0.61"),
    ("FatalInputError", BadArguments, &[SessionUnknown, SessionInUse], "0.61"),
    ("FatalSandboxError", Internal, &[], "facts §10"),
    ("FatalConfigError", BadArguments, &[PermissionDenied, NotLoggedIn], "0.61"),
    ("FatalTurnLimitedError", TurnLimit, &[], "facts §5"),
    ("FatalToolExecutionError", Internal, &[], "0.61"),
    ("FatalUntrustedWorkspaceError", UntrustedFolder, &[], "0.61"),
    // With a short wait beside it, it is a rate.
    ("TerminalQuotaError", UsageLimit, &[RateLimited], "facts §5: daily quota"),
    ("RetryableQuotaError", RateLimited, &[UsageLimit], "0.61"),
    ("ModelNotFoundError", ModelUnknown, &[], "facts §5: 404"),
    ("ValidationRequiredError", AuthInvalid, &[], "0.61"),
    ("UnauthorizedError", AuthInvalid, &[AuthExpired], "0.61"),
    ("ForbiddenError", AuthInvalid, &[], "0.61"),
    ("InvalidStreamError", Internal, &[RefusedByModel, ContextTooLong], "0.61: an empty or broken answer"),
];

/// Statuses and reasons in the API's error bodies; the finest is read first.
pub(super) const BODY_WORDS: &[Word] = &[
    ("API_KEY_INVALID", AuthInvalid, &[AuthExpired], "facts §5: 400 key"),
    ("API_KEY_SERVICE_BLOCKED", AuthInvalid, &[], "Google API reasons"),
    ("API_KEY_HTTP_REFERRER_BLOCKED", AuthInvalid, &[], "Google API reasons"),
    ("API_KEY_IP_ADDRESS_BLOCKED", AuthInvalid, &[], "Google API reasons"),
    ("ACCESS_TOKEN_EXPIRED", AuthExpired, &[], "Google API reasons"),
    ("ACCESS_TOKEN_SCOPE_INSUFFICIENT", AuthInvalid, &[], "Google API reasons"),
    ("CREDENTIALS_MISSING", NotLoggedIn, &[], "Google API reasons"),
    ("SERVICE_DISABLED", AuthInvalid, &[], "Google API reasons"),
    ("CONSUMER_SUSPENDED", AuthInvalid, &[], "Google API reasons"),
    ("CONSUMER_INVALID", AuthInvalid, &[], "Google API reasons"),
    ("BILLING_DISABLED", UsageLimit, &[], "Google API reasons"),
    ("VALIDATION_REQUIRED", AuthInvalid, &[], "0.61"),
    ("QUOTA_EXHAUSTED", UsageLimit, &[RateLimited], "0.61"),
    ("INSUFFICIENT_G1_CREDITS_BALANCE", UsageLimit, &[], "0.61"),
    ("RATE_LIMIT_EXCEEDED", RateLimited, &[UsageLimit], "0.61"),
    ("MODEL_CAPACITY_EXHAUSTED", Overloaded, &[UsageLimit], "0.61"),
    ("MODEL_CAPACITY_EXCEEDED", Overloaded, &[UsageLimit], "0.61"),
    ("UNAUTHENTICATED", AuthInvalid, &[AuthExpired], "facts §5: 401"),
    ("PERMISSION_DENIED", AuthInvalid, &[AuthExpired, NotLoggedIn, UsageLimit], "facts §5: 403"),
    ("RESOURCE_EXHAUSTED", RateLimited, &[UsageLimit, Overloaded], "facts §5: 429"),
    ("UNAVAILABLE", Overloaded, &[], "facts §5: 503"),
    ("INTERNAL", Overloaded, &[], "Google API statuses: 500"),
    ("DEADLINE_EXCEEDED", Overloaded, &[], "Google API statuses: 504"),
    ("ABORTED", Overloaded, &[], "Google API statuses"),
    ("CANCELLED", Network, &[], "Google API statuses: 499"),
    ("NOT_FOUND", ModelUnknown, &[], "facts §5: 404"),
    (
        "INVALID_ARGUMENT",
        BadArguments,
        &[AuthInvalid, AuthExpired, NotLoggedIn, ContextTooLong, ModelUnknown, RefusedByModel],
        "facts §5: 400",
    ),
    (
        "FAILED_PRECONDITION",
        BadArguments,
        &[AuthInvalid, UsageLimit, ModelUnknown],
        "Google API statuses: 400",
    ),
    ("OUT_OF_RANGE", ContextTooLong, &[], "Google API statuses"),
];

/// Parts of a violated quota's id, and what the quota is.
pub(super) const QUOTAS: &[(&str, FailureClass, &str)] = &[
    ("PerDay", UsageLimit, "0.61"),
    ("Daily", UsageLimit, "0.61"),
    ("PerMonth", UsageLimit, "0.61"),
    ("PerMinute", RateLimited, "0.61"),
    ("PerSecond", RateLimited, "0.61"),
];
