use std::borrow::Cow;

use mo_core::event::Envelope;
use mo_core::ids::SessionId;
use mo_core::record::Record;
use mo_core::time::Timestamp;
use serde_json::json;

use super::*;

fn event(kind: &'static str, data: &serde_json::Value) -> Event {
    let record = Record {
        seq: 1,
        at: Timestamp(0),
        session: SessionId::new("orch_20260101_000000_abcd"),
        worker: None,
        kind: Cow::Borrowed(kind),
        data: data.to_string(),
    };
    Envelope::from_record(&record).unwrap().event
}

#[test]
fn an_event_and_its_stored_kind_have_the_same_name() {
    let ending = json!({"state": "finished", "exit_code": 0, "reason": "done"});
    let fault = json!({"code": "c", "message": "m", "hint": "h"});
    let blocker = json!({"title": "t", "details": "d", "required_actions": [], "suggestions": []});
    let table = [
        ("session_ended", ending.clone(), "session_event"),
        ("session_ending", ending, "session_event"),
        ("prepare_failed", fault, "session_event"),
        ("phase_started", json!({"step": {"phase": "prepare"}}), "session_event"),
        ("warning_raised", json!({"text": "w"}), "session_event"),
        ("worker_spawned", json!({"attempt": 1, "pid": 2, "start_time": 3}), "agent_event"),
        ("agent_item", json!({"attempt": 1, "turn": 1, "item": {"type": "turn_started"}}), "agent_event"),
        ("worker_stalled", json!({"attempt": 1, "turn": 1, "silent_ms": 5}), "recovery_event"),
        ("permission_blocker", blocker, "recovery_event"),
        ("review_answer_unusable", json!({"review": "r1", "try_no": 1, "why": "is empty"}), "review_event"),
        ("review_now_requested", json!({"focus": null}), "review_event"),
        ("plan_recorded", json!({"text": "p"}), "session_event"),
    ];
    for (kind, data, name) in table {
        let event = event(kind, &data);
        assert_eq!(event.kind(), kind);
        assert_eq!(
            (EventName::of(&event).as_str(), EventName::of_kind(kind).as_str()),
            (name, name),
            "{kind}"
        );
    }
    assert_eq!(EventName::of_kind("decision_made"), EventName::Decision);
    assert_eq!(EventName::of_kind("approval_decided"), EventName::Approval);
    assert_eq!(EventName::of_kind("of_a_later_version"), EventName::Session);
}
