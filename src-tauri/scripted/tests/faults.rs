//! Agents that misbehave on purpose: each fault does what its name says, and no more.

#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "tests read better so")]

mod talk;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mo_agents::launch::Access;
use mo_core::agent_event::AgentEvent;
use mo_core::ids::AgentKind;
use mo_core::outcome::Outcome;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use talk::{Stage, allow, completed, end_of};

const AGENTS: [AgentKind; 3] = [AgentKind::Claude, AgentKind::Codex, AgentKind::Gemini];

fn stage(agent: AgentKind, steps: Value) -> Stage {
    Stage::new(agent, json!({"turns": [{"steps": steps}]}))
}

fn ends(agent: AgentKind, steps: Value) -> (Vec<AgentEvent>, Option<i32>, Option<i32>) {
    let stage = stage(agent, steps);
    let mut talk = stage.talk_with(Access::Write);
    let events = talk.turn("go", None, allow);
    let (exit, _) = talk.end();
    (events, exit.code, exit.signal)
}

#[test]
fn a_crash_leaves_the_turn_without_an_end_of_its_own() {
    for agent in AGENTS {
        let (events, code, signal) = ends(agent.clone(), json!([{"say": "now"}, {"crash": 9}]));
        assert_eq!((code, signal), (None, Some(9)), "{agent}");
        assert_eq!(end_of(&events).outcome, Outcome::Vanished, "{agent}");
        let (events, code, _) = ends(agent.clone(), json!([{"say": "now"}, {"crash": {"code": 3}}]));
        assert_eq!(code, Some(3));
        assert_ne!(end_of(&events).outcome, Outcome::Completed, "{agent}");
        let (events, code, _) = ends(agent.clone(), json!([{"say": "all fine"}, {"exit": 0}]));
        assert_eq!(code, Some(0));
        assert_ne!(end_of(&events).outcome, Outcome::Completed, "{agent}: exit code 0 is no success");
    }
}

#[test]
fn garbage_and_bytes_that_are_no_text_are_malformed_and_the_turn_goes_on() {
    for agent in AGENTS {
        let (events, ..) = ends(
            agent.clone(),
            json!([{"garbage": "{\"type\":"}, {"garbage": {"bytes": [255, 254, 0, 1]}}, {"text": "still here"}]),
        );
        let malformed = events.iter().filter(|event| matches!(event, AgentEvent::Malformed { .. })).count();
        assert_eq!(malformed, 2, "{agent}: {events:?}");
        assert_eq!(end_of(&events).outcome, Outcome::Completed, "{agent}");
    }
}

#[test]
fn a_half_line_spoils_the_next_one_only() {
    let (events, ..) =
        ends(AgentKind::Codex, json!([{"half_line": true}, {"plan": ["spoilt"]}, {"text": "whole"}]));
    assert_eq!(events.iter().filter(|event| matches!(event, AgentEvent::Malformed { .. })).count(), 1);
    assert!(!events.iter().any(|event| matches!(event, AgentEvent::Plan { .. })));
    assert_eq!(end_of(&events).text.as_deref(), Some("whole"));
}

#[test]
fn a_flood_is_as_many_lines_of_as_many_bytes_and_all_are_well_formed() {
    for agent in AGENTS {
        let stage = stage(agent.clone(), json!([{"flood": {"lines": 2000, "bytes": 700}}, {"text": "done"}]));
        let mut talk = stage.talk_with(Access::Write);
        let events = talk.turn("go", None, allow);
        talk::all_understood(&events);
        let flood = talk.seen.iter().filter(|line| line.to_string().len() == 699).count();
        assert_eq!(flood, 2000, "{agent}: the newline is the 700th byte");
        let stage = self::stage(
            agent.clone(),
            json!([{"flood": {"lines": 2, "bytes": 3_000_000}}, {"text": "done"}]),
        );
        let mut talk = stage.talk_with(Access::Write);
        talk.turn("go", None, allow);
        let long = talk.seen.iter().filter(|line| line.to_string().len() == 2_999_999).count();
        assert_eq!(long, 2, "{agent}");
    }
}

#[test]
fn a_closed_stdout_ends_the_lines_while_the_process_stays() {
    let stage = stage(AgentKind::Claude, json!([{"say": "bye"}, {"close_stdout": true}, {"hang": true}]));
    let mut talk = stage.talk_with(Access::Write);
    talk.prompt("go", None);
    let stdout_ended = talk.lines_until_the_end();
    assert!(stdout_ended.iter().any(|line| line.to_string().contains("bye")));
    assert!(talk.child.try_wait().unwrap().is_none(), "it lives on");
}

#[test]
fn what_hangs_answers_nothing_until_a_signal_ends_it() {
    for (agent, sigterm) in
        [(AgentKind::Claude, Some(143)), (AgentKind::Gemini, Some(0)), (AgentKind::Codex, None)]
    {
        let stage = stage(agent.clone(), json!([{"say": "now"}, {"hang": true}]));
        let mut talk = stage.talk_with(Access::Write);
        talk.prompt("go", None);
        talk.until(|event| matches!(event, AgentEvent::Delta { .. } | AgentEvent::Message { .. }), allow);
        talk.cancel();
        let pid = Pid::from_child(&talk.child);
        assert!(talk.child.try_wait().unwrap().is_none());
        kill_process(pid, Signal::TERM).unwrap();
        let (exit, _) = talk.end();
        assert_eq!(exit.code, sigterm, "{agent}: {exit:?}");
    }
}

#[test]
fn sigint_ends_claude_with_a_result_and_code_0() {
    let stage = Stage::with(
        AgentKind::Claude,
        json!({"turns": [{"steps": [{"say": "now"}, {"wait_ms": 600_000}]}]}),
        false,
    );
    let mut talk = stage.talk_with(Access::Write);
    talk.prompt("go", None);
    talk.until(|event| matches!(event, AgentEvent::Message { .. }), allow);
    kill_process(Pid::from_child(&talk.child), Signal::INT).unwrap();
    let events = talk.until(|event| matches!(event, AgentEvent::TurnEnded { .. }), allow);
    assert_eq!(end_of(&events).outcome, Outcome::Interrupted);
    assert_eq!(talk.end().0.code, Some(0));
}

#[test]
fn an_ignored_sigterm_does_nothing_and_sigkill_still_ends_it() {
    for agent in AGENTS {
        let stage = Stage::with(
            agent.clone(),
            json!({"turns": [{"steps": [{"ignore_sigterm": true}, {"say": "now"}, {"wait_ms": 300}, {"text": "alive"}, ]}]}),
            false,
        );
        let mut talk = stage.talk_with(Access::Write);
        talk.prompt("go", None);
        talk.until(|event| matches!(event, AgentEvent::Delta { .. } | AgentEvent::Message { .. }), allow);
        kill_process(Pid::from_child(&talk.child), Signal::TERM).unwrap();
        let events = talk.until(|event| matches!(event, AgentEvent::TurnEnded { .. }), allow);
        assert_eq!(
            end_of(&events).text.as_deref().map(|text| text.ends_with("alive")),
            Some(true),
            "{agent}"
        );
        kill_process(Pid::from_child(&talk.child), Signal::KILL).unwrap();
        assert_eq!(talk.end().0.signal, Some(9));
    }
}

/// An agent with a grandchild, and a pipe whose write end both inherit as stderr.
fn with_grandchild(grandchild: Value) -> (Child, Stage) {
    let stage = stage(AgentKind::Claude, json!([{"grandchild": grandchild}, {"text": "started"}]));
    let forking = talk::FORKS.read().unwrap();
    let mut child = Command::new(stage.program())
        .args(["-p", "--output-format", "text"])
        .current_dir(stage.target())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    drop(forking);
    child.stdin.take().unwrap().write_all(b"go").unwrap();
    (child, stage)
}

#[test]
fn a_grandchild_outlives_its_agent_and_holds_stdout_when_told_so() {
    let kinds = [
        json!({}),
        json!({"setsid": true}),
        json!({"double_fork": true}),
        json!({"hydra": true, "setsid": true}),
    ];
    let trials = kinds.map(|mut grandchild| {
        grandchild["live_ms"] = json!(2000);
        grandchild["holds_stdout"] = json!(true);
        std::thread::spawn(move || outlives(grandchild))
    });
    for trial in trials {
        trial.join().unwrap();
    }
}

fn outlives(grandchild: Value) {
    let (mut child, _stage) = with_grandchild(grandchild.clone());
    let started = Instant::now();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "started\n");
    assert!(child.wait().unwrap().success());
    let agent_ended = started.elapsed();
    let mut rest = Vec::new();
    stdout.read_to_end(&mut rest).unwrap();
    let pipe_ended = started.elapsed();
    assert!(
        pipe_ended > agent_ended + Duration::from_millis(100),
        "{grandchild}: the agent ended after {agent_ended:?}, its stdout after {pipe_ended:?}"
    );
}

#[test]
fn a_grandchild_that_holds_nothing_lets_stdout_end_with_its_agent() {
    let (mut child, _stage) = with_grandchild(json!({"live_ms": 6000, "setsid": true}));
    let started = Instant::now();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "started\n");
    assert!(child.wait().unwrap().success());
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_script_without_a_turn_for_the_prompt_says_so_and_ends_with_its_own_code() {
    let stage = Stage::new(AgentKind::Codex, json!({"turns": [{"match": "x", "steps": [{"text": "y"}]}]}));
    let mut talk = stage.talk_with(Access::Write);
    talk.prompt("hello", None);
    let (exit, stderr) = talk.end_without_eof();
    assert_eq!(exit.code, Some(70));
    assert!(stderr.contains("no turn of the script is left for the prompt \"hello\""), "{stderr}");
}

#[test]
fn a_slow_script_keeps_its_pace() {
    let script = json!({"typing": 100, "turns": [{"steps": [{"wait_ms": 200}, {"text": "twenty-four characters..and as many again..."}]}]});
    let stage = Stage::with(AgentKind::Gemini, script, false);
    let mut talk = stage.talk_with(Access::Write);
    let started = Instant::now();
    completed(&talk.turn("go", None, allow));
    assert!(started.elapsed() >= Duration::from_millis(400), "{:?}", started.elapsed());
}
