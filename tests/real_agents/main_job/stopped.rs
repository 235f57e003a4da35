//! SIGINT in the middle of a turn of a real CLI.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::job::{Job, Ran};
use super::play::Play;
use super::project::Kind;

/// Runs until `begun` holds of an event, then interrupts.
fn interrupt(job: Job, mut begun: impl FnMut(&Value) -> bool) -> Ran {
    let mut cli = job.start(&[]);
    cli.until(|event| begun(event), |_| None).unwrap();
    let pid = Pid::from_raw(i32::try_from(cli.pid()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    job.finish(cli)
}

fn interrupted_turns(ran: &Ran) -> Vec<&str> {
    let ends = ran.of_kind("turn_ended");
    let mut workers: Vec<&str> = ends
        .iter()
        .filter(|(_, data)| data["end"]["outcome"] == "interrupted")
        .map(|(worker, _)| *worker)
        .collect();
    workers.sort_unstable();
    workers
}

/// Every process went by itself when its turn had been cancelled and its input closed: none needed a signal.
fn check_nobody_was_killed(ran: &Ran, story: &str) {
    for (worker, end) in ran.of_kind("worker_exited") {
        assert_eq!(
            (&end["signal"], &end["tree_empty"]),
            (&Value::Null, &Value::Bool(true)),
            "{worker}\n{story}"
        );
    }
}

#[test]
fn the_implementer_is_interrupted() {
    let read = json!({"tool": {"name": "Read", "input": {"file_path": "${cwd}/greet.py"}}});
    let play = Play { work: json!([read, {"text": "Let me think", "hang": true}]), ..Play::all_well() };
    let job = Job::new("interrupted work, git", Kind::Git, "target", &play);
    // The model says nothing after the tool's result, so the turn cannot end by itself.
    let ran = interrupt(job, |event| {
        event["worker"] == "claude-implementer" && event["data"]["item"]["type"] == "tool_ended"
    });
    let story = ran.check(None, "stopped", 130);
    assert_eq!(interrupted_turns(&ran), ["claude-implementer"], "{story}");
    check_nobody_was_killed(&ran, &story);
    ran.check_what_is_left(&[]);
}

#[test]
fn both_reviewers_are_interrupted() {
    let hang = json!([{"text": "Let me think", "hang": true}]);
    let play = Play { by_gemini: hang.clone(), by_codex: hang, ..Play::all_well() };
    let job = Job::new("interrupted reviews, folder", Kind::Folder, "target", &play);
    let mut reviewing = 0;
    let ran = interrupt(job, |event| {
        let begins = event["data"]["item"]["type"] == "turn_started" && event["data"]["turn"] == 2;
        reviewing += usize::from(begins);
        reviewing == 2
    });
    let story = ran.check(None, "stopped", 130);
    assert_eq!(interrupted_turns(&ran), ["codex-reviewer", "gemini-architect"], "{story}");
    check_nobody_was_killed(&ran, &story);
    ran.check_what_is_left(&["docs", "docs/usage.md", "greet.py"]);
}
