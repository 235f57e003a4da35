//! What workers take of the machine: live samples, which are shown and never stored.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One look at a session that runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SessionResources {
    /// `orch_…`.
    pub session: String,
    /// One for each worker that has a process; several of one worker where some looks are told together, oldest first.
    pub samples: Vec<ResourceSample>,
    /// The file systems that the session writes to, as of the newest look.
    pub disks: Vec<DiskRoom>,
}

/// What a worker took at one moment, with everything that it has started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ResourceSample {
    /// `<agent>-<role>`.
    pub worker: String,
    /// RFC 3339.
    pub at: String,
    /// Since the look before: 100 is one core at work all the time. Counts what has come and gone in between.
    pub cpu_percent: f32,
    /// Resident bytes of all its processes; memory that several of them share counts once for each.
    #[ts(type = "number")]
    pub memory_bytes: u64,
    /// How many.
    pub processes: u32,
}

/// What is left on a file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DiskRoom {
    /// The folder on it: the target, and the data folder where that is on another one.
    pub folder: String,
    /// Bytes that the person may still write.
    #[ts(type = "number")]
    pub free_bytes: u64,
    /// Bytes in all.
    #[ts(type = "number")]
    pub total_bytes: u64,
}
