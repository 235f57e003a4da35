//! Claude Code's tools: their names, inputs and results.

use mo_core::agent_event::{PlanEntry, PlanStatus};
use serde_json::{Value, json};
use similar::TextDiff;

use super::Claude;
use crate::call::{Act, Call, Change, Outcome};
use crate::dialect::Next;
use crate::out::Out;
use crate::shell::Ran;

/// The tool that a call uses and what it is given.
pub(super) fn name_and_input(act: &Act) -> (&'static str, Value) {
    match act {
        Act::Read { path } => ("Read", json!({"file_path": path})),
        Act::Write { path, content } => ("Write", json!({"file_path": path, "content": content})),
        Act::Edit { path, find, replace } => (
            "Edit",
            json!({"file_path": path, "old_string": find, "new_string": replace, "replace_all": false}),
        ),
        Act::Run { command } => ("Bash", json!({"command": command, "description": "run"})),
        Act::Plan { entries } => ("TodoWrite", json!({"todos": todos(entries)})),
        Act::Structured { value } => ("StructuredOutput", value.clone()),
    }
}

fn todos(entries: &[PlanEntry]) -> Vec<Value> {
    let status = |entry: &PlanEntry| match entry.status {
        PlanStatus::Pending => "pending",
        PlanStatus::InProgress => "in_progress",
        PlanStatus::Completed => "completed",
    };
    let todo =
        |entry: &PlanEntry| json!({"content": entry.text, "status": status(entry), "activeForm": entry.text});
    entries.iter().map(todo).collect()
}

impl Claude {
    /// The result of a call that was let through.
    pub(super) fn tool_ended(&mut self, call: &Call, outcome: &Outcome, out: &mut Out) {
        let (content, result, failed) = match outcome {
            Outcome::Read(text) => read(call, text),
            Outcome::Changed(change) => changed(call, change),
            Outcome::Ran(ran) => ran_result(ran),
            Outcome::Internal => internal(call),
            Outcome::Failed(why) => {
                (format!("<tool_use_error>{why}</tool_use_error>"), json!(format!("Error: {why}")), true)
            }
        };
        let mut block = json!({"tool_use_id": call.id, "type": "tool_result", "content": content});
        if failed || matches!(outcome, Outcome::Ran(_)) {
            block["is_error"] = json!(failed);
        }
        let meta = json!({"id": call.id, "permission_decision": self.allowed.decision()});
        self.emit(&self.session.tool_result(&block, &result, Some(meta)), out);
    }

    /// A call that the rules refuse; nobody was asked.
    pub(super) fn refused(&mut self, call: &Call, why: &str, out: &mut Out) -> Next {
        let (name, _) = name_and_input(&call.act);
        let more = json!({"tool_name": name, "tool_use_id": call.id, "message": why});
        self.emit(&self.session.system("permission_denied", more), out);
        let decision = json!({"decision": "reject", "source": "config"});
        self.denied(
            call,
            why,
            json!({"non_execution_kind": "user-rejected", "permission_decision": decision}),
            out,
        )
    }

    /// A tool that the session does not have; it is no denial.
    pub(super) fn no_tool(&mut self, call: &Call, why: &str, out: &mut Out) -> Next {
        self.open_call = None;
        let block = error_block(call, &format!("<tool_use_error>Error: {why}</tool_use_error>"));
        self.emit(&self.session.tool_result(&block, &json!(format!("Error: {why}")), None), out);
        Next::Refused
    }

    pub(super) fn denied_by_hook(&mut self, call: &Call, reason: &str, out: &mut Out) -> Next {
        let (name, _) = name_and_input(&call.act);
        let decision = json!({"decision": "reject", "source": "hook", "reason_type": "hook"});
        let meta = json!({"non_execution_kind": "permission-rule", "permission_decision": decision});
        self.denied(call, &format!("PreToolUse:{name} hook error: {reason}"), meta, out)
    }

    /// A call whose hook can no longer answer.
    pub(super) fn cancelled(&mut self, call: &Call, why: &str, out: &mut Out) -> Next {
        self.denied(call, why, json!({"non_execution_kind": "cancelled"}), out)
    }

    pub(super) fn denied_by_host(&mut self, call: &Call, why: &str, answered: bool, out: &mut Out) -> Next {
        let decision = if answered {
            json!({"decision": "reject", "source": "user_reject"})
        } else {
            json!({"decision": "reject", "source": "config", "reason_type": "other"})
        };
        let meta = json!({"non_execution_kind": "permission-rule", "permission_decision": decision});
        self.denied(call, why, meta, out)
    }

    fn denied(&mut self, call: &Call, why: &str, mut meta: Value, out: &mut Out) -> Next {
        self.open_call = None;
        self.deny_counted(call);
        meta["id"] = json!(call.id);
        let block = error_block(call, why);
        self.emit(&self.session.tool_result(&block, &json!(format!("Error: {why}")), Some(meta)), out);
        Next::Refused
    }

    /// A denial as the closing result lists it.
    pub(super) fn deny_counted(&mut self, call: &Call) {
        let (name, input) = name_and_input(&call.act);
        let denial = json!({"tool_name": name, "tool_use_id": call.id, "tool_input": input});
        self.turn.denials.push(denial);
    }

    /// A call that an interrupt ended (claude-perm-deny-interrupt).
    pub(super) fn rejected_by_user(&mut self, call: &Call, out: &mut Out) {
        let why = "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit, the new_string was NOT written to the file). STOP what you are doing and wait for the user to tell you how to proceed.";
        let meta = json!({"id": call.id, "non_execution_kind": "user-rejected"});
        let block = error_block(call, why);
        self.emit(&self.session.tool_result(&block, &json!("User rejected tool use"), Some(meta)), out);
    }
}

fn error_block(call: &Call, content: &str) -> Value {
    json!({"type": "tool_result", "content": content, "is_error": true, "tool_use_id": call.id})
}

fn read(call: &Call, text: &str) -> (String, Value, bool) {
    let lines: Vec<&str> = text.split('\n').collect();
    let numbered: Vec<String> =
        lines.iter().enumerate().map(|(index, line)| format!("{}\t{line}", index + 1)).collect();
    let file = json!({
        "filePath": call.act.path(), "content": text, "numLines": lines.len(), "startLine": 1,
        "totalLines": lines.len(),
    });
    (numbered.join("\n"), json!({"type": "text", "file": file}), false)
}

fn changed(call: &Call, change: &Change) -> (String, Value, bool) {
    let path = call.act.path().map(|path| path.display().to_string()).unwrap_or_default();
    let note = "(file state is current in your context — no need to Read it back)";
    let hunked = change.before.as_deref().map(|before| hunks(before, &change.after)).unwrap_or_default();
    match (&call.act, &change.before) {
        (Act::Edit { find, replace, .. }, before) => (
            format!("The file {path} has been updated successfully. {note}"),
            json!({
                "filePath": path, "oldString": find, "newString": replace, "originalFile": before,
                "structuredPatch": hunked, "userModified": false, "replaceAll": false,
            }),
            false,
        ),
        (_, before) => {
            let (kind, said) = match before {
                None => ("create", format!("File created successfully at: {path} {note}")),
                Some(_) => ("update", format!("The file {path} has been updated successfully. {note}")),
            };
            (
                said,
                json!({
                    "type": kind, "filePath": path, "content": change.after, "structuredPatch": hunked,
                    "originalFile": before, "userModified": false,
                }),
                false,
            )
        }
    }
}

fn hunks(before: &str, after: &str) -> Vec<Value> {
    let diff = TextDiff::from_lines(before, after);
    let mut hunks = Vec::new();
    for hunk in diff.unified_diff().iter_hunks() {
        let lines: Vec<String> = hunk
            .iter_changes()
            .map(|change| format!("{}{}", change.tag(), change.value().trim_end_matches('\n')))
            .collect();
        let count = |skipped: char| lines.iter().filter(|line| !line.starts_with(skipped)).count();
        let first = hunk.ops().first();
        hunks.push(json!({
            "oldStart": first.map_or(0, |op| op.old_range().start) + 1, "oldLines": count('+'),
            "newStart": first.map_or(0, |op| op.new_range().start) + 1, "newLines": count('-'),
            "lines": lines,
        }));
    }
    hunks
}

fn ran_result(ran: &Ran) -> (String, Value, bool) {
    if ran.code != 0 {
        let said = format!("Exit code {}\n{}", ran.code, ran.output());
        let said = said.trim_end().to_owned();
        return (said.clone(), json!(format!("Error: {said}")), true);
    }
    let shown = ran.output();
    let shown = shown.trim_end();
    let content = if shown.is_empty() { "(Bash completed with no output)" } else { shown };
    let result = json!({
        "stdout": ran.stdout.trim_end(), "stderr": ran.stderr.trim_end(), "interrupted": false,
        "isImage": false, "noOutputExpected": shown.is_empty(),
    });
    (content.to_owned(), result, false)
}

fn internal(call: &Call) -> (String, Value, bool) {
    if let Act::Plan { entries } = &call.act {
        let said = "Todos have been modified successfully. Ensure that you continue to use the todo list to track your progress. Please proceed with the current tasks if applicable";
        return (said.to_owned(), json!({"oldTodos": [], "newTodos": todos(entries)}), false);
    }
    let said = "Structured output provided successfully";
    (said.to_owned(), json!(said), false)
}
