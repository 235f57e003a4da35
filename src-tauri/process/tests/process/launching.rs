//! What an agent starts with: exactly what was said, and nothing more.

use std::fs;

use mo_process::{Child, LaunchCommand, LineBatch, ProcessIdentity, Signal, StdinMode, StdoutMode};

use crate::{lines, sh, soon, start};

#[tokio::test]
async fn the_environment_is_the_one_given() {
    let command = LaunchCommand::new("/usr/bin/env", "/").env("ONE", "1").env("ODD", "a=b c\nd");
    let mut child = start(command).await;
    let mut seen = lines(&mut child.stdout).await;
    seen.sort();
    let mark = seen.remove(0);
    assert!(mark.starts_with("META_ORCHESTRATOR_LAUNCH="), "{mark}");
    assert_eq!(seen, ["ODD=a=b c", "ONE=1", "d"]);
    assert_eq!(soon(child.control.wait()).await.code, Some(0));
}

#[tokio::test]
async fn arguments_and_directory_arrive_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().canonicalize().unwrap();
    let command = LaunchCommand::new("/bin/sh", &place)
        .args(["-c", r#"pwd; printf '%s|' "$@""#, "sh", "", "a b", "--", "$HOME", "é"])
        .env("PATH", "/bin");
    let mut child = start(command).await;
    assert_eq!(lines(&mut child.stdout).await, [place.to_str().unwrap(), "|a b|--|$HOME|é|"]);
}

#[tokio::test]
async fn no_file_leaks_and_signals_are_fresh() {
    let folder = tempfile::tempdir().unwrap();
    // Left open on purpose, without the mark that closes it: as a library of somebody's might.
    let leak = fs::File::create(folder.path().join("leak")).unwrap();
    rustix::io::fcntl_setfd(&leak, rustix::io::FdFlags::empty()).unwrap();
    let mut child = start(LaunchCommand::new("/bin/ls", "/").args(["/proc/self/fd"])).await;
    // The fourth is the folder that `ls` itself reads.
    assert_eq!(lines(&mut child.stdout).await, ["0", "1", "2", "3"]);
    rustix::io::fcntl_setfd(&leak, rustix::io::FdFlags::CLOEXEC).unwrap();

    let mut child = start(LaunchCommand::new("/bin/cat", "/").args(["/proc/self/status"])).await;
    let status = lines(&mut child.stdout).await;
    for set in ["SigBlk:", "SigIgn:"] {
        let line = status.iter().find(|line| line.starts_with(set)).unwrap();
        assert!(line.ends_with("\t0000000000000000"), "{line}");
    }
}

#[tokio::test]
async fn the_agent_leads_a_session_of_its_own() {
    let mut child = start(sh("cut -d' ' -f5,6 /proc/$$/stat; echo $$")).await;
    let pid = child.identity.pid.to_string();
    assert_eq!(lines(&mut child.stdout).await, [format!("{pid} {pid}"), pid]);
}

#[tokio::test]
async fn identities_are_those_of_the_running_processes() {
    let child = start(sh("exec sleep 60")).await;
    assert_eq!(ProcessIdentity::of(child.identity.pid).unwrap(), child.identity);
    assert_eq!(ProcessIdentity::of(child.shim.pid).unwrap(), child.shim);
    assert_eq!(child.control.identity(), child.identity);
    assert!(ProcessIdentity::of_this_process().unwrap().exists());
    assert!(child.identity.exists());
    child.control.signal(Signal::Kill).unwrap();
    soon(child.control.wait()).await;
    assert!(!child.identity.exists());
    assert!(!ProcessIdentity { start_time: 1, ..ProcessIdentity::of_this_process().unwrap() }.exists());
    assert!(!mo_process::boot_id().unwrap().is_empty());
}

#[tokio::test]
async fn secrets_are_in_no_command_line_nor_in_the_shim() {
    let command = sh("echo up; read line").env("API_KEY", "sk-very-secret").stdin(StdinMode::Piped);
    assert!(!format!("{command:?}").contains("very-secret"));
    let mut child = start(command).await;
    assert!(soon(child.stdout.next_batch(&mut LineBatch::new())).await.unwrap());
    let of = |pid: i32, file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap();
    let has = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).contains("very-secret");
    assert!(has(of(child.identity.pid, "environ")), "the agent has it");
    assert!(!has(of(child.identity.pid, "cmdline")));
    assert!(!has(of(child.shim.pid, "cmdline")));
    assert!(!has(of(child.shim.pid, "environ")));
}

#[tokio::test]
async fn an_input_that_is_not_piped_is_empty() {
    let mut child = start(sh("cat; echo end")).await;
    assert_eq!(lines(&mut child.stdout).await, ["end"]);
    assert!(child.stdin.write(b"x".to_vec()).await.is_err());
}

#[tokio::test]
async fn many_at_once() {
    let launches: Vec<_> = (0..20).map(|n| tokio::spawn(start(sh(&format!("echo {n}; exit {n}"))))).collect();
    for (n, launch) in launches.into_iter().enumerate() {
        let Child { mut stdout, control, .. } = launch.await.unwrap();
        assert_eq!(lines(&mut stdout).await, [n.to_string()]);
        assert_eq!(soon(control.wait()).await.code, Some(i32::try_from(n).unwrap()));
    }
}

#[tokio::test]
async fn a_request_larger_than_any_socket_buffer_arrives() {
    let command = sh("printf %s \"$BIG1$BIG2$BIG3$BIG4$BIG5$BIG6$BIG7$BIG8\" | wc -c");
    let big = "x".repeat(120_000);
    let command = (1..=8).fold(command, |command, n| command.env(format!("BIG{n}"), &big));
    let mut child = start(command.stdout(StdoutMode::Pipe)).await;
    assert_eq!(lines(&mut child.stdout).await, ["960000"]);
}
