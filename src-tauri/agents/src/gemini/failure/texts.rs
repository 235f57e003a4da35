//! Gemini CLI's texts, and its API's.

use mo_core::outcome::FailureClass::{
    AuthExpired, AuthInvalid, BadArguments, ContextTooLong, Internal, ModelUnknown, Network, NotLoggedIn,
    OutputTruncated, Overloaded, PermissionDenied, RateLimited, RefusedByModel, SessionInUse, SessionUnknown,
    TurnLimit, UntrustedFolder, UsageLimit,
};

use crate::shared::failure::Text;
use crate::shared::failure::texts::{Lazy, Texts};

pub(super) static TEXTS: Lazy = Lazy::new(|| Texts::new(ROWS));

/// The rows, read in this order.
const ROWS: &[Text] = &[
    (
        r"not running in a trusted (directory|folder|workspace)|trust this (directory|folder|workspace)|untrustedworkspace",
        UntrustedFolder,
        "facts §4: untrusted",
    ),
    (
        r"yolo mode .{0,60}(disabled|not allowed)|disabled by your administrator|approval mode .{0,80}(disabled|not allowed|not permitted)|(not allowed|blocked|disabled) by (your )?(administrator|admin|organization|enterprise)",
        PermissionDenied,
        "facts §5: YOLO disabled",
    ),
    (r"(max(imum)?|reached) (session )?turns|maxsessionturns|turn limit", TurnLimit, "facts §5: turns"),
    (
        r"invalid session identifier|no previous sessions? found|(session|conversation)( id)?( \S{1,60})? (was )?(not found|does not exist)|no sessions? (found|to resume)|error resuming session",
        SessionUnknown,
        "facts §5: resume unknown",
    ),
    (
        r"session( id)?( \S{1,60})? already exists|session .{0,60}already in use",
        SessionInUse,
        "facts §5: session id again",
    ),
    (
        r"quota will reset after (\d{1,3}(\.\d+)?m?s|[0-4]m\d*s?)\b|retry in (\d{1,3}(\.\d+)?m?s|[0-4]m\d*s?)\b",
        RateLimited,
        "0.61: a short wait is a rate, facts §5: per minute",
    ),
    (r"\btpm quota|(requests?|tokens?) per (minute|second)|per-?minute", RateLimited, "0.61: per minute"),
    (
        r"(exhausted|reached|exceeded|hit) (your|the|all) (\S+ ){0,3}(daily|weekly|monthly|capacity|usage|spend|credit)\S*|(daily|per day|perday|monthly|weekly) (\S+ ){0,2}(quota|limit)|terminalquotaerror",
        UsageLimit,
        "facts §5: daily quota; 0.61",
    ),
    (
        r"usage limit (has been )?reached|limit reached for|quota (limit )?(has been )?(reached|exhausted)|limit: ?0\b|(insufficient|not enough|out of) .{0,20}credits",
        UsageLimit,
        "0.61",
    ),
    (
        r"must specify the \S+ environment variable|set an auth method|(invalid|no) (valid )?auth(entication)? (method|type) (selected|set|found|configured)?|api key is missing|(is )?missing or not configured|authentication (is )?required|please (log|sign) in|manual authorization is required|non-interactive .{0,80}(log in|auth)|authentication (consent|cancelled|timed out)|failed to (log|sign) in|could not load the default credentials|application default credentials",
        NotLoggedIn,
        "facts §5: auth",
    ),
    (
        r"(token|key|credential|session|login)s?.{0,30} expired|expired .{0,20}(token|key|credential)|invalid_grant|invalid_rapt|reauth(entication)? (is )?(needed|required)|re-authenticate",
        AuthExpired,
        "0.61: OAuth; API: key expired",
    ),
    (
        r"api key (is )?(not valid|invalid)|invalid (api key|authentication credentials)|authentication credentials|unauthenticated|permission_denied|permission denied on resource|does not have permission|(account|project|user) .{0,40}(not eligible|suspended|disabled|validation required)|validation required|verify your account|reported as leaked|has not been used in project|user location is not supported|unregistered callers",
        AuthInvalid,
        "facts §5: 400 key, 401, 403; 0.61",
    ),
    (
        r"context window|exceeds? the (maximum|max) (number of )?(input )?tokens?|token count .{0,40}exceed|token limit exhaustion|input token|too many tokens|prompt is too long|request (payload|entity) .{0,40}(too large|exceed)|compress to free up",
        ContextTooLong,
        "0.61; API 400",
    ),
    (
        r"(is|was) not found for api version|models?/\S{1,100} (is |was )?not found|model .{0,80}(not found|not supported|does not exist|is not available)|modelnotfound|requested entity was not found",
        ModelUnknown,
        "facts §5: 404",
    ),
    (
        r"blocked due to|blocked by .{0,40}(safety|policy|filter)|safety settings|prohibited.?content|recitation|blocklist|\bspii\b|other settings \(other\)|due to safety|image_safety",
        RefusedByModel,
        "facts §0.1: safety; 0.61",
    ),
    (
        r"max_tokens|maximum output|truncated because it exceeded the token limit|output token",
        OutputTruncated,
        "0.61",
    ),
    (
        r"tpm quota|(requests?|tokens?) per minute|per-minute|perminute|exceeded your current quota|resource has been exhausted|resource_exhausted|rate ?limit|too many requests|failed with status 429|retryablequotaerror",
        RateLimited,
        "facts §5: per minute",
    ),
    (
        r"overloaded|(service|model|server|api)( is)?( currently| temporarily)? unavailable|(status|got|code)\W{1,8}unavailable|failed with status 5\d\d|no capacity|model_capacity|high demand|experiencing .{0,30}load|internal error encountered|internal error has occurred|deadline.?exceeded",
        Overloaded,
        "facts §5: 500, 503",
    ),
    (
        r"^terminated$|api error: (terminated|aborted|fetch failed|network|connection|other side closed|request failed)|typeerror: terminated|econnrefused|fetch failed|failed to fetch|other side closed|getaddrinfo",
        Network,
        "facts §5: disconnect, refused",
    ),
    (
        r"empty (text )?response|model stream (ended|was)|without a finish reason|malformed function call|unexpected tool call|no final response text|loop detected|invalid chunk",
        Internal,
        "0.61: an empty or broken answer",
    ),
    (
        r"unknown (argument|command|option)|not enough non-option|missing (required )?argument|invalid (values|argument|option|choice)|cannot use both|cannot be used together|can only be used|mutually exclusive|no input provided|prompt .{0,40}(required|cannot be empty)|directory does not exist|skipping unreadable directory|invalid (settings|configuration|telemetry)|error in \S{1,120}settings\.json|settings\.json.{0,60}(invalid|unexpected|error)",
        BadArguments,
        "facts §4, §5: input, usage",
    ),
    (
        r"fatalsandboxerror|sandbox (image|command)|could not be pulled|failed to save project registry|unexpected critical error",
        Internal,
        "facts §10, §11",
    ),
];
