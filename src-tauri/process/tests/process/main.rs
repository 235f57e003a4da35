//! Real processes: what a launch passes on, what comes out, how it ends, and that nothing survives.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, and so do its shared parts")]

mod endings;
mod fifo;
mod input;
mod launching;
mod output;
mod probing;
mod refusals;
mod resources;
mod survivors;
mod sweeping;

use std::time::Duration;

use mo_process::{Child, LaunchCommand, Line, LineBatch, LineReader, ShimSpawner, Spawner as _};

/// Far more than anything here takes; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

fn probe_program() -> &'static str {
    env!("CARGO_BIN_EXE_process-probe")
}

fn spawner() -> ShimSpawner {
    ShimSpawner::new(probe_program())
}

/// A shell script.
fn sh(script: &str) -> LaunchCommand {
    LaunchCommand::new("/bin/sh", "/").args(["-c", script]).env("PATH", "/usr/bin:/bin")
}

async fn start(command: LaunchCommand) -> Child {
    spawner().spawn(command).await.unwrap()
}

/// All lines up to the end, as text; a line that is too long as `<too long N>`.
async fn lines(reader: &mut LineReader) -> Vec<String> {
    let mut all = Vec::new();
    let mut batch = LineBatch::new();
    while soon(reader.next_batch(&mut batch)).await.unwrap() {
        all.extend(batch.lines().map(|line| match line {
            Line::Whole(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Line::TooLong { total_bytes, .. } => format!("<too long {total_bytes}>"),
        }));
    }
    all
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("this should have taken a moment"))
}
