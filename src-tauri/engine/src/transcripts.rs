//! Writes a worker's raw bytes to its transcript, without known secrets, as far as there is room.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use mo_journal::{RedactingSink, Redactor, TranscriptSink};
use mo_process::RawSink;

/// The raw sink of one stream.
pub(crate) struct Tee {
    sink: RedactingSink,
    failed: bool,
}

impl Tee {
    pub(crate) fn new(transcript: Box<dyn TranscriptSink>, redactor: Arc<Redactor>) -> Self {
        Self { sink: RedactingSink::new(redactor, transcript), failed: false }
    }

    /// As far as there is room. `cut` is told when it is used up, once for all streams of the worker.
    pub(crate) fn bounded(
        transcript: Box<dyn TranscriptSink>,
        redactor: Arc<Redactor>,
        room: Arc<Room>,
        cut: impl FnOnce() + Send + 'static,
    ) -> Self {
        let bounded = Bounded { sink: transcript, room, cut: Some(Box::new(cut)) };
        Self::new(Box::new(bounded), redactor)
    }
}

impl RawSink for Tee {
    fn write(&mut self, bytes: &[u8]) {
        match self.sink.write(bytes) {
            Ok(()) => self.failed = false,
            // The transcript is the one to be sacrificed: the journal has what was understood. Said once.
            Err(error) if !self.failed => {
                self.failed = true;
                tracing::error!(%error, "a transcript cannot be written");
            }
            Err(_) => {}
        }
    }

    fn idle(&mut self) {
        if let (Err(error), false) = (self.sink.flush(), self.failed) {
            self.failed = true;
            tracing::error!(%error, "a transcript cannot be written");
        }
    }
}

/// How many bytes the transcripts of one worker may still grow by.
#[derive(Debug)]
pub(crate) struct Room {
    left: AtomicU64,
    is_told: AtomicBool,
}

impl Room {
    /// `limit` in bytes, 0 for none; `used` is there already.
    pub(crate) fn new(limit: u64, used: u64) -> Self {
        let left = if limit == 0 { u64::MAX } else { limit.saturating_sub(used) };
        Self { left: AtomicU64::new(left), is_told: AtomicBool::new(false) }
    }

    /// Takes as much of it as there is.
    fn take(&self, bytes: u64) -> u64 {
        let less = |left: u64| Some(left.saturating_sub(bytes));
        let before = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        before.map_or(0, |before| before.min(bytes))
    }
}

/// The rooms of a session's workers.
#[derive(Debug, Default)]
pub(crate) struct Rooms(Mutex<std::collections::BTreeMap<mo_core::ids::WorkerName, Arc<Room>>>);

impl Rooms {
    /// The worker's; `new` makes it for its first process here.
    pub(crate) fn of(&self, worker: &mo_core::ids::WorkerName, new: impl FnOnce() -> Room) -> Arc<Room> {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(rooms.entry(worker.clone()).or_insert_with(|| Arc::new(new())))
    }
}

/// Keeps the head of a stream, up to the last whole line for which there is room.
struct Bounded {
    sink: Box<dyn TranscriptSink>,
    room: Arc<Room>,
    /// Taken when the stream is cut.
    cut: Option<Box<dyn FnOnce() + Send>>,
}

impl TranscriptSink for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.cut.is_none() {
            return Ok(());
        }
        let room = usize::try_from(self.room.take(bytes.len() as u64)).unwrap_or(usize::MAX);
        if room >= bytes.len() {
            return self.sink.write(bytes);
        }
        let fits = bytes.get(..room).unwrap_or_default();
        let head = fits.iter().rposition(|byte| *byte == b'\n').map_or(fits, |end| &fits[..=end]);
        if let (Some(cut), false) = (self.cut.take(), self.room.is_told.swap(true, Ordering::Relaxed)) {
            cut();
        }
        self.sink.write(head)?;
        self.sink.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

#[cfg(test)]
#[path = "transcripts_tests.rs"]
mod transcripts_tests;
