use mo_core::agent_event::{AgentEvent, Decoded};
use mo_core::ids::AgentKind;
use mo_core::outcome::{FailureClass, Outcome, Usage};
use serde_json::{Value, json};

use super::{Decode, Summary};
use crate::protocol::{Exit, Line};

fn decode(lines: &[&str], exit: Exit) -> (Vec<AgentEvent>, Summary) {
    let mut decode = Decode::new(&AgentKind::Claude);
    let mut events: Vec<Decoded> = Vec::new();
    for line in lines {
        decode.feed_line(Line::Whole(line.as_bytes()), &mut events);
    }
    let summary = decode.finish(exit, b"", &mut events);
    (events.into_iter().map(|decoded| decoded.event).collect(), summary)
}

fn init() -> String {
    json!({"type": "system", "subtype": "init", "session_id": "s", "model": "m"}).to_string()
}

fn result() -> String {
    json!({"type": "result", "subtype": "success", "is_error": false, "num_turns": 1, "session_id": "s",
           "total_cost_usd": 0.5, "usage": {"input_tokens": 3, "output_tokens": 4}})
    .to_string()
}

fn recorded(dir: &str, message: &str) -> String {
    format!("{{\"dir\": \"{dir}\", \"msg\": {message}}}")
}

#[test]
fn a_summary_of_a_raw_capture() {
    let (events, summary) = decode(
        &[&init(), "not json", r#"{"type":"new_a"}"#, r#"{"type":"new_a"}"#, "", &result()],
        Exit::from_number(0),
    );
    assert_eq!(summary.events, events.len() as u64);
    let expected = Summary {
        events: 6,
        malformed: 1,
        unrecognised: [("new_a".to_owned(), 2)].into(),
        outcome: Outcome::Completed,
        class: None,
        session_id: Some("s".to_owned()),
        usage: Some(Usage { input_tokens: 3, output_tokens: 4, cached_tokens: 0 }),
        cost_usd: Some(0.5),
    };
    assert_eq!(summary, expected);
}

#[test]
fn a_summary_serialises_as_the_contract_says() {
    let (_, summary) = decode(&[], Exit::default());
    let expected: Value = json!({"events": 1, "malformed": 0, "unrecognised": {}, "outcome": "failed",
        "class": "unknown", "session_id": null, "usage": null, "cost_usd": null});
    assert_eq!(serde_json::to_value(&summary).unwrap(), expected);
}

#[test]
fn a_recording_is_found_by_its_lines_and_its_own_side_is_no_output() {
    let prompt =
        json!({"type": "user", "message": {"role": "user", "content": "MILESTONE: mine"}}).to_string();
    let lines = [recorded("send", &prompt), recorded("recv", &init()), recorded("recv", &result())];
    let (events, summary) = decode(&[&lines[0], &lines[1], &lines[2]], Exit::default());
    assert_eq!(summary.outcome, Outcome::Completed);
    assert!(!events.iter().any(|event| matches!(event, AgentEvent::Milestone { .. })));
    assert_eq!(events.len(), 3, "{events:?}");
}

#[test]
fn a_recording_of_a_prompt_without_answer_ends_it() {
    let prompt = json!({"type": "user", "message": {"role": "user", "content": "hi"}}).to_string();
    let lines = [
        recorded("send", &prompt),
        recorded("recv", &init()),
        recorded("recv", &result()),
        recorded("send", &prompt),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let (events, summary) = decode(&lines, Exit::from_number(-9));
    assert_eq!((summary.outcome, summary.class), (Outcome::Failed, Some(FailureClass::Unknown)));
    assert_eq!(events.iter().filter(|e| matches!(e, AgentEvent::TurnEnded { .. })).count(), 2);
    assert_eq!(summary.usage, None, "the summary is the last turn's");
}

#[test]
fn what_is_wrong_in_a_recording_is_malformed() {
    let lines = [
        recorded("recv", &init()),
        recorded("recv", "\"plain \\\"text\\\"\""),
        recorded("elsewhere", "{}"),
        "{\"dir\": \"recv\"".to_owned(),
        init(),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let (events, summary) = decode(&lines, Exit::default());
    assert_eq!(summary.malformed, 4);
    let plain = |event: &AgentEvent| match event {
        AgentEvent::Malformed { excerpt, .. } => excerpt == "plain \"text\"",
        _ => false,
    };
    assert!(events.iter().any(plain), "{events:?}");
}

#[test]
fn a_line_with_dir_and_msg_is_no_recording_once_the_capture_is_raw() {
    let (_, summary) = decode(&[&init(), &recorded("recv", &result())], Exit::from_number(-9));
    assert_eq!((summary.outcome, summary.malformed), (Outcome::Vanished, 1));
}

#[test]
fn windows_line_ends_are_taken() {
    let (_, summary) = decode(&[&format!("{}\r", init()), &format!("{}\r", result()), "\r"], Exit::default());
    assert_eq!((summary.malformed, summary.outcome), (0, Outcome::Completed));
}

#[test]
fn a_line_that_is_too_long_is_malformed_in_both_forms() {
    for first in [init(), recorded("recv", &init())] {
        let mut decode = Decode::new(&AgentKind::Claude);
        let mut events = Vec::new();
        decode.feed_line(Line::Whole(first.as_bytes()), &mut events);
        decode.feed_line(Line::TooLong { excerpt: b"{\"type\":\"user\"", bytes: 1 << 24 }, &mut events);
        let summary = decode.finish(Exit::from_number(143), b"", &mut events);
        assert_eq!((summary.malformed, summary.outcome), (1, Outcome::Interrupted));
    }
}

#[test]
fn unknown_types_are_counted_in_bounded_memory() {
    let lines: Vec<String> = (0..1000).map(|i| format!("{{\"type\":\"t{i}\"}}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let (_, summary) = decode(&lines, Exit::default());
    assert_eq!(summary.unrecognised.values().sum::<u64>(), 1000);
    assert_eq!(summary.unrecognised.len(), 201);
}
