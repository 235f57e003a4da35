//! The handle on a running tree of processes: signals to the agent, its end, and the end of all of it.

use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use tokio::net::UnixStream;
use tokio::sync::{Notify, watch};

use crate::error::SignalError;
use crate::exit::{AgentExit, Exit, Phase};
use crate::identity::ProcessIdentity;

/// What an agent can be told without its protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: stop what you are doing.
    Interrupt,
    /// SIGTERM: end.
    Terminate,
    /// SIGKILL: the agent alone; what it has started follows after the linger time.
    Kill,
}

/// Handle on a launch. Clones are the same handle; dropping the last one kills the whole tree.
#[derive(Clone)]
pub struct Control {
    lifeline: Arc<Lifeline>,
    agent: Arc<OwnedFd>,
    identity: ProcessIdentity,
    phase: watch::Receiver<Phase>,
}

/// Our end of the socket to the shim: when it closes, the shim kills everything.
struct Lifeline {
    socket: Arc<UnixStream>,
    /// Tells the supervision that it was cut: a shim that its own agent has stopped hears nothing.
    cut: Arc<Notify>,
}

impl Lifeline {
    fn cut(&self) {
        // Fails only when the shim is gone already.
        let _ = rustix::net::shutdown(self.socket.as_fd(), rustix::net::Shutdown::Write);
        self.cut.notify_one();
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        self.cut();
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("identity", &self.identity)
            .field("phase", &*self.phase.borrow())
            .finish_non_exhaustive()
    }
}

impl Control {
    #[cfg(target_os = "linux")]
    pub(crate) fn new(
        socket: Arc<UnixStream>,
        cut: Arc<Notify>,
        agent: Arc<OwnedFd>,
        identity: ProcessIdentity,
        phase: watch::Receiver<Phase>,
    ) -> Self {
        Self { lifeline: Arc::new(Lifeline { socket, cut }), agent, identity, phase }
    }

    /// The agent's identity.
    pub fn identity(&self) -> ProcessIdentity {
        self.identity
    }

    /// Sends a signal to the agent's process, never to another one that has got its pid since.
    ///
    /// # Errors
    /// [`SignalError::Ended`] when the agent has ended.
    pub fn signal(&self, signal: Signal) -> Result<(), SignalError> {
        if self.phase.borrow().agent.is_some() {
            return Err(SignalError::Ended);
        }
        send(&self.agent, signal).map_err(|errno| match errno {
            Errno::SRCH => SignalError::Ended,
            other => SignalError::Refused { source: other.into() },
        })
    }

    /// Kills the agent and everything that it has started. Returns at once; [`Self::wait`] says when it is done.
    pub fn kill_tree(&self) {
        self.lifeline.cut();
    }

    /// Waits until the agent itself has ended; descendants may live on for the linger time.
    /// `None` when supervision was lost, so that it is not known how it ended.
    pub async fn agent_exited(&self) -> Option<AgentExit> {
        let mut phase = self.phase.clone();
        match phase.wait_for(|phase| phase.agent.is_some() || phase.settled()).await {
            Ok(phase) => phase.agent,
            Err(_) => None,
        }
    }

    /// Waits until nothing of the tree is left, or until it is known that this cannot be had:
    /// [`Exit::tree_empty`] tells. Any number of tasks may wait, now or later.
    pub async fn wait(&self) -> Exit {
        let mut phase = self.phase.clone();
        match phase.wait_for(Phase::settled).await {
            Ok(phase) => phase.exit(),
            // The supervising task went down with its runtime: no more is known than this.
            Err(_) => self.phase.borrow().exit(),
        }
    }

    /// How it has ended, when it has.
    pub(crate) fn settled(&self) -> Option<Exit> {
        let phase = self.phase.borrow();
        phase.settled().then(|| phase.exit())
    }

    /// What is known so far.
    pub(crate) fn known(&self) -> Exit {
        self.phase.borrow().exit()
    }

    /// [`Self::wait`] with an end. `None` when the tree is still alive after `limit`.
    pub async fn wait_for(&self, limit: Duration) -> Option<Exit> {
        tokio::time::timeout(limit, self.wait()).await.ok()
    }
}

#[cfg(target_os = "linux")]
pub(crate) fn send(agent: &OwnedFd, signal: Signal) -> Result<(), Errno> {
    use rustix::process::Signal as System;
    let signal = match signal {
        Signal::Interrupt => System::INT,
        Signal::Terminate => System::TERM,
        Signal::Kill => System::KILL,
    };
    rustix::process::pidfd_send_signal(agent, signal)
}

#[cfg(not(target_os = "linux"))]
fn send(_agent: &OwnedFd, _signal: Signal) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}
