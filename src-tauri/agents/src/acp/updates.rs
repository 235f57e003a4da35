//! The kinds of `session/update`: which are read, which are left out on purpose, and what the small ones say.

use mo_core::agent_event::{AgentEvent, PlanEntry, PlanStatus};
use mo_core::outcome::{FailureClass, Outcome, Usage};
use serde_json::Value;

use super::wire::{Chunk, Update};
use crate::shared::text::{LONG, cut};
use crate::shared::wire_text::Text;

/// The kinds that become events.
pub(super) const KNOWN: [&str; 7] = [
    "agent_message_chunk",
    "agent_thought_chunk",
    "tool_call",
    "tool_call_update",
    "plan",
    "current_mode_update",
    "usage_update",
];

/// The kinds left out on purpose: our own words echoed or replayed, menus, and the session's title.
pub(super) const IGNORED: [&str; 4] =
    ["user_message_chunk", "available_commands_update", "config_option_update", "session_info_update"];

/// Notifications left out on purpose: the adapters' own of the login that is in use.
pub(super) const IGNORED_NOTIFICATIONS: [&str; 1] = ["_auth/status_update"];

/// The text of a chunk; pictures and sounds have none.
pub(super) fn chunk_text<'a>(update: &Update<'a>) -> Result<Text<'a>, String> {
    let Some(content) = update.content else { return Ok(Text::default()) };
    let chunk: Chunk<'a> = serde_json::from_str(content.get()).map_err(|e| e.to_string())?;
    Ok(chunk.text.or(chunk.uri).unwrap_or_default())
}

/// A `plan` update; it is always the whole plan.
pub(super) fn plan(update: &Update<'_>) -> AgentEvent {
    let entries = update.entries.iter().flatten().map(|entry| PlanEntry {
        text: cut(entry.content.as_deref().unwrap_or(""), LONG),
        status: match entry.status.as_deref() {
            Some("completed") => PlanStatus::Completed,
            Some("in_progress") => PlanStatus::InProgress,
            _ => PlanStatus::Pending,
        },
    });
    AgentEvent::Plan { entries: entries.take(1000).collect() }
}

/// What a stop reason means.
pub(super) fn stopped(reason: &str) -> (Outcome, Option<FailureClass>) {
    match reason {
        "end_turn" => (Outcome::Completed, None),
        "cancelled" => (Outcome::Interrupted, None),
        "max_tokens" => (Outcome::Failed, Some(FailureClass::OutputTruncated)),
        "max_turn_requests" => (Outcome::Failed, Some(FailureClass::TurnLimit)),
        "refusal" => (Outcome::Failed, Some(FailureClass::RefusedByModel)),
        _ => (Outcome::Failed, Some(FailureClass::Unknown)),
    }
}

fn tokens(input: u64, output: u64, cached: u64) -> Usage {
    Usage { input_tokens: input, output_tokens: output, cached_tokens: cached }
}

/// The tokens of a turn: `usage` as the adapters tell it, or Gemini's `_meta.quota.token_count`.
pub(super) fn usage(result: &Value) -> Option<Usage> {
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64);
    if let Some(usage) = result.get("usage").filter(|u| u.is_object()) {
        let read = |name| number(usage, name).unwrap_or(0);
        return Some(tokens(read("inputTokens"), read("outputTokens"), read("cachedReadTokens")));
    }
    let count = result.pointer("/_meta/quota/token_count")?;
    let cached = number(count, "cached_tokens").unwrap_or(0);
    Some(tokens(number(count, "input_tokens")?, number(count, "output_tokens")?, cached))
}
