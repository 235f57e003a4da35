//! What a child writes: all of it, in order, live, and in bounded memory.

use std::fs;
use std::process::Command;
use std::sync::{Arc, Mutex};

use mo_process::{Line, LineBatch, RawSink, Signal, StdinMode, StdoutMode};

use crate::{lines, probe_program, sh, soon, start};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl RawSink for Kept {
    fn write(&mut self, bytes: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(bytes);
    }
}

#[tokio::test]
async fn both_outputs_are_kept_byte_for_byte() {
    let (out, err) = (Kept::default(), Kept::default());
    let mut command = sh(r"printf 'a\r\n\377\n\nend'; printf 'w\000arn' >&2");
    command.stdout_sink = Some(Box::new(out.clone()));
    command.stderr_sink = Some(Box::new(err.clone()));
    let mut child = start(command).await;
    assert_eq!(lines(&mut child.stdout).await, ["a", "\u{fffd}", "", "end"]);
    soon(child.stderr.ended()).await;
    assert_eq!(child.stderr.tail(), b"w\0arn");
    assert_eq!(*out.0.lock().unwrap(), b"a\r\n\xff\n\nend");
    assert_eq!(*err.0.lock().unwrap(), b"w\0arn");
}

#[tokio::test]
async fn a_line_beyond_the_limit_is_shown_short_and_kept_whole() {
    let kept = Kept::default();
    let mut command = sh("echo one; head -c 100000 /dev/zero; echo; echo two");
    command.max_line = 4096;
    command.stdout_sink = Some(Box::new(kept.clone()));
    let mut child = start(command).await;
    assert_eq!(lines(&mut child.stdout).await, ["one", "<too long 100000>", "two"]);
    assert_eq!(kept.0.lock().unwrap().len(), 4 + 100_001 + 4);
}

fn swallow(bytes: &str) {
    let output = Command::new(probe_program()).args(["swallow", bytes]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (line, peak) = text.trim_end().split_once('\n').unwrap();
    assert_eq!(line, format!("long 512 {bytes}"));
    let peak: u64 = peak.parse().unwrap();
    assert!(peak < 20_000, "peak of {peak} KiB");
}

#[test]
fn a_huge_line_costs_little_memory() {
    swallow("268435456");
}

#[test]
fn a_line_of_two_gigabytes_costs_little_memory() {
    if std::env::var_os("MO_LONG").is_some() {
        swallow("2147483648");
    }
}

#[tokio::test]
async fn the_end_of_output_is_not_the_end_of_the_process() {
    let mut child = start(sh("echo out; exec >&- 2>&-; read line").stdin(StdinMode::Piped)).await;
    assert_eq!(lines(&mut child.stdout).await, ["out"]);
    assert!(child.identity.exists(), "it has closed its output and stays");
    child.control.signal(Signal::Interrupt).unwrap();
    let exit = soon(child.control.wait()).await;
    assert_eq!((exit.code, exit.signal), (None, Some(2)));
}

#[tokio::test]
async fn who_keeps_the_output_of_an_ended_agent_does_not_hold_us_up() {
    let mut child = start(sh("setsid sleep 60 & echo out; exit 3")).await;
    let agent = soon(child.control.agent_exited()).await.unwrap();
    assert_eq!(agent.code, Some(3));
    // This ends only because the one that holds the pipe is killed.
    assert_eq!(lines(&mut child.stdout).await, ["out"]);
    let exit = soon(child.control.wait()).await;
    assert!(exit.tree_empty && exit.code == Some(3), "{exit:?}");
}

#[tokio::test]
async fn a_file_is_read_while_it_grows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.jsonl");
    fs::write(&path, "of a launch before\n").unwrap();
    let kept = Kept::default();
    let script =
        "echo one; read line; echo $line; printf 'left'; setsid sh -c 'sleep 0.05; echo \" over\"' &";
    let mut command = sh(script).stdin(StdinMode::Piped).stdout(StdoutMode::File(path.clone()));
    command.stdout_sink = Some(Box::new(kept.clone()));
    let mut child = start(command).await;
    let mut batch = LineBatch::new();
    assert!(soon(child.stdout.next_batch(&mut batch)).await.unwrap());
    assert_eq!(batch.lines().collect::<Vec<_>>(), [Line::Whole(b"one")], "live, before the end");
    child.stdin.write(b"two\n".to_vec()).await.unwrap();
    // What a descendant adds after the agent's end belongs to it too.
    assert_eq!(lines(&mut child.stdout).await, ["two", "left over"]);
    assert!(soon(child.control.wait()).await.tree_empty);
    assert_eq!(fs::read(&path).unwrap(), b"of a launch before\none\ntwo\nleft over\n");
    assert_eq!(*kept.0.lock().unwrap(), b"one\ntwo\nleft over\n");
}

#[tokio::test]
async fn a_new_output_file_is_private_and_large_output_is_whole() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let mut child = start(sh("seq 300000").stdout(StdoutMode::File(path.clone()))).await;
    let mut batch = LineBatch::new();
    let mut next = 1_u32;
    while soon(child.stdout.next_batch(&mut batch)).await.unwrap() {
        for line in batch.lines() {
            assert_eq!(line, Line::Whole(next.to_string().as_bytes()));
            next += 1;
        }
    }
    assert_eq!(next, 300_001);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn who_does_not_read_makes_the_child_wait() {
    // The child says on standard error when it has written all: it cannot before we read.
    let mut child = start(sh("seq 200000; echo done >&2; read line").stdin(StdinMode::Piped)).await;
    let mut batch = LineBatch::new();
    assert!(soon(child.stdout.next_batch(&mut batch)).await.unwrap());
    assert_eq!(child.stderr.total_bytes(), 0, "1.3 MB do not fit into a pipe");
    child.stdin.close();
    let rest = lines(&mut child.stdout).await;
    assert_eq!(rest.last().map(String::as_str), Some("200000"));
    soon(child.stderr.ended()).await;
    assert_eq!(child.stderr.tail(), b"done\n");
}
