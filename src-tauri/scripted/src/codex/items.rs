//! Codex's items: what a turn shows.

use std::fmt::Write as _;

use mo_core::agent_event::PlanStatus;
use serde_json::{Value, json};
use similar::TextDiff;

use super::Codex;
use crate::call::{Act, Call, Change, Outcome};
use crate::out::Out;
use crate::stamp;

impl Codex {
    pub(super) fn item_started(&self, item: &Value, out: &mut Out) {
        let at = item["startedAtMs"].clone();
        self.notify("item/started", json!({"item": item, "startedAtMs": at}), out);
    }

    pub(super) fn item_completed(&self, item: &Value, out: &mut Out) {
        let at = item["completedAtMs"].clone();
        let params = json!({"item": item, "contentTokenCount": null, "completedAtMs": at});
        self.notify("item/completed", params, out);
    }

    /// The prompt, as an item of the turn.
    pub(super) fn user_message(&self, text: &str, out: &mut Out) {
        let at = stamp::now_ms();
        let mut item = json!({
            "type": "userMessage", "id": stamp::uuid_by_time(), "clientId": null,
            "content": [{"type": "text", "text": text, "text_elements": []}],
            "startedAtMs": at, "completedAtMs": null,
        });
        self.item_started(&item, out);
        item["completedAtMs"] = json!(at);
        self.item_completed(&item, out);
    }

    /// A thought, as the summary of a reasoning item.
    pub(super) fn reasoning(&mut self, text: &str, out: &mut Out) {
        let id = stamp::tagged("rs_", 12);
        let at = stamp::now_ms();
        let mut item = json!({
            "type": "reasoning", "id": id, "summary": [], "content": [], "startedAtMs": at,
            "completedAtMs": null,
        });
        self.item_started(&item, out);
        let delta = json!({"itemId": id, "delta": text, "summaryIndex": 0});
        self.notify("item/reasoning/summaryTextDelta", delta, out);
        item["summary"] = json!([text]);
        item["completedAtMs"] = json!(stamp::now_ms());
        self.item_completed(&item, out);
    }

    /// Shows a call as begun.
    pub(super) fn announce(&mut self, call: &Call, asks: bool, out: &mut Out) {
        let change = self.open_call.as_ref().and_then(|open| open.change.clone());
        let at = stamp::now_ms();
        let item = match (&call.act, change) {
            (Act::Run { command }, _) => {
                let action = json!({"type": "unknown", "command": command});
                self.command_item(&call.id, command, &action, asks, at)
            }
            (Act::Read { path }, _) => {
                let command = format!("cat {}", quoted(&path.display().to_string()));
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let action = json!({"type": "read", "command": command, "name": name, "path": path});
                self.command_item(&call.id, &command, &action, asks, at)
            }
            (Act::Write { path, .. } | Act::Edit { path, .. }, Some(change)) => {
                let (kind, diff) = match &change.before {
                    None => (json!({"type": "add"}), change.after.clone()),
                    Some(before) => {
                        (json!({"type": "update", "move_path": null}), hunks(before, &change.after))
                    }
                };
                json!({
                    "type": "fileChange", "id": call.id, "status": "inProgress",
                    "changes": [{"path": path, "kind": kind, "diff": diff}],
                    "startedAtMs": at, "completedAtMs": null,
                })
            }
            _ => return,
        };
        self.item_started(&item, out);
        if let Some(open) = &mut self.open_call {
            open.item = Some(item);
        }
    }

    fn command_item(&self, id: &str, command: &str, action: &Value, asks: bool, at: i64) -> Value {
        let source = if asks { "agent" } else { "unifiedExecStartup" };
        let pid = if asks { Value::Null } else { json!(std::process::id().to_string()) };
        json!({
            "type": "commandExecution", "id": id, "pluginId": null, "scriptPath": null,
            "command": format!("/bin/bash -lc {}", quoted(command)), "cwd": self.cwd, "processId": pid,
            "source": source, "status": "inProgress", "commandActions": [action],
            "aggregatedOutput": null, "exitCode": null, "durationMs": null, "startedAtMs": at,
            "completedAtMs": null,
        })
    }

    /// The call ends without having run.
    pub(super) fn not_run(&mut self, status: &str, out: &mut Out) {
        if let Some(mut item) = self.open_call.take().and_then(|open| open.item) {
            item["status"] = json!(status);
            item["completedAtMs"] = json!(stamp::now_ms());
            self.item_completed(&item, out);
        }
    }

    /// The call has run.
    pub(super) fn call_ended(&mut self, call: &Call, outcome: &Outcome, out: &mut Out) {
        if let Act::Plan { entries } = &call.act {
            let steps: Vec<Value> = entries
                .iter()
                .map(|entry| json!({"step": entry.text, "status": plan_status(entry.status)}))
                .collect();
            self.open_call = None;
            self.notify("turn/plan/updated", json!({"explanation": null, "plan": steps}), out);
            return;
        }
        let Some(mut item) = self.open_call.take_if(|open| open.id == call.id).and_then(|open| open.item)
        else {
            return;
        };
        item["completedAtMs"] = json!(stamp::now_ms());
        let (output, code) = match outcome {
            Outcome::Read(text) => (text.clone(), 0),
            Outcome::Ran(ran) => (ran.output(), ran.code),
            Outcome::Failed(why) => (format!("{why}\n"), 1),
            Outcome::Changed(_) | Outcome::Internal => (String::new(), 0),
        };
        item["status"] = json!(if code == 0 { "completed" } else { "failed" });
        if item["type"] == "commandExecution" {
            item["aggregatedOutput"] = if output.is_empty() { Value::Null } else { json!(output) };
            item["exitCode"] = json!(code);
            item["durationMs"] = json!(if let Outcome::Ran(ran) = outcome { ran.ms } else { 0 });
            item["source"] = json!("unifiedExecStartup");
            item["processId"] = json!(std::process::id().to_string());
        }
        self.item_completed(&item, out);
        if let (Outcome::Changed(change), Some(path)) = (outcome, call.act.path()) {
            let shown = path.strip_prefix(&self.cwd).unwrap_or(path).display().to_string();
            if let Some(turn) = &mut self.turn {
                turn.diff.push_str(&git_diff(&shown, change));
            }
            let diff = self.turn.as_ref().map(|turn| turn.diff.clone()).unwrap_or_default();
            self.notify("turn/diff/updated", json!({"diff": diff}), out);
        }
        self.used(&item.to_string(), out);
    }
}

fn plan_status(status: PlanStatus) -> &'static str {
    match status {
        PlanStatus::Pending => "pending",
        PlanStatus::InProgress => "inProgress",
        PlanStatus::Completed => "completed",
    }
}

/// A word as a POSIX shell takes it literally.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn hunks(before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after).unified_diff().context_radius(3).to_string()
}

fn git_diff(path: &str, change: &Change) -> String {
    let before = change.before.as_deref().unwrap_or_default();
    let mut text = format!("diff --git a/{path} b/{path}\n");
    let old = if change.before.is_some() { format!("a/{path}") } else { "/dev/null".to_owned() };
    if change.before.is_none() {
        text.push_str("new file mode 100644\n");
    }
    // Writing to a String cannot fail.
    let _infallible = write!(text, "--- {old}\n+++ b/{path}\n{}", hunks(before, &change.after));
    text
}
