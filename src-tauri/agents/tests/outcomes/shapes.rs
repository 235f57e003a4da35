//! The shapes in which the CLIs say that a turn failed, as in the captures, with other words put in.

use mo_agents::protocol::Exit;
use mo_core::ids::AgentKind;
use serde_json::{Value, json};

/// One process: what it wrote and how it ended.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) agent: AgentKind,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) exit: Exit,
}

fn run(agent: &str, stdout: &[Value], stderr: &str, exit: i32) -> Run {
    let stdout = one_a_line(stdout);
    Run { agent: agent.parse().unwrap(), stdout, stderr: stderr.to_owned(), exit: Exit::from_number(exit) }
}

/// The messages as a process writes them.
pub(crate) fn one_a_line(messages: &[Value]) -> String {
    let lines: Vec<String> = messages.iter().map(Value::to_string).collect();
    lines.join("\n") + "\n"
}

fn claude_init() -> Value {
    json!({"type": "system", "subtype": "init", "session_id": "S", "model": "m", "claude_code_version": "9.9.9"})
}

/// A request to the model service that failed: an error line, then a `result` that calls itself a success.
pub(crate) fn claude_api(words: &Value, text: &str) -> Run {
    let mut error = json!({"type": "assistant", "session_id": "S", "timestamp": "2026-11-22T09:05:08.428Z",
        "message": {"id": "m", "model": "<synthetic>", "content": [{"type": "text", "text": text}]}});
    error.as_object_mut().unwrap().extend(words.as_object().unwrap().clone());
    let result = json!({"type": "result", "subtype": "success", "is_error": true, "terminal_reason": "api_error",
        "num_turns": 1, "session_id": "S", "result": text});
    run("claude", &[claude_init(), error, result], "", 1)
}

/// A `result` without a failed request.
pub(crate) fn claude_result(fields: &Value) -> Run {
    let mut result =
        json!({"type": "result", "subtype": "error_during_execution", "is_error": true, "num_turns": 0});
    result.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    run("claude", &[result], "", 1)
}

/// `errors` of a `result`.
pub(crate) fn claude_errors(text: &str) -> Run {
    claude_result(&json!({"errors": [text]}))
}

/// Only stderr.
pub(crate) fn claude_stderr(text: &str) -> Run {
    run("claude", &[], text, 1)
}

/// `exec --json`: an `error` line and `turn.failed`.
pub(crate) fn codex_exec(text: &str) -> Run {
    let lines = [
        json!({"type": "thread.started", "thread_id": "T"}),
        json!({"type": "turn.started"}),
        json!({"type": "error", "message": text}),
        json!({"type": "turn.failed", "error": {"message": text}}),
    ];
    run("codex", &lines, "Reading additional input from stdin...\n", 1)
}

/// The app-server's `turn/completed`.
pub(crate) fn codex_app(info: &Value, text: &str) -> Run {
    let error = json!({"message": text, "codexErrorInfo": info, "additionalDetails": null});
    let lines = [
        json!({"id": 1, "result": {"userAgent": "x"}}),
        json!({"id": 2, "result": {"thread": {"id": "T"}}}),
        json!({"method": "turn/started", "params": {"threadId": "T", "turn": {"id": "U", "status": "inProgress"}}}),
        json!({"method": "turn/completed",
               "params": {"threadId": "T", "turn": {"id": "U", "status": "failed", "error": error, "items": []}}}),
    ];
    run("codex", &lines, "", 0)
}

/// Only stderr.
pub(crate) fn codex_stderr(text: &str) -> Run {
    run("codex", &[], text, 1)
}

fn gemini_init() -> Value {
    json!({"type": "init", "timestamp": "2026-11-22T08:51:23.223Z", "session_id": "S", "model": "m"})
}

/// stream-json: a `result` with an error.
pub(crate) fn gemini_result(kind: &str, text: &str, exit: i32) -> Run {
    let result = json!({"type": "result", "timestamp": "2026-11-22T08:51:24.046Z", "status": "error",
        "error": {"type": kind, "message": text}, "stats": {}});
    run("gemini", &[gemini_init(), result], "", exit)
}

/// stream-json: an `error` line, and a `result` that only says `error`.
pub(crate) fn gemini_error_line(text: &str) -> Run {
    let error = json!({"type": "error", "severity": "error", "message": text});
    run("gemini", &[gemini_init(), error, json!({"type": "result", "status": "error", "stats": {}})], "", 0)
}

/// A fatal error before the first line: an object on stderr.
pub(crate) fn gemini_fatal(kind: &str, text: &str, code: i32) -> Run {
    let object = json!({"session_id": "S", "error": {"type": kind, "message": text, "code": code}});
    let object = serde_json::to_string_pretty(&object).unwrap();
    run("gemini", &[], &format!("Warning: Basic terminal detected.\n{object}\n"), code)
}

/// Only stderr.
pub(crate) fn gemini_stderr(text: &str, exit: i32) -> Run {
    run("gemini", &[], text, exit)
}

/// A turn that was cut off while the CLI was trying again.
pub(crate) fn gemini_retrying(text: &str) -> Run {
    run("gemini", &[gemini_init()], text, -9)
}

/// An ACP agent that refuses the session.
pub(crate) fn acp_open(error: &Value) -> Run {
    acp(&[json!({"dir": "recv", "msg": {"jsonrpc": "2.0", "id": 2, "error": error}})])
}

/// An ACP agent that refuses the prompt.
pub(crate) fn acp_prompt(error: &Value) -> Run {
    acp(&[
        json!({"dir": "recv", "msg": {"jsonrpc": "2.0", "id": 2, "result": {"sessionId": "S"}}}),
        json!({"dir": "send", "msg": {"jsonrpc": "2.0", "id": 3, "method": "session/prompt", "params": {}}}),
        json!({"dir": "recv", "msg": {"jsonrpc": "2.0", "id": 3, "error": error}}),
    ])
}

fn acp(more: &[Value]) -> Run {
    let mut lines = vec![
        json!({"dir": "send", "msg": {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}}),
        json!({"dir": "recv", "msg": {"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": 1}}}),
        json!({"dir": "send", "msg": {"jsonrpc": "2.0", "id": 2, "method": "session/new", "params": {}}}),
    ];
    lines.extend_from_slice(more);
    run("acp", &lines, "", 0)
}
