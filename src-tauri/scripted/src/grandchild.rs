//! A process that outlives its agent: what supervision must find and end.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::io::{FdFlags, fcntl_setfd};

use crate::script::Grandchild;

const HYDRA_EVERY: Duration = Duration::from_millis(20);

/// A FIFO that is open for writing in the agent and in everything that descends from it.
pub(crate) struct Witness(File);

impl Witness {
    /// Opens it, and says that the agent has.
    pub(crate) fn open(path: &str) -> io::Result<Self> {
        let mut file = File::options().write(true).open(path)?;
        fcntl_setfd(&file, FdFlags::empty())?;
        file.write_all(b"r")?;
        Ok(Self(file))
    }
}

/// Starts it from the running binary, by way of [`crate::reexec_entry`].
pub(crate) fn start(grandchild: Grandchild, witness: Option<&Witness>) -> io::Result<()> {
    let part = if grandchild.double_fork { "between" } else { "stay" };
    let held = witness.map(|witness| witness.0.as_raw_fd().to_string()).unwrap_or_default();
    let mut child = command(grandchild, part, &held)?.spawn()?;
    if grandchild.double_fork {
        // The child in between starts the real one and ends at once.
        child.wait()?;
    }
    Ok(())
}

/// `held`: the number of the inherited file to say in that it is set up, or nothing.
fn command(grandchild: Grandchild, part: &str, held: &str) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["__scripted", "__grandchild", part]);
    command.arg(serde_json::to_string(&grandchild)?).arg(held);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command.stdout(if grandchild.holds_stdout { Stdio::inherit() } else { Stdio::null() });
    Ok(command)
}

/// The life of a grandchild; its exit code.
pub(crate) fn live(args: &[String]) -> i32 {
    let (Some(part), Some(Ok(grandchild)), Some(held)) =
        (args.first(), args.get(1).map(|text| serde_json::from_str::<Grandchild>(text)), args.get(2))
    else {
        return 2;
    };
    if part == "between" {
        return i32::from(command(grandchild, "stay", held).and_then(|mut next| next.spawn()).is_err());
    }
    if grandchild.setsid {
        // A process that leads a session already stays in it.
        let _already = rustix::process::setsid();
    }
    if !held.is_empty() && report(held).is_err() {
        return 2;
    }
    let life = Duration::from_millis(grandchild.live_ms);
    if !grandchild.hydra {
        std::thread::sleep(life);
        return 0;
    }
    hydra(grandchild, life)
}

fn report(held: &str) -> io::Result<()> {
    File::options().write(true).open(format!("/proc/self/fd/{held}"))?.write_all(b"r")
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
    let spawned = command(rest, "stay", "").and_then(|mut next| {
        next.process_group(0);
        next.spawn()
    });
    i32::from(spawned.is_err())
}
