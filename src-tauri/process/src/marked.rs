//! The last resort when somebody has killed a shim: nobody is the reaper any more of what its agent started, and who
//! left the agent's tree belongs to nobody. What is left is known by a mark that every launch has in its environment.
//!
//! Found are all that kept their environment. One that took care to drop it and was not below the agent any more when
//! the shim died stays: only a PID namespace would hold that one.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal};

use crate::identity::ProcessIdentity;
use crate::proc_tree;
use crate::sweep::ended_by;

/// The variable that holds the mark of a launch.
pub(crate) const MARK: &str = "META_ORCHESTRATOR_LAUNCH";
/// How long is hunted for, and how long the killed get to be gone.
const LIMIT: Duration = Duration::from_secs(5);
/// A process shows no environment while it becomes another program. So one look that finds nobody is no proof, and the
/// looks after it come later and later: on a busy machine that one may have to wait for its turn. Half a second in all.
const LOOKS: u32 = 7;
const PAUSE: Duration = Duration::from_millis(2);

/// A mark that no other launch of this boot has.
///
/// # Errors
/// When `/proc` is not mounted.
pub(crate) fn fresh() -> io::Result<Mark> {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let ProcessIdentity { pid, start_time } = ProcessIdentity::of_this_process()?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    Ok(Mark { value: format!("{pid}.{start_time}.{number}"), since: start_time })
}

/// The mark of one launch.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    /// The variable's value.
    pub(crate) value: String,
    /// Nobody who carries it has started before this process.
    since: u64,
}

/// What was left of a launch without its shim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hunt {
    /// How many were killed.
    pub(crate) killed: usize,
    /// Whether some were still there at the end.
    pub(crate) left: bool,
}

impl Mark {
    /// Kills all who carry it, and those whom they start meanwhile. Blocks for some seconds at most.
    pub(crate) fn hunt(&self) -> Hunt {
        let deadline = Instant::now() + LIMIT;
        let mut struck = Vec::new();
        let mut quiet = 0;
        while quiet < LOOKS && Instant::now() < deadline {
            let before = struck.len();
            self.strike(&mut struck);
            quiet = if struck.len() == before { quiet + 1 } else { 0 };
            if quiet > 0 {
                std::thread::sleep(PAUSE * (1 << quiet));
            }
        }
        let killed = struck.len();
        Hunt { killed, left: quiet < LOOKS || !struck.iter().all(|handle| ended_by(handle, deadline)) }
    }

    /// One look at every process: each that carries the mark is killed.
    fn strike(&self, struck: &mut Vec<OwnedFd>) {
        let Ok(processes) = fs::read_dir("/proc") else { return };
        let me = getpid().as_raw_nonzero().get();
        for process in processes.flatten() {
            let pid = process.file_name().to_str().and_then(|name| name.parse::<i32>().ok());
            let Some(pid) = pid.filter(|pid| *pid != me) else { continue };
            // Held before it is looked at, and alive after: so what was seen is of the process that is held.
            let Some(handle) = proc_tree::number(pid).and_then(|n| pidfd_open(n, PidfdFlags::empty()).ok())
            else {
                continue;
            };
            if proc_tree::stat(pid).is_ok_and(|stat| stat.start_time >= self.since)
                && self.is_on(pid)
                && !ended_by(&handle, Instant::now())
                && pidfd_send_signal(&handle, Signal::KILL).is_ok()
            {
                struck.push(handle);
            }
        }
    }

    fn is_on(&self, pid: i32) -> bool {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| {
            variable
                .strip_prefix(MARK.as_bytes())
                .and_then(|rest| rest.strip_prefix(b"="))
                .is_some_and(|value| value == self.value.as_bytes())
        })
    }
}
