//! A check: a command of the person's, run on a checkpoint for what it says of the work.

use serde::{Deserialize, Serialize};

use crate::event::Fault;
use crate::ids::{CheckNo, CheckpointNo, Digest};
use crate::time::seconds;

/// How a check ended. Only `Passed` counts for the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// It ran to its end, within its time, and its exit code was 0.
    Passed,
    /// It ran to its end, and its exit code was another, or a signal ended it.
    Failed,
    /// It took too long and was ended.
    TimedOut,
    /// The session was stopped while it ran.
    Stopped,
    /// It could not be run, or nobody knows what became of it.
    NotRun,
}

impl CheckOutcome {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Stopped => "stopped",
            Self::NotRun => "not_run",
        }
    }
}

/// A check that is to be run. Written before it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckStarted {
    /// Which run.
    pub check: CheckNo,
    /// The command, for a shell.
    pub command: String,
    /// On which checkpoint.
    pub checkpoint: CheckpointNo,
    /// Its digest.
    pub digest: Digest,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckFinished {
    /// Which run.
    pub check: CheckNo,
    /// The command.
    pub command: String,
    /// How it ended.
    pub outcome: CheckOutcome,
    /// Its exit code, where it ended by itself.
    #[serde(default)]
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    #[serde(default)]
    pub signal: Option<i32>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// What it wrote to stdout and stderr, in that order in which it came: all of it, or beginning and end.
    pub output: String,
    /// How many bytes it wrote in all.
    pub output_bytes: u64,
    /// Why it was not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

impl CheckFinished {
    /// How it ended, as a clause: `failed: exit code 101 after 12 s`.
    pub fn words(&self) -> String {
        let after = seconds(self.duration_ms);
        match (self.outcome, self.exit_code, self.signal, &self.fault) {
            (CheckOutcome::Passed, ..) => format!("passed after {after}"),
            (CheckOutcome::Failed, Some(127), ..) => {
                format!("failed: exit code 127 after {after}; the shell found no such command")
            }
            (CheckOutcome::Failed, Some(code), ..) => format!("failed: exit code {code} after {after}"),
            (CheckOutcome::Failed, None, Some(signal), _) => {
                format!("failed: signal {signal} ended it after {after}")
            }
            (CheckOutcome::Failed, None, None, _) => format!("failed after {after}, nobody knows how"),
            (CheckOutcome::TimedOut, ..) => format!("timed out after {after} and was ended"),
            (CheckOutcome::Stopped, ..) => format!("was stopped after {after}"),
            (CheckOutcome::NotRun, _, _, Some(fault)) => format!("has no result: {}", fault.message),
            (CheckOutcome::NotRun, ..) => "has no result".to_owned(),
        }
    }
}

/// What was seen of a check's process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRun {
    /// Its exit code, where it ended by itself.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Who ended it before it had ended by itself.
    pub cut_short: Option<CutShort>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// What is kept of its output.
    pub output: String,
    /// How many bytes it wrote in all.
    pub output_bytes: u64,
}

/// Why a check did not run to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutShort {
    /// Its time was over.
    ByTime,
    /// The session was stopped.
    ByStop,
}

/// What a run comes to.
pub fn finished(started: &CheckStarted, result: Result<CheckRun, Fault>) -> CheckFinished {
    let (check, command) = (started.check, started.command.clone());
    match result {
        Ok(run) => {
            let outcome = match (run.cut_short, run.exit_code) {
                (Some(CutShort::ByTime), _) => CheckOutcome::TimedOut,
                (Some(CutShort::ByStop), _) => CheckOutcome::Stopped,
                (None, Some(0)) => CheckOutcome::Passed,
                (None, _) => CheckOutcome::Failed,
            };
            let CheckRun { exit_code, signal, duration_ms, output, output_bytes, .. } = run;
            CheckFinished {
                check,
                command,
                outcome,
                exit_code,
                signal,
                duration_ms,
                output,
                output_bytes,
                fault: None,
            }
        }
        Err(fault) => CheckFinished {
            check,
            command,
            outcome: CheckOutcome::NotRun,
            exit_code: None,
            signal: None,
            duration_ms: 0,
            output: String::new(),
            output_bytes: 0,
            fault: Some(fault),
        },
    }
}
