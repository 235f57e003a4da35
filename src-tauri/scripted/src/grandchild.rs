//! A process that outlives its agent: what supervision must find and end.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::script::Grandchild;

const HYDRA_EVERY: Duration = Duration::from_millis(20);

/// Starts it from the running binary, by way of [`crate::reexec_entry`].
pub(crate) fn start(grandchild: Grandchild) -> io::Result<()> {
    let mut command = command(grandchild, grandchild.double_fork)?;
    let mut child = command.spawn()?;
    if grandchild.double_fork {
        // The child in between starts the real one and ends at once.
        child.wait()?;
    }
    Ok(())
}

fn command(grandchild: Grandchild, between: bool) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["__scripted", "__grandchild", if between { "between" } else { "stay" }]);
    command.arg(serde_json::to_string(&grandchild)?);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command.stdout(if grandchild.holds_stdout { Stdio::inherit() } else { Stdio::null() });
    Ok(command)
}

/// The life of a grandchild; its exit code.
pub(crate) fn live(args: &[String]) -> i32 {
    let (Some(part), Some(Ok(grandchild))) =
        (args.first(), args.get(1).map(|text| serde_json::from_str::<Grandchild>(text)))
    else {
        return 2;
    };
    if part == "between" {
        return i32::from(command(grandchild, false).and_then(|mut next| next.spawn()).is_err());
    }
    if grandchild.setsid {
        // A process that leads a session already stays in it.
        let _already = rustix::process::setsid();
    }
    let life = Duration::from_millis(grandchild.live_ms);
    if !grandchild.hydra {
        std::thread::sleep(life);
        return 0;
    }
    hydra(grandchild, life)
}

/// Lives on in a new process every few milliseconds.
fn hydra(grandchild: Grandchild, life: Duration) -> i32 {
    let started = Instant::now();
    std::thread::sleep(HYDRA_EVERY.min(life));
    let left = life.saturating_sub(started.elapsed());
    if left.is_zero() {
        return 0;
    }
    let rest = Grandchild { live_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX), ..grandchild };
    let spawned = command(rest, false).and_then(|mut next| {
        next.process_group(0);
        next.spawn()
    });
    i32::from(spawned.is_err())
}
