//! The shim: starts one agent, is the reaper of everything below it, and ends when nothing is left.
//!
//! It is a subreaper: what loses its parent becomes its child. So whatever an agent does (double fork, new
//! session, ignored signals) ends up here. What is left is killed when the owner says so or is gone (the socket
//! ends), and a short time after the agent's own end. Measured before: process groups catch none of the
//! runaways, a scan of parent ids 26 of 30, walking `children` files 30 of 30.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};
use rustix::process::{
    getpid, kill_process, set_child_subreaper, set_parent_process_death_signal, setsid, wait,
};

use crate::exit::AgentExit;
use crate::os;
use crate::proc_tree;
use crate::shim_launch::{announce, launch, receive, tell};
use crate::strike::{Suspect, strike};
use crate::wire::{Stage, Status};

/// After this long of killing, the owner is told that something does not die. It is tried on.
const STUCK_AFTER: Duration = Duration::from_secs(2);
/// Time to the next round of killing when nothing has died since the last: doubles up to the maximum.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The whole life of a shim. Its exit code only matters to who debugs it: 0 all buried, 1 the agent did not start, 2 not called as a shim should be.
pub(crate) fn run() -> i32 {
    let Ok(socket) = os::take_stdin() else { return 2 };
    // Refused only to a leader of a process group, which is then apart already.
    let _ = setsid();
    let set_up = || -> io::Result<OwnedFd> {
        // Stopped by what it watches, it would miss the death of its owner.
        set_parent_process_death_signal(Some(Signal::CONT))?;
        set_child_subreaper(Some(getpid()))?;
        os::heed_only_children()
    };
    let (signals, request, files) = match (set_up(), receive(&socket)) {
        (Ok(signals), Ok((request, files))) => (signals, request, files),
        (Err(error), _) | (_, Err(error)) => {
            tell(&socket, Status::Failed { stage: Stage::Shim, errno: error.raw_os_error().unwrap_or(0) });
            return 2;
        }
    };
    let agent = match launch(&request, files) {
        Ok(child) => i32::try_from(child.id()).ok().and_then(proc_tree::number),
        Err((stage, error)) => {
            tell(&socket, Status::Failed { stage, errno: error.raw_os_error().unwrap_or(0) });
            return 1;
        }
    };
    let linger = request.linger;
    // Neither arguments nor environment of the agent are needed any more.
    drop(request);
    // From here on something runs: whatever goes wrong, it must be buried. Above all the owner may be gone already.
    let announced = agent.is_some_and(|agent| announce(&socket, agent).is_ok());
    let mut shim = Shim { socket, signals, agent, linger, agent_ended: None, told_stuck: false };
    if announced {
        shim.watch();
    }
    shim.bury();
    0
}

struct Shim {
    socket: OwnedFd,
    signals: OwnedFd,
    agent: Option<Pid>,
    linger: Duration,
    agent_ended: Option<Instant>,
    told_stuck: bool,
}

enum Reaped {
    /// No child is left.
    Last,
    Some,
    None,
}

impl Shim {
    /// Reaps what ends, until it is time to kill or nothing is left.
    fn watch(&mut self) {
        loop {
            if matches!(self.reap(), Reaped::Last) {
                return;
            }
            let left = self.agent_ended.map(|end| self.linger.saturating_sub(end.elapsed()));
            if left.is_some_and(|left| left.is_zero()) || self.rest(left, true) {
                return;
            }
        }
    }

    /// Kills round after round until nothing is left, and says so.
    fn bury(&mut self) {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            kill_round();
            match self.reap() {
                Reaped::Last => break,
                Reaped::Some => pause = FIRST_PAUSE,
                Reaped::None => {
                    self.rest(Some(pause), false);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
            if !self.told_stuck && begun.elapsed() > STUCK_AFTER {
                self.told_stuck = true;
                tell(&self.socket, Status::Stuck);
            }
        }
        let (peak_rss_kib, cpu_ms) = os::reaped_usage();
        tell(&self.socket, Status::Empty { peak_rss_kib, cpu_ms });
    }

    /// Sleeps until a child ends, the time is over or, if `listen`, the owner is gone. True in the last case.
    fn rest(&self, time: Option<Duration>, listen: bool) -> bool {
        let time = time.and_then(|time| Timespec::try_from(time).ok());
        let mut files = [
            PollFd::new(&self.signals, PollFlags::IN),
            PollFd::from_borrowed_fd(self.socket.as_fd(), PollFlags::IN),
        ];
        let watched = if listen { 2 } else { 1 };
        if poll(&mut files[..watched], time.as_ref()).is_err() {
            return false;
        }
        let [signals, socket] = files.map(|file| !file.revents().is_empty());
        if signals {
            os::take_notices(&self.signals);
        }
        // The owner has nothing to say after its request: whatever comes is the end.
        socket
    }

    fn reap(&mut self) -> Reaped {
        let mut reaped = Reaped::None;
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => {
                    reaped = Reaped::Some;
                    if Some(pid) == self.agent && self.agent_ended.is_none() {
                        self.agent_ended = Some(Instant::now());
                        tell(&self.socket, Status::Exited(exit_of(status)));
                    }
                }
                Ok(None) => return reaped,
                Err(Errno::INTR) => {}
                // ECHILD: there is none any more. Nothing else can happen with these arguments.
                Err(_) => return Reaped::Last,
            }
        }
    }
}

fn exit_of(status: WaitStatus) -> AgentExit {
    AgentExit { code: status.exit_status(), signal: status.terminating_signal() }
}

/// Kills every process below this one that it can see.
fn kill_round() {
    let me = getpid().as_raw_nonzero().get();
    let mut own = Vec::new();
    proc_tree::children(me, &mut own);
    let mut below = Vec::new();
    let mut kids = Vec::new();
    // Own children first and quickest: a runaway that forks and ends is caught here or not at all. Their numbers
    // cannot mean others, since nobody but us reaps them and we do not now.
    for child in own {
        proc_tree::children(child, &mut kids);
        below.extend(kids.drain(..).map(|kid| Suspect { pid: kid, parent: child }));
        if let Some(pid) = proc_tree::number(child) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
    strike(below, me, Signal::KILL, drop);
}
