//! A disk that really is full, in a small file system of its own: what was shown is there, and it is said.

use std::process::Command;

use mo_core::ids::AgentKind;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::controls::staying_team;
use crate::rig::{Done, Running, Stage, approving_team, program};

const UNSHARE: &str = "/usr/bin/unshare";

/// The command with a small file system at `place` of the data folder, and `more` behind it. `None` where the system lets us mount nothing.
#[allow(clippy::print_stdout, reason = "says what was not tested")]
fn small(stage: &Stage, place: &str, size: &str, args: &[&str], more: &str) -> Option<Command> {
    let allowed =
        Command::new(UNSHARE).args(["-rm", "true"]).output().is_ok_and(|done| done.status.success());
    if !allowed {
        println!("not run: this system lets us mount nothing");
        return None;
    }
    let folder = stage.data().join(place);
    std::fs::create_dir_all(&folder).unwrap();
    let script =
        format!("/usr/bin/mount -t tmpfs -o size={size} tmpfs '{}' && exec \"$@\" {more}", folder.display());
    let plain = stage.command(args);
    let mut command = Command::new(UNSHARE);
    command.args(["-rm", "/bin/sh", "-c", &script, "sh"]).arg(program()).args(args).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(plain.get_current_dir().unwrap());
    for piped in [Command::stdout, Command::stderr] {
        piped(&mut command, std::process::Stdio::piped());
    }
    command.stdin(std::process::Stdio::null());
    Some(command)
}

fn flooding(lines: u64) -> [(AgentKind, Value); 3] {
    let mut team = staying_team();
    for (agent, script) in &mut team {
        if *agent == AgentKind::Claude {
            *script = json!({ "turns": [{ "kind": "work", "times": 0, "steps": [
                { "flood": { "lines": lines, "bytes": 300 } },
                { "write": { "path": "a.txt", "content": "after\n" } },
                { "text": "Done: `a.txt` is written." } ] }] });
        }
    }
    team
}

/// What a run on a small file system comes to.
fn run(stage: &Stage, place: &str, size: &str) -> Option<Done> {
    let target = stage.target();
    let args = ["run", "write a.txt", "-C", target.to_str().unwrap(), "--json"];
    Some(Running::start(small(stage, place, size, &args, "")?).finish())
}

#[test]
fn without_space_for_a_checkpoint_nobody_works_unprotected() {
    let stage = Stage::with_scripts(approving_team());
    std::fs::write(stage.target().join("large.bin"), vec![7; 4 << 20]).unwrap();
    let Some(done) = run(&stage, "checkpoints", "1m") else { return };
    let done = done.expect(12);
    assert_eq!(done.last()["summary"]["state"], "blocked");
    let blocker = done.json().into_iter().find(|line| line["kind"] == "permission_blocker").unwrap();
    let title = blocker["data"]["title"].as_str().unwrap();
    assert!(title.contains("no space is left") && title.contains("checkpoints"), "{title}");
    assert!(
        blocker["data"]["required_actions"][0].as_str().unwrap().contains("free some space"),
        "{blocker}"
    );
    assert_eq!(std::fs::read_to_string(stage.target().join("a.txt")).unwrap(), "before\n");
    // The journal was on another disk: with space it goes on.
    let id = done.last()["summary"]["session"].as_str().unwrap().to_owned();
    stage.run(["resume", &id]).expect(0);
}

#[test]
fn without_space_for_transcripts_the_work_goes_on() {
    let stage = Stage::with_scripts(flooding(2_000));
    let Some(done) = run(&stage, "sessions", "128k") else { return };
    // The reviewers' copies have no room either, and a review that cannot be is no approval.
    let done = done.expect(11);
    assert_eq!(done.last()["summary"]["decision"], "pause_and_clarify");
    assert_eq!(std::fs::read_to_string(stage.target().join("a.txt")).unwrap(), "after\n");
    assert!(done.out.contains("Done: `a.txt` is written."), "what came after the flood was understood");
    assert!(done.out.contains("no space is left on the disk of "), "{}", done.out);
    let log: String = std::fs::read_dir(stage.data().join("logs"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert!(log.contains("a transcript cannot be written"), "{log}");
    // The journal has all of it, and with space it goes on.
    let (all, id) = (done.json(), done.last()["summary"]["session"].as_str().unwrap().to_owned());
    assert_eq!(stage.run(["events", &id]).expect(0).json(), all[..all.len() - 1]);
    stage.run(["resume", &id]).expect(0);
}

#[test]
fn without_space_for_the_journal_everything_stops_and_says_so() {
    let stage = Stage::with_scripts(flooding(50_000));
    // By default the session would pause before it comes to that.
    stage.configure("[session]\nfree_disk_limit = \"0\"\n");
    let target = stage.target();
    let args = ["run", "write a.txt", "-C", target.to_str().unwrap(), "-v"];
    let Some(mut command) = small(&stage, "", "2m", &args, "2>&1") else { return };
    command.env("NO_COLOR", "1");
    let mut running = Running::start(command);
    running.until("the journal takes nothing");
    running.signal(Signal::TERM);
    let done = running.finish();
    assert!(matches!(done.code, Some(1 | 143)), "{done:?}");
    assert!(done.out.contains("the disk is full: "), "{done:?}");
    crate::signals::nothing_is_left(&stage);
}
