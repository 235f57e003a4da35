//! Claude Code's texts: of `result.errors`, of its own error messages and of stderr.

use mo_core::outcome::FailureClass::{
    AuthExpired, AuthInvalid, BadArguments, BudgetExhausted, ContextTooLong, Internal, ModelUnknown,
    NotLoggedIn, OutputTruncated, Overloaded, PermissionDenied, RateLimited, RefusedByModel, RootRefused,
    SessionInUse, SessionUnknown, StructuredOutputMissing, TurnLimit, UsageLimit,
};

use crate::shared::failure::Text;
use crate::shared::failure::texts::{Lazy, Texts};

pub(super) static TEXTS: Lazy = Lazy::new(|| Texts::new(ROWS));

/// The rows, read in this order.
const ROWS: &[Text] = &[
    (
        r"root/sudo|(as|by|with|running) (the )?(root|superuser)\b.{0,80}(security|refus|not allowed|privileges)|\broot\b.{0,20}privileges",
        RootRefused,
        "facts §4: bypass as root",
    ),
    (
        r"no conversation found|no conversations? (to|with)|(session|conversation)( id)?( \S{1,60})? (was |is |could )?(not (be )?found|does not exist|doesn't exist|unknown|no longer)",
        SessionUnknown,
        "facts §5: resume unknown",
    ),
    (
        r"couldn't load transcript|failed to (resume|load) (the )?(session|conversation)",
        SessionUnknown,
        "2.1.330",
    ),
    (
        r"session( id)?( \S{1,60})? (is )?(already|currently) (in use|exists|open|running)|session is in use",
        SessionInUse,
        "facts §5: session id reused",
    ),
    (
        r"sandbox (is )?required but|refusing to start without|dependencies are missing",
        Internal,
        "facts §10: sandbox not to be had",
    ),
    (r"(maximum|max) (number of )?turns|turn limit", TurnLimit, "facts §5: max turns"),
    (r"(maximum|max) budget|budget (limit|exceeded|exhausted)", BudgetExhausted, "facts §5: max budget"),
    (r"structured output|required schema", StructuredOutputMissing, "facts §8"),
    (
        r"unknown (option|argument|command|flag)|unexpected argument|missing (required )?argument|argument missing|is invalid\. |allowed choices|not valid json|must be a valid uuid|invalid session id\b",
        BadArguments,
        "facts §4, §7",
    ),
    (
        r"input must be provided|no (input|prompt)( was)? provided|provide a prompt|was read as a value of|requires --|can only be used with|cannot be used (with|together)|conflicts with",
        BadArguments,
        "facts §3, §4",
    ),
    (
        r"mcp tool .{0,120}not found|invalid mcp config|--mcp-config|settings (file|json).{0,60}(not found|invalid)",
        BadArguments,
        "facts §6a",
    ),
    (
        r"error parsing streaming input|invalid (json|message) (line|on stdin|input)",
        BadArguments,
        "capture claude-ctl-badjson",
    ),
    (
        r"you'?(ve| have) (hit|reached|used|exceeded) (your|the|all) .{0,60}(limit|cap|credits|quota)",
        UsageLimit,
        "facts §5: subscription limit",
    ),
    (
        r"(hour|session|weekly|daily|monthly|annual|opus|sonnet|haiku|fable|usage|spend|spending|plan|message|credit)s? (limit|cap|quota) (has been )?(was )?(reached|exceeded|hit|exhausted)",
        UsageLimit,
        "2.1.330 and older",
    ),
    (
        r"(requires?|out of|need|enough|without|no) .{0,30}\bcredits?\b|credits? (ran out|required|balance)|credit balance|spend(ing)? (limit|cap)",
        UsageLimit,
        "facts §5: credit; 2.1.330",
    ),
    (
        r"(login|session|token|sign-in)( \S{1,20}){0,3} (has |is |was )?expired|reached its time limit|expired .{0,40}(log|sign) in again|could not be refreshed|refresh (the |your )?(oauth )?token|token refresh failed",
        AuthExpired,
        "facts §5: 401 OAuth expired; 2.1.330",
    ),
    (
        r"invalid (api )?key|invalid (x-)?api[ -]key|(oauth )?token (has been )?revoked|expired/revoked|organization has (been )?disabled|account .{0,20}(on hold|disabled|suspended)|oauth .{0,60}not allowed|apikeyhelper",
        AuthInvalid,
        "facts §5: 401 key, 403 OAuth revoked; 2.1.330",
    ),
    (
        r"not logged in|no (api key|credentials|login) (found|available|that it can use|configured)|not authenticated|to (log|sign) in, run",
        NotLoggedIn,
        "facts §5: no key",
    ),
    (
        r"failed to authenticate|authentication (failed|error)|signing in again won't",
        AuthInvalid,
        "facts §5: 403",
    ),
    (r"please run /login|run /login|claude auth login|sign in again", NotLoggedIn, "facts §5: no key"),
    (
        r"issue with the selected model|may not exist or you may not have access|(opus|sonnet|haiku|fable|model).{0,60}not available|pick a different model|model .{0,60}(not found|not supported|unavailable)",
        ModelUnknown,
        "facts §5: 404 model",
    ),
    (
        r"output token (maximum|limit|max)|exceeded the \S{1,12} (output )?token|max_output_tokens|response hit the output",
        OutputTruncated,
        "facts §5: max tokens",
    ),
    (
        r"prompt is too long|request too large|request_too_large|context window limit|context limit|conversation (is )?too (long|large)|too long to send|(pdf|image|attachment)s?.{0,60}(too (large|many|long)|over the limit|exceed)|run /compact|exceed.{0,20}maximum.{0,20}(tokens|size)|\(limit \d",
        ContextTooLong,
        "facts §5: too long, 413; 2.1.330",
    ),
    (
        r"usage polic|violat.{0,40}polic|unable to respond to this request|content filter|model refused|refusal|safety (measure|guard|filter)",
        RefusedByModel,
        "2.1.330",
    ),
    (r"request rejected \(429\)|rate limit|too many requests", RateLimited, "facts §5: 429"),
    (
        r"overloaded|at capacity|high (load|demand)|server-side issue|api error: 5\d\d|internal server error",
        Overloaded,
        "facts §5: 500/529",
    ),
    (
        r"bypass ?permissions.{0,60}(disabled|not allowed|unavailable)|(disabled|blocked|not allowed) by (your |an? |the )?(administrator|organization|managed|policy|admin|enterprise)|hook (stopped|denied|blocked) this request",
        PermissionDenied,
        "facts §4: policy; 2.1.330",
    ),
    (r"api error: 400 (due to|orphaned|duplicate)", Internal, "2.1.330: a broken conversation of its own"),
];
