//! Signals: an interrupt becomes an arrival, a SIGTERM ends the process as the real CLI would end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::SyncSender;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::inbox::Arrival;
use crate::shell::kill_group;

/// What the signal thread shares with the performer.
#[derive(Clone, Default)]
pub(super) struct Reins {
    ignore_term: Arc<AtomicBool>,
    /// The process group of the command that runs; 0: none.
    command: Arc<AtomicU32>,
}

impl Reins {
    /// Takes over the signals that the real CLI handles; the others keep their default.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub(super) fn take(
        arrivals: SyncSender<Arrival>,
        sigint: bool,
        sigterm: Option<i32>,
    ) -> io::Result<Self> {
        let reins = Self::default();
        let mut wanted = Vec::new();
        wanted.extend(sigint.then_some(SIGINT));
        wanted.extend(sigterm.map(|_| SIGTERM));
        if wanted.is_empty() {
            return Ok(reins);
        }
        let mut signals = Signals::new(wanted)?;
        let shared = reins.clone();
        std::thread::spawn(move || {
            for signal in signals.forever() {
                match (signal, sigterm) {
                    (SIGTERM, Some(code)) if !shared.ignore_term.load(Ordering::Relaxed) => {
                        // The real CLIs take their running command with them (facts/agent-clis.md §0.8). From
                        // here, since the performer may stand in a write that nobody reads.
                        match shared.command.load(Ordering::Relaxed) {
                            0 => {}
                            group => kill_group(group),
                        }
                        std::process::exit(code);
                    }
                    (SIGINT, _) if arrivals.send(Arrival::Sigint).is_err() => return,
                    _ => {}
                }
            }
        });
        Ok(reins)
    }

    /// From here on SIGTERM does nothing.
    pub(super) fn ignore_term(&self) -> io::Result<()> {
        self.ignore_term.store(true, Ordering::Relaxed);
        // For the agents that leave SIGTERM to its default: a handler that only notes it.
        signal_hook::flag::register(SIGTERM, Arc::new(AtomicBool::new(false))).map(|_| ())
    }

    /// Says which command runs.
    pub(super) fn command(&self, pid: Option<u32>) {
        self.command.store(pid.unwrap_or(0), Ordering::Relaxed);
    }
}
