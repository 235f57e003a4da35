//! A check's part of the state.

use std::sync::Arc;

use super::State;
use crate::event::Step;
use crate::review::check::{CheckFinished, CheckOutcome, CheckStarted};
use crate::review::decision::CheckResult;

/// One run of a check.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckState {
    /// What runs, on what.
    pub started: Arc<CheckStarted>,
    /// In which step.
    pub step: Step,
    /// What came of it, once it is over.
    pub finished: Option<Arc<CheckFinished>>,
}

impl CheckState {
    /// Whether it says nothing against the work.
    pub fn passed(&self) -> bool {
        self.finished.as_ref().is_some_and(|finished| finished.outcome == CheckOutcome::Passed)
    }
}

impl State {
    /// The check that runs now.
    pub fn running_check(&self) -> Option<&CheckState> {
        self.checks.last().filter(|check| check.finished.is_none())
    }

    /// The checks of this step, in order.
    pub fn checks_of_step(&self) -> &[CheckState] {
        self.checks.get(self.at_step.first_check..).unwrap_or_default()
    }

    /// The newest run of every check on the work, in order.
    pub fn newest_checks(&self) -> &[CheckState] {
        let Some(newest) = self.checks.last().map(|check| check.started.checkpoint) else { return &[] };
        let first = self.checks.iter().rposition(|check| check.started.checkpoint != newest);
        self.checks.get(first.map_or(0, |at| at + 1)..).unwrap_or_default()
    }

    /// What the rule counts after this step: one result for every check that was due. One that is missing, or of
    /// something else than what is due, has not passed.
    pub fn check_results(&self) -> Vec<CheckResult> {
        let (Some(created), Step::Review { .. }) = (&self.created, self.step) else { return Vec::new() };
        let ran = self.checks_of_step();
        let due = created.settings.checks.iter().enumerate();
        due.map(|(index, command)| {
            let passed = ran.get(index).is_some_and(|check| {
                check.started.command == *command
                    && Some(check.started.checkpoint) == self.at_step.checkpoint
                    && check.passed()
            });
            CheckResult { command: command.clone(), passed }
        })
        .collect()
    }
}
