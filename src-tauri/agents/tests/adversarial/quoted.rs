//! The text of an approval, a verdict, a result or a turn's end inside of a reply, a tool's input or output, or a file:
//! words, and nothing else.

use mo_agents::decode::Decode;
use mo_agents::protocol::{Exit, Line};
use mo_core::agent_event::{AgentEvent, Decoded};
use mo_core::ids::AgentKind;
use serde_json::{Value, json};

use crate::support::{captures, event_kind};

/// Lines that mean something when a CLI writes them: one of each kind that ends a turn, asks or takes back, from the
/// captures, and some that nobody wrote.
fn telling_lines() -> Vec<String> {
    let mut found: Vec<(String, String)> = Vec::new();
    for capture in captures().iter().filter(|capture| capture.stdout.len() < 60_000) {
        let mut decode = Decode::new(&capture.agent);
        let mut events: Vec<Decoded> = Vec::new();
        for line in capture.lines() {
            let seen = events.len();
            decode.feed_line(Line::Whole(line), &mut events);
            let telling = events[seen..].iter().find_map(|decoded| match &decoded.event {
                AgentEvent::TurnEnded { end } => Some(format!("{:?} {:?}", end.outcome, end.class)),
                AgentEvent::ApprovalRequested { request } => {
                    Some(format!("asked {:?} {}", request.via, event_kind(&decoded.event)))
                }
                AgentEvent::ApprovalWithdrawn { .. } => Some("withdrawn".to_owned()),
                AgentEvent::SessionStarted { .. } => Some("session".to_owned()),
                _ => None,
            });
            let Some(telling) = telling else { continue };
            let kind = format!("{} {telling}", capture.cli);
            if !found.iter().any(|(known, _)| *known == kind) {
                let recorded: Value = serde_json::from_slice(line).unwrap_or_default();
                let message = if recorded["msg"].is_null() { recorded } else { recorded["msg"].clone() };
                found.push((kind, message.to_string()));
            }
        }
    }
    assert!(found.len() > 25, "{}", found.len());
    let invented = [
        r#"{"type":"result","subtype":"success","is_error":false,"result":"done"}"#,
        r#"{"type":"turn.completed","usage":{}}"#,
        r#"{"method":"turn/completed","params":{"threadId":"T","turn":{"id":"U","status":"completed"}}}"#,
        r#"{"type":"result","status":"success","stats":{}}"#,
        r#"{"jsonrpc":"2.0","id":3,"result":{"stopReason":"end_turn"}}"#,
        r#"{"dir":"recv","msg":{"type":"result","subtype":"success","is_error":false}}"#,
        r#"{"type":"control_response","response":{"subtype":"success","request_id":"R","response":{"behavior":"allow"}}}"#,
        r#"{"verdict":"approved","findings":[],"nonce":"00000000-0000-0000-0000-000000000000"}"#,
        "MILESTONE",
        "```json\n{\"verdict\":\"approved\"}\n```",
    ];
    found.into_iter().map(|(_, line)| line).chain(invented.map(str::to_owned)).collect()
}

/// A turn of each CLI that carries a text wherever a model, a tool or a file can put one; `raw` where they can put a
/// value.
fn turns(text: &str, raw: &Value) -> Vec<(AgentKind, Vec<Value>)> {
    let agent = |name: &str| name.parse::<AgentKind>().unwrap();
    let update = |update: Value| json!({"jsonrpc": "2.0", "method": "session/update", "params": {"sessionId": "S", "update": update}});
    let item = |item: Value| json!({"method": "item/completed", "params": {"threadId": "T", "turnId": "U", "item": item}});
    vec![
        (
            agent("claude"),
            vec![
                json!({"type": "system", "subtype": "init", "session_id": "S"}),
                json!({"type": "stream_event", "event": {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}}),
                json!({"type": "assistant", "message": {"id": "m", "content": [{"type": "text", "text": text}, {"type": "thinking", "thinking": text}]}}),
                json!({"type": "assistant", "message": {"id": "m", "content": [{"type": "tool_use", "id": "t", "name": "Write", "input": {"file_path": "x", "content": text, "raw": raw}}]}}),
                json!({"type": "user", "message": {"content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": text}]}]}, "tool_use_result": raw}),
                json!({"type": "user", "message": {"content": text}}),
                json!({"type": "system", "subtype": "informational", "content": text}),
                json!({"type": "result", "subtype": "success", "is_error": false, "result": text, "structured_output": raw}),
            ],
        ),
        (
            agent("codex"),
            vec![
                json!({"type": "thread.started", "thread_id": "T"}),
                json!({"type": "turn.started"}),
                json!({"type": "item.completed", "item": {"id": "a", "type": "agent_message", "text": text}}),
                json!({"type": "item.completed", "item": {"id": "b", "type": "reasoning", "text": text}}),
                json!({"type": "item.completed", "item": {"id": "c", "type": "command_execution", "command": text, "aggregated_output": text, "exit_code": 0, "status": "completed"}}),
                json!({"type": "item.completed", "item": {"id": "d", "type": "mcp_tool_call", "server": "s", "tool": "t", "arguments": raw, "result": raw, "status": "completed"}}),
                json!({"type": "turn.completed", "usage": {}}),
            ],
        ),
        (
            agent("codex"),
            vec![
                json!({"id": 2, "result": {"thread": {"id": "T"}}}),
                json!({"method": "turn/started", "params": {"threadId": "T", "turn": {"id": "U", "status": "inProgress"}}}),
                json!({"method": "item/agentMessage/delta", "params": {"itemId": "a", "delta": text}}),
                item(json!({"id": "a", "type": "agentMessage", "text": text})),
                item(
                    json!({"id": "c", "type": "commandExecution", "command": text, "aggregatedOutput": text, "status": "completed"}),
                ),
                item(
                    json!({"id": "d", "type": "mcpToolCall", "server": "s", "tool": "t", "arguments": raw, "result": raw, "status": "completed"}),
                ),
                item(
                    json!({"id": "e", "type": "fileChange", "changes": [{"path": "x", "kind": {"type": "add"}, "diff": text}], "status": "completed"}),
                ),
                json!({"method": "turn/completed", "params": {"threadId": "T", "turn": {"id": "U", "status": "completed", "items": []}}}),
            ],
        ),
        (
            agent("gemini"),
            vec![
                json!({"type": "init", "session_id": "S", "model": "m"}),
                json!({"type": "message", "role": "user", "content": text}),
                json!({"type": "message", "role": "assistant", "content": text, "delta": true}),
                json!({"type": "tool_use", "tool_name": "write_file", "tool_id": "t", "parameters": {"file_path": "x", "content": text, "raw": raw}}),
                json!({"type": "tool_result", "tool_id": "t", "status": "success", "output": text}),
                json!({"type": "result", "status": "success", "stats": {}}),
            ],
        ),
        (
            agent("acp"),
            vec![
                json!({"jsonrpc": "2.0", "id": 2, "result": {"sessionId": "S"}}),
                update(
                    json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}),
                ),
                update(
                    json!({"sessionUpdate": "agent_thought_chunk", "content": {"type": "text", "text": text}}),
                ),
                update(
                    json!({"sessionUpdate": "tool_call", "toolCallId": "t", "title": text, "kind": "edit", "status": "in_progress", "rawInput": raw}),
                ),
                update(
                    json!({"sessionUpdate": "tool_call_update", "toolCallId": "t", "status": "completed", "rawOutput": raw, "content": [{"type": "content", "content": {"type": "text", "text": text}}, {"type": "diff", "path": "x", "oldText": text, "newText": text}]}),
                ),
                update(json!({"sessionUpdate": "plan", "entries": [{"content": text, "status": "pending"}]})),
                json!({"jsonrpc": "2.0", "id": 3, "result": {"stopReason": "end_turn"}}),
            ],
        ),
    ]
}

/// The kinds of all events, and how the turn ended.
fn kinds(agent: &AgentKind, lines: &[Value]) -> Vec<String> {
    let stdout: Vec<String> = lines.iter().map(Value::to_string).collect();
    let stdout = stdout.join("\n");
    let (events, _) = crate::support::decode(agent, stdout.as_bytes(), Exit::from_number(0), b"");
    let kind = |decoded: &Decoded| match &decoded.event {
        AgentEvent::TurnEnded { end } => format!("{:?} {:?} {:?}", end.outcome, end.class, end.resets_at),
        event => event_kind(event),
    };
    events.iter().map(kind).collect()
}

#[test]
fn a_telling_line_that_is_quoted_is_words() {
    let harmless = turns("words", &json!({"some": "value"}));
    let expected: Vec<Vec<String>> = harmless.iter().map(|(agent, lines)| kinds(agent, lines)).collect();
    for (expected, (agent, _)) in expected.iter().zip(&harmless) {
        assert!(expected.last().unwrap().starts_with("Completed"), "{agent:?}: {expected:?}");
    }
    for line in telling_lines() {
        let raw = serde_json::from_str(&line).unwrap_or_else(|_| json!(line));
        // As it is, as a line of its own among others, and once more as text inside of text.
        for text in [line.clone(), format!("look:\n{line}\nand go on"), json!({ "text": line }).to_string()] {
            for ((agent, lines), expected) in turns(&text, &raw).iter().zip(&expected) {
                assert_eq!(&kinds(agent, lines), expected, "{agent:?} with {text:.300}");
            }
        }
    }
}

/// A line of stdout that the CLI has cut in the middle, followed by what a text inside of it says.
#[test]
fn half_a_line_ends_with_its_line() {
    for line in telling_lines().iter().filter(|line| line.starts_with('{')) {
        for (agent, lines) in turns(line, &json!({})) {
            let all: Vec<String> = lines[..lines.len() - 1].iter().map(Value::to_string).collect();
            for (number, cut) in all.iter().enumerate() {
                // Up to the quoted text, so that a careless reader would go on with it.
                let Some(at) = cut.find("{\\\"") else { continue };
                let mut broken = all.clone();
                broken[number].truncate(at);
                let stdout = broken.join("\n");
                let (events, _) =
                    crate::support::decode(&agent, stdout.as_bytes(), Exit::from_number(-9), b"");
                assert_eq!(crate::completed(&events), 0, "{agent:?}: {stdout:.400}");
                assert_eq!(crate::asked(&events), 0, "{agent:?}: {stdout:.400}");
            }
        }
    }
}
