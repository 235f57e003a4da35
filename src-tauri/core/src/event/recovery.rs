//! What events say of recoveries.

use serde::{Deserialize, Serialize};

use crate::ids::TurnNo;
use crate::recovery::{Remedy, Trouble};
use crate::time::Timestamp;

/// A remedy that is being tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryAttempted {
    /// The turn that failed.
    pub turn: TurnNo,
    /// What is wrong with it.
    pub class: Trouble,
    /// What is done.
    pub remedy: Remedy,
    /// Which try, from 1.
    #[serde(rename = "try")]
    pub try_no: u32,
    /// How many there are before a person is called.
    pub of: u32,
    /// How long is waited before, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// The end of the tries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryEnded {
    /// What was wrong last.
    pub class: Trouble,
    /// What was done last.
    pub remedy: Remedy,
    /// How many remedies were tried since the last completed turn.
    pub tries: u32,
}
