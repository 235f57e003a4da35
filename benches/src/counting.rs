//! The journal, with a note of how many records each commit had: the bare loop then commits in the same sizes.

use std::sync::{Arc, Mutex, PoisonError};

use mo_core::ids::{AttemptNo, SessionId, WorkerName};
use mo_core::record::Record;
use mo_journal::{
    CommitFuture, DeleteFuture, Document, Journal, JournalError, SqliteJournal, Stream, TranscriptInfo,
    TranscriptPage, TranscriptSink,
};

/// How many records each commit had.
pub(crate) type Sizes = Arc<Mutex<Vec<u32>>>;

/// Passes everything on.
pub(crate) struct CountingJournal {
    inner: SqliteJournal,
    sizes: Sizes,
}

impl CountingJournal {
    pub(crate) fn new(inner: SqliteJournal) -> (Self, Sizes) {
        let sizes = Sizes::default();
        (Self { inner, sizes: Arc::clone(&sizes) }, sizes)
    }
}

impl Journal for CountingJournal {
    fn commit(&self, records: Vec<Record>) -> CommitFuture {
        let size = u32::try_from(records.len()).unwrap_or(u32::MAX);
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner).push(size);
        self.inner.commit(records)
    }

    fn read(&self, session: &SessionId, since_seq: u64, limit: usize) -> Result<Vec<Record>, JournalError> {
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
        self.inner.delete(session)
    }

    fn transcript(
        &self,
        session: &SessionId,
        worker: &WorkerName,
        attempt: AttemptNo,
        stream: Stream,
    ) -> Result<Box<dyn TranscriptSink>, JournalError> {
        self.inner.transcript(session, worker, attempt, stream)
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
