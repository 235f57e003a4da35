//! Ctrl+C and SIGTERM: the session comes to a stand, says how it stands, and leaves no process.

use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};
use serde_json::json;

use crate::rig::{Done, Running, Stage, approving_team, kinds};

/// Asserts that nothing which was started on this stage lives on. What is just going away may finish.
#[track_caller]
pub(crate) fn nothing_is_left(stage: &Stage) {
    let place = stage.path("");
    let place = place.to_str().unwrap().trim_end_matches('/').as_bytes();
    let until = Instant::now() + Duration::from_secs(10);
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let mentions = |file: &str| {
            let text = std::fs::read(entry.path().join(file)).unwrap_or_default();
            text.windows(place.len()).any(|part| part == place)
        };
        if pid == rustix::process::getpid().as_raw_nonzero().get()
            || !(mentions("cmdline") || mentions("environ"))
        {
            continue;
        }
        let Ok(handle) = pidfd_open(Pid::from_raw(pid).unwrap(), PidfdFlags::empty()) else { continue };
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap(),
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        let ended = poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&left)).unwrap();
        let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        assert_eq!(ended, 1, "process {pid} is left: {}", String::from_utf8_lossy(&command));
    }
}

/// The demo at its own pace, up to where somebody works.
fn demo(stage: &Stage) -> Running {
    let mut running = Running::start(stage.command(["demo", "sample", "--json"]));
    running.until("\"kind\":\"turn_requested\"");
    running
}

fn stopped(done: &Done, code: i32, by: &str) {
    let lines = done.json();
    let summary = &lines.last().unwrap()["summary"];
    assert_eq!((&summary["state"], &summary["exit_code"]), (&json!("stopped"), &json!(code)), "{summary}");
    let asked = lines.iter().find(|line| line["kind"] == "stop_requested").unwrap();
    assert_eq!(asked["data"]["by"], by);
    let kinds = kinds(&lines);
    assert_eq!(kinds.last(), Some(&"session_ended"));
    assert_eq!(
        kinds.iter().filter(|kind| **kind == "worker_spawned").count(),
        kinds.iter().filter(|kind| **kind == "worker_exited").count()
    );
}

#[test]
fn ctrl_c_stops_the_demo_gracefully() {
    let stage = Stage::new();
    let running = demo(&stage);
    running.signal(Signal::INT);
    let done = running.finish().expect(130);
    stopped(&done, 130, "sigint");
    assert!(done.err.contains("stopping the team; Ctrl+C again stops it at once"), "{}", done.err);
    nothing_is_left(&stage);
    let status = stage.run(["status", "--json"]).expect(0).last();
    assert_eq!(status["sessions"][0]["state"], "stopped");
}

#[test]
fn sigterm_stops_it_too() {
    let stage = Stage::new();
    let running = demo(&stage);
    running.signal(Signal::TERM);
    let done = running.finish().expect(143);
    stopped(&done, 143, "sigterm");
    nothing_is_left(&stage);
}

/// An agent that hears neither its protocol nor SIGTERM: the ladder would take its time, the second signal does not.
#[test]
fn a_second_signal_stops_at_once() {
    let mut team = approving_team();
    team[1].1 = json!({ "turns": [{ "kind": "work", "steps": [
        { "ignore_sigterm": true },
        { "grandchild": { "setsid": true, "double_fork": true } },
        { "say": "I begin." },
        { "hang": true },
    ] }] });
    let stage = Stage::with_scripts(team);
    let target = stage.target();
    let mut running = Running::start(stage.command(["run", "x", "-C", target.to_str().unwrap(), "--json"]));
    running.until("I begin.");
    running.signal(Signal::INT);
    running.until("\"kind\":\"stop_requested\"");
    running.signal(Signal::INT);
    let done = running.finish().expect(130);
    stopped(&done, 130, "sigint");
    nothing_is_left(&stage);
}

/// In words, the summary still comes.
#[test]
fn the_summary_comes_after_a_stop() {
    let stage = Stage::new();
    let mut running = Running::start(stage.command(["demo", "sample"]));
    running.until("started on the plan");
    running.signal(Signal::INT);
    let done = running.finish().expect(130);
    assert!(done.out.contains("\nstopped by "), "{}", done.out);
    assert!(done.out.contains("orchestrate logs orch_"), "{}", done.out);
    nothing_is_left(&stage);
}

/// Whoever reads the output may go away; the session goes on to its end.
#[test]
fn a_reader_that_goes_away_stops_nothing() {
    let stage = Stage::with_scripts(approving_team());
    let target = stage.target();
    let mut running = Running::start(stage.command(["run", "x", "-C", target.to_str().unwrap(), "--json"]));
    running.until("session_created");
    running.close_stdout();
    running.finish().expect(0);
    assert_eq!(std::fs::read_to_string(target.join("a.txt")).unwrap(), "after\n");
    let status = stage.run(["status", "--json"]).expect(0).last();
    assert_eq!(status["sessions"][0]["state"], "finished");
}
