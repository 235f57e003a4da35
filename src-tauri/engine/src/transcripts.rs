//! Writes a worker's raw bytes to its transcript, without known secrets.

use std::sync::Arc;

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
