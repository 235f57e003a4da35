//! A target that goes away in mid-session: said, never made anew, and the session goes on once it is back.

use std::io::Write;

use mo_core::ids::AgentKind;
use rustix::fs::{CWD, FileType, mknodat};
use serde_json::{Value, json};

use crate::controls::error;
use crate::rig::{Running, Stage, quick_team, verdict};

/// A team whose implementer changes nothing, and begins each time only when the test lets it.
fn stage() -> Stage {
    let mut team = quick_team(verdict("approved"), verdict("approved"), verdict("approved"));
    for (agent, script) in &mut team {
        if *agent == AgentKind::Claude {
            *script =
                json!({ "turns": [{ "kind": "work", "times": 0, "steps": [{ "text": "Nothing to do." }] }] });
        }
    }
    let stage = Stage::with_scripts(team);
    mknodat(CWD, stage.path("tmp/gate"), FileType::Fifo, 0o600.into(), 0).unwrap();
    let real = stage.path("tmp/claude");
    std::fs::rename(stage.path("bin/claude"), &real).unwrap();
    let gate = stage.path("tmp/gate");
    let wait = format!("[ \"$1\" = --version ] || read -r _ <{}", gate.display());
    stage.program("claude", &format!("#!/bin/sh\n{wait}\nexec {} \"$@\"\n", real.display()));
    stage
}

/// Lets the implementer begin.
fn open(stage: &Stage) {
    let mut gate = std::fs::OpenOptions::new().write(true).open(stage.path("tmp/gate")).unwrap();
    gate.write_all(b"go\n").unwrap();
}

/// Runs until the implementer is about to begin, does that to the target, and lets it work.
fn lose(stage: &Stage, how: impl FnOnce()) -> (Value, String) {
    let target = stage.target();
    let args = ["run", "write a.txt", "-C", target.to_str().unwrap(), "--json"];
    let mut running = Running::start(stage.command(args));
    loop {
        let line: Value = serde_json::from_str(&running.until("\"kind\":\"worker_spawned\"")).unwrap();
        if line["worker"] == "claude-implementer" {
            break;
        }
    }
    how();
    open(stage);
    let summary = running.finish().expect(12).last()["summary"].clone();
    assert_eq!(summary["state"], "blocked");
    let id = summary["session"].as_str().unwrap().to_owned();
    let need = stage.run(["status", &id, "--json"]).expect(0).last()["sessions"][0]["needs_you"][0].clone();
    (need, id)
}

fn goes_on(stage: &Stage, id: &str) {
    let target = stage.target();
    let mut running = Running::start(stage.command(["resume", id, "--json"]));
    running.until("session_resumed");
    // Its work was done before the folder went: what comes is its review, or the work again.
    if running.until("\"kind\":\"phase_started\"").contains("\"implementation\"") {
        open(stage);
    }
    let done = running.finish();
    assert_eq!(done.expect(0).last()["summary"]["state"], "finished");
    assert!(target.join("a.txt").exists());
}

#[test]
fn a_target_that_is_deleted_or_moved_away() {
    let stage = stage();
    let (target, aside) = (stage.target(), stage.path("aside"));
    let (need, id) = lose(&stage, || std::fs::rename(&target, &aside).unwrap());
    let title = need["title"].as_str().unwrap();
    assert!(title.contains(target.to_str().unwrap()) && title.contains("does not exist"), "{need}");
    assert!(need["required_actions"][0].as_str().unwrap().contains("put the folder back"), "{need}");
    assert!(!target.exists(), "it is not made anew");
    // A try without it says the same and changes nothing.
    let refused = error(&stage, &["resume", &id], 3);
    assert_eq!(refused["code"], "target_missing");
    assert!(!target.exists());
    std::fs::rename(&aside, &target).unwrap();
    goes_on(&stage, &id);
}

#[test]
fn a_target_that_is_replaced_by_a_file() {
    let stage = stage();
    let (target, aside) = (stage.target(), stage.path("aside"));
    let (need, id) = lose(&stage, || {
        std::fs::rename(&target, &aside).unwrap();
        std::fs::write(&target, "a file\n").unwrap();
    });
    let title = need["title"].as_str().unwrap();
    assert!(title.contains(target.to_str().unwrap()) && title.contains("not a folder"), "{need}");
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "a file\n");
    assert_eq!(error(&stage, &["resume", &id], 2)["code"], "target_not_a_folder");
    std::fs::remove_file(&target).unwrap();
    std::fs::rename(&aside, &target).unwrap();
    goes_on(&stage, &id);
}
