//! How a turn of Claude Code ended: its `result` line, or the process's own end. `subtype` alone says nothing: an
//! API failure is `success` with `is_error`, an interruption exits with 0 (facts: agent-clis §0.1, §3, §5).

use mo_core::outcome::{FailureClass, Outcome, TurnEnd, Usage};
use mo_core::time::Timestamp;
use serde_json::Value;

use super::spent::TurnCost;
use super::wire::TokenCounts;
use crate::protocol::Exit;
use crate::shared::json::str_at;
use crate::shared::text::stderr_text;
use crate::shared::unclosed::unclosed;

/// With which codes the CLI exits after SIGINT and SIGTERM where no `result` came.
const SIGNAL_CODES: [i32; 2] = [130, 143];

/// The failure of the model service that an `assistant` line with `error` told of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ApiFailure {
    /// The word in `error`, such as `authentication_failed`.
    pub(super) error: String,
    /// The finer word in `api_error`, where there is one.
    pub(super) api_error: Option<String>,
    /// The HTTP status.
    pub(super) status: Option<i64>,
}

/// Reads a `result`. `failure` and `resets_at` are what earlier lines of the turn told.
pub(super) fn turn_end(
    result: &Value,
    failure: Option<&ApiFailure>,
    resets_at: Option<Timestamp>,
    cost: TurnCost,
) -> TurnEnd {
    let (outcome, class) = outcome(result, failure);
    TurnEnd {
        outcome,
        class,
        text: text(result),
        structured: result.get("structured_output").filter(|value| !value.is_null()).cloned(),
        usage: cost.tokens,
        cost_usd: cost.usd,
        resets_at: resets_at.filter(|_| class == Some(FailureClass::UsageLimit)),
    }
}

fn outcome(result: &Value, failure: Option<&ApiFailure>) -> (Outcome, Option<FailureClass>) {
    let subtype = str_at(result, "/subtype").unwrap_or_default();
    let reason = str_at(result, "/terminal_reason");
    let fine = subtype == "success" && result.get("is_error") == Some(&Value::Bool(false));
    match reason {
        None | Some("completed") if fine => (Outcome::Completed, None),
        // `hook_stopped` is a stop by a hook's `continue: false`: somebody's wish, not a failure.
        Some("aborted_streaming" | "aborted_tools" | "hook_stopped") => (Outcome::Interrupted, None),
        _ => (Outcome::Failed, Some(class(subtype, reason, failure, result))),
    }
}

/// The class of a failed turn, from fields made for programs.
fn class(subtype: &str, reason: Option<&str>, failure: Option<&ApiFailure>, result: &Value) -> FailureClass {
    match reason {
        // `image_error` is HTTP 413: the conversation with its attachments is too large.
        Some("prompt_too_long" | "image_error") => return FailureClass::ContextTooLong,
        Some("max_turns") => return FailureClass::TurnLimit,
        Some("budget_exhausted") => return FailureClass::BudgetExhausted,
        Some("structured_output_retry_exhausted") => return FailureClass::StructuredOutputMissing,
        _ => {}
    }
    match subtype {
        "error_max_turns" => return FailureClass::TurnLimit,
        "error_max_budget_usd" => return FailureClass::BudgetExhausted,
        "error_max_structured_output_retries" => return FailureClass::StructuredOutputMissing,
        _ => {}
    }
    let status = result.get("api_error_status").and_then(Value::as_i64);
    if let Some(failure) = failure {
        return api_class(failure, failure.status.or(status));
    }
    let errors = result.get("errors").and_then(Value::as_array);
    let told = errors.into_iter().flatten().filter_map(Value::as_str).find_map(recognised);
    told.or_else(|| status.map(|status| status_class(Some(status)))).unwrap_or(FailureClass::Unknown)
}

fn api_class(failure: &ApiFailure, status: Option<i64>) -> FailureClass {
    match failure.api_error.as_deref() {
        Some("usage_limit_reached") => return FailureClass::UsageLimit,
        Some("connection_failed") => return FailureClass::Network,
        Some("max_output_tokens") => return FailureClass::OutputTruncated,
        _ => {}
    }
    match failure.error.as_str() {
        // No status means that no request was made: there is no key and no login.
        "authentication_failed" if status.is_none() => FailureClass::NotLoggedIn,
        "authentication_failed" => FailureClass::AuthInvalid,
        "billing_error" => FailureClass::UsageLimit,
        "model_not_found" => FailureClass::ModelUnknown,
        "rate_limit" => FailureClass::RateLimited,
        "server_error" => FailureClass::Overloaded,
        "max_output_tokens" => FailureClass::OutputTruncated,
        _ => status_class(status),
    }
}

fn status_class(status: Option<i64>) -> FailureClass {
    match status {
        Some(401 | 403) => FailureClass::AuthInvalid,
        Some(413) => FailureClass::ContextTooLong,
        Some(429) => FailureClass::RateLimited,
        Some(500..=599) => FailureClass::Overloaded,
        _ => FailureClass::Unknown,
    }
}

/// Texts of failures that have no machine field (facts: agent-clis §4, §5).
fn recognised(text: &str) -> Option<FailureClass> {
    const TEXTS: [(&str, FailureClass); 8] = [
        ("No conversation found with session ID", FailureClass::SessionUnknown),
        ("is already in use", FailureClass::SessionInUse),
        ("cannot be used with root/sudo privileges", FailureClass::RootRefused),
        ("(passed via --permission-prompt-tool) not found", FailureClass::BadArguments),
        ("error: unknown option", FailureClass::BadArguments),
        ("Invalid session ID. Must be a valid UUID", FailureClass::BadArguments),
        ("--json-schema is not valid JSON", FailureClass::BadArguments),
        ("Input must be provided either through stdin or as a prompt", FailureClass::BadArguments),
    ];
    TEXTS.iter().find(|(part, _)| text.contains(part)).map(|(_, class)| *class)
}

fn text(result: &Value) -> Option<String> {
    if let Some(text) = str_at(result, "/result") {
        return Some(text.to_owned());
    }
    let errors = result.get("errors")?.as_array()?;
    let lines: Vec<&str> = errors.iter().filter_map(Value::as_str).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

impl TokenCounts {
    /// As the model's own word.
    pub(super) fn usage(self) -> Usage {
        Usage {
            input_tokens: self.input.unwrap_or(0),
            output_tokens: self.output.unwrap_or(0),
            cached_tokens: self.cached.unwrap_or(0),
        }
    }
}

/// The end of a turn whose `result` never came.
pub(super) fn without_result(
    exit: Exit,
    began: bool,
    stderr: &[u8],
    failure: Option<&ApiFailure>,
    resets_at: Option<Timestamp>,
) -> TurnEnd {
    let text = stderr_text(stderr);
    let class = text.as_deref().and_then(recognised).or_else(|| failure.map(|f| api_class(f, f.status)));
    let mut end = unclosed(exit, &SIGNAL_CODES, began, class, text);
    end.resets_at = resets_at.filter(|_| end.class == Some(FailureClass::UsageLimit));
    end
}
