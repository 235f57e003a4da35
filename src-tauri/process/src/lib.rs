//! Starting, reading, stopping and burying child processes. The only crate that spawns.
//!
//! Every child runs under a *shim*: a re-execution of the current program that is the reaper of everything
//! the child starts and that kills all of it when it is told to, when the child has ended, and when this
//! process is gone (however it went). A binary that launches children calls [`reexec_entry`] first in `main`.
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     if let Some(code) = mo_process::reexec_entry() {
//!         return std::process::ExitCode::from(u8::try_from(code).unwrap_or(1));
//!     }
//!     // … the program itself …
//!     std::process::ExitCode::SUCCESS
//! }
//! ```
//!
//! Linux is supported. Elsewhere the crate compiles where that is cheap, and a launch answers
//! [`SpawnError::Unsupported`].
#![cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, unused_imports, reason = "the supervision is left out")
)]

mod beside;
mod control;
mod error;
mod exit;
mod find;
mod identity;
mod launch;
mod line_batch;
mod probe;
mod reader;
mod resources;
mod shim;
mod spawner;
mod stderr;
mod stdin;
mod stop;

#[cfg(target_os = "linux")]
mod bury;
#[cfg(target_os = "linux")]
mod file_tail;
#[cfg(target_os = "linux")]
mod handshake;
#[cfg(target_os = "linux")]
mod marked;
#[cfg(target_os = "linux")]
mod os;
#[cfg(target_os = "linux")]
mod proc_tree;
#[cfg(target_os = "linux")]
mod shim_launch;
#[cfg(target_os = "linux")]
mod spawn_thread;
#[cfg(target_os = "linux")]
mod start;
#[cfg(target_os = "linux")]
mod strike;
#[cfg(target_os = "linux")]
mod supervise;
#[cfg(target_os = "linux")]
mod sweep;
#[cfg(target_os = "linux")]
mod wire;

pub use beside::{BesideCommand, BesideError, start_beside};
pub use control::{Control, Signal};
pub use error::{ProbeError, SignalError, SpawnError, StdinError};
pub use exit::{AgentExit, Exit};
pub use find::find_program;
pub use identity::ProcessIdentity;
#[cfg(target_os = "linux")]
pub use identity::boot_id;
pub use launch::{BoxFuture, Child, DEFAULT_LINGER, LaunchCommand, RawSink, Spawner, StdinMode, StdoutMode};
pub use line_batch::{Line, LineBatch};
pub use probe::{ProbeCommand, ProbeOutput, run_probe};
pub use reader::{DEFAULT_MAX_LINE, EXCERPT_LEN, LineReader};
pub use resources::{Room, TreeMeter, TreeUse, room};
pub use shim::{reexec_entry, shim_main};
pub use spawner::ShimSpawner;
pub use stderr::{STDERR_TAIL_LEN, StderrPiece, StderrTail};
pub use stdin::{ChildStdin, STDIN_QUEUE_BYTES};
pub use stop::{StopLadder, StopReport, StopRung};
#[cfg(target_os = "linux")]
pub use sweep::{SweepReport, sweep};
