//! Why an ACP agent failed: from the code and data of its JSON-RPC error, then from its text.

use mo_core::outcome::FailureClass::{
    self, AuthExpired, AuthInvalid, BadArguments, BudgetExhausted, ContextTooLong, Internal, ModelUnknown,
    NotLoggedIn, Overloaded, RateLimited, RefusedByModel, SessionInUse, SessionUnknown, Unknown, UsageLimit,
};
use mo_core::time::Timestamp;
use serde_json::Value;

use super::rpc::RpcError;
use crate::codex::failure as of_codex;
use crate::gemini::failure as of_gemini;
use crate::protocol::Exit;
use crate::shared::failure::texts::{Lazy, Texts};
use crate::shared::failure::{self, Meaning, Text, Word, status};
use crate::shared::resets;
use crate::shared::unclosed::Cause;

/// Codes of JSON-RPC and of ACP. Gemini CLI uses the HTTP status of its API as the code instead.
const CODES: &[(i64, FailureClass, &[FailureClass], &str)] = &[
    // Servers use the same number for errors of any kind: then their text says which.
    (
        -32000,
        NotLoggedIn,
        &[
            AuthInvalid,
            AuthExpired,
            UsageLimit,
            RateLimited,
            Overloaded,
            ContextTooLong,
            ModelUnknown,
            RefusedByModel,
            SessionUnknown,
            FailureClass::Network,
            BudgetExhausted,
        ],
        "ACP: auth_required; facts §6d",
    ),
    (-32002, SessionUnknown, &[ModelUnknown], "ACP: resource not found"),
    (
        -32602,
        BadArguments,
        &[SessionUnknown, SessionInUse, ModelUnknown, NotLoggedIn],
        "JSON-RPC; facts §0.3: session gone",
    ),
    (-32600, Internal, &[SessionUnknown, NotLoggedIn, BadArguments], "JSON-RPC"),
    (-32601, Internal, &[], "JSON-RPC: method not found"),
    (-32700, Internal, &[], "JSON-RPC: our line was no JSON to it"),
    (500, Overloaded, &[FailureClass::Network], "Gemini CLI 0.61: also where no status came at all"),
];

/// `data.errorKind` of claude-agent-acp, and words that other agents put into `data`.
const KINDS: &[Word] = &[
    ("rate_limit", RateLimited, &[UsageLimit, Overloaded], "facts §6d"),
    ("authentication_failed", AuthInvalid, &[NotLoggedIn, AuthExpired], "facts §6d"),
    ("auth_required", NotLoggedIn, &[AuthExpired], "ACP"),
    ("billing_error", UsageLimit, &[], "facts §6d"),
    ("model_not_found", ModelUnknown, &[], "facts §6d"),
    ("ProviderModelNotFoundError", ModelUnknown, &[], "opencode"),
    ("ProviderAuthError", AuthInvalid, &[NotLoggedIn, AuthExpired], "opencode"),
    ("MessageOutputLengthError", FailureClass::OutputTruncated, &[], "opencode"),
    ("ContextOverflowError", ContextTooLong, &[], "opencode"),
    ("MessageAbortedError", Internal, &[], "opencode"),
    ("server_error", Overloaded, &[FailureClass::Network], "facts §6d"),
    ("overloaded", Overloaded, &[], "facts §6d"),
    ("max_output_tokens", FailureClass::OutputTruncated, &[ContextTooLong], "facts §6d"),
    (
        "invalid_request",
        BadArguments,
        &[ContextTooLong, ModelUnknown, RefusedByModel, UsageLimit, AuthInvalid, SessionUnknown],
        "facts §6d",
    ),
];

/// Texts of agents that are neither of the three CLIs; theirs come after. "opencode" and "goose" say who.
const ROWS: &[Text] = &[
    (
        r"session( id)?( \S{1,60})? (was )?not found|no such session|unknown session|session .{0,60}does not exist|resource not found: (ses|session)",
        SessionUnknown,
        "ACP agents",
    ),
    (
        r"(run|use) (\S+ ){1,4}(auth )?login\b|auth login|goose configure|no provider (is )?configured|provider .{0,40}not configured|(provider|model) .{0,60}(no|missing) (api key|credentials)|authenticate first",
        NotLoggedIn,
        "opencode, goose",
    ),
    (r"hit your .{0,40}limit|limit reached", UsageLimit, "facts §5: what the adapters pass on"),
    (
        r"issue with the selected model|providermodelnotfound|model .{0,80}is not (valid|supported|available)",
        ModelUnknown,
        "opencode; adapters",
    ),
    (r"context limit reached|context (size|limit) exceeded|compact", ContextTooLong, "goose"),
];

static TEXTS: Lazy = Lazy::new(|| Texts::new(ROWS));

/// The class of an error answer.
pub(super) fn class_of(error: &RpcError) -> FailureClass {
    // The most telling words are in the data; `message` may be no more than `Internal error`.
    let said = by_text(&error.text()).or_else(|| by_text(&error.message));
    let status = u64::try_from(error.code).ok().and_then(status::meaning);
    let code = || {
        let row = CODES.iter().find(|row| row.0 == error.code)?;
        Some(Meaning { class: row.1, finer: row.2 })
    };
    by_data(error).or_else(code).or(status).map(|meaning| meaning.with(said)).or(said).unwrap_or(Unknown)
}

/// When a usage limit ends, as an instant or as a span from here. The wire has no clock, so that a clock time without a day
/// is neither.
pub(super) fn ends(error: &RpcError) -> (Option<Timestamp>, Option<u64>) {
    let texts = [error.text(), error.message.clone()];
    let at = texts.iter().find_map(|text| resets::in_text(text, None));
    let span = texts.iter().find_map(|text| resets::wait_in_text(text));
    (at, span.filter(|_| at.is_none()).and_then(|ms| u64::try_from(ms).ok()))
}

fn by_data(error: &RpcError) -> Option<Meaning> {
    let data = error.data.as_ref()?;
    if let Some(meaning) = data.get("codexErrorInfo").and_then(of_codex::by_info) {
        return Some(meaning);
    }
    let word = ["errorKind", "kind", "name", "type", "code"]
        .iter()
        .find_map(|name| failure::word(KINDS, data.get(name).and_then(Value::as_str)?));
    let statuses = ["status", "statusCode", "httpStatus", "httpStatusCode"];
    word.or_else(|| statuses.iter().find_map(|name| status::meaning(data.get(name)?.as_u64()?)))
}

/// The class of an error text: an agent may be any of those that we know, or stand on the same services.
pub(super) fn by_text(text: &str) -> Option<FailureClass> {
    TEXTS
        .own_class_of(text)
        .or_else(|| of_gemini::by_own_text(text))
        .or_else(|| of_codex::by_own_text(text))
        .or_else(|| TEXTS.class_of(text))
}

/// The class of what a process wrote to stderr. In a turn, only Gemini CLI's records can be told from what other agents log.
pub(super) fn by_stderr(stderr: &[u8], exit: Exit, began: bool) -> Cause {
    let mut cause = of_gemini::by_stderr(stderr, exit, began);
    if !began {
        cause.error = cause.error.or_else(|| of_codex::by_stderr(stderr, began));
    }
    cause
}

#[cfg(test)]
pub(crate) fn tables_are_sound() -> bool {
    TEXTS.is_sound()
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
