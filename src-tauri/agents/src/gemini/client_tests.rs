use mo_core::agent_event::AgentEvent;
use mo_core::outcome::{Outcome, TurnEnd};

use super::launch_tests::spec;
use super::protocol;
use crate::acp::replay::{recording, replay};
use crate::launch::{Access, LaunchSpec};
use crate::protocol::{Exchange, Line, Protocol};

fn spec_in(access: Access) -> LaunchSpec {
    LaunchSpec { access, cwd: "/home/lab/src/w-gemini".into(), ..spec() }
}

#[test]
fn writing_work_runs_in_the_mode_that_asks() {
    // The session's mode is `default` already: nothing is to be set.
    for recording in [recording!("gemini-acp-untrusted"), recording!("gemini-acp-shelloutput")] {
        let done = replay(&mut protocol(&spec_in(Access::Write)), recording, &[]);
        done.same(&["session/new", "session/prompt"]);
        let Some(AgentEvent::TurnEnded { end }) = done.events.last() else { panic!("{:?}", done.events) };
        assert_eq!((end.outcome, end.text.as_deref()), (Outcome::Completed, Some("x")));
    }
}

#[test]
fn read_only_work_sets_the_mode_plan_first() {
    let mut client = protocol(&spec_in(Access::ReadOnly));
    let mut out = Exchange::default();
    client.open(&mut out);
    for line in recording!("gemini-acp-allow").lines().take(4) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        if line["dir"] == "recv" {
            client.line(Line::Whole(line["msg"].to_string().as_bytes()), &mut out);
        }
    }
    let last = out.send.split(|&b| b == b'\n').rfind(|line| !line.is_empty()).unwrap();
    let last: serde_json::Value = serde_json::from_slice(last).unwrap();
    assert_eq!((&last["method"], &last["params"]["modeId"]), (&"session/set_mode".into(), &"plan".into()));
}

#[test]
fn the_conversations_kept_from_the_real_cli_are_ours() {
    let outcomes = |recording, access| -> Vec<Outcome> {
        let spec = LaunchSpec { cwd: "/tmp/t/target".into(), ..spec_in(access) };
        let done = replay(&mut protocol(&spec), recording, &[]);
        done.same(&["session/new", "session/set_mode", "session/prompt", "session/cancel"]);
        let unknown = |kind: &String| kind == "unrecognized" || kind == "malformed";
        assert!(!done.kinds().iter().any(unknown), "{:?}", done.events);
        let ends = done.events.iter().filter_map(|event| match event {
            AgentEvent::TurnEnded { end } => Some(end.outcome),
            _ => None,
        });
        ends.collect()
    };
    let twice = [Outcome::Completed, Outcome::Completed];
    assert_eq!(outcomes(recording!("wire/gemini-allow"), Access::Write), twice);
    assert_eq!(outcomes(recording!("wire/gemini-reject"), Access::Write), [Outcome::Completed]);
    let cancelled = [Outcome::Interrupted, Outcome::Completed];
    assert_eq!(outcomes(recording!("wire/gemini-cancel"), Access::Write), cancelled);
    assert_eq!(outcomes(recording!("wire/gemini-plan"), Access::ReadOnly), [Outcome::Completed]);
}

#[test]
fn a_missing_key_fails_the_turn_as_not_logged_in() {
    let mut client = protocol(&spec_in(Access::Write));
    let mut out = Exchange::default();
    client.open(&mut out);
    client.prompt(crate::protocol::TurnPrompt { text: "x".to_owned(), schema: None }, &mut out);
    for line in recording!("gemini-acp-nokey").lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        if line["dir"] == "recv" {
            client.line(Line::Whole(line["msg"].to_string().as_bytes()), &mut out);
        }
    }
    let Some(AgentEvent::TurnEnded { end }) = out.events.last().map(|d| &d.event) else { panic!() };
    let class = Some(mo_core::outcome::FailureClass::NotLoggedIn);
    let text = end.text.as_deref().unwrap_or_default();
    let advice =
        "Gemini API key is missing or not configured. (the agent's ways to log in: Log in with Google: ";
    assert!(text.starts_with(advice), "{text}");
    assert_eq!(*end, TurnEnd { text: end.text.clone(), ..TurnEnd::bare(Outcome::Failed, class) });
}
