//! How an agent, and everything that it had started, ended.

use std::time::Duration;

/// How the agent's own process ended. Exactly one of the two is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentExit {
    /// The exit code when it ended by itself.
    pub code: Option<i32>,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
}

/// How a launch ended.
///
/// `code` and `signal` are both `None` only when supervision was lost (the shim itself was killed): then
/// nothing is known, and nothing is guessed, though what could be found of it has been killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// The agent's exit code when it ended by itself.
    pub code: Option<i32>,
    /// The number of the signal that ended the agent.
    pub signal: Option<i32>,
    /// Whether it is proven that nothing which the agent had started is left: the shim, reaper of all of it,
    /// has no child any more.
    pub tree_empty: bool,
    /// Peak resident memory of the largest process of the tree in KiB, once the tree is empty.
    pub peak_rss_kib: Option<u64>,
    /// CPU time (user and system) of the whole tree, once it is empty.
    pub cpu_time: Option<Duration>,
}

/// What is known so far of a launch; the value that everyone who waits looks at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Phase {
    pub(crate) agent: Option<AgentExit>,
    pub(crate) tree: Tree,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Tree {
    #[default]
    Alive,
    /// Processes are left that do not die: not ours to kill, or deep in the kernel.
    Stuck,
    Empty {
        peak_rss_kib: u64,
        cpu_ms: u64,
    },
    /// The shim is gone without a word.
    Lost,
}

impl Phase {
    pub(crate) fn settled(&self) -> bool {
        self.tree != Tree::Alive
    }

    pub(crate) fn exit(&self) -> Exit {
        let (peak_rss_kib, cpu_time) = match self.tree {
            Tree::Empty { peak_rss_kib, cpu_ms } => (Some(peak_rss_kib), Some(Duration::from_millis(cpu_ms))),
            Tree::Alive | Tree::Stuck | Tree::Lost => (None, None),
        };
        Exit {
            code: self.agent.and_then(|agent| agent.code),
            signal: self.agent.and_then(|agent| agent.signal),
            tree_empty: matches!(self.tree, Tree::Empty { .. }),
            peak_rss_kib,
            cpu_time,
        }
    }
}
