//! The control protocol of `--permission-prompt-tool stdio`: what Claude Code asks, and the exact answers.
//!
//! Measured on 2.1.330: a `PreToolUse` hook is called for every tool, also for what the CLI allows by itself. Its
//! `allow` runs the call without `can_use_tool`, but for the CLI's own safety checks; its `deny` stops it. An error
//! reply to a hook **fails open** unless it was registered to block, and `continue: false` still runs the tool, so a no is always an explicit `deny`.

use mo_core::approval::{Answer, ApprovalRequest, AskedVia, ToolCall};
use mo_core::ids::{ItemId, RequestId};
use serde_json::{Value, json};

use super::tools::action;
use crate::shared::json::str_at;

/// The id of our hook in `initialize`.
const HOOK: &str = "pre_tool_use";
/// How long the CLI waits for our answer, in seconds: 23 days, near the most that its timer takes. Without it a question
/// that a person has not answered in ten minutes is taken back and its call refused (measured on 2.1.330).
const PATIENCE_S: u64 = 2_000_000;

/// The most bytes of a line whose call a person can edit: it is kept with the question.
const EDITABLE: usize = 64 * 1024;

/// How a request is answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pending {
    /// A hook's callback.
    Hook,
    /// `can_use_tool`; an allow must repeat the input.
    Permission {
        /// The input as it was asked.
        input: Value,
        /// How long the line was.
        bytes: usize,
    },
}

impl Pending {
    /// How much it keeps, in bytes of the line that asked.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Hook => 0,
            Self::Permission { bytes, .. } => *bytes,
        }
    }
}

/// What a control line means to whoever holds the conversation.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Control {
    /// The agent waits for an answer.
    Asked(ApprovalRequest, Pending),
    /// It does not wait any more.
    Withdrawn(RequestId),
    /// Our own request was answered, with an error or without.
    Answered { id: String, error: Option<String> },
    /// A request that we cannot take; the reply says so.
    Refused { kind: String, reply: Value },
}

/// Reads a `control_request` of a line of so many bytes; `Err` says what is missing.
pub(super) fn request(line: &Value, bytes: usize) -> Result<Control, &'static str> {
    let id = str_at(line, "/request_id").ok_or("a control_request without request_id")?;
    let subtype = str_at(line, "/request/subtype").unwrap_or_default();
    match subtype {
        "hook_callback" => Ok(hook_callback(line, id, bytes)),
        "can_use_tool" => {
            let tool = str_at(line, "/request/tool_name").ok_or("can_use_tool without tool_name")?;
            let input = line.pointer("/request/input").cloned().unwrap_or(Value::Null);
            let reason = str_at(line, "/request/decision_reason").map(str::to_owned);
            let asked = ApprovalRequest {
                request: RequestId::new(id),
                item: str_at(line, "/request/tool_use_id").map(ItemId::new),
                via: AskedVia::Permission,
                action: action(tool, &input, None),
                reason,
                call: editable(tool, &input, bytes),
            };
            Ok(Control::Asked(asked, Pending::Permission { input, bytes }))
        }
        other => {
            let reply = json!({"type": "control_response", "response": {
                "subtype": "error", "request_id": id, "error": format!("{other} is not supported")}});
            Ok(Control::Refused { kind: format!("control_request/{other}"), reply })
        }
    }
}

/// The call for a person to edit, unless it is too large for that.
fn editable(tool: &str, input: &Value, bytes: usize) -> Option<ToolCall> {
    (bytes <= EDITABLE && input.is_object()).then(|| ToolCall { tool: tool.to_owned(), input: input.clone() })
}

fn hook_callback(line: &Value, id: &str, bytes: usize) -> Control {
    let event = str_at(line, "/request/input/hook_event_name");
    let (Some("PreToolUse"), Some(tool)) = (event, str_at(line, "/request/input/tool_name")) else {
        let deny = Answer::Deny { message: "the hook's call could not be read".to_owned() };
        let kind = format!("hook_callback/{}", event.unwrap_or("?"));
        return Control::Refused { kind, reply: hook_answer(id, &deny) };
    };
    let null = Value::Null;
    let input = line.pointer("/request/input/tool_input").unwrap_or(&null);
    let item = str_at(line, "/request/tool_use_id").or_else(|| str_at(line, "/request/input/tool_use_id"));
    let asked = ApprovalRequest {
        request: RequestId::new(id),
        item: item.map(ItemId::new),
        via: AskedVia::Hook,
        action: action(tool, input, str_at(line, "/request/input/cwd")),
        reason: None,
        call: editable(tool, input, bytes),
    };
    Control::Asked(asked, Pending::Hook)
}

/// Reads a `control_cancel_request`.
pub(super) fn withdrawal(line: &Value, _: usize) -> Result<Control, &'static str> {
    let id = str_at(line, "/request_id").ok_or("a control_cancel_request without request_id")?;
    Ok(Control::Withdrawn(RequestId::new(id)))
}

/// Reads a `control_response`.
pub(super) fn response(line: &Value, _: usize) -> Result<Control, &'static str> {
    let id = str_at(line, "/response/request_id").ok_or("a control_response without request_id")?.to_owned();
    let error = match str_at(line, "/response/subtype") {
        Some("success") => None,
        _ => Some(str_at(line, "/response/error").unwrap_or("no reason given").to_owned()),
    };
    Ok(Control::Answered { id, error })
}

/// The handshake: registers our hook for every tool.
pub(super) fn initialize(id: &str) -> Value {
    // A failing hook lets the call pass unless it is told to block (measured on 2.1.330).
    let hook =
        json!({"matcher": "*", "hookCallbackIds": [HOOK], "timeout": PATIENCE_S, "onFailure": "block"});
    let hooks = json!({ "PreToolUse": [hook] });
    json!({"type": "control_request", "request_id": id,
           "request": {"subtype": "initialize", "hooks": hooks}})
}

/// Asks for the end of the turn in flight.
pub(super) fn interrupt(id: &str) -> Value {
    json!({"type": "control_request", "request_id": id, "request": {"subtype": "interrupt"}})
}

/// One prompt.
pub(super) fn user_message(text: &str) -> Value {
    json!({"type": "user", "message": {"role": "user", "content": text},
           "parent_tool_use_id": null, "session_id": ""})
}

/// The reply to a request.
pub(super) fn answer(id: &str, pending: &Pending, answer: &Answer) -> Value {
    match pending {
        Pending::Hook => hook_answer(id, answer),
        Pending::Permission { input, .. } => {
            let decision = match answer {
                Answer::Allow => json!({"behavior": "allow", "updatedInput": input}),
                Answer::Instead { input, .. } => json!({"behavior": "allow", "updatedInput": input}),
                Answer::Deny { message } => {
                    json!({"behavior": "deny", "message": message, "interrupt": false})
                }
            };
            success(id, &decision)
        }
    }
}

fn hook_answer(id: &str, answer: &Answer) -> Value {
    let decision = match answer {
        Answer::Allow => json!({"hookEventName": "PreToolUse", "permissionDecision": "allow"}),
        // Measured: nothing but the other input is done, and `can_use_tool` does not follow.
        Answer::Instead { input, .. } => {
            json!({"hookEventName": "PreToolUse", "permissionDecision": "allow", "updatedInput": input})
        }
        Answer::Deny { message } => json!({"hookEventName": "PreToolUse", "permissionDecision": "deny",
                                           "permissionDecisionReason": message}),
    };
    success(id, &json!({"hookSpecificOutput": decision}))
}

fn success(id: &str, response: &Value) -> Value {
    json!({"type": "control_response",
           "response": {"subtype": "success", "request_id": id, "response": response}})
}
