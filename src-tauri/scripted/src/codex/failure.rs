//! How Codex says that a turn failed (facts/agent-clis.md §5; codex-app-err*, codex-err-*).

use mo_core::outcome::FailureClass;
use mo_core::time::Timestamp;
use serde_json::{Value, json};

use crate::script::ErrorStep;
use crate::stamp;

/// `message` and `codexErrorInfo` of a turn's error.
pub(super) fn failure(step: &ErrorStep, model: &str) -> (String, Value) {
    use FailureClass as Class;
    let said = |usual: &str| step.message.clone().unwrap_or_else(|| usual.to_owned());
    let status = |code: u16, words: &str| {
        (
            format!(
                "unexpected status {code} {words}, url: https://api.openai.com/v1/responses, request id: {}",
                stamp::tagged("req_", 16)
            ),
            json!({"httpConnectionFailed": {"httpStatusCode": code}}),
        )
    };
    match step.class {
        Class::AuthInvalid | Class::AuthExpired => {
            status(401, &format!("Unauthorized: {}", said("Incorrect API key provided")))
        }
        Class::NotLoggedIn => ("Missing environment variable: `OPENAI_API_KEY`.".to_owned(), json!("other")),
        Class::PermissionDenied => status(403, &format!("Forbidden: {}", said("You do not have access."))),
        Class::ModelUnknown => (
            said(&format!("The model `{model}` does not exist or you do not have access to it.")),
            json!("badRequest"),
        ),
        Class::RateLimited => (
            format!(
                "exceeded retry limit, last status: 429 Too Many Requests, request id: {}",
                stamp::tagged("req_", 16)
            ),
            json!({"responseTooManyFailedAttempts": {"httpStatusCode": 429}}),
        ),
        Class::UsageLimit => {
            let at = stamp::now_s() + i64::try_from(step.resets_in_s).unwrap_or(i64::MAX / 2000);
            let (_, _, _, hour, minute, _, _) = Timestamp(at.saturating_mul(1000)).civil();
            let (twelve, half) =
                (if hour % 12 == 0 { 12 } else { hour % 12 }, if hour < 12 { "AM" } else { "PM" });
            (
                format!(
                    "You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), visit https://chatgpt.com/settings/usage to purchase more credits or try again at {twelve}:{minute:02} {half}."
                ),
                json!("usageLimitExceeded"),
            )
        }
        Class::BudgetExhausted => {
            ("Quota exceeded. Check your plan and billing details.".to_owned(), json!("usageLimitExceeded"))
        }
        Class::Overloaded => (
            "Selected model is at capacity. Please try a different model.".to_owned(),
            json!("serverOverloaded"),
        ),
        Class::Network => (
            "stream disconnected before completion: Transport error: network error: error decoding response body"
                .to_owned(),
            json!({"responseStreamDisconnected": {"httpStatusCode": null}}),
        ),
        Class::ContextTooLong => (
            "Codex ran out of room in the model's context window. Start a new thread or clear earlier history before retrying.".to_owned(),
            json!("contextWindowExceeded"),
        ),
        _ => (
            said("We’re currently experiencing high demand, which may cause temporary errors."),
            json!("internalServerError"),
        ),
    }
}
