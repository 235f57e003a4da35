//! The way of news to the page over Tauri's event bus. An emitted event queues without bound in the main loop, so the
//! shell holds the next batch back until the page has acknowledged the last, and sends at most one a frame.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::desk::News;
use crate::dto::Batch;
use crate::outbox::{Load, Outbox};

/// The event's name on the bus.
pub const BATCH: &str = "batch";
/// One frame at 60 Hz.
const FRAME: Duration = Duration::from_millis(16);

/// How far the page is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Which attachment; 0 before the first.
    pub epoch: u32,
    /// The newest batch that the page has applied.
    pub acked: u32,
}

/// The page's side of the pump.
#[derive(Debug)]
pub struct Page(watch::Sender<Progress>);

impl Page {
    /// A page that has not attached yet, and what the pump watches of it.
    pub fn new() -> (Self, watch::Receiver<Progress>) {
        let (sender, receiver) = watch::channel(Progress::default());
        (Self(sender), receiver)
    }

    /// A page (re)attaches: what waited for the one before is dropped, since it reads the status afresh.
    pub fn attach(&self) -> u32 {
        let mut epoch = 0;
        self.0.send_modify(|page| {
            epoch = page.epoch.wrapping_add(1).max(1);
            *page = Progress { epoch, acked: 0 };
        });
        epoch
    }

    /// The page has applied a batch; one of an earlier attachment is ignored.
    pub fn ack(&self, epoch: u32, number: u32) {
        self.0.send_if_modified(|page| {
            let newer = page.epoch == epoch && number > page.acked;
            if newer {
                page.acked = number;
            }
            newer
        });
    }
}

/// Carries news to `deliver` until the engine is gone or the page's side is dropped.
pub async fn pump(
    mut news: mpsc::Receiver<News>,
    mut page: watch::Receiver<Progress>,
    deliver: impl Fn(&Batch) + Send,
) {
    let mut outbox = Outbox::default();
    let (mut epoch, mut sent) = (0, 0);
    let (mut ended, mut told) = (false, false);
    let mut next = Instant::now();
    loop {
        let now = *page.borrow_and_update();
        if now.epoch != epoch {
            (epoch, sent, told) = (now.epoch, 0, false);
            outbox.start_over();
        }
        let due = epoch != 0 && now.acked >= sent && (!outbox.is_empty() || (ended && !told));
        tokio::select! {
            biased;
            changed = page.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = tokio::time::sleep_until(next), if due => {
                sent += 1;
                let Load { sessions, resources, trouble } = outbox.take();
                deliver(&Batch { epoch, number: sent, sessions, resources, trouble, ended });
                told = ended;
                next = Instant::now() + FRAME;
            }
            some = news.recv(), if !ended => match some {
                Some(one) => outbox.put(one),
                None => ended = true,
            },
        }
    }
}
