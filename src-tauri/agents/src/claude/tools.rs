//! Claude Code's built-in tools: what each does to the world.

use mo_core::agent_event::{PlanEntry, PlanStatus, ToolKind};
use mo_core::approval::Action;
use serde_json::Value;

use crate::shared::json::cut_value;
use crate::shared::text::{LONG, cut};

/// The longest title of a call, in bytes.
const TITLE: usize = 160;

/// What sort of tool it is.
pub(super) fn kind(tool: &str) -> ToolKind {
    match tool {
        "Read" | "NotebookRead" | "LS" => ToolKind::Read,
        "Glob" | "Grep" | "ToolSearch" => ToolKind::Search,
        "Write" | "Edit" | "MultiEdit" | "NotebookEdit" => ToolKind::Edit,
        "Bash" | "BashOutput" | "KillShell" | "KillBash" => ToolKind::Command,
        "WebFetch" | "WebSearch" | "web_search" | "web_fetch" => ToolKind::Fetch,
        "TodoWrite" | "TaskCreate" | "TaskUpdate" | "EnterPlanMode" | "ExitPlanMode" => ToolKind::Plan,
        _ => ToolKind::Other,
    }
}

/// A short line of what the call does.
pub(super) fn title(tool: &str, input: &Value) -> String {
    let keys: &[&str] = match tool {
        "Bash" => &["command"],
        "Read" | "Write" | "Edit" | "MultiEdit" => &["file_path"],
        "NotebookRead" | "NotebookEdit" => &["notebook_path"],
        "LS" => &["path"],
        "Glob" | "Grep" => &["pattern"],
        "WebFetch" => &["url"],
        "WebSearch" | "ToolSearch" => &["query"],
        _ => &["description", "subject", "name"],
    };
    let detail = keys.iter().find_map(|key| input.get(key)?.as_str()).and_then(|text| text.lines().next());
    match detail {
        Some(detail) if !detail.is_empty() => cut(&format!("{tool} {detail}"), TITLE),
        _ => cut(tool, TITLE),
    }
}

/// The file that an edit tool's call is about.
pub(super) fn edited_file<'a>(tool: &str, input: &'a Value) -> Option<&'a str> {
    let key = match tool {
        "Write" | "Edit" | "MultiEdit" => "file_path",
        "NotebookEdit" => "notebook_path",
        _ => return None,
    };
    input.get(key)?.as_str()
}

/// What the call would do. An input that does not have the tool's known form is never taken for a harmless one: it
/// stays [`Action::Tool`].
pub(super) fn action(tool: &str, input: &Value, cwd: Option<&str>) -> Action {
    known_action(tool, input, cwd)
        .unwrap_or_else(|| Action::Tool { tool: cut(tool, TITLE), input: cut_value(input.clone()) })
}

fn known_action(tool: &str, input: &Value, cwd: Option<&str>) -> Option<Action> {
    let text = |key: &str| input.get(key)?.as_str().map(str::to_owned);
    Some(match tool {
        "Read" => Action::Read { paths: vec![text("file_path")?] },
        "NotebookRead" => Action::Read { paths: vec![text("notebook_path")?] },
        "LS" | "Grep" => Action::Read { paths: searched(input)? },
        "Glob" => {
            let mut paths = searched(input)?;
            let pattern = input.get("pattern")?.as_str()?;
            reached_by_pattern(pattern, &mut paths);
            Action::Read { paths }
        }
        "Write" | "Edit" | "MultiEdit" | "NotebookEdit" => {
            let path = edited_file(tool, input)?.to_owned();
            Action::Write { paths: vec![path], diff: diff(tool, input) }
        }
        "Bash" => Action::Command { command: text("command")?, cwd: cwd.map(str::to_owned) },
        "WebFetch" => Action::Fetch { url: text("url")? },
        "WebSearch" => Action::Fetch { url: format!("websearch:{}", text("query")?) },
        "TodoWrite" | "TodoRead" | "TaskCreate" | "TaskUpdate" | "TaskList" | "TaskGet" | "EnterPlanMode"
        | "ExitPlanMode" | "StructuredOutput" | "ReportFindings" | "ToolSearch" | "ListAgents" => {
            Action::Internal { tool: tool.to_owned() }
        }
        _ => return None,
    })
}

/// The `path` of a searching tool; none named means the current folder.
fn searched(input: &Value) -> Option<Vec<String>> {
    match input.get("path") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::String(path)) if path.is_empty() => Some(Vec::new()),
        Some(Value::String(path)) => Some(vec![path.clone()]),
        Some(_) => None,
    }
}

/// Adds the places outside the searched folder that a glob pattern itself can name.
fn reached_by_pattern(pattern: &str, paths: &mut Vec<String>) {
    if pattern.contains("{/") || pattern.contains(",/") || pattern.contains("{~") || pattern.contains(",~") {
        paths.push("/".to_owned());
    } else if pattern.split(['/', '{', ',', '}']).any(|part| part == "..") {
        let base = paths.first().map_or(".", String::as_str);
        let whole = if pattern.starts_with('/') { pattern.to_owned() } else { format!("{base}/{pattern}") };
        // A brace may hide how far the `..` reach.
        paths.push(if pattern.contains('{') { "/".to_owned() } else { whole });
    } else if pattern.starts_with(['/', '~']) {
        let fixed = pattern.find(['*', '?', '[', '{', '!', '(']).unwrap_or(pattern.len());
        let fixed = pattern.get(..fixed).unwrap_or(pattern);
        let folder = fixed.rfind('/').map_or("~", |slash| if slash == 0 { "/" } else { &fixed[..slash] });
        paths.push(if fixed.len() == pattern.len() { pattern.to_owned() } else { folder.to_owned() });
    }
}

/// The change as lines with `-` and `+`, as far as the input shows it.
fn diff(tool: &str, input: &Value) -> Option<String> {
    let mut lines = String::new();
    let text =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    match tool {
        "Write" => marked('+', &text(input, "content"), &mut lines),
        "NotebookEdit" => marked('+', &text(input, "new_source"), &mut lines),
        "Edit" => {
            marked('-', &text(input, "old_string"), &mut lines);
            marked('+', &text(input, "new_string"), &mut lines);
        }
        "MultiEdit" => {
            for edit in input.get("edits").and_then(Value::as_array).into_iter().flatten() {
                marked('-', &text(edit, "old_string"), &mut lines);
                marked('+', &text(edit, "new_string"), &mut lines);
            }
        }
        _ => return None,
    }
    (!lines.is_empty()).then(|| cut(&lines, LONG))
}

fn marked(mark: char, text: &str, lines: &mut String) {
    for line in text.lines() {
        if lines.len() > LONG {
            return;
        }
        lines.push(mark);
        lines.push_str(line);
        lines.push('\n');
    }
}

/// The entries of a `TodoWrite` call.
pub(super) fn plan(tool: &str, input: &Value) -> Option<Vec<PlanEntry>> {
    if tool != "TodoWrite" {
        return None;
    }
    let entry = |todo: &Value| {
        Some(PlanEntry {
            text: cut(todo.get("content")?.as_str()?, LONG),
            status: match todo.get("status")?.as_str()? {
                "completed" => PlanStatus::Completed,
                "in_progress" => PlanStatus::InProgress,
                _ => PlanStatus::Pending,
            },
        })
    };
    input.get("todos")?.as_array()?.iter().map(entry).collect()
}
