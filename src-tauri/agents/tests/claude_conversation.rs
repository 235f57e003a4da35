//! The live client against recorded conversations with the real Claude Code: it says what was said there.

#![allow(clippy::unwrap_used, reason = "a broken recording fails the test")]

mod support;

use std::path::PathBuf;

use mo_agents::claude::ClaudeProtocol;
use mo_agents::launch::{Access, LaunchSpec, Permission};
use mo_agents::protocol::{Exchange, Exit, Line, Protocol, TurnPrompt};
use mo_core::agent_event::AgentEvent;
use mo_core::approval::Answer;
use mo_core::ids::AgentKind;
use mo_core::outcome::Outcome;
use serde_json::{Value, json};
use support::conversations;

fn spec() -> LaunchSpec {
    LaunchSpec {
        agent: AgentKind::Claude,
        program: PathBuf::from("claude"),
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
        files_dir: "/files".into(),
    }
}

/// What both sides said, with our own id of the handshake.
fn recorded(name: &str) -> Vec<(bool, Value)> {
    let capture = conversations().iter().find(|capture| capture.name == name).unwrap();
    let lines = capture.lines().map(|line| serde_json::from_slice::<Value>(line).unwrap());
    let told = |mut line: Value| {
        let text = line["msg"].take().to_string().replace("\"init-1\"", "\"initialize\"");
        (line["dir"] == "send", serde_json::from_str(&text).unwrap())
    };
    lines.map(told).collect()
}

/// What a message is compared by: reasons of an allow and the empty fields of a prompt change nothing.
fn essence(mut message: Value) -> Value {
    let decision = message.pointer_mut("/response/response/hookSpecificOutput");
    if let Some(decision) = decision.filter(|decision| decision["permissionDecision"] == "allow") {
        decision.as_object_mut().unwrap().remove("permissionDecisionReason");
    }
    if message["type"] == "user" {
        return json!({"type": "user", "message": message["message"]});
    }
    if let Some(response) = message.pointer_mut("/response/response").and_then(Value::as_object_mut) {
        response.remove("interrupt");
    }
    message
}

/// Plays the CLI's side of a recording to the client, answers each question by `answer`, and compares all that the
/// client says. Prompts are given when the recording sends them.
fn replay(name: &str, answer: &Answer) -> Vec<AgentEvent> {
    let mut client = ClaudeProtocol::new(&spec());
    let mut out = Exchange::default();
    let mut events = Vec::new();
    let mut said: Vec<Value> = Vec::new();
    let mut expected: Vec<Value> = Vec::new();
    client.open(&mut out);
    for (ours, message) in recorded(name) {
        if ours {
            if message["type"] == "user" {
                let text = message["message"]["content"].as_str().unwrap().to_owned();
                client.prompt(TurnPrompt { text, schema: None }, &mut out);
            }
            expected.push(essence(message));
        } else {
            client.line(Line::Whole(message.to_string().as_bytes()), &mut out);
        }
        let asked: Vec<_> = out
            .events
            .iter()
            .filter_map(|decoded| match &decoded.event {
                AgentEvent::ApprovalRequested { request } => Some(request.request.clone()),
                _ => None,
            })
            .collect();
        for request in asked {
            client.answer(&request, answer, &mut out);
        }
        let sent = out.send.split(|&b| b == b'\n').filter(|line| !line.is_empty());
        said.extend(sent.map(|line| essence(serde_json::from_slice(line).unwrap())));
        events.extend(out.events.drain(..).map(|decoded| decoded.event));
        out.send.clear();
    }
    // The handshake names our hook, the recording another.
    assert_eq!(said[0]["request"]["subtype"], expected[0]["request"]["subtype"]);
    assert_eq!(said[1..], expected[1..], "{name}");
    client.close(Exit::from_number(0), b"", &mut out);
    assert!(out.events.is_empty(), "every turn had ended");
    events
}

fn outcomes(events: &[AgentEvent]) -> Vec<Outcome> {
    let end = |event: &AgentEvent| match event {
        AgentEvent::TurnEnded { end } => Some(end.outcome),
        _ => None,
    };
    events.iter().filter_map(end).collect()
}

#[test]
fn allowed_calls_run_and_the_safety_check_is_asked_apart() {
    let events = replay("claude-hook-allow", &Answer::Allow);
    assert_eq!(outcomes(&events), [Outcome::Completed, Outcome::Completed]);
    let asked = events.iter().filter(|event| matches!(event, AgentEvent::ApprovalRequested { .. }));
    assert_eq!(asked.count(), 6);
}

#[test]
fn denied_calls_do_not_run() {
    let events = replay("claude-hook-deny", &Answer::Deny { message: "the policy says so".to_owned() });
    assert_eq!(outcomes(&events), [Outcome::Completed]);
    assert!(!events.iter().any(|event| matches!(event, AgentEvent::FilesChanged { .. })));
}

#[test]
fn a_reviewer_answers_its_schema_in_every_turn() {
    let events = replay("claude-review-schema", &Answer::Allow);
    let answers: Vec<Option<Value>> = events
        .iter()
        .filter_map(|event| match event {
            AgentEvent::TurnEnded { end } => Some(end.structured.clone()),
            _ => None,
        })
        .collect();
    let expected = [
        Some(json!({"verdict": "approved", "nonce": "one"})),
        Some(json!({"verdict": "concern", "nonce": "two"})),
        None,
    ];
    assert_eq!(answers, expected);
}
