//! Gemini CLI's ACP objects, as the captures (gemini-acp-*) have them.

use serde_json::{Value, json};

use crate::call::{Act, Call, Change};

/// The answer to `initialize`.
pub(super) fn initialized(version: &str) -> Value {
    json!({
        "protocolVersion": 1,
        "authMethods": [
            {"id": "oauth-personal", "name": "Log in with Google",
             "description": "Log in with your Google account"},
            {"id": "gemini-api-key", "name": "Gemini API key",
             "description": "Use an API key with Gemini Developer API",
             "_meta": {"api-key": {"provider": "google"}}},
        ],
        "agentInfo": {"name": "gemini-cli", "title": "Gemini CLI", "version": version},
        "agentCapabilities": {
            "loadSession": true,
            "promptCapabilities": {"image": true, "audio": true, "embeddedContext": true},
            "mcpCapabilities": {"http": true, "sse": true},
        },
    })
}

/// The modes that a session can be in.
pub(super) const MODES: [&str; 4] = ["default", "autoEdit", "yolo", "plan"];

/// What a session can be set to and is set to.
pub(super) fn settings(mode: &str, model: &str) -> Value {
    json!({
        "modes": {
            "availableModes": [
                {"id": "default", "name": "Default", "description": "Prompts for approval"},
                {"id": "autoEdit", "name": "Auto Edit", "description": "Auto-approves edit tools"},
                {"id": "yolo", "name": "YOLO", "description": "Auto-approves all tools"},
                {"id": "plan", "name": "Plan", "description": "Read-only mode"},
            ],
            "currentModeId": mode,
        },
        "models": {
            "availableModels": [
                {"modelId": "auto", "name": "Auto", "description": "Let Gemini CLI decide the best model for the task"},
                {"modelId": "gemini-2.5-pro", "name": "gemini-2.5-pro"},
            ],
            "currentModelId": model,
        },
    })
}

/// The commands that it offers.
pub(super) fn commands() -> Value {
    json!({
        "sessionUpdate": "available_commands_update",
        "availableCommands": [
            {"name": "memory", "description": "Manage memory."},
            {"name": "help", "description": "Show available commands"},
        ],
    })
}

/// A chunk of text.
pub(super) fn chunk(kind: &str, text: &str) -> Value {
    json!({"sessionUpdate": kind, "content": {"type": "text", "text": text}})
}

/// The tool's own name, as the call's id begins with it.
pub(super) fn tool(act: &Act) -> &'static str {
    match act {
        Act::Read { .. } => "read_file",
        Act::Write { .. } => "write_file",
        Act::Edit { .. } => "replace",
        Act::Run { .. } => "run_shell_command",
        Act::Plan { .. } | Act::Structured { .. } => "write_todos",
    }
}

/// What is said of a tool call, apart from its status.
pub(super) fn tool_call(call: &Call, shown: &str, cwd: &str, change: Option<&Change>) -> Value {
    let (title, kind) = match &call.act {
        Act::Read { .. } => (shown.to_owned(), "read"),
        Act::Write { .. } => (format!("Writing to {shown}"), "edit"),
        Act::Edit { find, replace, .. } => {
            (format!("{shown}: {} => {}", brief(find), brief(replace)), "edit")
        }
        Act::Run { command } => (command.clone(), "execute"),
        Act::Plan { .. } | Act::Structured { .. } => (shown.to_owned(), "other"),
    };
    let content = match (&call.act, change) {
        (Act::Run { .. }, _) => {
            let text = format!("[current working directory {cwd}] (run)");
            json!([{"type": "content", "content": {"type": "text", "text": text}}])
        }
        (_, Some(change)) => {
            let kind = if change.before.is_some() { "modify" } else { "add" };
            json!([{
                "type": "diff", "path": call.act.path(),
                "oldText": change.before.as_deref().unwrap_or_default(), "newText": change.after,
                "_meta": {"kind": kind},
            }])
        }
        _ => json!([]),
    };
    let locations: Vec<Value> = call.act.path().iter().map(|path| json!({"path": path})).collect();
    json!({
        "toolCallId": call.id, "title": title, "content": content, "locations": locations, "kind": kind,
    })
}

/// The first line of a text, cut.
fn brief(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() > 30 {
        let start: String = line.chars().take(27).collect();
        return format!("{start}...");
    }
    line.to_owned()
}

/// The options of every permission request.
pub(super) fn options() -> Value {
    json!([
        {"optionId": "proceed_always", "name": "Allow for this session", "kind": "allow_always"},
        {"optionId": "proceed_once", "name": "Allow", "kind": "allow_once"},
        {"optionId": "cancel", "name": "Reject", "kind": "reject_once"},
    ])
}
