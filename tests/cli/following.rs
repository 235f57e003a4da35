//! What others can do while a session runs: read it, follow it, and be refused what is taken.

use rustix::process::Signal;
use serde_json::json;

use crate::rig::{Running, Stage, approving_team};

/// A team whose implementer falls silent for ever.
fn stuck() -> Stage {
    let mut team = approving_team();
    team[1].1 = json!({ "turns": [{ "kind": "work", "steps": [{ "say": "I begin." }, { "hang": true }] }] });
    Stage::with_scripts(team)
}

/// A session that runs, up to where the implementer has said something, and its id.
fn begin(stage: &Stage) -> (Running, String) {
    let target = stage.target();
    let mut running = Running::start(stage.command(["run", "x", "-C", target.to_str().unwrap(), "--json"]));
    let line = running.until("I begin.");
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    (running, line["session"].as_str().unwrap().to_owned())
}

#[test]
fn it_is_followed_to_its_end() {
    let stage = stuck();
    let (running, id) = begin(&stage);
    let mut events = Running::start(stage.command(["events", &id, "--follow"]));
    let mut logs = Running::start(stage.command(["logs", "claude", "--follow"]));
    let raw = Running::start(stage.command(["logs", "claude", "--raw", "--follow"]));
    events.until("I begin.");
    logs.until("I begin.");
    running.signal(Signal::INT);
    let run = running.finish().expect(130);
    let followed = events.finish().expect(0);
    let told = logs.finish().expect(0);
    let bytes = raw.finish().expect(0);
    // Exactly what the run told, without gap or repeat.
    let run: Vec<_> = run.json();
    assert_eq!(followed.json(), run[..run.len() - 1]);
    assert_eq!(followed.json().last().unwrap()["kind"], "session_ended");
    assert!(told.out.contains("was interrupted in the implementation"), "{}", told.out);
    assert_eq!(bytes.out, stage.run(["logs", "claude", "--raw"]).expect(0).out);
}

/// The newest event is told though nothing comes after it for as long as the worker is silent.
#[test]
fn the_last_event_before_a_silence_is_followed() {
    let stage = stuck();
    let target = stage.target();
    let mut running = Running::start(stage.command(["run", "x", "-C", target.to_str().unwrap(), "--json"]));
    let line: serde_json::Value = serde_json::from_str(&running.until("session_created")).unwrap();
    let mut events = Running::start(stage.command(["events", line["session"].as_str().unwrap(), "--follow"]));
    events.until("I begin.");
    running.signal(Signal::INT);
    running.finish().expect(130);
    events.finish().expect(0);
}

#[test]
fn it_is_read_and_what_it_holds_is_taken() {
    let stage = stuck();
    let (running, id) = begin(&stage);
    let status = stage.run(["status", "--json"]).expect(0).last();
    let session = &status["sessions"][0];
    assert_eq!((&session["id"], &session["state"]), (&json!(id), &json!("running")));
    assert_eq!(session["phase"], "implementation");
    let claude = &session["workers"][1];
    assert_eq!((&claude["name"], &claude["state"]), (&json!("claude-implementer"), &json!("working")));
    assert_eq!(stage.run(["diff"]).expect(0).out, "");
    let doctor = stage.run(["doctor", "--json"]).expect(0).last();
    assert_eq!(doctor["data_folder"]["owner_pid"], running.pid());

    // The data folder has an owner, who does not take a demo's scripted team.
    let refused = stage.run(["demo", "--fast", "sample", "--json"]).expect(4).last();
    assert_eq!(refused["error"]["code"], "data_folder_locked");
    assert!(refused["error"]["message"].as_str().unwrap().contains(&format!("(pid {})", running.pid())));
    assert!(!stage.path("sample").exists(), "what the demo had set up is gone again");

    // So has the target, also for who uses another data folder.
    let refused = stage.run_goal(&["--data-dir", "data2", "--json"]).expect(4).last();
    assert_eq!(refused["error"]["code"], "target_busy");
    assert!(!stage.path("data2").exists());

    running.signal(Signal::TERM);
    running.finish().expect(143);
    // Both are free again.
    let done = stage.run(["doctor", "--json"]).expect(0).last();
    assert_eq!(done["data_folder"]["owner_pid"], serde_json::Value::Null);
}
