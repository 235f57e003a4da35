//! A journal in front of another one, for tests and measures that look at what passes, hold it back or spoil it.

use mo_core::ids::{AttemptNo, SessionId, WorkerName};
use mo_core::record::Record;

use crate::document::Document;
use crate::error::JournalError;
use crate::port::{CommitFuture, DeleteFuture, Journal};
use crate::transcript::{Stream, TranscriptInfo, TranscriptPage, TranscriptSink};

/// Done before a call is passed on.
pub type Tap = Box<dyn Fn() + Send + Sync>;
/// May change what is about to be committed.
pub type Change = Box<dyn Fn(&mut Vec<Record>) + Send + Sync>;
/// What a transcript is written through.
pub type Wrap = Box<dyn Fn(Box<dyn TranscriptSink>) -> Box<dyn TranscriptSink> + Send + Sync>;

/// What is done beside passing a call on.
pub struct Taps {
    /// Before a commit.
    pub commit: Change,
    /// Before a read of a session's records.
    pub read: Tap,
    /// Before a deletion.
    pub delete: Tap,
    /// On opening a transcript.
    pub sink: Wrap,
}

impl Default for Taps {
    /// Nothing.
    fn default() -> Self {
        Self {
            commit: Box::new(|_| {}),
            read: Box::new(|| {}),
            delete: Box::new(|| {}),
            sink: Box::new(|sink| sink),
        }
    }
}

/// Passes every call on to the journal behind it.
pub struct TappedJournal<J> {
    inner: J,
    taps: Taps,
}

impl<J: Journal> TappedJournal<J> {
    /// In front of `inner`.
    pub fn new(inner: J, taps: Taps) -> Self {
        Self { inner, taps }
    }
}

impl<J: Journal> Journal for TappedJournal<J> {
    fn commit(&self, mut records: Vec<Record>) -> CommitFuture {
        (self.taps.commit)(&mut records);
        self.inner.commit(records)
    }

    fn read(&self, session: &SessionId, since_seq: u64, limit: usize) -> Result<Vec<Record>, JournalError> {
        (self.taps.read)();
        self.inner.read(session, since_seq, limit)
    }

    fn read_rows(&self, since_row: u64, limit: usize) -> Result<Vec<(u64, Record)>, JournalError> {
        self.inner.read_rows(since_row, limit)
    }

    fn read_checkpoints(&self, since_row: u64, limit: usize) -> Result<Vec<(u64, Record)>, JournalError> {
        self.inner.read_checkpoints(since_row, limit)
    }

    fn sessions(&self) -> Result<Vec<SessionId>, JournalError> {
        self.inner.sessions()
    }

    fn last_seq(&self, session: &SessionId) -> Result<u64, JournalError> {
        self.inner.last_seq(session)
    }

    fn last_row(&self) -> Result<u64, JournalError> {
        self.inner.last_row()
    }

    fn delete(&self, session: &SessionId) -> DeleteFuture {
        (self.taps.delete)();
        self.inner.delete(session)
    }

    fn transcript(
        &self,
        session: &SessionId,
        worker: &WorkerName,
        attempt: AttemptNo,
        stream: Stream,
    ) -> Result<Box<dyn TranscriptSink>, JournalError> {
        Ok((self.taps.sink)(self.inner.transcript(session, worker, attempt, stream)?))
    }

    fn transcripts(&self, session: &SessionId) -> Result<Vec<TranscriptInfo>, JournalError> {
        self.inner.transcripts(session)
    }

    fn read_transcript(
        &self,
        session: &SessionId,
        worker: &WorkerName,
        attempt: AttemptNo,
        stream: Stream,
        offset: u64,
        limit: usize,
    ) -> Result<TranscriptPage, JournalError> {
        self.inner.read_transcript(session, worker, attempt, stream, offset, limit)
    }

    fn put_document(&self, session: &SessionId, document: &Document, text: &str) -> Result<(), JournalError> {
        self.inner.put_document(session, document, text)
    }

    fn document(&self, session: &SessionId, document: &Document) -> Result<Option<String>, JournalError> {
        self.inner.document(session, document)
    }
}
