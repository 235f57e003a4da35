//! Codex's texts: all that `exec --json` and stderr have. "0.169" are texts that the pinned version itself has and
//! that no capture shows.

use mo_core::outcome::FailureClass::{
    AuthExpired, AuthInvalid, BadArguments, BudgetExhausted, ContextTooLong, Internal, ModelUnknown, Network,
    NotAGitRepo, NotLoggedIn, OutputTruncated, Overloaded, PermissionDenied, RateLimited, RefusedByModel,
    SessionInUse, SessionUnknown, UsageLimit,
};

use crate::shared::failure::Text;
use crate::shared::failure::texts::{Lazy, Texts};

pub(super) static TEXTS: Lazy = Lazy::new(|| Texts::new(ROWS));

/// The rows, read in this order.
const ROWS: &[Text] = &[
    (
        r"(hit|reached|exceeded) (your|the|all) (\S+ ){0,3}(usage|credit|spend|plan|message|weekly|monthly|daily|annual)\w* (limit|cap|quota)",
        UsageLimit,
        "facts §5: usage limit",
    ),
    (
        r"usage limit|quota exceeded|(out of|add|purchase more|enough|no) credits|spend cap|check your plan and billing",
        UsageLimit,
        "facts §5: quota; 0.169",
    ),
    (
        r"to use codex with your chatgpt plan|upgrade to (plus|pro|team|a paid)|usage not included|not included in your plan",
        UsageLimit,
        "facts §5: plan without Codex",
    ),
    (r"session budget|budget (reached|exceeded|exhausted)", BudgetExhausted, "0.169"),
    (
        r"ran out of room|context window|context_length|clear earlier history|(input|prompt) exceeds",
        ContextTooLong,
        "facts §5: context",
    ),
    (
        r"stream disconnected before completion: (incomplete response returned, reason: (content_filter|safety)|.{0,80}content_filter)",
        RefusedByModel,
        "0.169",
    ),
    (
        r"incomplete response returned, reason: max_output_tokens|max_output_tokens|output token limit",
        OutputTruncated,
        "0.169",
    ),
    (
        r"flagged for (possible|potential)|misalignment policy|policy violation|cyber ?(policy|security risk)",
        RefusedByModel,
        "0.169",
    ),
    (
        r"missing environment variable|not (logged|signed) in|run codex login|codex login to|no (api key|credentials|auth)\b|login is required|environment variable \S+ (is )?(missing|not set)",
        NotLoggedIn,
        "facts §5: no key, login status",
    ),
    (
        r"access token could not be refreshed|refresh token|token (has )?expired|(log out and )?sign in again|session (has )?expired",
        AuthExpired,
        "0.169; facts §5",
    ),
    (
        r"(unexpected |last )?status:? (401|403)\b|401 unauthorized|403 forbidden|incorrect api key|invalid api key|region, or territory not supported",
        AuthInvalid,
        "facts §5: 401, 403",
    ),
    (
        r"last status: 429|429 too many requests|rate limit (exceeded|reached)|rate_limit",
        RateLimited,
        "facts §5: 429, rate limit",
    ),
    (r"(unexpected |last )?status:? 5\d\d\b", Overloaded, "facts §5: 500"),
    (
        r"high (demand|load)|(model|server)s? (is|are) (at capacity|overloaded)|capacity is unavailable|flex capacity|currently unavailable|try a different model",
        Overloaded,
        "facts §5: 500, 503; 0.169",
    ),
    (
        r"model \S{1,120} (does not exist|is not supported|was not found|not found|is not available)|not supported when using codex|does not exist or you do not have access|model metadata for .{0,120}not found",
        ModelUnknown,
        "facts §5: 404",
    ),
    (r"(unexpected |last )?status:? 404\b", ModelUnknown, "facts §5: 404"),
    (r"(unexpected |last )?status:? 413\b", ContextTooLong, "HTTP"),
    (r"(unexpected |last )?status:? 400\b|400 bad request", BadArguments, "facts §5: 400"),
    (
        r"stream disconnected|waiting for network|connection failed|error sending request|stream (closed|error|ended) before|idle timeout waiting for|request timed out|falling back from websockets",
        Network,
        "facts §5: disconnect, unreachable",
    ),
    (
        r"no rollout found|(thread|conversation|session|rollout)( id)?( \S{1,60})? (was )?not found|invalid thread id|no (saved )?(session|conversation|thread)s? (found|with)|(thread|session) \S{1,60} is archived",
        SessionUnknown,
        "facts §5: resume unknown",
    ),
    (
        r"already has an active (writer|turn)|(thread|session) .{0,80}(already (in use|open|running)|is closing|locked by)|cannot resume running thread",
        SessionInUse,
        "0.169",
    ),
    (
        r"not inside a trusted directory|skip-git-repo-check|not (inside |in )?a git (repo|directory|work)",
        NotAGitRepo,
        "facts §4: outside git",
    ),
    (
        r"error: (unexpected argument|invalid value|unrecognized subcommand|a value is required|the (following|argument|subcommand)|one or more required|unexpected value)|tip: to pass|unknown variant|unknown (feature|option|field|configuration)|missing field|invalid (type|value|request|params)|not initialized|error (loading|parsing) (\S+ )?config|failed to (load|parse) (\S+ )?config|requires a prompt|no prompt provided",
        BadArguments,
        "facts §4; captures",
    ),
    (
        r"^error: (no such file or directory|not a directory|is a directory) \(os error|(no such file or directory|not a directory).{0,40}--cd",
        BadArguments,
        "facts §4: bad -C",
    ),
    (
        r"approvals? .{0,60}(disabled|forbidden|not allowed|denied) by|(sandbox|approval) (mode|policy) .{0,80}(not allowed|disallowed|forbidden|requirements)|disabled by (your )?(admin|organization|requirements|enterprise)|too many denials",
        PermissionDenied,
        "0.169: managed requirements",
    ),
    (
        r"failed to initialize in-process app-server client|agent loop died|codex-linux-sandbox was required|internal error|failed to (initialize|start) (the )?(sandbox|landlock|seccomp|session)|landlock|unable to (create|open) .{0,80}(sqlite|rollout|codex)|os error (13|28|30)\b",
        Internal,
        "facts §11: HOME ro; 0.169",
    ),
];
