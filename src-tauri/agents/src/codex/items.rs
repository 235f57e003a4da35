//! Items of a turn as events: those of the app-server and those of `exec --json`, which are named alike.

use mo_core::agent_event::{
    AgentEvent, Decoded, FileTouch, NoticeLevel, PlanEntry, PlanStatus, ToolKind, ToolStatus, TouchKind,
};
use mo_core::ids::ItemId;
use mo_core::shell_line;
use mo_core::time::Timestamp;
use serde_json::{Value, json};

use super::wire::{Change, Item};
use crate::acp::run::push_message;
use crate::protocol::Exchange;
use crate::shared::json::cut_value;
use crate::shared::text::{LONG, cut};
use crate::shared::wire_text::Text;

/// The types left out on purpose: our own prompt, texts that hooks add to it, pauses, and what other threads do.
pub(super) const IGNORED: [&str; 6] =
    ["userMessage", "hookPrompt", "sleep", "subAgentActivity", "functionCallOutput", "enteredReviewMode"];

/// The types that become events.
pub(super) const KNOWN: [&str; 21] = [
    "agentMessage",
    "agent_message",
    "plan",
    "reasoning",
    "commandExecution",
    "command_execution",
    "fileChange",
    "file_change",
    "mcpToolCall",
    "mcp_tool_call",
    "dynamicToolCall",
    "collabAgentToolCall",
    "collab_tool_call",
    "webSearch",
    "web_search",
    "imageView",
    "imageGeneration",
    "exitedReviewMode",
    "contextCompaction",
    "todo_list",
    "error",
];

/// What an item is of, beyond its events.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    Nothing,
    /// A message; `last` where the agent calls it a part of its final answer, or does not say.
    Message {
        text: String,
        last: bool,
    },
}

/// An item has begun.
pub(super) fn started(item: &Item<'_>, at: Option<Timestamp>, out: &mut Exchange) {
    let kind = item.kind.as_str();
    let (tool, title, input) = match kind {
        "commandExecution" | "command_execution" => {
            let command = item.command.as_deref().unwrap_or("");
            (
                command_kind(item),
                shell_line::inner(command).into_owned(),
                json!({ "command": command, "cwd": item.cwd.as_deref() }),
            )
        }
        "fileChange" | "file_change" => {
            let paths: Vec<&str> = item.changes.iter().flatten().map(|c| c.path.as_str()).collect();
            let changes: Vec<Value> = item.changes.iter().flatten().map(change_value).collect();
            (ToolKind::Edit, paths.join(", "), json!({ "changes": changes }))
        }
        _ => match other_tool(item) {
            Some(told) => told,
            None => return,
        },
    };
    let event = AgentEvent::ToolStarted {
        item: ItemId::new(item.id.as_str()),
        tool,
        title: cut(&title, LONG),
        input: cut_value(input),
    };
    out.events.push(Decoded { at, event });
}

/// An item is complete.
pub(super) fn completed(item: Item<'_>, at: Option<Timestamp>, out: &mut Exchange) -> Said {
    let id = ItemId::new(item.id.as_str());
    let mut push = |event| out.events.push(Decoded { at, event });
    match item.kind.as_str() {
        "agentMessage" | "agent_message" | "plan" | "exitedReviewMode" => {
            let last = item.phase.is_none_or(|phase| phase.as_str() != "commentary");
            let text = item.text.or(item.review).map(Text::into_string).unwrap_or_default();
            if text.is_empty() {
                return Said::Nothing;
            }
            push_message(id, text.clone(), at, out);
            return Said::Message { text, last };
        }
        "reasoning" => {
            let text = reasoning_text(&item);
            if !text.is_empty() {
                push(AgentEvent::Thought { item: id, text });
            }
        }
        "commandExecution" | "command_execution" => push(AgentEvent::ToolEnded {
            item: id,
            status: status(&item),
            exit_code: item.exit_code.and_then(|code| i32::try_from(code).ok()),
            output: cut(item.output.as_deref().unwrap_or(""), LONG),
        }),
        "fileChange" | "file_change" => {
            let (status, changes) = (status(&item), touches(item.changes.as_deref().unwrap_or_default()));
            push(AgentEvent::ToolEnded { item: id.clone(), status, exit_code: None, output: String::new() });
            if status == ToolStatus::Completed && !changes.is_empty() {
                push(AgentEvent::FilesChanged { item: id, changes, status });
            }
        }
        "contextCompaction" => {
            push(notice(NoticeLevel::Info, "context_compacted", "the context was compacted"));
        }
        "error" => push(notice(NoticeLevel::Warning, "agent_warning", item.message.as_deref().unwrap_or(""))),
        "todo_list" => push(todo(&item)),
        _ if other_tool(&item).is_some() => push(AgentEvent::ToolEnded {
            item: id,
            status: status(&item),
            exit_code: None,
            output: cut(&outcome_text(&item), LONG),
        }),
        _ => {}
    }
    Said::Nothing
}

/// `exec`'s todo list, whole each time.
pub(super) fn todo(item: &Item<'_>) -> AgentEvent {
    let entries = item.items.iter().flatten().map(|entry| PlanEntry {
        text: cut(entry.text.as_deref().unwrap_or(""), LONG),
        status: if entry.completed { PlanStatus::Completed } else { PlanStatus::Pending },
    });
    AgentEvent::Plan { entries: entries.take(1000).collect() }
}

/// The files of a patch. A move is the old file deleted and the new one added.
pub(super) fn touches(changes: &[Change<'_>]) -> Vec<FileTouch> {
    let mut touched = Vec::with_capacity(changes.len());
    for change in changes {
        let path = change.path.as_str().to_owned();
        let (kind, moved) = change_kind(&change.kind);
        if let Some(moved) = moved {
            touched.push(FileTouch { path, change: TouchKind::Deleted });
            touched.push(FileTouch { path: moved.to_owned(), change: TouchKind::Added });
        } else {
            touched.push(FileTouch { path, change: kind });
        }
    }
    touched
}

fn change_kind(kind: &Value) -> (TouchKind, Option<&str>) {
    let word = kind.as_str().or_else(|| kind.get("type").and_then(Value::as_str));
    let moved = kind.get("move_path").or_else(|| kind.get("movePath")).and_then(Value::as_str);
    match word {
        Some("add") => (TouchKind::Added, None),
        Some("delete") => (TouchKind::Deleted, None),
        _ => (TouchKind::Changed, moved),
    }
}

fn change_value(change: &Change<'_>) -> Value {
    json!({ "path": change.path.as_str(), "kind": change.kind, "diff": change.diff.as_deref() })
}

/// Reading or searching, where Codex has understood the whole command as that.
fn command_kind(item: &Item<'_>) -> ToolKind {
    let mut kinds = item.command_actions.iter().flatten().map(|a| a.kind.as_deref().unwrap_or(""));
    let all = |of: &[&str]| {
        let mut kinds = item.command_actions.iter().flatten().map(|a| a.kind.as_deref().unwrap_or(""));
        kinds.all(|kind| of.contains(&kind))
    };
    match kinds.next() {
        Some(_) if all(&["read"]) => ToolKind::Read,
        Some(_) if all(&["read", "listFiles", "search"]) => ToolKind::Search,
        _ => ToolKind::Command,
    }
}

fn other_tool(item: &Item<'_>) -> Option<(ToolKind, String, Value)> {
    let arguments = || item.arguments.clone().unwrap_or(Value::Null);
    let tool = item.tool.as_deref().unwrap_or("tool");
    Some(match item.kind.as_str() {
        "mcpToolCall" | "mcp_tool_call" => {
            let server = item.server.as_deref().unwrap_or("mcp");
            (ToolKind::Other, format!("{server}.{tool}"), arguments())
        }
        "dynamicToolCall" => (ToolKind::Other, tool.to_owned(), arguments()),
        "collabAgentToolCall" | "collab_tool_call" => {
            (ToolKind::Other, tool.to_owned(), json!({ "prompt": item.prompt.as_deref() }))
        }
        "webSearch" | "web_search" => {
            let query = item.query.as_deref().unwrap_or("");
            (ToolKind::Fetch, query.to_owned(), json!({ "query": query }))
        }
        "imageView" => {
            let path = item.path.as_deref().unwrap_or("");
            (ToolKind::Read, path.to_owned(), json!({ "path": path }))
        }
        "imageGeneration" => (ToolKind::Other, "image generation".to_owned(), Value::Null),
        _ => return None,
    })
}

fn outcome_text(item: &Item<'_>) -> String {
    let read = |raw: Option<&serde_json::value::RawValue>| {
        raw.and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok())
    };
    let error = read(item.error);
    if let Some(message) = error.as_ref().and_then(|e| e.as_str().or_else(|| e.get("message")?.as_str())) {
        return message.to_owned();
    }
    let Some(result) = read(item.result) else { return String::new() };
    let pieces = result.get("content").and_then(Value::as_array);
    let texts: Vec<&str> =
        pieces.into_iter().flatten().filter_map(|piece| piece.get("text")?.as_str()).collect();
    texts.join("\n")
}

fn reasoning_text(item: &Item<'_>) -> String {
    if let Some(text) = &item.text {
        return text.as_str().to_owned();
    }
    let list = |raw: Option<&serde_json::value::RawValue>| -> Vec<String> {
        raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    };
    let summary = list(item.summary);
    if summary.is_empty() { list(item.content).join("\n\n") } else { summary.join("\n\n") }
}

fn status(item: &Item<'_>) -> ToolStatus {
    match item.status.as_deref() {
        Some("failed") => ToolStatus::Failed,
        Some("declined") => ToolStatus::Declined,
        // `inProgress` in a completed item: the turn was interrupted.
        Some("interrupted" | "inProgress" | "in_progress") => ToolStatus::Cancelled,
        _ => ToolStatus::Completed,
    }
}

/// Something said that is no item.
pub(super) fn notice(level: NoticeLevel, code: &str, text: &str) -> AgentEvent {
    AgentEvent::Notice { level, code: code.to_owned(), text: cut(text, LONG) }
}
