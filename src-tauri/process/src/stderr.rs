//! A child's standard error: always drained, its end kept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::watch;

use crate::launch::RawSink;

/// How much of the end is kept, in bytes.
pub const STDERR_TAIL_LEN: usize = 64 << 10;
const CHUNK: usize = 16 << 10;

/// The end of what a child wrote to standard error, live and after its death.
///
/// It is drained whether or not anyone looks, so that the child never waits for us. Clones see the same.
#[derive(Debug, Clone)]
pub struct StderrTail {
    kept: Arc<Mutex<VecDeque<u8>>>,
    seen: watch::Receiver<Seen>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    total: u64,
    ended: bool,
}

/// What [`StderrTail::after`] gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StderrPiece {
    /// The bytes from the asked offset on, or from the oldest that is still kept.
    pub bytes: Vec<u8>,
    /// Bytes between the asked offset and the first of `bytes`: they are only in the raw sink.
    pub missed: u64,
    /// The offset to ask with next.
    pub next: u64,
    /// Nothing more will come.
    pub ended: bool,
}

impl StderrTail {
    /// Drains `source` in a task of its own until its end. Needs a running tokio runtime.
    pub fn new(source: impl AsyncRead + Send + Unpin + 'static, sink: Option<Box<dyn RawSink>>) -> Self {
        let kept = Arc::new(Mutex::new(VecDeque::new()));
        let (progress, seen) = watch::channel(Seen::default());
        tokio::spawn(drain(source, sink, Arc::clone(&kept), progress));
        Self { kept, seen }
    }

    /// The last bytes, at most [`STDERR_TAIL_LEN`].
    pub fn tail(&self) -> Vec<u8> {
        lock(&self.kept).iter().copied().collect()
    }

    /// How many bytes have come in all.
    pub fn total_bytes(&self) -> u64 {
        self.seen.borrow().total
    }

    /// Waits until more than `offset` bytes have come or the end is there, and gives what is new.
    /// Start with 0 and go on with [`StderrPiece::next`].
    pub async fn after(&self, offset: u64) -> StderrPiece {
        // An error means that the draining task is gone: then what is kept is all there will be.
        let gone = self.seen.clone().wait_for(|seen| seen.ended || seen.total > offset).await.is_err();
        let kept = lock(&self.kept);
        // Read under the lock: the task writes both under it.
        let Seen { total, ended } = *self.seen.borrow();
        let oldest = total - kept.len() as u64;
        let from = offset.clamp(oldest, total);
        let skip = usize::try_from(from - oldest).unwrap_or(usize::MAX);
        StderrPiece {
            bytes: kept.iter().skip(skip).copied().collect(),
            missed: from.saturating_sub(offset),
            next: total,
            ended: ended || gone,
        }
    }

    /// Waits until the last writer has closed it.
    pub async fn ended(&self) {
        // An error means the draining task is gone, which is an end too.
        let _ = self.seen.clone().wait_for(|seen| seen.ended).await;
    }
}

async fn drain(
    mut source: impl AsyncRead + Unpin,
    mut sink: Option<Box<dyn RawSink>>,
    kept: Arc<Mutex<VecDeque<u8>>>,
    progress: watch::Sender<Seen>,
) {
    let mut chunk = vec![0; CHUNK];
    let chunk_len = chunk.len();
    loop {
        let read = match source.read(&mut chunk).await {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%error, "standard error of a child cannot be read any more");
                0
            }
        };
        let new = chunk.get(..read).unwrap_or_default();
        if let (Some(sink), false) = (&mut sink, new.is_empty()) {
            sink.write(new);
            if read < chunk_len {
                sink.idle();
            }
        }
        let mut kept = lock(&kept);
        kept.extend(new);
        let excess = kept.len().saturating_sub(STDERR_TAIL_LEN);
        kept.drain(..excess);
        progress.send_modify(|seen| {
            seen.total += read as u64;
            seen.ended = read == 0;
        });
        if read == 0 {
            return;
        }
    }
}

fn lock(kept: &Mutex<VecDeque<u8>>) -> MutexGuard<'_, VecDeque<u8>> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "stderr_tests.rs"]
mod stderr_tests;
