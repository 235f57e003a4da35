//! A journal whose reads or deletions stand still until the test lets them go on.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use mo_core::ids::{AttemptNo, SessionId, WorkerName};
use mo_core::record::Record;
use mo_journal::{
    CommitFuture, DeleteFuture, Document, Journal, JournalError, SqliteJournal, Stream, TranscriptInfo,
    TranscriptPage, TranscriptSink,
};

/// What the next call of its sort waits for.
type Gate = Mutex<Option<(Sender<()>, Receiver<()>)>>;

pub(crate) struct HeldJournal {
    inner: SqliteJournal,
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

impl HeldJournal {
    pub(crate) fn new(inner: SqliteJournal) -> Arc<Self> {
        Arc::new(Self { inner, reads: Gate::default(), deletions: Gate::default() })
    }

    /// The next read of a session stands still.
    pub(crate) fn stop_read(&self) -> Stop {
        stop(&self.reads)
    }

    /// The next deletion stands still.
    pub(crate) fn stop_deletion(&self) -> Stop {
        stop(&self.deletions)
    }
}

impl Journal for HeldJournal {
    fn commit(&self, records: Vec<Record>) -> CommitFuture {
        self.inner.commit(records)
    }

    fn read(&self, session: &SessionId, since_seq: u64, limit: usize) -> Result<Vec<Record>, JournalError> {
        pass(&self.reads);
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
        pass(&self.deletions);
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
