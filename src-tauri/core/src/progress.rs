//! How far a turn is (design.md §4): from the agent's own plan when it keeps one, else by milestones.

use serde::{Deserialize, Serialize};

use crate::agent_event::{PlanEntry, PlanStatus};

/// The progress of a worker's newest turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// 0..=100; never goes back within a turn.
    pub percent: u8,
    /// Entries of the agent's plan that are done, and all; `None` when it keeps no plan.
    pub plan: Option<(u32, u32)>,
}

const PER_MILESTONE: u8 = 20;
const CAP_BEFORE_END: u8 = 95;

impl Progress {
    /// A plan was shown, whole. An empty one tells nothing.
    pub fn on_plan(&mut self, entries: &[PlanEntry]) {
        let all = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        if all == 0 {
            return;
        }
        let done = entries.iter().filter(|e| e.status == PlanStatus::Completed).count();
        let done = u32::try_from(done).unwrap_or(u32::MAX);
        self.plan = Some((done, all));
        let percent = u64::from(done) * 100 / u64::from(all);
        self.raise(u8::try_from(percent).unwrap_or(100));
    }

    /// A milestone was reached; counts only where no plan is kept.
    pub fn on_milestone(&mut self) {
        if self.plan.is_none() {
            self.raise(self.percent.saturating_add(PER_MILESTONE));
        }
    }

    /// The turn was completed.
    pub fn on_completed(&mut self) {
        self.percent = 100;
    }

    fn raise(&mut self, to: u8) {
        self.percent = self.percent.max(to.min(CAP_BEFORE_END));
    }
}
