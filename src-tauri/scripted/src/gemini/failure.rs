//! How Gemini CLI says that a turn failed: a JSON-RPC error whose code is the HTTP status (gemini-acp-err,
//! facts/agent-clis.md §5, §6c).

use mo_core::outcome::FailureClass;
use serde_json::{Value, json};

use crate::script::ErrorStep;

/// The error object.
pub(super) fn failure(step: &ErrorStep, model: &str) -> Value {
    use FailureClass as Class;
    let said = |usual: &str| step.message.clone().unwrap_or_else(|| usual.to_owned());
    let server = |code: i64, usual: &str, status: &str| {
        let body = json!({"error": {"code": code, "message": said(usual), "status": status, "details": []}});
        json!({"code": code, "message": body.to_string()})
    };
    match step.class {
        Class::AuthInvalid | Class::AuthExpired => {
            server(401, "Request had invalid authentication credentials.", "UNAUTHENTICATED")
        }
        Class::NotLoggedIn => {
            json!({"code": -32000, "message": "Gemini API key is missing or not configured."})
        }
        Class::PermissionDenied => server(403, "The caller does not have permission", "PERMISSION_DENIED"),
        Class::UsageLimit => {
            json!({"code": 429, "message": said("You have exhausted your daily quota on this model.")})
        }
        Class::RateLimited => {
            server(429, "Resource has been exhausted (e.g. check quota).", "RESOURCE_EXHAUSTED")
        }
        Class::Overloaded => server(503, "The model is overloaded. Please try again later.", "UNAVAILABLE"),
        Class::ModelUnknown => {
            json!({"code": 404, "message": said(&format!("models/{model} is not found for API version v1beta"))})
        }
        Class::ContextTooLong => server(
            400,
            "The input token count exceeds the maximum number of tokens allowed.",
            "INVALID_ARGUMENT",
        ),
        Class::Network => {
            json!({"code": -32603, "message": "Internal error", "data": {"details": "terminated"}})
        }
        _ => server(500, "Internal error encountered.", "INTERNAL"),
    }
}
