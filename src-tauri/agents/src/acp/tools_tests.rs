use mo_core::agent_event::{AgentEvent, FileTouch, ToolKind, ToolStatus, TouchKind};
use mo_core::approval::Action;
use serde_json::{Value, json};

use super::replay::kinds;
use super::tools::Calls;
use super::wire::ToolFields;
use crate::protocol::Exchange;

fn updates(all: &[Value]) -> Vec<AgentEvent> {
    let (mut calls, mut out) = (Calls::default(), Exchange::default());
    for update in all {
        let text = update.to_string();
        let fields: ToolFields<'_> = serde_json::from_str(&text).unwrap();
        calls.update(fields, &mut out);
    }
    calls.close(&mut out);
    out.events.into_iter().map(|decoded| decoded.event).collect()
}

fn asked(call: &Value) -> Action {
    let text = call.to_string();
    Calls::default().asked(serde_json::from_str(&text).unwrap(), &mut Exchange::default())
}

#[test]
fn a_call_is_shown_when_it_is_known_what_it_does() {
    let told = updates(&[
        json!({ "toolCallId": "c", "status": "pending", "kind": "execute", "title": "Terminal", "rawInput": {} }),
        json!({ "toolCallId": "c", "title": "ls", "rawInput": { "command": "ls" } }),
        json!({ "toolCallId": "c", "status": "completed", "rawOutput": "a\nb" }),
        json!({ "toolCallId": "c", "status": "failed" }),
    ]);
    let [AgentEvent::ToolStarted { title, tool, input, .. }, AgentEvent::ToolEnded { output, status, .. }] =
        told.as_slice()
    else {
        panic!("{told:?}")
    };
    assert_eq!((title.as_str(), *tool, input), ("ls", ToolKind::Command, &json!({ "command": "ls" })));
    assert_eq!((output.as_str(), *status), ("a\nb", ToolStatus::Completed));
}

#[test]
fn a_call_that_is_first_seen_when_it_has_failed_is_shown_whole() {
    let content =
        json!([{ "type": "content", "content": { "type": "text", "text": "Path not in workspace" } }]);
    let told =
        updates(&[json!({ "toolCallId": "c", "status": "failed", "kind": "edit", "content": content })]);
    assert_eq!(kinds(&told), ["tool_started", "tool_ended"]);
    assert!(matches!(&told[1], AgentEvent::ToolEnded { output, .. } if output == "Path not in workspace"));
}

#[test]
fn an_open_call_is_cancelled_with_its_turn() {
    let told =
        updates(&[json!({ "toolCallId": "c", "status": "in_progress", "kind": "read", "title": "f" })]);
    assert!(matches!(&told[1], AgentEvent::ToolEnded { status: ToolStatus::Cancelled, .. }));
}

#[test]
fn an_exit_code_is_kept() {
    for field in [
        json!({ "_meta": { "terminal_exit": { "exit_code": 3 } } }),
        json!({ "rawOutput": { "exit_code": 3, "output": "x" } }),
    ] {
        let mut call = json!({ "toolCallId": "c", "status": "completed", "kind": "execute", "title": "x" });
        call.as_object_mut().unwrap().extend(field.as_object().unwrap().clone());
        let told = updates(&[call]);
        assert!(matches!(&told[1], AgentEvent::ToolEnded { exit_code: Some(3), .. }), "{told:?}");
    }
}

#[test]
fn the_files_of_an_edit_are_told() {
    let touch = |content: Value, kind: &str| {
        let places = json!([{ "path": "/x/p" }]);
        let call = json!({ "toolCallId": "c", "status": "completed", "kind": kind, "locations": places, "content": content });
        updates(&[call]).into_iter().find_map(|event| match event {
            AgentEvent::FilesChanged { changes, .. } => Some(changes),
            _ => None,
        })
    };
    let one = |path: &str, change| Some(vec![FileTouch { path: path.to_owned(), change }]);
    let diff =
        |old: Value, new: &str| json!([{ "type": "diff", "path": "/x/d", "oldText": old, "newText": new }]);
    assert_eq!(touch(diff(Value::Null, "a"), "edit"), one("/x/d", TouchKind::Added));
    assert_eq!(touch(diff(json!("b"), "a"), "edit"), one("/x/d", TouchKind::Changed));
    assert_eq!(touch(json!([]), "delete"), one("/x/p", TouchKind::Deleted));
    assert_eq!(touch(json!([]), "read"), None);
}

#[test]
fn what_a_call_would_do_is_read_from_what_it_shows() {
    let paths = vec!["/x/p".to_owned()];
    let place = json!([{ "path": "/x/p" }]);
    let of = |kind: &str, more: Value| {
        let mut call = json!({ "toolCallId": "c", "kind": kind, "title": "T" });
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        asked(&call)
    };
    assert_eq!(of("read", json!({ "locations": place })), Action::Read { paths: paths.clone() });
    let write = Action::Write { paths: paths.clone(), diff: None };
    assert_eq!(of("delete", json!({ "locations": place })), write);
    // A diff is a write, and its file counts, whatever the kind and the places say.
    let content = json!([{ "type": "diff", "path": "/etc/d", "oldText": "", "newText": "a" }]);
    let Action::Write { paths, .. } = of("read", json!({ "locations": place, "content": content })) else {
        panic!()
    };
    assert_eq!(paths, ["/etc/d", "/x/p"]);
    // No place: nobody can tell.
    for kind in ["edit", "read", "search", "move", "other", "switch_mode", "", "dream"] {
        assert!(matches!(of(kind, json!({})), Action::Tool { tool, .. } if tool == "T"), "{kind}");
    }
    let command = |command: &str| Action::Command { command: command.to_owned(), cwd: None };
    assert_eq!(of("execute", json!({})), command("T"));
    assert_eq!(of("execute", json!({ "rawInput": { "command": ["ls", "a b"] } })), command("ls 'a b'"));
    // What was cut is not judged by its beginning, however little was left of it.
    let long = format!("echo {}; rm x", "a".repeat(20_000));
    let full = json!({ "a": "x".repeat(90_000), "command": "echo a; rm x" });
    for input in [json!({ "command": long }), json!({ "command": ["sh", "-c", long] }), full] {
        let action = of("execute", json!({ "rawInput": input }));
        assert!(matches!(action, Action::Tool { .. }), "{action:?}");
    }
    assert!(matches!(of("execute", json!({ "title": long })), Action::Tool { .. }));
    let url = "https://example.org".to_owned();
    assert_eq!(of("fetch", json!({ "rawInput": { "url": url } })), Action::Fetch { url });
    assert!(matches!(of("fetch", json!({})), Action::Tool { .. }));
    assert_eq!(of("think", json!({})), Action::Internal { tool: "T".to_owned() });
}

#[test]
fn calls_without_end_are_forgotten() {
    let (mut calls, mut out) = (Calls::default(), Exchange::default());
    for n in 0..20_000 {
        let text = json!({ "toolCallId": format!("c{n}"), "status": "completed", "title": "t" }).to_string();
        calls.update(serde_json::from_str(&text).unwrap(), &mut out);
    }
    assert_eq!(out.events.len(), 40_000);
}
