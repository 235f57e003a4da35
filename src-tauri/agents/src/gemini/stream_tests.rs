use mo_core::agent_event::{AgentEvent, PlanStatus, ToolKind, ToolStatus};
use mo_core::outcome::{FailureClass, Outcome, TurnEnd};
use mo_core::time::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::GeminiStreamDecoder;
use crate::acp::replay::{kinds, recording};
use crate::decode::Decoder;
use crate::protocol::{Exchange, Exit, Line};

fn decoded(text: &str, exit: Exit, stderr: &str) -> (Vec<AgentEvent>, TurnEnd) {
    let (mut decoder, mut out) = (GeminiStreamDecoder::new(), Exchange::default());
    for line in text.lines() {
        decoder.line(Line::Whole(line.as_bytes()), &mut out);
    }
    decoder.close(exit, stderr.as_bytes(), &mut out);
    let events: Vec<AgentEvent> = out.events.into_iter().map(|d| d.event).collect();
    let mut ends = events.iter().filter_map(|event| match event {
        AgentEvent::TurnEnded { end } => Some(end.clone()),
        _ => None,
    });
    let end = ends.next().unwrap();
    assert!(ends.next().is_none(), "one end");
    (events, end)
}

fn code(code: i32) -> Exit {
    Exit { code: Some(code), ..Exit::default() }
}

macro_rules! stderr {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/transcripts/", $name, ".stderr.txt"))
    };
}

#[test]
fn a_whole_turn_with_tools() {
    let (events, end) = decoded(recording!("gemini-tools-plan"), code(0), "");
    let expected = [
        "session_started",
        "turn_started",
        "tool_started",
        "tool_ended",
        "tool_started",
        "tool_ended",
        "tool_started",
        "tool_ended",
        "message",
        "turn_ended",
    ];
    assert_eq!(kinds(&events), expected);
    let tools: Vec<ToolKind> = events
        .iter()
        .filter_map(|event| match event {
            AgentEvent::ToolStarted { tool, .. } => Some(*tool),
            _ => None,
        })
        .collect();
    assert_eq!(tools, [ToolKind::Edit, ToolKind::Command, ToolKind::Read]);
    assert_eq!((end.outcome, end.text.as_deref()), (Outcome::Completed, Some("done")));
    assert_eq!(end.usage.map(|u| (u.input_tokens, u.output_tokens)), Some((44, 28)));
}

#[test]
fn the_time_of_a_line_is_kept() {
    let (mut decoder, mut out) = (GeminiStreamDecoder::new(), Exchange::default());
    let line = recording!("gemini-tools-plan").lines().next().unwrap();
    decoder.line(Line::Whole(line.as_bytes()), &mut out);
    assert_eq!(out.events[0].at, Timestamp::parse("2026-11-22T08:50:14.315Z"));
}

#[test]
fn an_edit_that_worked_changes_its_file() {
    let line = |value: serde_json::Value| value.to_string() + "\n";
    let text = line(
        json!({ "type": "tool_use", "tool_name": "replace", "tool_id": "t", "parameters": { "file_path": "/x" } }),
    ) + &line(json!({ "type": "tool_result", "tool_id": "t", "status": "success", "output": "" }));
    assert_eq!(
        kinds(&decoded(&text, code(0), "").0),
        ["tool_started", "tool_ended", "files_changed", "turn_ended"]
    );
    let denied = json!({ "type": "tool_result", "tool_id": "t", "status": "error", "error": { "type": "policy_violation", "message": "no" } });
    let (events, _) = decoded(&denied.to_string(), code(0), "");
    assert!(matches!(events[0], AgentEvent::ToolEnded { status: ToolStatus::Declined, .. }));
}

#[test]
fn todos_are_the_plan() {
    let todos = json!([{ "description": "a", "status": "completed" }, { "description": "b", "status": "in_progress" }]);
    let line = json!({ "type": "tool_use", "tool_name": "write_todos", "tool_id": "t", "parameters": { "todos": todos } });
    let (events, _) = decoded(&line.to_string(), code(0), "");
    let AgentEvent::Plan { entries } = &events[0] else { panic!("{events:?}") };
    assert_eq!(
        entries.iter().map(|e| e.status).collect::<Vec<_>>(),
        [PlanStatus::Completed, PlanStatus::InProgress]
    );
}

#[test]
fn failures_have_a_class() {
    let table = [
        (recording!("gemini-err-400-key"), 144, FailureClass::AuthInvalid),
        (recording!("gemini-err-401"), 145, FailureClass::AuthInvalid),
        (recording!("gemini-err-404"), 1, FailureClass::ModelUnknown),
        (recording!("gemini-err-429-daily"), 173, FailureClass::UsageLimit),
        (recording!("gemini-err-disconnect-sticky"), 1, FailureClass::Network),
        (recording!("gemini-err-safety"), 0, FailureClass::RefusedByModel),
    ];
    for (text, exit, class) in table {
        let (_, end) = decoded(text, code(exit), "");
        assert_eq!((end.outcome, end.class), (Outcome::Failed, Some(class)), "{text}");
        assert!(!end.text.unwrap().contains('{'), "the words, not the JSON");
    }
}

#[test]
fn without_a_closing_line_stderr_and_exit_tell() {
    let table = [
        (stderr!("gemini-no-auth"), 41, FailureClass::NotLoggedIn),
        (stderr!("gemini-max-turns"), 53, FailureClass::TurnLimit),
        (stderr!("gemini-orig-flags"), 55, FailureClass::UntrustedFolder),
        (stderr!("gemini-yolo-disabled"), 52, FailureClass::PermissionDenied),
        (stderr!("gemini-resume-7-sessionid-again"), 42, FailureClass::SessionInUse),
        (stderr!("gemini-incdir-missing"), 1, FailureClass::BadArguments),
        (stderr!("gemini-bad-flag"), 1, FailureClass::BadArguments),
        ("", 147, FailureClass::AuthInvalid),
        ("", 247, FailureClass::Overloaded),
        ("", 1, FailureClass::Unknown),
    ];
    for (stderr, exit, class) in table {
        let (_, end) = decoded("", code(exit), stderr);
        assert_eq!((end.outcome, end.class), (Outcome::Failed, Some(class)), "{exit}: {stderr}");
    }
}

#[test]
fn a_turn_that_just_stops() {
    let begun = recording!("gemini-kill-SIGTERM");
    // Its exit code 0 is no success.
    assert_eq!(decoded(begun, code(0), "").1.outcome, Outcome::Vanished);
    let by_us = Exit { by_us: true, ..code(0) };
    assert_eq!(decoded(begun, by_us, "").1.outcome, Outcome::Interrupted);
    let signalled = Exit { signal: Some(15), ..Exit::default() };
    assert_eq!(decoded(begun, signalled, "").1.outcome, Outcome::Interrupted);
    // Retries are the cause unless we ended it.
    let (text, stderr) = (recording!("gemini-err-429-minute"), stderr!("gemini-err-429-minute"));
    assert_eq!(decoded(text, Exit::default(), stderr).1.class, Some(FailureClass::RateLimited));
    assert_eq!(decoded(text, by_us, stderr).1.outcome, Outcome::Interrupted);
}

#[test]
fn the_pretty_object_is_one_turn() {
    let (events, end) = decoded(recording!("gemini-text-json-skiptrust"), code(0), "");
    assert_eq!(kinds(&events), ["session_started", "turn_started", "message", "turn_ended"]);
    assert_eq!((end.outcome, end.text.as_deref()), (Outcome::Completed, Some("Hello from fake")));
    assert_eq!(end.usage.map(|u| (u.input_tokens, u.output_tokens)), Some((22, 14)));
    let AgentEvent::SessionStarted { model, .. } = &events[0] else { panic!() };
    assert_eq!(model.as_deref(), Some("gemini-3.8-flash"));
}

#[test]
fn a_pretty_object_that_was_cut_off_is_malformed() {
    let whole = recording!("gemini-text-json-skiptrust");
    let half = whole.lines().take(20).collect::<Vec<_>>().join("\n");
    let (events, end) = decoded(&half, code(0), "");
    assert_eq!(kinds(&events), ["malformed", "turn_ended"]);
    assert_eq!(end.outcome, Outcome::Vanished);
    let (events, _) = decoded("{\n  \"a\": 1\n}\n", code(0), "");
    assert_eq!(kinds(&events), ["malformed", "turn_ended"]);
}

#[test]
fn unknown_and_broken_lines_are_told_apart() {
    let first = |line: &str| decoded(line, code(0), "").0.remove(0);
    let unknown = |kind: &str| AgentEvent::Unrecognized { kind: kind.to_owned() };
    assert_eq!(first(r#"{"type":"dream"}"#), unknown("dream"));
    assert_eq!(first(r#"{"type":"dream","content":{}}"#), unknown("dream"));
    for line in ["[]", "x", r#"{"type":"message","content":{}}"#] {
        assert!(matches!(first(line), AgentEvent::Malformed { .. }), "{line}");
    }
}

proptest! {
    #[test]
    fn one_end_whatever_comes(picks in proptest::collection::vec((0..90_usize, any::<Vec<u8>>()), 0..40)) {
        let recordings = [recording!("gemini-tools-plan"), recording!("gemini-err-safety"), recording!("gemini-text-json-skiptrust")];
        let pool: Vec<&str> = recordings.into_iter().flat_map(str::lines).take(80).collect();
        let (mut decoder, mut out) = (GeminiStreamDecoder::new(), Exchange::default());
        for (pick, bytes) in &picks {
            let line = pool.get(*pick).map_or(bytes.as_slice(), |line| line.as_bytes());
            decoder.line(Line::Whole(line), &mut out);
        }
        decoder.close(Exit::default(), b"", &mut out);
        let count = |kind: &str| {
            let all: Vec<AgentEvent> = out.events.iter().map(|d| d.event.clone()).collect();
            kinds(&all).iter().filter(|k| *k == kind).count()
        };
        prop_assert!((1..=count("session_started") + 1).contains(&count("turn_ended")));
    }
}
