//! Texts of what all CLIs stand on: HTTP, sockets, TLS, the operating system, and the model services' own words. They are
//! read after a CLI's own rows.

use mo_core::outcome::FailureClass::{
    AuthExpired, AuthInvalid, ContextTooLong, Internal, ModelUnknown, Network, NotLoggedIn, Overloaded,
    RateLimited, RefusedByModel, UsageLimit,
};

use super::Text;

/// The rows; the order is from the telling to the vague.
pub const BELOW: &[Text] = &[
    // The model services' words, in the order in which a later row would take an earlier one's text.
    (
        r"context[ _]length[ _]exceeded|context_too_long|maximum context length",
        ContextTooLong,
        "service words",
    ),
    (
        r"(prompt|input|request|message|conversation)( token count)?( is| was)? too (long|large)",
        ContextTooLong,
        "service words",
    ),
    (
        r"(exceed|over|larger than|too (many|long)|reached|out of|ran out of).{0,60}(context (window|length|limit|size)|input tokens?|tokens allowed)",
        ContextTooLong,
        "service words",
    ),
    (
        r"(context (window|length|limit)|token count|input).{0,40}(exceed|overflow|is full|too (long|large))",
        ContextTooLong,
        "service words",
    ),
    (
        r"insufficient[ _]quota|billing[ _]hard[ _]limit|usage_limit_reached|usage_not_included",
        UsageLimit,
        "service words",
    ),
    (
        r"(credit|account) balance|(out of|insufficient|not enough|enough|no) (usage )?credits?\b|payment required",
        UsageLimit,
        "service words",
    ),
    (
        r"(api[ -]?key|token|login|session|credentials?)( has| have| is| was)? expired|expired[ _](api[ _-]?key|token|login|session|credential)|token_expired",
        AuthExpired,
        "service words",
    ),
    (
        r"(incorrect|invalid|bad|wrong|malformed|unauthorized|revoked)[ _](x-)?(api[ _-]?key|access token|auth\w* token|bearer|credential|authentication)",
        AuthInvalid,
        "service words",
    ),
    (
        r"api[ _-]?key( is| was)?( not valid| invalid| revoked| disabled| wrong)|api_key_invalid|invalid_api_key",
        AuthInvalid,
        "service words",
    ),
    (
        r"(token|key|access|credential|permission)s?( has been| have been| was| is)? (revoked|deactivated|suspended|disabled)|token_revoked",
        AuthInvalid,
        "service words",
    ),
    (
        r"authentication[ _](error|failed|failure)|unauthenticated|\bunauthorized\b|\b(http|status|error)[ :]*(code )?40[13]\b|\b401\b|\b403 forbidden",
        AuthInvalid,
        "HTTP",
    ),
    (
        r"(no|missing|set (the|your)|provide (an?|your)|without an?) (\w+ ){0,3}(api[ _-]?key|credentials?)\b|(api[ _-]?key|credentials?)( is| are| was)? (missing|not (set|found|configured|provided))",
        NotLoggedIn,
        "service words",
    ),
    (
        r"not (logged|signed) in\b|(log ?in|sign ?in|authentication|authorization)( is)? required|auth_required",
        NotLoggedIn,
        "service words",
    ),
    (
        r"model_not_found|(model|engine|deployment)( \S{1,80})?( is| was| does)? (not found|not exist|unknown|not supported|not available|unavailable for)|unknown model|no such model|unsupported model|invalid model",
        ModelUnknown,
        "service words",
    ),
    (
        r"content[ _](policy|filter)|usage polic(y|ies)|safety (system|filter|setting|polic)|cyber(security)? (risk|policy)|flagged (as|for) (potential|possible)",
        RefusedByModel,
        "service words",
    ),
    (
        r"too many requests|rate[ _-]?limit|requests? per (minute|second)|tokens? per minute|request rejected \(429\)|\b(http|status|error)[ :]*(code )?429\b|resource_exhausted|\bthrottl",
        RateLimited,
        "HTTP",
    ),
    (
        r"usage limit|quota (exceeded|exhausted)|(exceeded|exhausted|reached) (your |the )?(\w+ )?(quota|plan limit)",
        UsageLimit,
        "service words",
    ),
    (
        r"overloaded|(over|at) capacity|no capacity|capacity (is )?(exhausted|unavailable)|high (demand|load)|service[ _]unavailable|bad gateway|gateway time-?out|internal server error|server_error|temporarily unavailable|try again in a moment",
        Overloaded,
        "HTTP",
    ),
    (
        r"\b(http|status|error)[ :]*(code )?5\d\d\b|\b(500|502|503|504|529) (internal|bad|service|gateway|overloaded|server)",
        Overloaded,
        "HTTP",
    ),
    // Sockets, names, TLS: node, Rust and libc say the same things in their own ways.
    (
        r"econn(refused|reset|aborted)|etimedout|esockettimedout|enotfound|eai_again|eai_fail|ehostunreach|enetunreach|enetdown|ehostdown|epipe|err_network|und_err_",
        Network,
        "socket errors of node",
    ),
    (
        r"(connection|connect|connecting|socket)( error| to \S{1,80})?( was| has been| is| timed)? ?(refused|reset|closed|lost|aborted|failed|broken|timed out|hang up|hung up|out|error)\b",
        Network,
        "socket errors",
    ),
    (
        r"(unable|failed|could not|couldn't|cannot|can't) (to )?(connect|reach|resolve|open (a )?(socket|connection))",
        Network,
        "socket errors",
    ),
    (
        r"socket hang up|fetch failed|getaddrinfo|dns (error|lookup|resolution|failure)|name or service not known|temporary failure in name resolution|no route to host|(network|host) (is )?(unreachable|down)|network (error|is down|connection)|waiting for network|error sending request|error decoding response body|(stream|transport|websocket) (error|disconnected|closed)|premature close|unexpected eof|connection_failed",
        Network,
        "socket errors",
    ),
    (
        r"(request|response|operation|read|stream|handshake) (has )?timed? ?-?out|timeout (of|after|while|waiting)|deadline (has )?(exceeded|elapsed)",
        Network,
        "socket errors",
    ),
    (
        r"(tls|ssl|certificate|cert_|self[- ]signed|unable_to_verify|x509)\b.{0,60}(error|fail|invalid|expired|unable|unknown|untrusted|verify|handshake|chain)|self[- ]signed certificate|unable to (get|verify).{0,40}certificate",
        Network,
        "TLS",
    ),
    (r"proxy (authentication|error|connect|refused)|(firewall|proxy) may be", Network, "HTTP"),
    // The operating system.
    (r"enospc|no space left|disk (is )?full|disk quota|edquot", Internal, "operating system"),
    (r"erofs|read-only file system", Internal, "operating system"),
    (
        r"enomem|out of memory|heap limit|cannot allocate memory|allocation failed",
        Internal,
        "operating system",
    ),
    (
        r"emfile|enfile|too many open files|resource temporarily unavailable|eagain",
        Internal,
        "operating system",
    ),
    (
        r"\bpanicked at|segmentation fault|core dumped|illegal instruction|unhandled (promise )?rejection|uncaught exception|fatal error:|internal error",
        Internal,
        "crashes",
    ),
    (
        r"error while loading shared libraries|exec format error|cannot execute|glibc_|cannot find module",
        Internal,
        "operating system",
    ),
    (
        r"^bwrap: |bubblewrap|sandbox.{0,60}(unavailable|not available|could not|failed|fatal|missing|required but)",
        Internal,
        "facts §10: no sandbox to be had",
    ),
];
