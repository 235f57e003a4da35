//! Why an ACP agent failed: from the code and data of its JSON-RPC error, then from its text.

use mo_core::outcome::FailureClass;
use serde_json::Value;

use super::rpc::{METHOD_NOT_FOUND, RpcError};
use crate::protocol::Exit;
use crate::{codex, gemini};

/// ACP's own code for "log in first".
const AUTH_REQUIRED: i64 = -32000;
const INVALID_PARAMS: i64 = -32602;
const INVALID_REQUEST: i64 = -32600;

/// The class of an error answer. Gemini uses the HTTP status of its API as the code; codex-acp carries
/// `codexErrorInfo`; claude-agent-acp an `errorKind` (facts/agent-clis.md §6).
pub(super) fn class_of(error: &RpcError) -> FailureClass {
    by_data(error)
        .or_else(|| by_text(&error.message))
        .or_else(|| by_text(&error.text()))
        .or_else(|| u64::try_from(error.code).ok().and_then(codex::failure::by_status))
        .unwrap_or(match error.code {
            AUTH_REQUIRED => FailureClass::NotLoggedIn,
            INVALID_PARAMS => FailureClass::BadArguments,
            INVALID_REQUEST | METHOD_NOT_FOUND => FailureClass::Internal,
            _ => FailureClass::Unknown,
        })
}

fn by_data(error: &RpcError) -> Option<FailureClass> {
    let data = error.data.as_ref()?;
    if let Some(info) = data.get("codexErrorInfo") {
        return codex::failure::by_info(info);
    }
    match data.get("errorKind").and_then(Value::as_str)? {
        "rate_limit" => Some(FailureClass::RateLimited),
        "authentication_failed" => Some(FailureClass::AuthInvalid),
        "billing_error" => Some(FailureClass::UsageLimit),
        "model_not_found" => Some(FailureClass::ModelUnknown),
        "server_error" => Some(FailureClass::Overloaded),
        _ => None,
    }
}

fn by_text(text: &str) -> Option<FailureClass> {
    gemini::failure::by_text(text).or_else(|| codex::failure::by_text(text))
}

/// The class of what a process wrote to stderr.
pub(super) fn by_stderr(stderr: &[u8], exit: Exit) -> Option<FailureClass> {
    gemini::failure::by_stderr(stderr, exit).or_else(|| codex::failure::by_stderr(stderr))
}
