//! Ending a launch: from asking to killing, and no longer than needed.

use std::time::{Duration, Instant};

use crate::control::{Control, Signal};
use crate::exit::Exit;

/// How long each step of stopping is given. A step without a time is left out.
///
/// The steps end as soon as the tree is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopLadder {
    /// Time for the agent to end by itself after its protocol's cancel or the end of its input, which the caller
    /// has sent before.
    pub cancel: Option<Duration>,
    /// Time after SIGINT.
    pub interrupt: Option<Duration>,
    /// Time after SIGTERM.
    pub terminate: Option<Duration>,
    /// How long to wait for the proof that none is left, after all have been killed.
    pub verify: Duration,
}

impl Default for StopLadder {
    /// No cancel, SIGINT 2 s, SIGTERM 5 s, then the kill, verified within 5 s.
    fn default() -> Self {
        Self {
            cancel: None,
            interrupt: Some(Duration::from_secs(2)),
            terminate: Some(Duration::from_secs(5)),
            verify: Duration::from_secs(5),
        }
    }
}

impl StopLadder {
    /// Kill at once.
    pub fn at_once() -> Self {
        Self { cancel: None, interrupt: None, terminate: None, ..Self::default() }
    }

    /// The same ladder with a time for the protocol's own cancel in front.
    #[must_use]
    pub fn with_cancel(mut self, grace: Duration) -> Self {
        self.cancel = Some(grace);
        self
    }
}

/// The step of a [`StopLadder`] that ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopRung {
    /// Nothing was left before the first step.
    AlreadyEnded,
    /// Within the time for the protocol's cancel.
    Cancel,
    /// After SIGINT.
    Interrupt,
    /// After SIGTERM.
    Terminate,
    /// The tree had to be killed.
    KillTree,
}

/// How stopping went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopReport {
    /// The step that ended it.
    pub rung: StopRung,
    /// How it ended. With [`Exit::tree_empty`] false something is left that could not be killed in time.
    pub exit: Exit,
    /// How long it took.
    pub took: Duration,
}

impl Control {
    /// Ends the launch step by step and proves that nothing is left. May be called by many, and again.
    pub async fn stop(&self, ladder: StopLadder) -> StopReport {
        let begun = Instant::now();
        let (rung, exit) = self.climb(ladder).await;
        StopReport { rung, exit, took: begun.elapsed() }
    }

    async fn climb(&self, ladder: StopLadder) -> (StopRung, Exit) {
        if let Some(exit) = self.settled() {
            return (StopRung::AlreadyEnded, exit);
        }
        let steps = [
            (StopRung::Cancel, None, ladder.cancel),
            (StopRung::Interrupt, Some(Signal::Interrupt), ladder.interrupt),
            (StopRung::Terminate, Some(Signal::Terminate), ladder.terminate),
        ];
        for (rung, signal, time) in steps {
            let Some(time) = time else { continue };
            if let Some(signal) = signal
                && let Err(error) = self.signal(signal)
            {
                // An agent that has ended may leave a tree: that is what the wait is for.
                tracing::debug!(?rung, %error, "signal not sent");
            }
            if let Some(exit) = self.wait_for(time).await {
                return (rung, exit);
            }
        }
        self.kill_tree();
        match self.wait_for(ladder.verify).await {
            Some(exit) => (StopRung::KillTree, exit),
            None => (StopRung::KillTree, self.known()),
        }
    }
}
