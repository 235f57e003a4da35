//! What Codex's approval policy and sandbox say about a call (facts/agent-clis.md §0.4, §5, §6b).

use serde_json::{Value, json};

use super::Codex;
use crate::call::{Act, Call, inside};
use crate::dialect::Next;
use crate::out::Out;
use crate::shell;

/// What the policy says.
enum Rule {
    /// It runs.
    Free,
    /// The client is asked, with this reason.
    Ask(Value),
    /// The sandbox or the policy denies it; only the model is told.
    Hidden,
}

impl Codex {
    fn rule(&self, call: &Call) -> Rule {
        let Some(thread) = &self.thread else { return Rule::Hidden };
        // A granular policy asks where on-request does.
        let policy = thread.approval.as_str().unwrap_or("on-request");
        let mode = thread.sandbox["type"].as_str().unwrap_or("readOnly");
        match &call.act {
            // Untrusted asks for every command, for `cat` too.
            Act::Read { .. } if policy == "untrusted" => Rule::Ask(Value::Null),
            Act::Plan { .. } | Act::Structured { .. } | Act::Read { .. } => Rule::Free,
            Act::Run { command } => {
                match (policy, mode) {
                    _ if self.granted.contains(command) => Rule::Free,
                    ("untrusted", _) => Rule::Ask(Value::Null),
                    _ if shell::only_reads(command) => Rule::Free,
                    (_, "workspaceWrite" | "dangerFullAccess") => Rule::Free,
                    ("never", _) => Rule::Hidden,
                    // The sandbox would deny it unseen; what is asked is the model's wish to run outside of it.
                    _ => Rule::Ask(json!("The command needs to write outside the sandbox")),
                }
            }
            Act::Write { path, .. } | Act::Edit { path, .. } => {
                let writable = match mode {
                    "dangerFullAccess" => true,
                    "workspaceWrite" => inside(path, [self.cwd.as_path()]),
                    _ => false,
                };
                match policy {
                    _ if self.granted.contains("patch") => Rule::Free,
                    "untrusted" => Rule::Ask(Value::Null),
                    _ if writable => Rule::Free,
                    "never" => {
                        let why = if mode == "readOnly" {
                            "writing is blocked by read-only sandbox"
                        } else {
                            "writing outside of the project"
                        };
                        eprintln!(
                            "ERROR codex_core::tools::router: error=patch rejected: {why}; rejected by user approval settings"
                        );
                        Rule::Hidden
                    }
                    _ => Rule::Ask(Value::Null),
                }
            }
        }
    }

    /// Announces the call and asks, or lets it run, or says nothing at all.
    pub(super) fn decide(&mut self, call: &Call, out: &mut Out) -> Next {
        if let Some(change) = call.change() {
            match change {
                // A patch that does not fit never becomes an item; the model is told.
                Err(why) => {
                    eprintln!(
                        "ERROR codex_core::tools::router: error=apply_patch verification failed: {why}"
                    );
                    self.open_call = None;
                    return Next::Refused;
                }
                Ok(change) => {
                    if let Some(open) = &mut self.open_call {
                        open.change = Some(change);
                    }
                }
            }
        }
        let rule = self.rule(call);
        let asks = matches!(rule, Rule::Ask(_));
        let reason = match rule {
            Rule::Hidden => {
                self.open_call = None;
                return Next::Refused;
            }
            Rule::Free => Value::Null,
            Rule::Ask(reason) => reason,
        };
        let is_command = matches!(call.act, Act::Run { .. } | Act::Read { .. });
        if asks && is_command {
            self.active(true, out);
        }
        self.announce(call, asks, out);
        if !asks {
            return Next::Go;
        }
        if !is_command {
            self.active(true, out);
        }
        self.ask(call, &reason, out)
    }

    fn ask(&mut self, call: &Call, reason: &Value, out: &mut Out) -> Next {
        let id = self.next_request;
        self.next_request += 1;
        let item = self.open_call.as_ref().and_then(|open| open.item.clone()).unwrap_or_default();
        let mut params = json!({
            "threadId": self.thread_id(), "turnId": self.turn_id(), "itemId": call.id,
            "startedAtMs": item["startedAtMs"],
        });
        let command = match &call.act {
            Act::Run { command } => Some(command.clone()),
            Act::Read { path } => Some(format!("cat {}", path.display())),
            _ => None,
        };
        let method = if let Some(command) = command {
            let words: Vec<&str> = command.split_whitespace().take(2).collect();
            let amendment = json!({"acceptWithExecpolicyAmendment": {"execpolicy_amendment": words}});
            params["kind"] = json!("command");
            params["environmentId"] = json!("local");
            params["command"] = item["command"].clone();
            params["cwd"] = item["cwd"].clone();
            params["commandActions"] = item["commandActions"].clone();
            params["proposedExecpolicyAmendment"] = json!(words);
            params["availableDecisions"] = json!(["accept", amendment, "cancel"]);
            if !reason.is_null() {
                params["reason"] = reason.clone();
            }
            "item/commandExecution/requestApproval"
        } else {
            params["reason"] = reason.clone();
            params["grantRoot"] = Value::Null;
            "item/fileChange/requestApproval"
        };
        out.line(&json!({"method": method, "id": id, "params": params}));
        Next::Await(id.to_string())
    }

    /// What the client's answer means.
    pub(super) fn answered(&mut self, call: &Call, answer: &Value, out: &mut Out) -> Next {
        let resolved = json!({"threadId": self.thread_id(), "requestId": answer["id"]});
        out.line(&crate::codex::wire::notify("serverRequest/resolved", &resolved));
        let decision = &answer["result"]["decision"];
        let word = match decision {
            Value::String(word) => word.as_str(),
            Value::Object(object) => object.keys().next().map(String::as_str).unwrap_or_default(),
            _ => "",
        };
        let is_command = matches!(call.act, Act::Run { .. } | Act::Read { .. });
        match word {
            "accept" | "acceptForSession" | "acceptWithExecpolicyAmendment" => {
                self.active(false, out);
                if word != "accept" {
                    match &call.act {
                        Act::Run { command } => self.granted.insert(command.clone()),
                        Act::Read { .. } => false,
                        _ => self.granted.insert("patch".to_owned()),
                    };
                }
                Next::Go
            }
            other => {
                let status = if matches!(other, "decline" | "cancel") { "declined" } else { "failed" };
                if !is_command {
                    self.active(false, out);
                }
                self.not_run(status, out);
                if is_command {
                    self.active(false, out);
                }
                if other == "cancel" {
                    return Next::Break;
                }
                self.used("", out);
                Next::Refused
            }
        }
    }
}
