//! What Gemini CLI's approval mode says about a call (facts/agent-clis.md §3, §5, §6c).

use serde_json::{Value, json};

use super::{Gemini, wire};
use crate::call::{Act, Call, inside};
use crate::dialect::Next;
use crate::out::Out;
use crate::shell;

impl Gemini {
    /// Announces the call, or asks for it, or refuses it.
    pub(super) fn decide(&mut self, call: &Call, out: &mut Out) -> Next {
        if let (Act::Write { path, .. } | Act::Edit { path, .. }, "plan") = (&call.act, self.mode.as_str()) {
            return self.refused(call, &self.only_plans(path), out);
        }
        if let Some(path) = call.act.path() {
            let include = self.asked.include.iter().map(std::path::PathBuf::as_path);
            if !inside(path, include.chain([self.cwd.as_path()])) {
                let why = format!(
                    "Path not in workspace: Attempted path \"{}\" resolves outside the allowed workspace directories: {}",
                    path.display(),
                    self.cwd.display()
                );
                return self.refused(call, &why, out);
            }
        }
        let change = match call.change() {
            Some(Err(why)) => return self.refused(call, &why, out),
            Some(Ok(change)) => Some(change),
            None => None,
        };
        let free = match &call.act {
            Act::Read { .. } | Act::Plan { .. } | Act::Structured { .. } => true,
            Act::Run { command } => {
                if self.mode == "plan" {
                    // The tool is not there; nothing of it reaches the client (wire/gemini-plan).
                    eprintln!(
                        "Error executing tool run_shell_command: Tool \"run_shell_command\" not found."
                    );
                    return Next::Refused;
                }
                self.mode == "yolo" || shell::only_reads(command)
            }
            Act::Write { .. } | Act::Edit { .. } => {
                matches!(self.mode.as_str(), "yolo" | "autoEdit")
            }
        };
        if matches!(call.act, Act::Plan { .. }) {
            return Next::Go;
        }
        let mut told =
            wire::tool_call(call, &self.shown(call), &self.cwd.display().to_string(), change.as_ref());
        if free || self.granted.contains(wire::tool(&call.act)) {
            let mut update = told.clone();
            update["sessionUpdate"] = json!("tool_call");
            update["status"] = json!("in_progress");
            if !matches!(call.act, Act::Run { .. }) {
                update["content"] = json!([]);
            }
            self.update(&update, out);
            self.open_call = Some(told);
            return Next::Go;
        }
        let id = self.next_request;
        self.next_request += 1;
        self.open_call = Some(told.clone());
        told["status"] = json!("pending");
        let params = json!({"sessionId": self.session_id(), "options": wire::options(), "toolCall": told});
        out.line(&json!({
            "jsonrpc": "2.0", "id": id, "method": "session/request_permission", "params": params,
        }));
        Next::Await(id.to_string())
    }

    /// What the client's answer means.
    pub(super) fn answered(&mut self, call: &Call, answer: &Value) -> Next {
        let outcome = &answer["result"]["outcome"];
        match (outcome["outcome"].as_str(), outcome["optionId"].as_str()) {
            (Some("selected"), Some("proceed_once")) => Next::Go,
            (Some("selected"), Some("proceed_always")) => {
                self.granted.insert(wire::tool(&call.act));
                Next::Go
            }
            (Some("cancelled"), _) => Next::Break,
            // A rejected call leaves no trace on the wire (gemini-acp-reject).
            _ => {
                self.open_call = None;
                Next::Refused
            }
        }
    }

    /// A call that fails before or while it runs (gemini-acp-fs).
    pub(super) fn failed(&mut self, call: &Call, why: &str, out: &mut Out) {
        let kind = match self.open_call.take() {
            Some(told) => told["kind"].clone(),
            None => wire::tool_call(call, "", "", None)["kind"].clone(),
        };
        let text = json!([{"type": "content", "content": {"type": "text", "text": why}}]);
        self.update(
            &json!({
                "sessionUpdate": "tool_call_update", "toolCallId": call.id, "status": "failed",
                "content": text, "kind": kind,
            }),
            out,
        );
    }

    fn refused(&mut self, call: &Call, why: &str, out: &mut Out) -> Next {
        self.failed(call, why, out);
        Next::Refused
    }

    fn only_plans(&self, path: &std::path::Path) -> String {
        let home = std::env::var("HOME").unwrap_or_default();
        let project = self.cwd.file_name().unwrap_or_default().to_string_lossy();
        format!(
            "Access denied: plan path ({}) must be within the designated plans directory ({home}/.gemini/tmp/{project}/{}/plans).",
            path.display(),
            self.session_id()
        )
    }

    fn shown(&self, call: &Call) -> String {
        let path = call.act.path().map(|path| path.strip_prefix(&self.cwd).unwrap_or(path));
        path.map(|path| path.display().to_string()).unwrap_or_default()
    }
}
