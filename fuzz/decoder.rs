//! One CLI's decoder and live client under libFuzzer; the program's name says which CLI.
//!
//! An input's first byte says what it is: `c` a capture of stdout or a recording, `l` lines to a live client in a turn,
//! `q` a text that a model, a tool or a file wrote. What must hold of all: nothing panics, memory stays bounded (the
//! run's limits see to that), every prompt ends exactly once, and nothing is asked or completed by quoted words.
#![no_main]

use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use mo_agents::decode::Decode;
use mo_agents::kinds;
use mo_agents::launch::{Access, LaunchSpec, Permission};
use mo_agents::protocol::{Exchange, Exit, Line, TurnPrompt};
use mo_core::agent_event::{AgentEvent, Decoded};
use mo_core::ids::AgentKind;
use mo_core::outcome::{Outcome, TurnEnd};
use serde_json::{Value, json};

fuzz_target!(|input: &[u8]| {
    let Ok(agent) = env!("CARGO_BIN_NAME").parse::<AgentKind>() else { unreachable!() };
    match input.split_first() {
        Some((b'l', lines)) => live(&agent, lines),
        Some((b'q', text)) => quoted(&agent, &String::from_utf8_lossy(text)),
        Some((b'c', stdout)) => capture(&agent, stdout),
        _ => capture(&agent, input),
    }
});

fn ends(events: &[Decoded]) -> impl Iterator<Item = &TurnEnd> {
    events.iter().filter_map(|decoded| match &decoded.event {
        AgentEvent::TurnEnded { end } => Some(end),
        _ => None,
    })
}

/// What must hold of any run.
fn sound(events: &[Decoded], input: usize) {
    for end in ends(events) {
        assert_eq!(end.class.is_some(), end.outcome == Outcome::Failed, "{end:?}");
        assert!(end.cost_usd.is_none_or(f64::is_finite), "{end:?}");
    }
    assert!(events.len() <= input + 8, "{} events of {input} bytes", events.len());
}

/// The exit that a process may have had, from a byte of its output.
fn exit(bytes: &[u8]) -> Exit {
    bytes.last().map_or(Exit::default(), |byte| Exit::from_number(i32::from(*byte) - 20))
}

fn capture(agent: &AgentKind, stdout: &[u8]) {
    let mut decode = Decode::new(agent);
    let mut events = Vec::new();
    // In two pieces, so that the splitting into lines is met too.
    let (one, two) = stdout.split_at(stdout.len() / 2);
    decode.feed(one, &mut events);
    decode.feed(two, &mut events);
    let summary = decode.finish(exit(stdout), stdout, &mut events);
    assert_eq!(summary.events, events.len() as u64);
    assert!(ends(&events).count() >= 1);
    sound(&events, stdout.len());
}

/// What the agent says until a prompt of ours is in flight.
fn opening(agent: &AgentKind) -> Vec<Value> {
    match agent {
        AgentKind::Claude => vec![
            json!({"type": "control_response", "response": {"subtype": "success", "request_id": "initialize"}}),
            json!({"type": "system", "subtype": "init", "session_id": "S"}),
        ],
        AgentKind::Codex => vec![
            json!({"id": 1, "result": {}}),
            json!({"id": 2, "result": {"thread": {"id": "T"}, "sandbox": {"type": "readOnly"}}}),
            json!({"method": "turn/started", "params": {"threadId": "T", "turn": {"id": "U", "status": "inProgress"}}}),
        ],
        AgentKind::Gemini | AgentKind::Acp(_) => vec![
            json!({"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": 1}}),
            json!({"jsonrpc": "2.0", "id": 2, "result": {"sessionId": "S"}}),
        ],
    }
}

fn live(agent: &AgentKind, lines: &[u8]) {
    let mut client = kinds::protocol(&LaunchSpec {
        agent: agent.clone(),
        program: PathBuf::from("x"),
        cwd: PathBuf::from("/target"),
        add_dirs: vec![],
        access: Access::Write,
        permission: Permission::Ask,
        model: None,
        args: vec![],
        resume: None,
        skip_git_repo_check: false,
        skip_trust: false,
        schema: None,
        files_dir: PathBuf::from("/files"),
    });
    let mut out = Exchange::default();
    client.open(&mut out);
    client.prompt(TurnPrompt { text: "p".to_owned(), schema: None }, &mut out);
    for message in opening(agent) {
        client.line(Line::Whole(message.to_string().as_bytes()), &mut out);
    }
    for line in lines.split(|byte| *byte == b'\n') {
        client.line(Line::Whole(line), &mut out);
    }
    client.close(exit(lines), lines, &mut out);
    assert_eq!(ends(&out.events).count(), 1, "{:?}", out.events);
    for line in out.send.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        assert!(serde_json::from_slice::<Value>(line).is_ok(), "we would send {}", String::from_utf8_lossy(line));
    }
    sound(&out.events, lines.len());
}

/// The words stand where a model, a tool or a file puts them.
fn quoted(agent: &AgentKind, text: &str) {
    let messages = match agent {
        AgentKind::Claude => vec![
            json!({"type": "system", "subtype": "init", "session_id": "S"}),
            json!({"type": "assistant", "message": {"id": "m", "content": [{"type": "text", "text": text}, {"type": "tool_use", "id": "t", "name": "Write", "input": {"file_path": "x", "content": text}}]}}),
            json!({"type": "user", "message": {"content": [{"type": "tool_result", "tool_use_id": "t", "content": text}]}}),
        ],
        AgentKind::Codex => vec![
            json!({"id": 2, "result": {"thread": {"id": "T"}}}),
            json!({"method": "turn/started", "params": {"threadId": "T", "turn": {"id": "U", "status": "inProgress"}}}),
            json!({"method": "item/completed", "params": {"threadId": "T", "turnId": "U", "item": {"id": "a", "type": "agentMessage", "text": text}}}),
            json!({"method": "item/completed", "params": {"threadId": "T", "turnId": "U", "item": {"id": "c", "type": "commandExecution", "command": text, "aggregatedOutput": text, "status": "completed"}}}),
        ],
        AgentKind::Gemini => vec![
            json!({"type": "init", "session_id": "S", "model": "m"}),
            json!({"type": "message", "role": "assistant", "content": text, "delta": true}),
            json!({"type": "tool_use", "tool_name": "write_file", "tool_id": "t", "parameters": {"file_path": "x", "content": text}}),
            json!({"type": "tool_result", "tool_id": "t", "status": "success", "output": text}),
        ],
        AgentKind::Acp(_) => vec![
            json!({"jsonrpc": "2.0", "method": "session/update", "params": {"sessionId": "S", "update": {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}}}),
            json!({"jsonrpc": "2.0", "method": "session/update", "params": {"sessionId": "S", "update": {"sessionUpdate": "tool_call_update", "toolCallId": "t", "status": "completed", "content": [{"type": "content", "content": {"type": "text", "text": text}}]}}}),
        ],
    };
    let mut decode = Decode::new(agent);
    let mut events = Vec::new();
    for message in messages {
        decode.feed_line(Line::Whole(message.to_string().as_bytes()), &mut events);
    }
    let asked = |event: &AgentEvent| matches!(event, AgentEvent::ApprovalRequested { .. });
    assert!(!events.iter().any(|decoded| asked(&decoded.event)), "words were taken for a question");
    assert_eq!(ends(&events).count(), 0, "words were taken for an end");
    decode.finish(Exit::default(), b"", &mut events);
    assert!(ends(&events).all(|end| end.outcome != Outcome::Completed));
}
