//! A child's standard input, written by a task of its own.
//!
//! A writer that also reads must not wait for the pipe: with 1 MB written before the first read, both sides
//! wait for ever (measured). So writing here means queueing.

use std::sync::Arc;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use crate::error::StdinError;

/// How many bytes may wait in the queue. One larger write is let in when the queue is empty.
pub const STDIN_QUEUE_BYTES: usize = 1 << 20;

/// Where bytes for a child's standard input go. Dropping it closes the input after what is queued.
#[derive(Debug)]
pub struct ChildStdin {
    queue: Option<mpsc::UnboundedSender<Chunk>>,
    room: Arc<Semaphore>,
    state: watch::Receiver<State>,
}

#[derive(Debug)]
struct Chunk {
    bytes: Vec<u8>,
    /// Its share of the queue, given back once it is written.
    _share: OwnedSemaphorePermit,
}

#[derive(Debug, Clone)]
enum State {
    Open,
    Closed,
    Broken(std::io::ErrorKind),
}

impl ChildStdin {
    /// Writes to `pipe` in a task of its own. Needs a running tokio runtime.
    pub fn new(pipe: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        let (queue, chunks) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(STDIN_QUEUE_BYTES));
        let (progress, state) = watch::channel(State::Open);
        tokio::spawn(feed(pipe, chunks, Arc::clone(&room), progress));
        Self { queue: Some(queue), room, state }
    }

    /// The input of a child that has none.
    pub fn closed() -> Self {
        let (_, state) = watch::channel(State::Closed);
        Self { queue: None, room: Arc::new(Semaphore::new(0)), state }
    }

    /// Queues `bytes`, in order; waits while the queue is full.
    ///
    /// # Errors
    /// [`StdinError::Closed`] after [`Self::close`], [`StdinError::Broken`] when the child does not read any
    /// more. Success means queued, not read: a child that ends meanwhile loses what it had not read.
    pub async fn write(&self, bytes: Vec<u8>) -> Result<(), StdinError> {
        let queue = self.queue.as_ref().ok_or(StdinError::Closed)?;
        let share = u32::try_from(bytes.len().min(STDIN_QUEUE_BYTES)).unwrap_or(u32::MAX);
        let Ok(share) = Arc::clone(&self.room).acquire_many_owned(share).await else {
            return Err(self.reason());
        };
        queue.send(Chunk { bytes, _share: share }).map_err(|_| self.reason())
    }

    /// Closes the input once what is queued has been written; the child then reads its end.
    pub fn close(&mut self) {
        self.queue = None;
    }

    /// Waits until everything queued is written and the input is closed.
    ///
    /// # Errors
    /// [`StdinError::Broken`] when the child stopped reading before.
    pub async fn finished(&self) -> Result<(), StdinError> {
        let mut state = self.state.clone();
        match state.wait_for(|state| !matches!(state, State::Open)).await.as_deref() {
            Ok(State::Broken(kind)) => Err(StdinError::Broken { kind: *kind }),
            // An error means that the writing task is gone with its runtime.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn reason(&self) -> StdinError {
        match &*self.state.borrow() {
            State::Broken(kind) => StdinError::Broken { kind: *kind },
            State::Open | State::Closed => StdinError::Closed,
        }
    }
}

async fn feed(
    mut pipe: impl AsyncWrite + Unpin,
    mut chunks: mpsc::UnboundedReceiver<Chunk>,
    room: Arc<Semaphore>,
    progress: watch::Sender<State>,
) {
    let mut end = State::Closed;
    while let Some(chunk) = chunks.recv().await {
        let written = match pipe.write_all(&chunk.bytes).await {
            Ok(()) => pipe.flush().await,
            failed => failed,
        };
        if let Err(error) = written {
            end = State::Broken(error.kind());
            break;
        }
    }
    drop(pipe);
    // Before the queue closes, so that who is refused finds the reason.
    progress.send_replace(end);
    room.close();
}

#[cfg(test)]
#[path = "stdin_tests.rs"]
mod stdin_tests;
