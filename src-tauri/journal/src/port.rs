//! The port through which the engine stores what has happened.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use mo_core::ids::{AttemptNo, SessionId, WorkerName};
use mo_core::record::Record;
use tokio::sync::oneshot;

use crate::document::Document;
use crate::error::{CommitError, JournalError};
use crate::transcript::{Stream, TranscriptInfo, TranscriptPage, TranscriptSink};

/// The most records that one page may hold, whatever was asked for.
pub const MAX_PAGE_RECORDS: usize = 10_000;
/// A page ends with the record that takes its `data` past this many bytes.
pub const MAX_PAGE_BYTES: usize = 4 << 20;

/// Durable events, transcripts and documents of all sessions of one data folder.
///
/// Reading blocks for as long as a disk read takes; async callers read from a blocking thread.
pub trait Journal: Send + Sync {
    /// Stores records, all or none. The batch takes its place in the queue when this is called, so commits become
    /// durable in the order of the calls, and several may be in flight; dropping the future takes nothing back.
    ///
    /// The numbers of each session must go on densely from its last record (from 1 in a new session), else the
    /// batch is refused with [`JournalError::OutOfOrder`]. After a failed write the batches queued behind it come
    /// back as [`JournalError::Behind`]: commit the returned records again in their order. A queue that is full
    /// refuses with [`JournalError::Busy`]. An empty batch resolves once everything before it is settled.
    fn commit(&self, records: Vec<Record>) -> CommitFuture;

    /// Up to `limit` records of a session with a number above `since_seq`, in order. A page is also bounded by
    /// [`MAX_PAGE_RECORDS`] and [`MAX_PAGE_BYTES`]; only an empty page means the end. An unknown session is empty.
    fn read(&self, session: &SessionId, since_seq: u64, limit: usize) -> Result<Vec<Record>, JournalError>;

    /// The same over all sessions, by row number. Row numbers rise with every record and are never used twice.
    fn read_rows(&self, since_row: u64, limit: usize) -> Result<Vec<(u64, Record)>, JournalError>;

    /// The same, of the records that name checkpoints: those of the kinds `checkpoint_taken` and
    /// `checkpoint_restored`. Costs what there is of these, not what there is of others.
    fn read_checkpoints(&self, since_row: u64, limit: usize) -> Result<Vec<(u64, Record)>, JournalError>;

    /// The sessions that have records, oldest first.
    fn sessions(&self) -> Result<Vec<SessionId>, JournalError>;

    /// The number of a session's last record; 0 when it has none.
    fn last_seq(&self, session: &SessionId) -> Result<u64, JournalError>;

    /// The row number of the newest record of all sessions; 0 when there is none.
    fn last_row(&self) -> Result<u64, JournalError>;

    /// Deletes a session: its folder at once, then its records, which no reader sees from the moment this takes
    /// effect. Resolves when all is gone, with whether there was such a session. No worker of it may still run.
    fn delete(&self, session: &SessionId) -> DeleteFuture;

    /// Opens the transcript of one stream of one attempt, to append to it.
    fn transcript(
        &self,
        session: &SessionId,
        worker: &WorkerName,
        attempt: AttemptNo,
        stream: Stream,
    ) -> Result<Box<dyn TranscriptSink>, JournalError>;

    /// The transcripts of a session, by worker, attempt and stream.
    fn transcripts(&self, session: &SessionId) -> Result<Vec<TranscriptInfo>, JournalError>;

    /// Up to `limit` bytes (at most [`MAX_PAGE_BYTES`]) of a transcript from a byte offset. One that does not exist
    /// is empty. What its sink still buffers is not there yet.
    fn read_transcript(
        &self,
        session: &SessionId,
        worker: &WorkerName,
        attempt: AttemptNo,
        stream: Stream,
        offset: u64,
        limit: usize,
    ) -> Result<TranscriptPage, JournalError>;

    /// Writes one of the texts that a person reads, replacing an older one whole.
    fn put_document(&self, session: &SessionId, document: &Document, text: &str) -> Result<(), JournalError>;

    /// Reads one of those texts, if it has been written.
    fn document(&self, session: &SessionId, document: &Document) -> Result<Option<String>, JournalError>;
}

/// A batch that is durable.
#[derive(Debug, PartialEq, Eq)]
pub struct Committed {
    /// The row number of its first record; the others follow without a gap. For an empty batch, the next row number.
    pub first_row: u64,
    /// The records, given back so that they can be published without a copy.
    pub records: Vec<Record>,
}

/// Resolves when a batch is durable, or when it is certain that nothing of it is stored.
#[derive(Debug)]
#[must_use = "what has not resolved is not durable"]
pub struct CommitFuture(pub(crate) oneshot::Receiver<Result<Committed, CommitError>>);

impl CommitFuture {
    /// Waits on this thread; not for use inside an async runtime.
    pub fn wait(self) -> Result<Committed, CommitError> {
        self.0.blocking_recv().unwrap_or_else(|_| Err(closed()))
    }

    pub(crate) fn ready(result: Result<Committed, CommitError>) -> Self {
        let (sender, receiver) = oneshot::channel();
        // The receiver is right here, so the value always arrives.
        let _ = sender.send(result);
        Self(receiver)
    }
}

/// Only when the writer thread itself has died: it answers every batch it was given.
fn closed() -> CommitError {
    CommitError { error: JournalError::Closed, records: Vec::new() }
}

impl Future for CommitFuture {
    type Output = Result<Committed, CommitError>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or_else(|_| Err(closed())))
    }
}

/// Resolves when a session is gone, with whether there was one.
#[derive(Debug)]
#[must_use = "what has not resolved may still be there"]
pub struct DeleteFuture(pub(crate) oneshot::Receiver<Result<bool, JournalError>>);

impl DeleteFuture {
    /// Waits on this thread; not for use inside an async runtime.
    pub fn wait(self) -> Result<bool, JournalError> {
        self.0.blocking_recv().unwrap_or(Err(JournalError::Closed))
    }

    pub(crate) fn ready(result: Result<bool, JournalError>) -> Self {
        let (sender, receiver) = oneshot::channel();
        let _ = sender.send(result);
        Self(receiver)
    }
}

impl Future for DeleteFuture {
    type Output = Result<bool, JournalError>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or(Err(JournalError::Closed)))
    }
}
