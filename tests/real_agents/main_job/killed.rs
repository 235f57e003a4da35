//! kill -9 of a real CLI in the middle of a tool call: the turn ends typed, and what the tool had started is gone.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::job::Job;
use super::play::rule;
use super::project::Kind;
use super::teams::{api, file};

/// Longest wait for a tool to begin, and for what it left to be gone.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long after the CLI's death its tool's child may live.
const SOON: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };

/// The writing end of a FIFO that a tool's child reads: opened as soon as somebody reads, broken as soon as nobody
/// does any more.
struct Held {
    path: PathBuf,
    opened: mpsc::Receiver<File>,
}

impl Held {
    fn new(path: &Path) -> Self {
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let (tell, opened) = mpsc::channel();
        let for_thread = path.to_owned();
        // Opening waits for a reader, and so for the tool.
        thread::spawn(move || {
            let _ = tell.send(File::options().write(true).open(for_thread).unwrap());
        });
        Self { path: path.to_owned(), opened }
    }

    /// Waits until the tool's child reads, kills, and waits until no reader is left.
    fn kill_when_open(&self, pid: i32) {
        let end = self.opened.recv_timeout(PATIENCE);
        let end = end.unwrap_or_else(|_| panic!("nobody opened {}", self.path.display()));
        kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
        let broken = poll(&mut [PollFd::new(&end, PollFlags::empty())], Some(&SOON)).unwrap();
        assert_eq!(broken, 1, "the tool's child outlives the CLI");
    }
}

/// Runs a session whose architect is the agent, and kills it in the given tool call, whose child reads `pipe`.
fn killed(agent: &'static str, tool: &Value) {
    let steps = json!([{"text": "Let me look.", "tool": tool}]);
    let script = json!({"rules": [rule("plan", api(agent), &["You are the architect"], &steps)]});
    let others: Vec<&str> =
        ["claude", "codex", "gemini"].into_iter().filter(|other| *other != agent).collect();
    let members = [(agent, "architect"), (others[0], "implementer"), (others[1], "reviewer")];
    let job = Job::with_script(agent, Kind::Folder, "target", script)
        .with_team(&file(&members, &[(others[1], others[0])]))
        .with_config("[session]\napproval_timeout = \"1s\"\n[recovery]\nattempts = 0\n")
        .with_program("grep", "#!/bin/sh\nexec cat pipe\n");
    let held = Held::new(&job.sandbox.target().join("pipe"));
    let mut cli = job.start(&[]);
    let (worker, mut pid) = (format!("{agent}-architect"), None);
    let began = cli.until(
        |event| {
            pid = pid.or_else(|| event["data"]["pid"].as_i64());
            event["data"]["item"]["type"] == "tool_started"
        },
        |_| None,
    );
    assert_eq!(began.unwrap()["worker"], *worker);
    held.kill_when_open(i32::try_from(pid.unwrap()).unwrap());
    let ran = job.finish(cli);
    let story = ran.check(None, "blocked", 12);
    let ends = ran.of_kind("turn_ended");
    assert_eq!(ends.len(), 1, "{story}");
    let (who, end) = (ends[0].0, &ends[0].1["end"]);
    assert_eq!(
        (who, &end["outcome"], &end["class"]),
        (&*worker, &json!("vanished"), &Value::Null),
        "{story}"
    );
    assert!(end["text"].as_str().unwrap().starts_with("signal 9 ended it"), "{story}");
    let exits = ran.of_kind("worker_exited");
    assert_eq!((&exits[0].1["signal"], &exits[0].1["tree_empty"]), (&json!(9), &json!(true)), "{story}");
    ran.check_what_is_left(&["pipe"]);
}

#[test]
fn claude_is_killed_while_its_search_runs() {
    killed("claude", &json!({"name": "Grep", "input": {"pattern": "hello", "path": "${cwd}/pipe"}}));
}

#[test]
fn codex_is_killed_while_its_command_runs() {
    killed("codex", &json!({"name": "exec_command", "input": {"cmd": "cat pipe"}}));
}

#[test]
fn gemini_is_killed_while_its_search_runs() {
    killed("gemini", &json!({"name": "grep_search", "input": {"pattern": "hello"}}));
}
