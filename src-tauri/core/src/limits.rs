//! Limits on what a session may take of the machine: a warning first, then a pause.

use serde::{Deserialize, Serialize};

use crate::event::StopCause;
use crate::ids::WorkerName;
use crate::settings::Settings;

/// A warning is given from this part of the memory limit on, in percent.
const NEAR_MEMORY: u64 = 80;
/// A warning is given below so many times the room that must stay free.
const NEAR_DISK: u64 = 2;

/// What is limited.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Limited {
    /// The memory of a worker with everything that it has started.
    Memory {
        /// Whose.
        worker: WorkerName,
    },
    /// The room on the file system of a folder.
    Disk {
        /// Which.
        folder: String,
    },
}

/// What was measured of something that is limited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitReading {
    /// Of what.
    #[serde(flatten)]
    pub of: Limited,
    /// Taken, of memory; free, on a disk.
    pub bytes: u64,
    /// The limit: the most memory, the least free room.
    pub limit_bytes: u64,
}

/// How near it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stand {
    Fine,
    Near,
    Past,
}

impl LimitReading {
    /// The reading against what the person has set; `None` where there is no limit.
    pub(crate) fn new(of: Limited, bytes: u64, settings: &Settings) -> Option<Self> {
        let limit_bytes = match of {
            Limited::Memory { .. } => settings.memory_limit_bytes,
            Limited::Disk { .. } => settings.free_disk_limit_bytes,
        };
        (limit_bytes > 0).then_some(Self { of, bytes, limit_bytes })
    }

    pub(crate) fn stand(&self) -> Stand {
        let (past, near) = match self.of {
            Limited::Memory { .. } => {
                let from = self.limit_bytes / 100 * NEAR_MEMORY + self.limit_bytes % 100 * NEAR_MEMORY / 100;
                (self.bytes > self.limit_bytes, self.bytes > from)
            }
            Limited::Disk { .. } => {
                (self.bytes < self.limit_bytes, self.bytes < self.limit_bytes.saturating_mul(NEAR_DISK))
            }
        };
        match (past, near) {
            (true, _) => Stand::Past,
            (false, true) => Stand::Near,
            (false, false) => Stand::Fine,
        }
    }

    pub(crate) fn cause(&self) -> StopCause {
        match self.of {
            Limited::Memory { .. } => StopCause::MemoryLimit,
            Limited::Disk { .. } => StopCause::DiskLimit,
        }
    }

    /// What is so, in a sentence without an end.
    pub fn words(&self) -> String {
        let (bytes, limit) = (size(self.bytes), size(self.limit_bytes));
        match &self.of {
            Limited::Memory { worker } => {
                format!("{worker} and what it started take {bytes} of memory; the limit is {limit}")
            }
            Limited::Disk { folder } => {
                format!("{bytes} are left on the disk of {folder}; {limit} are to stay free")
            }
        }
    }

    /// What follows or helps.
    pub fn hint(&self) -> &'static str {
        match self.of {
            Limited::Memory { .. } => {
                "past the limit the session pauses; it resumes with fresh processes. [session] memory_limit sets the \
                 limit of later sessions"
            }
            Limited::Disk { .. } => {
                "below that the session pauses: free some space, then resume it. [session] free_disk_limit sets the \
                 limit of later sessions"
            }
        }
    }
}

/// Bytes as a person reads them.
pub fn size(bytes: u64) -> String {
    let units = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    let Some((unit, one)) = units.into_iter().find(|(_, one)| bytes >= *one) else {
        return format!("{bytes} bytes");
    };
    let (whole, tenth) = (bytes / one, bytes % one / (one / 10));
    if whole < 10 && tenth > 0 { format!("{whole}.{tenth} {unit}") } else { format!("{whole} {unit}") }
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
