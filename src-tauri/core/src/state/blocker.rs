//! Blockers of a session, and what became of each.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::event::{Blocker, Envelope, Event};
use crate::ids::WorkerName;
use crate::time::Timestamp;

/// The most blockers that are remembered; only the newest can be open.
const MAX_BLOCKERS: usize = 100;

/// A blocker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockerState {
    /// The `seq` of its event, which names it in its session.
    pub seq: u64,
    /// When it came up.
    pub at: Timestamp,
    /// Whose; `None`: the session's.
    pub worker: Option<WorkerName>,
    /// What it says.
    pub blocker: Arc<Blocker>,
    /// Where it stands.
    pub stand: BlockerStand,
}

/// Where a blocker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockerStand {
    /// It waits for a person.
    Open,
    /// A person says that it is resolved.
    Resolved,
    /// The session went on without a word about it.
    Passed,
}

impl BlockerStand {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
            Self::Passed => "passed",
        }
    }
}

/// Takes in what an event says of blockers.
pub(super) fn apply(blockers: &mut VecDeque<BlockerState>, envelope: &Envelope) {
    let open = |one: &&mut BlockerState| one.stand == BlockerStand::Open;
    match &envelope.event {
        Event::PermissionBlocker(blocker) => {
            if blockers.len() >= MAX_BLOCKERS {
                blockers.pop_front();
            }
            blockers.push_back(BlockerState {
                seq: envelope.seq,
                at: envelope.at,
                worker: envelope.worker.clone(),
                blocker: Arc::new(blocker.clone()),
                stand: BlockerStand::Open,
            });
        }
        Event::BlockerResolved { blocker } => {
            for one in blockers.iter_mut().filter(open).filter(|one| one.seq == *blocker) {
                one.stand = BlockerStand::Resolved;
            }
        }
        Event::SessionResumed { .. } => {
            for one in blockers.iter_mut().filter(open) {
                one.stand = BlockerStand::Passed;
            }
        }
        _ => {}
    }
}
