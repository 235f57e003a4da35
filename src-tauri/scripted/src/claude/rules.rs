//! What Claude Code's own permission rules say about a call (facts/agent-clis.md §5, §6a, §9).

use std::path::Path;

use serde_json::{Value, json};

use super::Claude;
use super::tools;
use crate::call::{Act, Call, inside};
use crate::shell;

/// What the rules say.
pub(super) enum Rule {
    /// It runs without asking.
    Free,
    /// The host is asked; what `can_use_tool` carries beside the call.
    Ask(Value),
    /// It does not run; what the model is told.
    Refuse(String),
    /// There is no such tool in this session; what the model is told.
    NoTool(String),
}

impl Claude {
    pub(super) fn rule(&self, call: &Call) -> Rule {
        let (name, _) = tools::name_and_input(&call.act);
        if let Some(tools) = &self.asked.tools
            && name != "StructuredOutput"
            && !tools.iter().any(|tool| tool == name || tool == "default")
        {
            return Rule::NoTool(format!(
                "No such tool available: {name}. {name} is disabled for this session, in subagents as well as here."
            ));
        }
        let mode = self.asked.mode.as_str();
        let ask = match &call.act {
            Act::Plan { .. } | Act::Structured { .. } => return Rule::Free,
            Act::Read { path } if self.is_inside(path) => return Rule::Free,
            Act::Read { path } => ask_outside(
                path,
                &json!([{
                    "type": "addRules", "behavior": "allow", "destination": "session",
                    "rules": [{"toolName": "Read", "ruleContent": format!("/{}/**", folder(path))}],
                }]),
            ),
            Act::Write { path, .. } | Act::Edit { path, .. } => {
                if mode == "plan" {
                    return Rule::Refuse(format!("Cannot write to {} while in plan mode.", path.display()));
                }
                let shown = path.strip_prefix(&self.cwd).unwrap_or(path);
                if self.is_safety(path) {
                    let why = format!(
                        "Claude requested permissions to write to {}, but you haven't granted it yet.",
                        path.display()
                    );
                    json!({
                        "description": shown, "permission_suggestions": [accept_edits()],
                        "classifier_approvable": true, "decision_reason": why,
                        "decision_reason_type": "safetyCheck",
                    })
                } else if self.is_inside(path) {
                    if matches!(mode, "acceptEdits" | "bypassPermissions") {
                        return Rule::Free;
                    }
                    json!({"description": shown, "permission_suggestions": [accept_edits()]})
                } else {
                    ask_outside(
                        path,
                        &json!([accept_edits(), {
                            "type": "addDirectories", "directories": [folder(path)], "destination": "session",
                        }]),
                    )
                }
            }
            Act::Run { command } if shell::only_reads(command) => return Rule::Free,
            Act::Run { command } => json!({
                "description": "run",
                "permission_suggestions": [
                    {"type": "addRules", "rules": [{"toolName": "Bash", "ruleContent": command}],
                     "behavior": "allow", "destination": "localSettings"},
                    accept_edits(),
                ],
            }),
        };
        let safety = ask["decision_reason_type"] == "safetyCheck";
        if mode == "bypassPermissions" && !safety {
            return Rule::Free;
        }
        if mode == "dontAsk" {
            return Rule::Refuse(format!(
                "Permission to use {name} has been denied because Claude Code is running in don't ask mode."
            ));
        }
        if !self.asked.asks_host {
            return Rule::Refuse(match call.act.path() {
                Some(path) => format!(
                    "Claude requested permissions to write to {}, but you haven't granted it yet.",
                    path.display()
                ),
                None => "This command requires approval".to_owned(),
            });
        }
        Rule::Ask(ask)
    }

    /// Whether a path lies in the session's folders.
    fn is_inside(&self, path: &Path) -> bool {
        let folders = self.asked.add_dirs.iter().map(std::path::PathBuf::as_path);
        inside(path, folders.chain([self.cwd.as_path()]))
    }

    /// Claude Code's own safety check: files that change how it works. A hook's `allow` does not pass them.
    pub(super) fn is_safety(&self, path: &Path) -> bool {
        path.strip_prefix(&self.cwd)
            .is_ok_and(|below| below.starts_with(".claude") || below.starts_with(".git"))
    }
}

fn accept_edits() -> Value {
    json!({"type": "setMode", "mode": "acceptEdits", "destination": "session"})
}

fn ask_outside(path: &Path, suggestions: &Value) -> Value {
    json!({
        "description": path, "permission_suggestions": suggestions,
        "decision_reason": "Path is outside allowed working directories", "decision_reason_type": "workingDir",
    })
}

fn folder(path: &Path) -> String {
    path.parent().unwrap_or(path).display().to_string()
}
