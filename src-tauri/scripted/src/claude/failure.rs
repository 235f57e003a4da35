//! How Claude Code says that a turn failed (facts/agent-clis.md §5; claude-err-*).

use mo_core::outcome::FailureClass;
use mo_core::time::Timestamp;
use serde_json::{Value, json};

use crate::script::ErrorStep;
use crate::stamp;

/// What a failure shows on the wire.
pub(super) struct Failure {
    /// The text of the message and of the result.
    pub(super) text: String,
    /// `assistant.error`.
    pub(super) error: &'static str,
    /// Fields of the `assistant` line and the result that only this failure has.
    pub(super) both: Value,
    /// The result's `terminal_reason`.
    pub(super) terminal_reason: &'static str,
    /// The result's `subtype`.
    pub(super) subtype: &'static str,
    /// `rate_limit_info` of a `rate_limit_event` that comes before.
    pub(super) limit: Option<Value>,
}

/// The failure of a class; one that has no text of its own in the facts shows as a plain server error.
pub(super) fn failure(step: &ErrorStep, model: &str) -> Failure {
    use FailureClass as Class;
    let said = |usual: &str| step.message.clone().unwrap_or_else(|| usual.to_owned());
    let plain = |text: String, error: &'static str, status: Value| Failure {
        text,
        error,
        both: with_type(&status),
        terminal_reason: "api_error",
        subtype: "success",
        limit: None,
    };
    match step.class {
        Class::NotLoggedIn => {
            plain("Not logged in · Please run /login".to_owned(), "authentication_failed", Value::Null)
        }
        Class::AuthInvalid => {
            plain("Invalid API key · Fix external API key".to_owned(), "authentication_failed", json!(401))
        }
        Class::AuthExpired => {
            let server =
                said("OAuth token has expired. Please obtain a new token or refresh your existing token.");
            let text = format!("Failed to authenticate. API Error: 401 {server}");
            plain(text, "authentication_failed", json!(401))
        }
        Class::PermissionDenied => {
            let server = said("Your account does not have permission to use this model.");
            let text = format!("Failed to authenticate. API Error: 403 {server}");
            plain(text, "authentication_failed", json!(403))
        }
        Class::BudgetExhausted => {
            ended("Reached maximum budget ($0.0001)", "error_max_budget_usd", "budget_exhausted")
        }
        Class::ModelUnknown => plain(
            format!(
                "There's an issue with the selected model ({model}). It may not exist or you may not have access to it. Run --model to pick a different model."
            ),
            "model_not_found",
            json!(404),
        ),
        Class::RateLimited => {
            let server = said(
                "This request would exceed your organization's rate limit of 40,000 input tokens per minute.",
            );
            plain(format!("API Error: Request rejected (429) · {server}"), "rate_limit", json!(429))
        }
        Class::UsageLimit => usage_limit(step),
        Class::Network => {
            let text =
                "API Error: Connection refused — a firewall or proxy may be blocking it (ECONNREFUSED)";
            let mut failure = plain(text.to_owned(), "server_error", Value::Null);
            failure.both["api_error"] = json!("connection_failed");
            failure
        }
        Class::ContextTooLong => Failure {
            terminal_reason: "prompt_too_long",
            ..plain(
                "Prompt is too long · the request is ~205000 tokens (limit 200000)".to_owned(),
                "invalid_request",
                json!(400),
            )
        },
        Class::OutputTruncated => {
            let text = "API Error: Claude's response exceeded the 128000 output token maximum. To configure this behavior, set the CLAUDE_CODE_MAX_OUTPUT_TOKENS environment variable.";
            let mut failure = plain(text.to_owned(), "max_output_tokens", Value::Null);
            failure.both["api_error"] = json!("max_output_tokens");
            failure
        }
        Class::TurnLimit => ended("Reached maximum number of turns (1)", "error_max_turns", "max_turns"),
        Class::StructuredOutputMissing => ended(
            "Failed to provide valid structured output after 5 attempts",
            "error_max_structured_output_retries",
            "structured_output_retry_exhausted",
        ),
        Class::Overloaded => plain(
            format!(
                "API Error: 529 {}. This is a server-side issue, usually temporary — try again in a moment. If it persists, check status.claude.com.",
                said("Overloaded")
            ),
            "server_error",
            json!(529),
        ),
        _ => plain(format!("API Error: 500 {}", said("Internal server error")), "server_error", json!(500)),
    }
}

/// The HTTP status with the server's name for it.
fn with_type(status: &Value) -> Value {
    let kind = match status.as_u64() {
        Some(400) => "invalid_request_error",
        Some(401) => "authentication_error",
        Some(403) => "permission_error",
        Some(404) => "not_found_error",
        Some(429) => "rate_limit_error",
        Some(529) => "overloaded_error",
        Some(_) => "api_error",
        None => return json!({"api_error_status": status}),
    };
    json!({"api_error_status": status, "api_error_type": kind})
}

fn ended(text: &str, subtype: &'static str, reason: &'static str) -> Failure {
    Failure {
        text: text.to_owned(),
        error: "",
        both: json!({}),
        terminal_reason: reason,
        subtype,
        limit: None,
    }
}

fn usage_limit(step: &ErrorStep) -> Failure {
    let at = stamp::now_s() + i64::try_from(step.resets_in_s).unwrap_or(i64::MAX / 2000);
    let (_, _, _, hour, minute, _, _) = Timestamp(at.saturating_mul(1000)).civil();
    let (twelve, half) = (if hour % 12 == 0 { 12 } else { hour % 12 }, if hour < 12 { "am" } else { "pm" });
    let info = json!({
        "status": "rejected", "resetsAt": at, "rateLimitType": "five_hour", "overageStatus": "rejected",
        "overageDisabledReason": "org_level_disabled", "isUsingOverage": false,
        "unifiedWindows": {"five_hour": {"utilization": 1, "resetsAt": at, "status": "rejected"}},
    });
    Failure {
        text: format!("You've hit your 5-hour limit · resets {twelve}:{minute:02}{half} (UTC)"),
        error: "rate_limit",
        both: json!({
            "api_error_status": 429, "api_error_type": "rate_limit_error", "api_error": "usage_limit_reached",
        }),
        terminal_reason: "api_error",
        subtype: "success",
        limit: Some(info),
    }
}
