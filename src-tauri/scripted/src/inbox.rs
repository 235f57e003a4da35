//! What reaches the agent while it works: lines of stdin, its own command's end, an interrupt signal.

use std::io::BufRead;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use crate::shell::Ran;

/// One thing that has reached the agent.
pub(crate) enum Arrival {
    /// A line of stdin, without its newline.
    Line(Vec<u8>),
    /// Stdin is at its end.
    Eof,
    /// The command that a tool call runs has ended.
    Ran(Ran),
    /// SIGINT.
    Sigint,
}

/// The one queue of everything that reaches the agent.
pub(crate) struct Inbox {
    arrivals: Receiver<Arrival>,
    sender: SyncSender<Arrival>,
}

impl Inbox {
    /// Starts to read stdin.
    pub(crate) fn stdin() -> Self {
        let (sender, arrivals) = sync_channel(64);
        let lines = sender.clone();
        std::thread::spawn(move || {
            let mut stdin = std::io::stdin().lock();
            loop {
                let mut line = Vec::new();
                match stdin.read_until(b'\n', &mut line) {
                    Ok(0) | Err(_) => break,
                    Ok(_) => {
                        if line.last() == Some(&b'\n') {
                            line.pop();
                        }
                        if lines.send(Arrival::Line(line)).is_err() {
                            return;
                        }
                    }
                }
            }
            // The agent may have ended already.
            let _ended = lines.send(Arrival::Eof);
        });
        Self { arrivals, sender }
    }

    /// For others that have something to tell.
    pub(crate) fn sender(&self) -> SyncSender<Arrival> {
        self.sender.clone()
    }

    /// The next arrival; `None` when the deadline has passed without one.
    pub(crate) fn next(&self, deadline: Option<Instant>) -> Option<Arrival> {
        match deadline {
            // The inbox holds a sender itself, so the queue never ends.
            None => self.arrivals.recv().ok(),
            Some(at) => self.arrivals.recv_timeout(at.saturating_duration_since(Instant::now())).ok(),
        }
    }
}
