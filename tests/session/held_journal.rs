//! A journal whose reads or deletions stand still until the test lets them go on.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use mo_journal::{Journal, SqliteJournal, TappedJournal, Taps};

/// What the next call of its sort waits for.
type Gate = Mutex<Option<(Sender<()>, Receiver<()>)>>;

/// Where it stands still.
#[derive(Default)]
pub(crate) struct Gates {
    reads: Gate,
    deletions: Gate,
}

/// A call that will stand still.
pub(crate) struct Stop {
    reached: Receiver<()>,
    go_on: Sender<()>,
}

impl Stop {
    /// Waits until the call stands still.
    pub(crate) fn reached(&self) {
        self.reached.recv_timeout(crate::stage::LIMIT).expect("the call comes");
    }

    pub(crate) fn go_on(self) {
        self.go_on.send(()).expect("the call waits");
    }
}

fn stop(gate: &Gate) -> Stop {
    let ((tell, reached), (go_on, wait)) = (channel(), channel());
    *gate.lock().unwrap() = Some((tell, wait));
    Stop { reached, go_on }
}

fn pass(gate: &Gate) {
    let stop = gate.lock().unwrap().take();
    if let Some((tell, wait)) = stop {
        tell.send(()).expect("the test listens");
        wait.recv_timeout(crate::stage::LIMIT).expect("the test lets it go on");
    }
}

/// A journal that stands still where the gates say so.
pub(crate) fn held(inner: SqliteJournal) -> (Arc<dyn Journal>, Arc<Gates>) {
    let gates = Arc::new(Gates::default());
    let (reads, deletions) = (Arc::clone(&gates), Arc::clone(&gates));
    let taps = Taps {
        read: Box::new(move || pass(&reads.reads)),
        delete: Box::new(move || pass(&deletions.deletions)),
        ..Taps::default()
    };
    (Arc::new(TappedJournal::new(inner, taps)), gates)
}

impl Gates {
    /// The next read of a session stands still.
    pub(crate) fn stop_read(&self) -> Stop {
        stop(&self.reads)
    }

    /// The next deletion stands still.
    pub(crate) fn stop_deletion(&self) -> Stop {
        stop(&self.deletions)
    }
}
