//! Owners of children: one to be killed, one to have its memory looked at.

use std::future::pending;

use mo_process::{Child, LaunchCommand, Line, LineBatch, ShimSpawner, Spawner as _};

use crate::Outcome;

/// Starts a runaway and waits for its own violent end.
pub(crate) fn own(shape: &str, fifo: &str) -> Outcome {
    runtime()?.block_on(async {
        let command = LaunchCommand::new(std::env::current_exe()?, "/").args(["tree", shape, fifo]);
        let _child = ShimSpawner::of_this_program()?.spawn(command).await?;
        pending().await
    })
}

/// The same with a shell script, to which `$0` is the FIFO.
pub(crate) fn own_script(script: &str, fifo: &str) -> Outcome {
    runtime()?.block_on(async {
        let command =
            LaunchCommand::new("/bin/sh", "/").args(["-c", script, fifo]).env("PATH", "/usr/bin:/bin");
        let _child = ShimSpawner::of_this_program()?.spawn(command).await?;
        pending().await
    })
}

/// Reads one line of so many bytes and prints what was delivered and the peak of its own resident memory in KiB.
pub(crate) fn swallow(bytes: &str) -> Outcome {
    runtime()?.block_on(async {
        let command =
            LaunchCommand::new("head", "/").args(["-c", bytes, "/dev/zero"]).env("PATH", "/usr/bin:/bin");
        let child = ShimSpawner::of_this_program()?.spawn(command).await?;
        let Child { mut stdout, control, .. } = child;
        let mut batch = LineBatch::new();
        let mut delivered = String::from("nothing");
        while stdout.next_batch(&mut batch).await? {
            for line in batch.lines() {
                delivered = match line {
                    Line::Whole(whole) => format!("whole {}", whole.len()),
                    Line::TooLong { excerpt, total_bytes } => format!("long {} {total_bytes}", excerpt.len()),
                };
            }
        }
        control.wait().await;
        let status = std::fs::read_to_string("/proc/self/status")?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
        let peak = peak.trim().trim_end_matches(" kB");
        write(&format!("{delivered}\n{peak}\n"))
    })
}

/// Reads so many lines of 300 bytes and prints how long it took.
pub(crate) fn count_lines(count: &str) -> Outcome {
    runtime()?.block_on(async {
        let script = format!("yes {} | head -n {count}", "x".repeat(299));
        let command = LaunchCommand::new("/bin/sh", "/").args(["-c", &script]).env("PATH", "/usr/bin:/bin");
        let mut child = ShimSpawner::of_this_program()?.spawn(command).await?;
        let begun = std::time::Instant::now();
        let (mut batch, mut lines, mut bytes) = (LineBatch::new(), 0, 0);
        while child.stdout.next_batch(&mut batch).await? {
            lines += batch.len();
            bytes += batch
                .lines()
                .map(|line| if let Line::Whole(whole) = line { whole.len() } else { 0 })
                .sum::<usize>();
        }
        write(&format!("{lines} lines, {bytes} bytes in {:?}\n", begun.elapsed()))
    })
}

pub(crate) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

pub(crate) fn write(text: &str) -> Outcome {
    use std::io::Write as _;
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
