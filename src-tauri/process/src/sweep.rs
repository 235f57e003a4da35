//! What a former run has left behind, found again by its recorded identity and killed.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::identity::ProcessIdentity;
use crate::proc_tree;
use crate::strike::{Suspect, strike};

/// How long the killed get to be gone.
const LIMIT: Duration = Duration::from_secs(2);

/// What a sweep found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Still there, and killed with everything below them.
    pub killed: Vec<ProcessIdentity>,
    /// Ended before; their numbers may belong to others by now, who were left alone.
    pub gone: Vec<ProcessIdentity>,
    /// Still there after all: not ours to kill, or deep in the kernel.
    pub left: Vec<ProcessIdentity>,
    /// How many processes below the recorded ones were killed with them.
    pub below: usize,
}

/// Kills the recorded processes and everything below them. Blocks for at most two seconds.
///
/// A process counts as the recorded one only if number and start time agree; it is held by a handle before the
/// comparison and signalled through it. Drop identities of another boot before: see [`crate::boot_id`]. Shims end
/// by themselves when their owner does, so at a start there is normally nothing to find; give it the shims *and*
/// the agents all the same.
pub fn sweep(identities: &[ProcessIdentity]) -> SweepReport {
    let mut report = SweepReport::default();
    let mut struck = Vec::new();
    for &identity in identities {
        let Some(handle) = hold(identity) else {
            report.gone.push(identity);
            continue;
        };
        let mut below = Vec::new();
        // Stopped, it starts nothing more while its children are collected.
        let stopped = pidfd_send_signal(&handle, Signal::STOP).is_ok();
        let mut kids = Vec::new();
        proc_tree::children(identity.pid, &mut kids);
        if stopped {
            let kids = kids.iter().map(|&pid| Suspect { pid, parent: identity.pid }).collect();
            strike(kids, identity.pid, Signal::STOP, |handle| below.push(handle));
        }
        for handle in below.iter().chain([&handle]) {
            // Fails for one that has just ended, and for one that is not ours: the wait below tells them apart.
            let _ = pidfd_send_signal(handle, Signal::KILL);
        }
        report.below += below.len();
        struck.push((identity, handle));
    }
    let deadline = Instant::now() + LIMIT;
    for (identity, handle) in struck {
        if ended_by(&handle, deadline) {
            report.killed.push(identity);
        } else {
            report.left.push(identity);
        }
    }
    report
}

/// A handle on exactly that process, `None` when it is gone.
fn hold(identity: ProcessIdentity) -> Option<OwnedFd> {
    let handle = pidfd_open(proc_tree::number(identity.pid)?, PidfdFlags::empty()).ok()?;
    let alive = || !ended_by(&handle, Instant::now());
    // Alive after its start time was read: so what was read is of the process that the handle holds.
    (proc_tree::identity(identity.pid).ok()? == identity && alive()).then_some(handle)
}

/// Whether the process has ended by then; a handle becomes readable at that moment.
pub(crate) fn ended_by(handle: &OwnedFd, deadline: Instant) -> bool {
    loop {
        let left = Timespec::try_from(deadline.saturating_duration_since(Instant::now())).ok();
        match poll(&mut [PollFd::new(handle, PollFlags::IN)], left.as_ref()) {
            Err(rustix::io::Errno::INTR) => {}
            result => return result.is_ok_and(|ready| ready > 0),
        }
    }
}
