//! `{"type":"system","subtype":…}` lines and other notices of Claude Code: what is worth showing of them.

use mo_core::agent_event::{AgentEvent, NoticeLevel};
use mo_core::time::Timestamp;
use serde_json::Value;

use crate::shared::json::str_at;
use crate::shared::resets::instant;
use crate::shared::text::{LONG, cut};

/// The event of a `system` line other than `init`: `Ok(None)` for what says nothing to a person, `Err` with the
/// subtype for one that is not known.
pub(super) fn notice(line: &Value) -> Result<Option<AgentEvent>, String> {
    let text = |pointer: &str| str_at(line, pointer).unwrap_or_default();
    let subtype = text("/subtype");
    let (level, said) = match subtype {
        // What a screen is redrawn by, heartbeats, and what later lines repeat.
        "ui_invalidate"
        | "thinking_tokens"
        | "hook_started"
        | "hook_progress"
        | "hook_response"
        | "task_progress"
        | "session_state_changed"
        | "files_persisted"
        | "post_turn_summary" => {
            return Ok(None);
        }
        "status" => match str_at(line, "/status") {
            None | Some("requesting") => return Ok(None),
            Some(status) => (NoticeLevel::Info, status.to_owned()),
        },
        "api_retry" => {
            let number = |key: &str| line.get(key).and_then(Value::as_u64);
            let attempt = number("attempt").unwrap_or(0);
            let of = number("max_retries").map(|max| format!(" of {max}")).unwrap_or_default();
            let status = number("error_status").map(|s| format!(" (HTTP {s})")).unwrap_or_default();
            let delay = number("retry_delay_ms").map(|ms| format!(", again in {ms} ms")).unwrap_or_default();
            let error = str_at(line, "/error").unwrap_or("error");
            (NoticeLevel::Warning, format!("{error}{status}, retry {attempt}{of}{delay}"))
        }
        "permission_denied" => {
            (NoticeLevel::Warning, format!("{}: {}", text("/tool_name"), text("/message")))
        }
        "informational" => {
            let level = match text("/level") {
                "error" => NoticeLevel::Error,
                "warning" | "warn" => NoticeLevel::Warning,
                _ => NoticeLevel::Info,
            };
            (level, text("/content").to_owned())
        }
        "model_refusal_no_fallback" | "model_refusal_fallback" => {
            (NoticeLevel::Warning, first_text(line).unwrap_or("the model refused").to_owned())
        }
        "compact_boundary" => (NoticeLevel::Info, "the conversation was summarised to make room".to_owned()),
        "task_started" | "task_notification" | "task_updated" | "local_command_output" => {
            (NoticeLevel::Info, first_text(line).unwrap_or(subtype).to_owned())
        }
        other => return Err(other.to_owned()),
    };
    Ok(Some(AgentEvent::Notice { level, code: subtype.to_owned(), text: cut(&said, LONG) }))
}

fn first_text(line: &Value) -> Option<&str> {
    ["/message", "/content", "/summary", "/description"].iter().find_map(|pointer| str_at(line, pointer))
}

/// What a `rate_limit_event` says: a notice where the limit is near or reached, and when it ends where reached.
pub(super) fn rate_limit(line: &Value) -> (Option<AgentEvent>, Option<Timestamp>) {
    let text = |pointer: &str| str_at(line, pointer).unwrap_or_default();
    let status = text("/rate_limit_info/status");
    let resets = line.pointer("/rate_limit_info/resetsAt").and_then(Value::as_i64);
    let resets = resets.and_then(instant);
    if status.is_empty() || status == "allowed" {
        return (None, None);
    }
    let until = resets.map(|at| format!(", resets {at}")).unwrap_or_default();
    let said = format!("{} limit: {status}{until}", text("/rate_limit_info/rateLimitType"));
    let code = "rate_limit_event".to_owned();
    let event = AgentEvent::Notice { level: NoticeLevel::Warning, code, text: said };
    (Some(event), resets.filter(|_| status == "rejected"))
}
