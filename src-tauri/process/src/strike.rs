//! Signals to a whole tree of processes, without ever hitting one that is not part of it.

use std::os::fd::OwnedFd;

use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::proc_tree;

/// A process that was seen as the child of another one. Its number may mean another by the time one looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Suspect {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
}

/// Sends `signal` to the suspects and everything below them, parents first; each handle then goes to `keep`.
///
/// A suspect is only hit when, held by a handle, it is still the child of that parent, or of `reaper`, to whom
/// those go whose parent has ended. Its own children count only if the handle still means it after they were read.
pub(crate) fn strike(mut suspects: Vec<Suspect>, reaper: i32, signal: Signal, mut keep: impl FnMut(OwnedFd)) {
    let mut kids = Vec::new();
    while let Some(Suspect { pid, parent }) = suspects.pop() {
        let Some(number) = proc_tree::number(pid) else { continue };
        let Ok(handle) = pidfd_open(number, PidfdFlags::empty()) else { continue };
        let Ok(stat) = proc_tree::stat(pid) else { continue };
        if stat.parent != parent && stat.parent != reaper {
            continue;
        }
        kids.clear();
        proc_tree::children(pid, &mut kids);
        if pidfd_send_signal(&handle, signal).is_ok() {
            suspects.extend(kids.iter().map(|&kid| Suspect { pid: kid, parent: pid }));
            keep(handle);
        }
    }
}
