//! Each mistake has its own message and exit code, and leaves nothing behind.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;

use crate::rig::{Done, Running, Stage};

/// Runs with `--json` and in words: both must tell the same, and nothing may be made or changed.
#[track_caller]
fn refused(stage: &Stage, args: &[&str], exit: i32, code: &str) -> String {
    let before = stage.listing("");
    let words = stage.run(args).expect(exit);
    let json = stage.run(args.iter().copied().chain(["--json"])).expect(exit);
    assert_eq!(stage.listing(""), before, "something was made or changed");
    assert_eq!(words.out, "", "an error in words goes to stderr");
    let error = &json.last()["error"];
    assert_eq!(error["code"], code, "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(!message.is_empty() && error["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{error}");
    if code != "usage" {
        assert!(words.err.starts_with(&format!("error: {message}\n")), "{words:?}");
        assert!(words.err.contains("\nhint: "), "{words:?}");
    }
    message.to_owned()
}

fn run<'a>(goal: &'a str, target: &'a str) -> Vec<&'a str> {
    vec!["run", goal, "-C", target]
}

#[test]
fn targets_that_cannot_be_worked_on() {
    let stage = Stage::with_fakes();
    let target = stage.target();
    let file = target.join("a.txt");
    let message = refused(&stage, &run("x", "/nowhere/at/all"), 3, "target_missing");
    assert!(message.contains("/nowhere/at/all"));
    refused(&stage, &run("x", file.to_str().unwrap()), 2, "target_not_a_folder");
    refused(&stage, &run("x", "/"), 4, "target_too_wide");
    let message = refused(&stage, &run("x", "/etc"), 4, "target_too_wide");
    assert!(message.contains("a folder of the system"), "{message}");
    for place in ["/proc", "/proc/sys", "/sys", "/dev"] {
        let message =
            refused(&stage, &[&run("x", place)[..], &["--yes-really"]].concat(), 4, "target_of_kernel");
        assert!(message.contains("no project can be there"), "{message}");
    }
    let home = stage.path("home");
    let message = refused(&stage, &run("x", home.to_str().unwrap()), 4, "target_too_wide");
    assert!(message.contains("home folder"));
    // The data folder itself, inside it, and what holds it.
    let inside = target.join("sub");
    std::fs::create_dir(&inside).unwrap();
    for data in [target.clone(), inside.clone(), target.parent().unwrap().to_owned()] {
        let work_on = if data == inside { &target } else { &inside };
        let work_on = if data == target { &target } else { work_on };
        let args = ["run", "x", "-C", work_on.to_str().unwrap(), "--data-dir", data.to_str().unwrap()];
        refused(&stage, &args, 4, "target_and_data_folder");
    }
}

#[test]
fn a_target_that_cannot_be_read() {
    let stage = Stage::with_fakes();
    let target = stage.target();
    std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o000)).unwrap();
    let mut command = stage.command(["run", "x", "-C", target.to_str().unwrap(), "--json"]);
    if rustix::process::geteuid().is_root() {
        // Nothing is unreadable for root.
        command.uid(65_534).gid(65_534);
    }
    let done = Running::start(command).finish().expect(4);
    assert_eq!(done.last()["error"]["code"], "target_unreadable", "{done:?}");
    assert!(!stage.data().exists());
    std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn goals_that_say_nothing_or_too_much() {
    let stage = Stage::with_fakes();
    let target = stage.target();
    let target = target.to_str().unwrap();
    refused(&stage, &run("", target), 2, "goal_empty");
    refused(&stage, &run(" \n\t", target), 2, "goal_empty");
    // By stdin, since an argument cannot be that long.
    for (goal, code) in [
        ("é".repeat(128 * 1024 + 1).into_bytes(), "goal_too_long"),
        (vec![b'x'; 10 << 20], "goal_too_long"),
        (b"caf\xe9".to_vec(), "goal_no_text"),
        (Vec::new(), "goal_empty"),
    ] {
        let file = stage.path("tmp/goal");
        std::fs::write(&file, goal).unwrap();
        let mut command = stage.command(["run", "-", "-C", target, "--json"]);
        command.stdin(std::fs::File::open(&file).unwrap());
        let done = Running::start(command).finish().expect(2);
        assert_eq!(done.last()["error"]["code"], code);
    }
    assert!(!stage.data().exists());
}

#[test]
fn teams_that_cannot_work() {
    let stage = Stage::with_fakes();
    let target = stage.target();
    let team = |name: &str, text: &str| {
        let file = stage.path("tmp").join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let pair = |agent: &str| {
        format!(
            "[[worker]]\nagent = \"{agent}\"\nrole = \"implementer\"\n[[worker]]\nagent = \"codex\"\nrole = \"reviewer\"\n\
             [[review]]\nreviewer = \"codex\"\nsubject = \"{agent}\"\n"
        )
    };
    let with = |file: &std::path::Path, exit, code| {
        let args = ["run", "x", "-C", target.to_str().unwrap(), "--team", file.to_str().unwrap()];
        refused(&stage, &args, exit, code)
    };
    let message = with(&team("unknown.toml", &pair("hal")), 2, "agent_unknown");
    assert!(message.contains("`hal`"), "{message}");
    let message = with(&team("broken.toml", "[[worker]]\nagent = 7\n"), 2, "team_broken");
    assert!(message.contains("broken.toml:2:9: "), "{message}");
    let alone = "[[worker]]\nagent = \"claude\"\nrole = \"implementer\"\n";
    assert!(with(&team("alone.toml", alone), 2, "team_unusable").contains("nobody reviews"));
    with(&stage.path("tmp/none.toml"), 3, "file_missing");
    // What may never end is not begun.
    with(std::path::Path::new("/dev/zero"), 4, "file_unreadable");
    let pipe = stage.path("tmp/pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    with(&pipe, 4, "file_unreadable");
    let inside = target.join("team.toml");
    std::fs::write(&inside, pair("claude")).unwrap();
    with(&inside, 2, "team_inside_target");
}

#[test]
fn agents_that_are_not_installed() {
    let stage = Stage::new();
    let target = stage.target();
    let message = refused(&stage, &run("x", target.to_str().unwrap()), 3, "agent_not_installed");
    assert!(message.contains("Gemini CLI is not installed"), "{message}");
}

#[test]
fn configurations_that_cannot_be_used() {
    let stage = Stage::with_fakes();
    let target = stage.target();
    let target = target.to_str().unwrap();
    stage.configure("[session]\nfix_rounds = \"three\"\n");
    let message = refused(&stage, &run("x", target), 2, "config_broken");
    assert!(message.contains("config.toml:2:14: "), "{message}");
    // Every command that reads it says so.
    refused(&stage, &["config"], 2, "config_broken");
    refused(&stage, &["doctor"], 2, "config_broken");
    let inside = stage.target().join("config.toml");
    std::fs::write(&inside, "[session]\nfix_rounds = 1\n").unwrap();
    let args = ["run", "x", "-C", target, "--config", inside.to_str().unwrap()];
    refused(&stage, &args, 2, "config_inside_target");
    refused(&stage, &["config", "--config", "/nowhere.toml"], 2, "config_missing");
    stage.configure("[session]\npermission = \"bypass\"\n");
    let message = refused(&stage, &run("x", target), 4, "bypass_refused");
    assert!(message.contains("write_confined"), "{message}");
}

#[test]
fn command_lines_that_mean_nothing() {
    let stage = Stage::with_fakes();
    let target = stage.target();
    let target = target.to_str().unwrap();
    for args in [
        &["frobnicate"][..],
        &["run", "x"],
        &["run", "x", "-C", target, "--timeout", "5 minutes"],
        &["run", "x", "-C", target, "--fix-rounds", "21"],
        &["run", "x", "-C", target, "--fix-rounds", "-1"],
        &["events"],
        &["decode", "hal", "x"],
        &["decode", "claude", "x", "--exit-code", "soon"],
        &["completions", "cmd"],
        &["status", "--since"],
    ] {
        refused(&stage, args, 2, "usage");
    }
    // Also in one line it is said what is missing.
    let message = refused(&stage, &["run"], 2, "usage");
    assert!(message.ends_with("not provided: --dir <DIR>, <GOAL>"), "{message}");
    // Without a command there is the help.
    let done = stage.run([] as [&str; 0]).expect(2);
    assert!(done.err.contains("Usage: orchestrate"), "{done:?}");
}

#[test]
fn sessions_workers_and_files_that_do_not_exist() {
    let stage = Stage::new();
    for args in [
        &["events", "orch_20260101_000000_abcd"][..],
        &["status", "orch_20260101_000000_abcd"],
        &["status", "../../etc/passwd"],
        &["logs"],
        &["logs", "claude"],
        &["diff"],
    ] {
        refused(&stage, args, 3, "session_unknown");
    }
    refused(&stage, &["decode", "claude", "/nowhere"], 3, "file_missing");
    refused(&stage, &["decode", "claude", "target"], 2, "file_is_a_folder");
}

#[test]
fn without_a_home_the_places_must_be_named() {
    let stage = Stage::new();
    let mut command = stage.command(["status", "--json"]);
    command.env_remove("HOME");
    let done: Done = Running::start(command).finish().expect(2);
    assert_eq!(done.last()["error"]["code"], "no_home");
    // What reads no configuration needs no place for one.
    let mut command = stage.command(["status", "--json", "--data-dir", "d"]);
    command.env_remove("HOME");
    Running::start(command).finish().expect(0);
    let mut command = stage.command(["config", "--json", "--data-dir", "d"]);
    command.env_remove("HOME");
    let done = Running::start(command).finish().expect(2);
    assert!(done.last()["error"]["hint"].as_str().unwrap().contains("--config"), "{done:?}");
}

#[test]
fn data_folders_that_cannot_be_made_or_used() {
    let stage = Stage::with_fakes();
    let target = stage.target();
    for data in ["/dev/null", "/proc/nothing/here"] {
        let args = ["run", "x", "-C", target.to_str().unwrap(), "--data-dir", data];
        let message = refused(&stage, &args, 4, "data_folder_unusable");
        assert!(message.contains(data), "{message}");
    }
    // One of somebody else's, or on a disk that cannot be written.
    let data = stage.path("data");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o555)).unwrap();
    let mut command =
        stage.command(["run", "x", "-C", target.to_str().unwrap(), "--json", "--data-dir", "data"]);
    if rustix::process::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    let done = Running::start(command).finish().expect(4);
    assert_eq!(done.last()["error"]["code"], "data_folder_unusable", "{done:?}");
}
