//! The owner's side of one launch: listens to the shim until its end, and reaps it.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;
use tokio::sync::{Notify, watch};

use crate::control::{Signal, send};
use crate::exit::{Phase, Tree};
use crate::handshake::Statuses;
use crate::marked::{Hunt, Mark};
use crate::proc_tree;
use crate::wire::Status;

/// How long a shim may take to end after a failed launch.
const END_LIMIT: Duration = Duration::from_secs(5);

/// How often a shim that is to bury is made to go on: whoever stopped it may do so again before it dies.
pub(crate) const WAKE: Duration = Duration::from_millis(50);

/// The shim as a child of this process, to be reaped without blocking.
#[derive(Debug)]
pub(crate) struct ShimProcess {
    child: std::process::Child,
    handle: AsyncFd<OwnedFd>,
}

impl ShimProcess {
    pub(crate) fn new(child: std::process::Child) -> io::Result<Self> {
        // Not reaped yet, so the number means it.
        let pid = i32::try_from(child.id()).ok().and_then(proc_tree::number);
        let pid = pid.ok_or_else(|| io::Error::other("a process without a number"))?;
        let handle = crate::os::watch(pidfd_open(pid, PidfdFlags::empty())?)?;
        Ok(Self { child, handle })
    }

    /// Ends one that has not done as a shim does: first as one ends a shim, lest it has started something after all.
    pub(crate) async fn end(&mut self, socket: &UnixStream) -> io::Result<std::process::ExitStatus> {
        let _ = rustix::net::shutdown(socket, rustix::net::Shutdown::Write);
        if let Ok(status) = tokio::time::timeout(END_LIMIT, self.reap()).await {
            return status;
        }
        self.child.kill()?;
        self.reap().await
    }

    /// Makes it go on, should somebody have stopped it: what it is to bury runs as the same user.
    pub(crate) fn wake(&self) {
        // Fails only when it is gone already.
        let _ = pidfd_send_signal(self.handle.get_ref(), rustix::process::Signal::CONT);
    }

    /// Waits for its end.
    pub(crate) async fn reap(&mut self) -> io::Result<std::process::ExitStatus> {
        let _ended = self.handle.readable().await?;
        self.child.wait()
    }
}

/// Kills what is left of a launch whose shim is gone.
pub(crate) async fn hunt(mark: Mark) {
    match tokio::task::spawn_blocking(move || mark.hunt()).await {
        Ok(Hunt { killed: 0, left: false }) => {}
        Ok(hunt) => tracing::error!(?hunt, "something was left of a launch whose shim was killed"),
        Err(error) => tracing::error!(%error, "the hunt for what a launch left broke off"),
    }
}

/// Runs until the shim has ended. `phase` says what is known; it stays readable afterwards.
pub(crate) async fn supervise(
    socket: Arc<UnixStream>,
    mut statuses: Statuses,
    mut shim: ShimProcess,
    agent: Arc<OwnedFd>,
    cut: Arc<Notify>,
    mark: Mark,
    phase: watch::Sender<Phase>,
) {
    let mut is_cut = false;
    loop {
        let status = tokio::select! {
            status = statuses.next(&socket) => status,
            () = cut.notified(), if !is_cut => {
                is_cut = true;
                shim.wake();
                continue;
            }
            () = tokio::time::sleep(WAKE), if is_cut => {
                shim.wake();
                continue;
            }
        };
        match status {
            Ok(Some(Status::Exited(exit))) => {
                phase.send_modify(|phase| phase.agent = Some(exit));
            }
            Ok(Some(Status::Stuck)) => phase.send_modify(|phase| phase.tree = Tree::Stuck),
            Ok(Some(Status::Empty { peak_rss_kib, cpu_ms })) => {
                phase.send_modify(|phase| phase.tree = Tree::Empty { peak_rss_kib, cpu_ms });
            }
            Ok(Some(unexpected @ (Status::Started { .. } | Status::Failed { .. }))) => {
                tracing::error!(?unexpected, "a shim said twice how its launch went");
            }
            Ok(None) => break,
            Err(error) => {
                tracing::error!(%error, "a shim cannot be understood any more");
                break;
            }
        }
    }
    if !matches!(phase.borrow().tree, Tree::Empty { .. }) {
        // Killed from outside. Its direct child dies with it by the parent-death signal; that it does is made sure.
        let _ = send(&agent, Signal::Kill);
        tracing::error!("a shim has ended before its work was done");
        // Before it counts as over, so that nothing which could be found is left then.
        hunt(mark).await;
        phase.send_modify(|phase| phase.tree = Tree::Lost);
    }
    if let Err(error) = shim.reap().await {
        tracing::warn!(%error, "a shim could not be reaped");
    }
}
