//! Every capture of the real CLIs decodes, and to what it always did.

#![allow(clippy::unwrap_used, reason = "a broken capture fails the test")]

mod support;

use std::fmt::Write as _;

use mo_core::agent_event::AgentEvent;
use support::{Capture, captures, conversations, event_kind};

/// The captures in which lines are really no messages, and why.
const NOT_JSON: [(&str, &str); 7] = [
    ("claude-auth-status", "a pretty-printed object that is no message"),
    ("claude-help", "text, with an indented example of an object in it"),
    ("claude-text-plain", "--output-format text"),
    ("claude-version", "text"),
    ("codex-version-nativebin", "text"),
    ("gemini-longcmd", "a line that the CLI cut in the middle (it loses stdout on a pipe)"),
    ("gemini-longoutput", "trimmed when it was stored"),
];

fn report(captures: impl Iterator<Item = &'static Capture>) -> String {
    let mut text = String::new();
    for capture in captures {
        let (events, summary) = capture.decode();
        let mut kinds: Vec<(String, usize)> = Vec::new();
        for event in &events {
            let kind = event_kind(&event.event);
            match kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, count)) => *count += 1,
                None => kinds.push((kind, 1)),
            }
        }
        let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        let summary = serde_json::to_string(&summary).unwrap();
        writeln!(text, "{}\n  {}\n  {summary}", capture.name, kinds.join(", ")).unwrap();
    }
    text
}

fn of(cli: &str) -> impl Iterator<Item = &'static Capture> {
    captures().iter().filter(move |capture| capture.cli == cli)
}

fn all() -> impl Iterator<Item = &'static Capture> {
    captures().iter().chain(conversations())
}

#[test]
fn there_are_207_captures() {
    assert_eq!(captures().len(), 207);
}

#[test]
fn claude_captures_decode_as_before() {
    insta::assert_snapshot!(report(of("claude")));
}

#[test]
fn codex_captures_decode_as_before() {
    insta::assert_snapshot!(report(of("codex")));
}

#[test]
fn gemini_captures_decode_as_before() {
    insta::assert_snapshot!(report(of("gemini")));
}

#[test]
fn acp_captures_decode_as_before() {
    insta::assert_snapshot!(report(of("acp")));
}

#[test]
fn conversations_decode_as_before() {
    insta::assert_snapshot!(report(conversations().iter()));
}

#[test]
fn nothing_that_the_facts_name_is_unrecognised() {
    for capture in all() {
        let (_, summary) = capture.decode();
        assert!(summary.unrecognised.is_empty(), "{}: {:?}", capture.name, summary.unrecognised);
    }
}

#[test]
fn only_what_is_no_message_is_malformed() {
    for capture in all() {
        let (_, summary) = capture.decode();
        let expected = NOT_JSON.iter().any(|(name, _)| *name == capture.name);
        assert_eq!(summary.malformed > 0, expected, "{}: {} malformed", capture.name, summary.malformed);
    }
}

#[test]
fn every_capture_of_a_turn_ends_it_exactly_once_a_prompt() {
    for capture in all() {
        let (events, _) = capture.decode();
        let ends = events.iter().filter(|e| matches!(e.event, AgentEvent::TurnEnded { .. })).count();
        let prompts = prompts(capture);
        assert_eq!(ends, prompts.max(1), "{}: {prompts} prompts", capture.name);
    }
}

/// How many prompts a duplex recording sends; a raw capture is of one.
fn prompts(capture: &Capture) -> usize {
    let sent = |line: &&[u8]| {
        let Ok(line) = serde_json::from_slice::<serde_json::Value>(line) else { return false };
        let message = &line["msg"];
        line["dir"] == "send"
            && (message["type"] == "user"
                || message["method"] == "turn/start"
                || message["method"] == "session/prompt")
    };
    capture.lines().filter(sent).count()
}
