use mo_core::agent_event::AgentEvent;
use mo_core::outcome::{FailureClass, Outcome, TurnEnd};
use proptest::prelude::*;

use super::CodexExecDecoder;
use crate::acp::replay::{kinds, recording};
use crate::decode::Decoder;
use crate::protocol::{Exchange, Exit, Line};

fn decoded(decoder: &mut dyn Decoder, text: &str, exit: Exit, stderr: &str) -> (Vec<AgentEvent>, TurnEnd) {
    let mut out = Exchange::default();
    for line in text.lines() {
        decoder.line(Line::Whole(line.as_bytes()), &mut out);
    }
    decoder.close(exit, stderr.as_bytes(), &mut out);
    assert!(out.send.is_empty());
    let events: Vec<AgentEvent> = out.events.into_iter().map(|d| d.event).collect();
    let mut ends = events.iter().filter_map(|event| match event {
        AgentEvent::TurnEnded { end } => Some(end.clone()),
        _ => None,
    });
    let end = ends.next().unwrap();
    assert!(ends.next().is_none(), "one end");
    (events, end)
}

fn end_of(text: &str, exit: Exit) -> (Outcome, Option<FailureClass>) {
    let (_, end) = decoded(&mut CodexExecDecoder::new(), text, exit, "");
    (end.outcome, end.class)
}

#[test]
fn a_whole_turn() {
    let mut decoder = CodexExecDecoder::new();
    let (events, end) = decoded(&mut decoder, recording!("codex-orig-flags"), Exit::default(), "");
    let expected = [
        "session_started",
        "turn_started",
        "tool_started",
        "tool_ended",
        "tool_started",
        "tool_ended",
        "files_changed",
        "message",
        "turn_ended",
    ];
    assert_eq!(kinds(&events), expected);
    assert_eq!(end.outcome, Outcome::Completed);
    assert_eq!(end.text.as_deref(), Some("done"));
    assert_eq!(end.usage.map(|u| (u.input_tokens, u.output_tokens)), Some((33, 21)));
}

#[test]
fn a_resumed_threads_tokens_are_not_this_turns() {
    let (_, end) =
        decoded(&mut CodexExecDecoder::resumed(), recording!("codex-resume-2"), Exit::default(), "");
    assert_eq!((end.outcome, end.usage), (Outcome::Completed, None));
}

#[test]
fn failures_have_a_class_from_their_text() {
    let one = Exit { code: Some(1), ..Exit::default() };
    let table = [
        (recording!("codex-err-401"), FailureClass::AuthInvalid),
        (recording!("codex-err-403"), FailureClass::AuthInvalid),
        (recording!("codex-err-429-usage-limit"), FailureClass::UsageLimit),
        (recording!("codex-err-500"), FailureClass::Overloaded),
        (recording!("codex-err-disconnect-sticky"), FailureClass::Network),
        (recording!("codex-err-sse-failed-context"), FailureClass::ContextTooLong),
        (recording!("codex-err-sse-failed-quota"), FailureClass::UsageLimit),
        (recording!("codex-no-key"), FailureClass::NotLoggedIn),
    ];
    for (text, class) in table {
        assert_eq!(end_of(text, one), (Outcome::Failed, Some(class)), "{text}");
    }
}

#[test]
fn a_cli_that_waits_for_the_network_has_failed_unless_we_ended_it() {
    let waiting = recording!("codex-err-connrefused");
    assert_eq!(end_of(waiting, Exit::default()), (Outcome::Failed, Some(FailureClass::Network)));
    let by_us = Exit { by_us: true, ..Exit::default() };
    assert_eq!(end_of(waiting, by_us), (Outcome::Interrupted, None));
}

#[test]
fn a_process_without_a_closing_line() {
    let killed = Exit { signal: Some(9), ..Exit::default() };
    assert_eq!(end_of(recording!("codex-kill-SIGKILL"), killed), (Outcome::Vanished, None));
    let asked = Exit { signal: Some(15), ..Exit::default() };
    assert_eq!(end_of(recording!("codex-kill-SIGKILL"), asked), (Outcome::Interrupted, None));
    assert_eq!(end_of("", killed), (Outcome::Failed, Some(FailureClass::Unknown)));
    let table = [
        (
            "Not inside a trusted directory and --skip-git-repo-check was not specified.",
            FailureClass::NotAGitRepo,
        ),
        ("error: unexpected argument '--full-auto' found", FailureClass::BadArguments),
        (
            "Error: thread/resume: thread/resume failed: no rollout found for thread id U",
            FailureClass::SessionUnknown,
        ),
    ];
    for (stderr, class) in table {
        let exit = Exit { code: Some(1), ..Exit::default() };
        let (_, end) = decoded(&mut CodexExecDecoder::new(), "", exit, stderr);
        assert_eq!((end.outcome, end.class), (Outcome::Failed, Some(class)));
        assert_eq!(end.text.as_deref(), Some(stderr));
    }
}

#[test]
fn a_refused_tool_call_on_stderr_is_no_failure_of_the_turn() {
    let stderr = "ERROR codex_core::tools::router: error=Not logged in";
    let killed = Exit { signal: Some(9), ..Exit::default() };
    let (_, end) = decoded(&mut CodexExecDecoder::new(), "{\"type\":\"turn.started\"}", killed, stderr);
    assert_eq!(end.outcome, Outcome::Vanished);
}

#[test]
fn a_todo_list_is_the_plan() {
    let line = r#"{"type":"item.updated","item":{"id":"i","type":"todo_list","items":[{"text":"a","completed":true},{"text":"b","completed":false}]}}"#;
    let (events, _) = decoded(&mut CodexExecDecoder::new(), line, Exit::default(), "");
    let AgentEvent::Plan { entries } = &events[0] else { panic!("{events:?}") };
    assert_eq!(entries.iter().map(|e| e.text.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn milestones_follow_their_message() {
    let line = r#"{"type":"item.completed","item":{"id":"i","type":"agent_message","text":"x\nMILESTONE: half\ny"}}"#;
    let (events, _) = decoded(&mut CodexExecDecoder::new(), line, Exit::default(), "");
    assert_eq!(kinds(&events), ["message", "milestone", "turn_ended"]);
}

#[test]
fn unknown_and_broken_lines_are_told_apart() {
    let kind_of = |line: &str| {
        let (events, _) = decoded(&mut CodexExecDecoder::new(), line, Exit::default(), "");
        events[0].clone()
    };
    let unknown = |kind: &str| AgentEvent::Unrecognized { kind: kind.to_owned() };
    assert_eq!(kind_of(r#"{"type":"turn.dreamed","item":7}"#), unknown("turn.dreamed"));
    assert_eq!(
        kind_of(r#"{"type":"item.completed","item":{"type":"dream","id":"i"}}"#),
        unknown("item:dream")
    );
    assert_eq!(
        kind_of(r#"{"type":"item.completed","item":{"type":"dream","id":"i","text":{}}}"#),
        unknown("item:dream")
    );
    for line in
        ["{", "[]", "7", r#"{"type":7}"#, r#"{"type":"item.completed","item":{"type":"reasoning","id":7}}"#]
    {
        assert!(matches!(kind_of(line), AgentEvent::Malformed { .. }), "{line}");
    }
}

proptest! {
    #[test]
    fn one_end_whatever_comes(
        picks in proptest::collection::vec((0..40_usize, any::<Vec<u8>>()), 0..30),
    ) {
        let pool: Vec<&str> = [recording!("codex-orig-flags"), recording!("codex-err-401"), recording!("codex-resume-1")]
            .into_iter().flat_map(str::lines).collect();
        let mut decoder = CodexExecDecoder::new();
        let mut out = Exchange::default();
        for (pick, bytes) in &picks {
            let line = pool.get(*pick).map_or(bytes.as_slice(), |line| line.as_bytes());
            decoder.line(Line::Whole(line), &mut out);
        }
        decoder.close(Exit::default(), b"", &mut out);
        let ends = out.events.iter().filter(|d| matches!(d.event, AgentEvent::TurnEnded { .. })).count();
        let turns = out.events.iter().filter(|d| matches!(d.event, AgentEvent::TurnStarted)).count();
        prop_assert!((1..=turns + 1).contains(&ends), "{} ends of {} turns", ends, turns);
    }
}
