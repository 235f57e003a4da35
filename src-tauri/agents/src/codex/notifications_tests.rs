use std::collections::BTreeSet;

use mo_core::agent_event::{AgentEvent, DeltaOf, PlanStatus};
use mo_core::time::Timestamp;
use serde_json::{Value, json};

use super::notifications::{IGNORED, NOTICES, READ};
use super::thread::Thread;
use crate::protocol::{Exchange, Line};

/// The methods of ServerNotification.json of Codex 0.169.
const SCHEMA: &str = include_str!("notifications.txt");

fn events(messages: &[Value]) -> Vec<AgentEvent> {
    let (mut thread, mut out) = (Thread::default(), Exchange::default());
    for message in messages {
        thread.line(Line::Whole(message.to_string().as_bytes()), &mut out);
    }
    out.events.into_iter().map(|decoded| decoded.event).collect()
}

#[test]
fn every_notification_of_the_schema_is_decided() {
    let schema: BTreeSet<&str> = SCHEMA.lines().collect();
    assert_eq!(schema.len(), 86);
    let decided = READ.iter().chain(NOTICES.iter().map(|(method, ..)| method)).chain(&IGNORED).copied();
    let listed: Vec<&str> = decided.collect();
    let set: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(set.len(), listed.len(), "each in one list only");
    assert_eq!(set, schema);
}

#[test]
fn what_is_read_is_never_unrecognised() {
    for method in SCHEMA.lines() {
        let said = events(&[json!({ "method": method, "params": {} })]);
        let unknown = said.iter().any(|event| matches!(event, AgentEvent::Unrecognized { .. }));
        assert!(!unknown, "{method}: {said:?}");
        if IGNORED.contains(&method) {
            assert!(said.is_empty(), "{method}");
        }
    }
    let new = events(&[json!({ "method": "thread/dreamed", "params": {} })]);
    assert_eq!(new, [AgentEvent::Unrecognized { kind: "thread/dreamed".to_owned() }]);
}

#[test]
fn deltas_are_shown_as_what_they_are_of() {
    let table = [
        ("item/agentMessage/delta", "delta", DeltaOf::Message),
        ("item/reasoning/textDelta", "delta", DeltaOf::Thought),
        ("item/commandExecution/outputDelta", "delta", DeltaOf::ToolOutput),
        ("item/mcpToolCall/progress", "message", DeltaOf::ToolOutput),
    ];
    for (method, field, expected) in table {
        let said = events(&[json!({ "method": method, "params": { "itemId": "i", field: "a\nb" } })]);
        let [AgentEvent::Delta { item, of, text }] = said.as_slice() else { panic!("{method}: {said:?}") };
        assert_eq!((item.as_str(), *of, text.as_str()), ("i", expected, "a\nb"));
    }
}

#[test]
fn a_plan_has_its_steps() {
    let plan = json!([{ "step": "a", "status": "completed" }, { "step": "b", "status": "inProgress" }, { "step": "c" }]);
    let said = events(&[json!({ "method": "turn/plan/updated", "params": { "plan": plan } })]);
    let [AgentEvent::Plan { entries }] = said.as_slice() else { panic!("{said:?}") };
    let statuses: Vec<PlanStatus> = entries.iter().map(|entry| entry.status).collect();
    assert_eq!(statuses, [PlanStatus::Completed, PlanStatus::InProgress, PlanStatus::Pending]);
}

#[test]
fn the_time_of_a_line_is_kept() {
    let (mut thread, mut out) = (Thread::default(), Exchange::default());
    let line =
        json!({ "method": "warning", "params": { "message": "m" }, "emittedAtMs": 1_795_337_262_098_i64 });
    thread.line(Line::Whole(line.to_string().as_bytes()), &mut out);
    assert_eq!(out.events[0].at, Some(Timestamp(1_795_337_262_098)));
}

#[test]
fn a_usage_limit_tells_when_it_ends() {
    let window = json!({ "usedPercent": 100, "resetsAt": 1_795_340_000 });
    let limits = json!({ "rateLimits": { "primary": window, "secondary": null } });
    let error = json!({ "message": "x", "codexErrorInfo": "usageLimitExceeded" });
    let turn = json!({ "id": "U", "items": [], "status": "failed", "error": error });
    let said = events(&[
        json!({ "method": "turn/started", "params": { "threadId": "T", "turn": { "id": "U" } } }),
        json!({ "method": "account/rateLimits/updated", "params": limits }),
        json!({ "method": "turn/completed", "params": { "threadId": "T", "turn": turn } }),
    ]);
    let Some(AgentEvent::TurnEnded { end }) = said.last() else { panic!("{said:?}") };
    assert_eq!(end.resets_at, Some(Timestamp(1_795_340_000_000)));
}

#[test]
fn a_line_that_was_cut_off_is_malformed() {
    let (mut thread, mut out) = (Thread::default(), Exchange::default());
    thread.line(Line::TooLong { excerpt: b"{\"method\"", bytes: 9_000_000 }, &mut out);
    assert!(matches!(out.events[0].event, AgentEvent::Malformed { bytes: 9_000_000, .. }));
}
