//! The control protocol: what the client asks, and the two questions before a tool runs.

use serde_json::{Value, json};

use super::Claude;
use super::rules::Rule;
use super::{tools, wire};
use crate::call::{Act, Call};
use crate::dialect::{Next, Prompt, Told};
use crate::out::Out;
use crate::stamp;

/// What the model is told when stdin ended while a question was open.
const CLOSED: &str = "Tool permission stream closed before response received";

/// A PreToolUse hook that the client registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hook {
    matcher: Option<String>,
    callback: String,
}

/// Who let a call through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    Rules,
    Hook,
    Host,
}

impl Allowed {
    /// As `tool_result_meta` says it.
    pub(super) fn decision(self) -> Value {
        match self {
            Self::Rules => json!({"decision": "accept", "source": "config", "reason_type": "mode"}),
            Self::Hook => json!({"decision": "accept", "source": "hook", "reason_type": "hook"}),
            Self::Host => json!({"decision": "accept", "source": "user_temporary"}),
        }
    }
}

/// A question that waits for its answer.
pub(super) struct Question {
    pub(super) request: String,
    /// The hooks still to be asked after this one; `None` for `can_use_tool`.
    hooks: Option<Vec<String>>,
}

impl Claude {
    /// Takes a line of the client.
    pub(super) fn told(&mut self, line: &[u8], out: &mut Out) -> Vec<Told> {
        if line.trim_ascii().is_empty() {
            return Vec::new();
        }
        let Ok(message) = serde_json::from_slice::<Value>(line) else {
            // claude-ctl-badjson.
            eprintln!("Error parsing streaming input line (type=unknown, {} chars): SyntaxError", line.len());
            return vec![Told::Exit(1)];
        };
        match message["type"].as_str() {
            Some("user") => vec![Told::Prompt(Prompt {
                text: text_of(&message["message"]["content"]),
                reply_to: Value::Null,
                schema: self.asked.schema,
            })],
            Some("control_request") => self.asked_by_client(&message, out),
            Some("control_response") => {
                let body = message["response"].clone();
                let request = body["request_id"].as_str().unwrap_or_default().to_owned();
                vec![Told::Answer { request, body }]
            }
            _ => Vec::new(),
        }
    }

    fn asked_by_client(&mut self, message: &Value, out: &mut Out) -> Vec<Told> {
        let id = &message["request_id"];
        let request = &message["request"];
        let mut told = Vec::new();
        let answer = match request["subtype"].as_str().unwrap_or_default() {
            "initialize" => {
                self.hooks = hooks(&request["hooks"]);
                Ok(wire::initialized(&self.session.version, &self.asked.mode))
            }
            "interrupt" => {
                told.push(Told::Interrupt);
                Ok(json!({"still_queued": []}))
            }
            "set_permission_mode" => self.set_mode(request["mode"].as_str().unwrap_or_default()),
            "set_model" => {
                if let Some(model) = request["model"].as_str() {
                    model.clone_into(&mut self.session.model);
                }
                Ok(json!({}))
            }
            "mcp_status" => Ok(json!({"mcpServers": []})),
            other => Err(format!("Unsupported control request subtype: {other}")),
        };
        let response = match answer {
            Ok(body) if request["subtype"] == "initialize" => json!({
                "subtype": "success", "request_id": id, "response": body,
                "pending_permission_requests": [], "pending_user_dialog_requests": [],
            }),
            Ok(body) => json!({"subtype": "success", "request_id": id, "response": body}),
            Err(why) => json!({"subtype": "error", "request_id": id, "error": why}),
        };
        self.emit(&json!({"type": "control_response", "response": response}), out);
        told
    }

    fn set_mode(&mut self, mode: &str) -> Result<Value, String> {
        if mode == "bypassPermissions" && self.asked.mode != mode {
            return Err("bypass_not_launched".to_owned());
        }
        mode.clone_into(&mut self.asked.mode);
        Ok(json!({"mode": mode}))
    }

    /// Decides about a call, as far as it can be without the client, and asks where it cannot.
    pub(super) fn decide(&mut self, call: &mut Call, answer: Option<Value>, out: &mut Out) -> Next {
        let Some(answer) = answer else {
            if let Rule::NoTool(why) = self.rule(call) {
                return self.no_tool(call, &why, out);
            }
            let (name, _) = tools::name_and_input(&call.act);
            let mut hooks: Vec<String> =
                self.hooks.iter().filter(|hook| hook.sees(name)).map(|hook| hook.callback.clone()).collect();
            hooks.reverse();
            return self.next_hook(hooks, call, out);
        };
        let Some(question) = self.question.take() else { return Next::Go };
        match question.hooks {
            Some(left) => self.hook_said(left, &answer, call, out),
            None => self.host_said(&answer, call, out),
        }
    }

    fn next_hook(&mut self, mut left: Vec<String>, call: &Call, out: &mut Out) -> Next {
        let Some(callback) = left.pop() else { return self.by_rule(call, None, out) };
        let (name, input) = tools::name_and_input(&call.act);
        let home = std::env::var("HOME").unwrap_or_default();
        let project = self.session.cwd.replace('/', "-");
        let seen = json!({
            "session_id": self.session.id,
            "transcript_path": format!("{home}/.claude/projects/{project}/{}.jsonl", self.session.id),
            "cwd": self.session.cwd, "prompt_id": stamp::uuid(), "permission_mode": self.asked.mode,
            "effort": {"level": "medium"}, "hook_event_name": "PreToolUse", "tool_name": name,
            "tool_input": input, "tool_use_id": call.id,
        });
        let body = json!({
            "subtype": "hook_callback", "callback_id": callback, "input": seen, "tool_use_id": call.id,
        });
        self.ask(Some(left), &body, out)
    }

    fn ask(&mut self, hooks: Option<Vec<String>>, body: &Value, out: &mut Out) -> Next {
        let request = stamp::uuid();
        self.emit(&json!({"type": "control_request", "request_id": request, "request": body}), out);
        self.question = Some(Question { request: request.clone(), hooks });
        Next::Await(request)
    }

    /// What a hook's answer means (measured; a hook that fails lets the call through to the rules).
    fn hook_said(&mut self, left: Vec<String>, answer: &Value, call: &mut Call, out: &mut Out) -> Next {
        if answer["subtype"] == "closed" {
            return self.cancelled(call, CLOSED, out);
        }
        if answer["subtype"] != "success" {
            let why = answer["error"].as_str().unwrap_or("stream closed");
            eprintln!("Error in hook callback: {why}");
            let more = json!({"tag": "hook_callback_failed", "content": why, "level": "warning"});
            self.emit(&self.session.system("informational", more), out);
            return self.next_hook(left, call, out);
        }
        let body = &answer["response"];
        let own = &body["hookSpecificOutput"];
        let decision = own["permissionDecision"].as_str().or(match body["decision"].as_str() {
            Some("block") => Some("deny"),
            Some("approve") => Some("allow"),
            _ => None,
        });
        let reason = own["permissionDecisionReason"].as_str().or(body["reason"].as_str()).unwrap_or_default();
        match decision {
            Some("deny") => self.denied_by_hook(call, reason, out),
            Some("ask") => self.by_rule(call, Some(reason), out),
            Some("allow") if !call.act.path().is_some_and(|path| self.is_safety(path)) => {
                rewrite(&mut call.act, &own["updatedInput"]);
                self.allowed = Allowed::Hook;
                Next::Go
            }
            _ => self.next_hook(left, call, out),
        }
    }

    /// What the CLI's own rules say; with a hook's wish to ask, they ask for everything that they do not refuse.
    fn by_rule(&mut self, call: &Call, hook: Option<&str>, out: &mut Out) -> Next {
        let mut more = match (self.rule(call), hook) {
            (Rule::NoTool(why), _) => return self.no_tool(call, &why, out),
            (Rule::Refuse(why), _) => return self.refused(call, &why, out),
            (Rule::Free, None) => return Next::Go,
            (Rule::Free, Some(_)) => json!({"permission_suggestions": []}),
            (Rule::Ask(more), _) => more,
        };
        if let Some(reason) = hook {
            more["decision_reason"] = json!(reason);
            more["decision_reason_type"] = json!("hook");
            more["decision_reason_hook_event"] = json!("PreToolUse");
        }
        let (name, input) = tools::name_and_input(&call.act);
        let mut body = json!({
            "subtype": "can_use_tool", "tool_name": name, "display_name": name, "input": input,
            "tool_use_id": call.id,
        });
        wire::merge(&mut body, more);
        self.ask(None, &body, out)
    }

    fn host_said(&mut self, answer: &Value, call: &mut Call, out: &mut Out) -> Next {
        let body = &answer["response"];
        match (answer["subtype"].as_str(), body["behavior"].as_str()) {
            (Some("success"), Some("allow")) => {
                rewrite(&mut call.act, &body["updatedInput"]);
                self.grant(&body["updatedPermissions"], out);
                self.allowed = Allowed::Host;
                Next::Go
            }
            (Some("success"), _) if body["interrupt"] == true => {
                self.deny_counted(call);
                self.rejected_by_user(call, out);
                self.open_call = None;
                Next::Break
            }
            (Some("success"), _) => {
                let why = body["message"].as_str().unwrap_or_default();
                self.denied_by_host(call, why, true, out)
            }
            (Some("closed"), _) => self.denied_by_host(
                call,
                "Tool permission stream closed before response received",
                false,
                out,
            ),
            _ => {
                let why = answer["error"].as_str().unwrap_or_default();
                self.denied_by_host(
                    call,
                    &format!("Tool permission request failed: Error: {why}"),
                    false,
                    out,
                )
            }
        }
    }

    fn grant(&mut self, updates: &Value, out: &mut Out) {
        for update in updates.as_array().into_iter().flatten() {
            if let (Some("setMode"), Some(mode)) = (update["type"].as_str(), update["mode"].as_str()) {
                mode.clone_into(&mut self.asked.mode);
                let more = json!({"status": null, "permissionMode": mode});
                self.emit(&self.session.system("status", more), out);
            }
        }
    }
}

impl Hook {
    /// `null` and `*` match every tool; else names with `|` between them.
    fn sees(&self, tool: &str) -> bool {
        match self.matcher.as_deref() {
            None | Some("*" | "") => true,
            Some(names) => names.split('|').any(|name| name == tool),
        }
    }
}

fn hooks(registered: &Value) -> Vec<Hook> {
    let groups = registered["PreToolUse"].as_array();
    let mut hooks = Vec::new();
    for group in groups.into_iter().flatten() {
        for callback in group["hookCallbackIds"].as_array().into_iter().flatten() {
            hooks.push(Hook {
                matcher: group["matcher"].as_str().map(str::to_owned),
                callback: callback.as_str().unwrap_or_default().to_owned(),
            });
        }
    }
    hooks
}

/// The text of a message's content, whole or in blocks.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            let texts: Vec<&str> = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}

/// `updatedInput` really rewrites the call.
fn rewrite(act: &mut Act, input: &Value) {
    let set = |field: &mut String, key: &str| {
        if let Some(text) = input[key].as_str() {
            text.clone_into(field);
        }
    };
    match act {
        Act::Read { path } => set_path(path, input),
        Act::Write { path, content } => {
            set_path(path, input);
            set(content, "content");
        }
        Act::Edit { path, find, replace } => {
            set_path(path, input);
            set(find, "old_string");
            set(replace, "new_string");
        }
        Act::Run { command } => set(command, "command"),
        Act::Plan { .. } | Act::Structured { .. } => {}
    }
}

fn set_path(path: &mut std::path::PathBuf, input: &Value) {
    if let Some(text) = input["file_path"].as_str() {
        *path = text.into();
    }
}
