//! What `owner.json` says: who owns the data folder, and where it can be reached.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The version of this program, which both ends of the socket must share.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The owner of a data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its process id.
    pub pid: u32,
    /// When it started, in clock ticks since boot; with the pid it names the process for good.
    #[serde(default)]
    pub start_time: Option<u64>,
    /// Its socket; none before it serves and after.
    #[serde(default)]
    pub socket: Option<PathBuf>,
    /// Its TCP port, where that is switched on.
    #[serde(default)]
    pub port: Option<u16>,
    /// Its version; older owners do not say.
    #[serde(default)]
    pub version: Option<String>,
    /// What else it says of itself.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Owner {
    /// This process, serving on that socket or on none. What a text that stands already says beyond that is kept.
    pub(crate) fn this_process(standing: Option<&str>, socket: Option<PathBuf>) -> Self {
        let standing: Option<Self> = standing.and_then(|text| serde_json::from_str(text).ok());
        Self {
            pid: std::process::id(),
            start_time: start_time(),
            socket,
            port: None,
            version: Some(VERSION.to_owned()),
            rest: standing.map(|owner| owner.rest).unwrap_or_default(),
        }
    }

    pub(crate) fn to_text(&self) -> String {
        // Serialising owned data with text keys cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether exactly this process lives still. One that has ended and whom nobody has reaped does not.
    pub fn is_alive(&self) -> bool {
        let Ok(pid) = i32::try_from(self.pid) else { return false };
        #[cfg(target_os = "linux")]
        if let Some(start_time) = self.start_time {
            return mo_process::ProcessIdentity { pid, start_time }.exists() && !has_ended(pid);
        }
        rustix::process::Pid::from_raw(pid).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
    }
}

/// Whether the process is a zombie: its state stands behind its name, which may hold anything (proc(5)).
#[cfg(target_os = "linux")]
fn has_ended(pid: i32) -> bool {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).unwrap_or_default();
    let behind_name = stat.iter().rposition(|byte| *byte == b')').and_then(|at| stat.get(at + 2));
    behind_name.is_none_or(|state| matches!(state, b'Z' | b'X'))
}

fn start_time() -> Option<u64> {
    #[cfg(target_os = "linux")]
    return mo_process::ProcessIdentity::of_this_process().ok().map(|identity| identity.start_time);
    #[cfg(not(target_os = "linux"))]
    None
}
