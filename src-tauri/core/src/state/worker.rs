//! A worker's part of the state.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::event::{GoesOn, Place, Purpose};
use crate::ids::{AttemptNo, TurnNo};
use crate::outcome::{Outcome, Usage};
use crate::progress::Progress;
use crate::recovery::Trouble;
use crate::team::Member;

use super::Recovery;

/// One worker.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkerState {
    /// Its name, agent and role.
    pub member: Member,
    /// Its processes that are not over, and the newest one.
    pub attempts: BTreeMap<AttemptNo, Attempt>,
    /// The number of its next process.
    pub next_attempt: AttemptNo,
    /// The number of its next turn.
    pub next_turn: TurnNo,
    /// What it does now, in plain words.
    pub doing: String,
    /// How far its newest turn is.
    pub progress: Progress,
    /// Tokens of the turns that reported them.
    pub usage: Usage,
    /// What it cost.
    pub costs: Costs,
    /// How its newest turn ended.
    pub last_outcome: Option<Outcome>,
    /// The agent's own session in which its newest work was done.
    pub agent_session: Option<Arc<str>>,
    /// The model that it said it uses.
    pub model: Option<Arc<str>>,
    /// The newest whole message, for agents whose closing message has no text.
    pub last_message: Option<Arc<str>>,
    /// Tool calls in its newest turn.
    pub tool_calls: u32,
    /// What was tried where its turns failed.
    pub recovery: Recovery,
}

/// Costs as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Costs {
    /// US dollars that were reported.
    pub known_usd: f64,
    /// Completed turns that reported no cost.
    pub unknown_turns: u32,
}

impl Costs {
    /// All of it, when all is known.
    pub fn total(self) -> Option<f64> {
        (self.unknown_turns == 0).then_some(self.known_usd)
    }
}

/// One process of a worker.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// In which folder.
    pub place: Place,
    /// How far.
    pub state: AttemptState,
    /// The turn in flight.
    pub turn: Option<OpenTurn>,
    /// Whether its end was asked for, and whether at once.
    pub stopping: Option<bool>,
}

/// How far a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptState {
    /// Asked for.
    Starting,
    /// Running.
    Live {
        /// Process id.
        pid: i32,
        /// Start time in clock ticks.
        start_time: u64,
    },
    /// Gone, or never came up.
    Over,
}

/// A turn in flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTurn {
    /// Its number.
    pub turn: TurnNo,
    /// What for.
    pub purpose: Purpose,
    /// Words of the person that go with it.
    pub message: Option<Arc<str>>,
    /// How it stands to a turn that was broken off.
    pub goes_on: GoesOn,
    /// What went wrong with that turn, where it is taken up by itself.
    pub recovers: Option<Trouble>,
}

impl Attempt {
    /// Whether nothing of it runs.
    pub fn is_over(&self) -> bool {
        self.state == AttemptState::Over
    }
}

impl WorkerState {
    /// A worker that has done nothing yet.
    pub fn new(member: Member) -> Self {
        Self {
            member,
            attempts: BTreeMap::new(),
            next_attempt: 1,
            next_turn: 1,
            doing: String::new(),
            progress: Progress::default(),
            usage: Usage::default(),
            costs: Costs::default(),
            last_outcome: None,
            agent_session: None,
            model: None,
            last_message: None,
            tool_calls: 0,
            recovery: Recovery::default(),
        }
    }

    /// Forgets processes that are over, but for the newest: the state stays bounded.
    pub fn forget_old_attempts(&mut self) {
        let newest = self.next_attempt.saturating_sub(1);
        self.attempts.retain(|no, attempt| *no == newest || !attempt.is_over());
    }
}
