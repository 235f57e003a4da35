//! Steering a session that another process runs: each word is in effect within a second.

use std::time::{SystemTime, UNIX_EPOCH};

use mo_core::ids::AgentKind;
use mo_core::time::Timestamp;
use serde_json::{Value, json};

use crate::rig::{Done, Running, Stage, kinds, members, verdict};
use crate::signals::nothing_is_left;

/// A team that plans and reviews as often as it is asked. The implementer falls silent in its first turn of a goal
/// that says "stay in" one of the folders, and does its work in every other turn.
pub(crate) fn staying_team() -> [(AgentKind, Value); 3] {
    let review = json!({ "kind": "review", "times": 0, "steps": [verdict("approved")] });
    let stay = |folder: &str| {
        json!({ "match": format!("stay in {folder}"), "kind": "work", "times": 1,
            "steps": [{ "say": "I begin." }, { "hang": true }] })
    };
    let work = json!({ "kind": "work", "times": 0, "steps": [
        { "write": { "path": "a.txt", "content": "after\n" } }, { "text": "Done: `a.txt` is written." } ] });
    let plan = json!({ "kind": "work", "times": 0, "steps": [{ "text": "# Plan\n\nWrite `a.txt`." }] });
    [
        (AgentKind::Gemini, json!({ "turns": [plan, review.clone()] })),
        (AgentKind::Claude, json!({ "turns": [stay("target"), stay("other"), stay("third"), work] })),
        (AgentKind::Codex, json!({ "turns": [review] })),
    ]
}

/// A run on a folder of the stage, up to where the implementer has fallen silent, and its session.
pub(crate) fn stay(stage: &Stage, target: &str) -> (Running, String) {
    let goal = format!("stay in {target}");
    let mut running = Running::start(stage.command(["run", &goal, "-C", target, "--json"]));
    let line: Value = serde_json::from_str(&running.until("I begin.")).unwrap();
    (running, line["session"].as_str().unwrap().to_owned())
}

/// The events of a session.
pub(crate) fn events(stage: &Stage, session: &str) -> Vec<Value> {
    stage.run(["events", session]).expect(0).json()
}

/// The error that a command ends with.
#[track_caller]
pub(crate) fn error(stage: &Stage, args: &[&str], code: i32) -> Value {
    let done = stage.run(args.iter().copied().chain(["--json"])).expect(code);
    let error = done.last()["error"].clone();
    assert_eq!(members(&error), ["code", "hint", "message"]);
    error
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Gives a command, and asserts that what it is for was journalled within a second.
#[track_caller]
fn effective(stage: &Stage, args: &[&str], session: &str, kind: &str) -> Value {
    let before = now();
    let done = stage.run(args.iter().copied().chain(["--json"])).expect(0);
    assert_eq!(done.last(), json!({ "done": { "command": args[0], "session": session } }));
    let events = events(stage, session);
    let event = events.iter().rev().find(|event| event["kind"] == kind).unwrap();
    let at = Timestamp::parse(event["at"].as_str().unwrap()).unwrap().0;
    assert!((before..=before + 1_000).contains(&at), "{} ms after the command", at - before);
    event.clone()
}

fn summary(done: &Done) -> Value {
    done.last()["summary"].clone()
}

#[test]
fn a_pause_is_taken_up_again() {
    let stage = Stage::with_scripts(staying_team());
    let (running, id) = stay(&stage, "target");
    let asked = effective(&stage, &["pause"], &id, "stop_requested");
    assert_eq!(asked["data"]["by"], "pause");
    let paused = running.finish().expect(11);
    assert_eq!(summary(&paused)["state"], "paused");
    // No call is admitted after the pause.
    let after = events(&stage, &id);
    let late = after.iter().filter(|event| event["seq"].as_u64() > asked["seq"].as_u64());
    assert!(late.clone().all(|event| event["kind"] != "turn_requested"), "{:?}", kinds(&after));

    let seq = after.last().unwrap()["seq"].as_u64().unwrap();
    let resumed = stage.run(["resume", &id, "-m", "go on", "--json"]).expect(0);
    let lines = resumed.json();
    let (last, told) = lines.split_last().unwrap();
    assert_eq!(told, &events(&stage, &id)[usize::try_from(seq).unwrap()..], "exactly what came after");
    assert_eq!(told[0]["kind"], "session_resumed");
    assert_eq!(told[0]["data"]["message"], "go on");
    let summary = &last["summary"];
    assert_eq!((&summary["state"], &summary["exit_code"]), (&json!("finished"), &json!(0)));
    assert_eq!(std::fs::read_to_string(stage.target().join("a.txt")).unwrap(), "after\n");
    nothing_is_left(&stage);

    // What has finished needs words to go on, and gets a new round with them.
    let refused = error(&stage, &["resume"], 4);
    assert_eq!(refused["code"], "nothing_to_resume");
    assert!(refused["hint"].as_str().unwrap().contains(&format!("orchestrate resume {id} -m")), "{refused}");
    let followed = stage.run(["resume", "-m", "once more"]).expect(0);
    assert!(followed.out.contains("goes on\n") && followed.out.contains("\nfinished"), "{}", followed.out);
    assert_eq!(error(&stage, &["resume", "-m", " "], 2)["code"], "words_empty");
}

#[test]
fn a_stop_from_elsewhere() {
    let stage = Stage::with_scripts(staying_team());
    let (running, id) = stay(&stage, "target");
    assert_eq!(error(&stage, &["resume", &id], 4)["code"], "nothing_to_resume");
    let asked = effective(&stage, &["stop"], &id, "stop_requested");
    assert_eq!(asked["data"]["by"], "person");
    assert_eq!(summary(&running.finish().expect(14))["state"], "stopped");
    for command in ["stop", "pause"] {
        let refused = error(&stage, &[command, &id], 4);
        assert_eq!(refused["code"], "session_not_running");
        assert!(refused["message"].as_str().unwrap().ends_with("it is stopped"), "{refused}");
    }
    nothing_is_left(&stage);
}

#[test]
fn a_message_reaches_who_is_at_work() {
    let stage = Stage::with_scripts(staying_team());
    let (running, id) = stay(&stage, "target");
    let told = effective(&stage, &["message", &id, "claude", "also b.txt"], &id, "message_queued");
    assert_eq!(
        (&told["worker"], &told["data"]["text"]),
        (&json!("claude-implementer"), &json!("also b.txt"))
    );
    let resting = error(&stage, &["message", &id, "codex", "hello"], 4);
    assert_eq!(resting["code"], "worker_at_rest");
    assert!(resting["hint"].as_str().unwrap().contains("resume"), "{resting}");
    assert_eq!(error(&stage, &["message", &id, "nobody", "hello"], 3)["code"], "worker_unknown");
    assert_eq!(error(&stage, &["message", &id, "claude", ""], 2)["code"], "words_empty");
    stage.run(["stop", &id, "--now"]).expect(0);
    running.finish().expect(14);
    let ended = error(&stage, &["message", &id, "claude", "hello"], 4);
    assert_eq!(ended["code"], "session_not_running");
    assert!(ended["hint"].as_str().unwrap().contains(&format!("orchestrate resume {id} -m")), "{ended}");
}

#[test]
fn a_review_in_the_middle_of_a_turn_and_at_rest() {
    let stage = Stage::with_scripts(staying_team());
    let (mut running, id) = stay(&stage, "target");
    let args = ["review", id.as_str(), "--focus", "the tests"];
    let asked = effective(&stage, &args, &id, "review_now_requested");
    assert_eq!(asked["data"]["focus"], "the tests");
    running.until("\"kind\":\"review_requested\"");
    stage.run(["stop", &id]).expect(0);
    running.finish().expect(14);
    // At rest it is told like a run.
    let done = stage.run(["review", &id, "--json"]).expect(0);
    let lines = done.json();
    assert_eq!(lines[0]["kind"], "review_now_requested");
    assert!(kinds(&lines).contains(&"verdict_recorded"));
    assert_eq!(summary(&done)["decision"], "continue");
}

#[test]
fn what_is_not_there() {
    let stage = Stage::with_scripts(staying_team());
    for args in [
        &["resume"][..],
        &["pause"],
        &["stop"],
        &["review", "orch_20260102_030405_0a1b"],
        &["message", "orch_20260102_030405_0a1b", "claude", "hello"],
        &["delete", "orch_20260102_030405_0a1b"],
        &["restore", "orch_20260102_030405_0a1b", "0"],
    ] {
        assert_eq!(error(&stage, args, 3)["code"], "session_unknown", "{args:?}");
    }
    assert!(!stage.data().exists(), "asking makes nothing");
}
