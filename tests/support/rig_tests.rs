//! The sandbox keeps what it promises: no network but loopback, no environment and no home of the caller's.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's own code may stop it")]

use std::fs;
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use mo_tests::{Agent, Duplex, MODEL_PORT, Sandbox, finish, listing};
use serde_json::json;

const LIMIT: Duration = Duration::from_mins(1);

fn sandbox() -> Sandbox {
    Sandbox::with_target(&json!({"rules": [{"steps": [{"text": "hello"}]}]}), "a target ü").unwrap()
}

fn shell(sandbox: &Sandbox, script: &str) -> Command {
    let mut command = sandbox.command("/bin/bash").unwrap();
    command.args(["-c", script]);
    command
}

#[test]
fn only_loopback_is_there_and_only_inside() {
    let sandbox = sandbox();
    let seen = finish(shell(&sandbox, "cat /proc/net/dev; cat /proc/net/route"), LIMIT).unwrap();
    let devices: Vec<&str> =
        seen.stdout.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim()).collect();
    assert_eq!(devices, ["lo"], "{}", seen.stdout);
    // An address of the documentation range: it answers to nobody, and here there is no way to it at all.
    let out = finish(shell(&sandbox, "exec 3<>/dev/tcp/192.0.2.1/80"), LIMIT).unwrap();
    assert!(out.stderr.contains("unreachable"), "{}", out.stderr);
    let talk = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{MODEL_PORT}; printf 'GET / HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\n\\r\\n' >&3; cat <&3"
    );
    let inside = finish(shell(&sandbox, &talk), LIMIT).unwrap();
    assert!(inside.stdout.starts_with("HTTP/1.1 200"), "{} {}", inside.stdout, inside.stderr);
    assert_eq!(sandbox.requests().unwrap().len(), 1);
    assert!(TcpStream::connect(("127.0.0.1", MODEL_PORT)).is_err(), "the model can be reached from outside");
}

#[test]
fn the_environment_and_the_folders_are_its_own() {
    let sandbox = sandbox();
    let seen = finish(shell(&sandbox, "env -0; pwd"), LIMIT).unwrap();
    let (env, pwd) = seen.stdout.rsplit_once('\0').unwrap();
    let mut names: Vec<&str> =
        env.split('\0').filter_map(|pair| pair.split_once('=')).map(|(name, _)| name).collect();
    names.sort_unstable();
    // The last three are bash's own.
    assert_eq!(names, ["HOME", "LANG", "PATH", "PWD", "SHLVL", "TERM", "TMPDIR", "_"]);
    assert_eq!(Path::new(pwd.trim()), sandbox.target());
    assert!(seen.stdout.contains(&format!("HOME={}", sandbox.home().display())));
    assert_eq!(listing(sandbox.target()).unwrap().len(), 0);
}

#[test]
fn a_command_s_pid_is_the_program_s_own() {
    let sandbox = sandbox();
    // A trap that is pending when the input ends still comes before the next command.
    let command = shell(&sandbox, "trap 'exit 7' TERM; echo '{}'; read -r; exit 9");
    let mut child = Duplex::start(command).unwrap();
    child.take().unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.pid()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let (status, _) = child.close().unwrap();
    assert_eq!(status.code(), Some(7));
}

#[test]
fn what_still_runs_is_seen() {
    let sandbox = sandbox();
    assert_eq!(sandbox.processes().unwrap(), []);
    // One in a network namespace of its own and without a parent that waits, as a CLI's own sandbox may leave one.
    // It says itself that it runs: the shell's child is not a process of its own before it is one.
    let script = "unshare -n setsid sh -c 'echo {}; exec sleep 600' & read -r; kill %1";
    let mut child = Duplex::start(shell(&sandbox, script)).unwrap();
    child.take().unwrap();
    let running = sandbox.processes().unwrap();
    assert!(running.len() >= 2 && running.iter().any(|(pid, _)| *pid == child.pid()), "{running:?}");
    child.close().unwrap();
}

#[test]
fn what_does_not_end_is_killed_and_said() {
    let sandbox = sandbox();
    let begun = Instant::now();
    let mut command = sandbox.command("/bin/sleep").unwrap();
    command.arg("600");
    let error = finish(command, Duration::from_millis(300)).unwrap_err().to_string();
    assert!(error.contains("did not end in 300ms"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(30));
    let killed = finish(shell(&sandbox, "kill -9 $$"), LIMIT).unwrap();
    assert_eq!(killed.status.signal(), Some(9));
}

#[test]
fn a_dropped_sandbox_leaves_nothing() {
    let sandbox = sandbox();
    let root = sandbox.root().to_owned();
    drop(sandbox);
    assert!(!root.exists());
    let model = fs::read_dir("/proc").unwrap().filter_map(Result::ok).find(|entry| {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(root.to_str().unwrap())
    });
    assert!(model.is_none(), "{model:?} still runs");
}

#[test]
fn the_config_names_the_pinned_agents_and_the_model() {
    let sandbox = sandbox();
    let path = sandbox.write_config("[session]\nfix_rounds = 1").unwrap();
    let config: toml::Table = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(config["session"]["fix_rounds"].as_integer(), Some(1));
    let url = format!("http://127.0.0.1:{MODEL_PORT}");
    for agent in Agent::ALL {
        let table = &config["agents"][agent.name()];
        assert!(Path::new(table["path"].as_str().unwrap()).is_file());
        assert!(table["env"].as_table().unwrap().len() + table["args"].as_array().unwrap().len() > 1);
        assert!(table.to_string().contains(&url), "{table}");
    }
}

#[test]
fn a_wrong_script_is_said_at_once() {
    let error = Sandbox::new(&json!({"rules": [{"steps": []}]})).unwrap_err().to_string();
    assert!(error.contains("did not start"), "{error}");
}
