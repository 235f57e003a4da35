//! Why Codex failed: its machine words first (`codexErrorInfo` of the app-server), its texts second
//! (facts/agent-clis.md §5; the texts are all that `exec --json` and stderr have).

use mo_core::outcome::FailureClass;
use serde_json::Value;

use super::wire::TurnError;
use crate::acp::rpc::RpcError;
use crate::shared::text::without_ansi;

/// The class of a `codexErrorInfo`: a word, or an object of one word with an HTTP status.
pub(crate) fn by_info(info: &Value) -> Option<FailureClass> {
    if let Some(word) = info.as_str() {
        return by_word(word);
    }
    let (word, detail) = info.as_object()?.iter().next()?;
    let status = detail.get("httpStatusCode").and_then(Value::as_u64);
    status.and_then(by_status).or_else(|| by_word(word))
}

fn by_word(word: &str) -> Option<FailureClass> {
    Some(match word {
        "contextWindowExceeded" => FailureClass::ContextTooLong,
        "sessionBudgetExceeded" => FailureClass::BudgetExhausted,
        "usageLimitExceeded" => FailureClass::UsageLimit,
        "rateLimitExceeded" | "responseTooManyFailedAttempts" => FailureClass::RateLimited,
        "serverOverloaded" | "flexUnavailable" | "policyCapacityUnavailable" | "internalServerError" => {
            FailureClass::Overloaded
        }
        "modelNotFound" => FailureClass::ModelUnknown,
        "cyberPolicy" | "misalignmentPolicyViolation" => FailureClass::RefusedByModel,
        "tooManyDenials" | "inferenceHookDenied" => FailureClass::PermissionDenied,
        "unauthorized" => FailureClass::AuthInvalid,
        "badRequest" => FailureClass::BadArguments,
        "httpConnectionFailed" | "responseStreamConnectionFailed" | "responseStreamDisconnected" => {
            FailureClass::Network
        }
        "threadRollbackFailed" | "sandboxError" | "activeTurnNotSteerable" => FailureClass::Internal,
        // `other` says nothing: the text may.
        _ => return None,
    })
}

/// The class of a model service's HTTP status.
pub(crate) fn by_status(status: u64) -> Option<FailureClass> {
    Some(match status {
        401 | 403 => FailureClass::AuthInvalid,
        404 => FailureClass::ModelUnknown,
        408 => FailureClass::Network,
        413 => FailureClass::ContextTooLong,
        429 => FailureClass::RateLimited,
        400..=499 => FailureClass::BadArguments,
        500..=599 => FailureClass::Overloaded,
        _ => return None,
    })
}

/// Phrases of Codex's own and what they mean; the first that is contained wins.
const PHRASES: [(&str, FailureClass); 30] = [
    ("hit your usage limit", FailureClass::UsageLimit),
    ("Quota exceeded", FailureClass::UsageLimit),
    ("To use Codex with your ChatGPT plan", FailureClass::UsageLimit),
    ("ran out of room in the model's context window", FailureClass::ContextTooLong),
    ("Missing environment variable", FailureClass::NotLoggedIn),
    ("Not logged in", FailureClass::NotLoggedIn),
    ("access token could not be refreshed", FailureClass::AuthExpired),
    ("token has expired", FailureClass::AuthExpired),
    ("401 Unauthorized", FailureClass::AuthInvalid),
    ("403 Forbidden", FailureClass::AuthInvalid),
    ("last status: 429", FailureClass::RateLimited),
    ("rate limit exceeded", FailureClass::RateLimited),
    ("Rate limit reached", FailureClass::RateLimited),
    ("experiencing high demand", FailureClass::Overloaded),
    ("is at capacity", FailureClass::Overloaded),
    ("exceeded retry limit, last status: 5", FailureClass::Overloaded),
    ("stream disconnected before completion", FailureClass::Network),
    ("waiting for network", FailureClass::Network),
    ("Connection failed", FailureClass::Network),
    ("error sending request", FailureClass::Network),
    ("does not exist or you do not have access", FailureClass::ModelUnknown),
    ("model is not supported", FailureClass::ModelUnknown),
    ("no rollout found for thread id", FailureClass::SessionUnknown),
    ("thread not found", FailureClass::SessionUnknown),
    ("invalid thread id", FailureClass::SessionUnknown),
    ("Not inside a trusted directory", FailureClass::NotAGitRepo),
    ("error: unexpected argument", FailureClass::BadArguments),
    ("error: invalid value", FailureClass::BadArguments),
    ("unknown variant", FailureClass::BadArguments),
    ("failed to initialize in-process app-server client", FailureClass::Internal),
];

/// The class of an error text, if it is one of Codex's own. What the sandbox or the policy refused a single tool
/// call (`patch rejected: …`) is no failure of the turn and is not here.
pub(crate) fn by_text(text: &str) -> Option<FailureClass> {
    PHRASES.iter().find(|(phrase, _)| text.contains(phrase)).map(|&(_, class)| class)
}

/// The class of what a process wrote to stderr. Only the last lines that are no log of a refused tool call count.
pub(crate) fn by_stderr(stderr: &[u8]) -> Option<FailureClass> {
    let text = without_ansi(&String::from_utf8_lossy(stderr));
    text.lines().rev().filter(|line| !line.contains("codex_core::tools::router")).find_map(by_text)
}

/// The class of a failed turn or model request.
pub(super) fn of_turn(error: &TurnError) -> FailureClass {
    let by_info = error.codex_error_info.as_ref().and_then(by_info);
    by_info
        .or_else(|| by_text(&error.message))
        .or_else(|| error.additional_details.as_deref().and_then(by_text))
        .unwrap_or(FailureClass::Unknown)
}

/// The class of an error answer to a request of ours.
pub(super) fn of_answer(error: &RpcError) -> FailureClass {
    by_text(&error.message).unwrap_or(match error.code {
        -32600 | -32602 => FailureClass::BadArguments,
        _ => FailureClass::Internal,
    })
}
