//! The journal on disk: one SQLite file in WAL mode with `synchronous = FULL`, one writer thread, readers beside it.

mod heads;
mod purge;
mod queue;
mod reader;
mod schema;
mod writer;

use std::thread::JoinHandle;

use mo_core::ids::{AttemptNo, SessionId, WorkerName};
use mo_core::record::Record;

use crate::document::Document;
use crate::error::{CommitError, JournalError};
use crate::folder::DataDir;
use crate::port::{CommitFuture, DeleteFuture, Journal};
use crate::transcript::{Stream, TranscriptInfo, TranscriptPage, TranscriptSink};

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod writer_tests;

/// The journal of a data folder. Dropping it waits until everything queued is settled.
pub struct SqliteJournal {
    dir: DataDir,
    readers: reader::Readers,
    access: Access,
}

enum Access {
    Writing { jobs: Option<queue::JobSender>, thread: Option<JoinHandle<()>> },
    Reading(JournalError),
}

impl SqliteJournal {
    /// Opens the journal for writing, making it when absent. The caller holds the folder's
    /// [`OwnerLock`](crate::OwnerLock): only one process may write. A file of a newer format is opened for reading,
    /// which [`writable`](Self::writable) tells; a damaged one is [`JournalError::Corrupt`].
    pub fn open(dir: &DataDir) -> Result<Self, JournalError> {
        let file = dir.journal_file();
        if let schema::Found::Newer(found) = schema::inspect(&file)? {
            let reason = JournalError::Newer { file: file.clone(), found, supported: schema::FORMAT };
            return Ok(Self::reading(dir, reason));
        }
        let connection = schema::open_writer(&file)?;
        let (sender, receiver) = queue::job_queue();
        let writer = writer::Writer::new(connection, dir, receiver)?;
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| JournalError::io("cannot start the writer of", &file, &error))?;
        let access = Access::Writing { jobs: Some(sender), thread: Some(thread) };
        Ok(Self { dir: dir.clone(), readers: reader::Readers::new(file), access })
    }

    /// Opens the journal for reading, also while another process writes. A folder without one is empty.
    pub fn open_read_only(dir: &DataDir) -> Result<Self, JournalError> {
        schema::inspect(&dir.journal_file())?;
        Ok(Self::reading(dir, JournalError::ReadOnly))
    }

    fn reading(dir: &DataDir, reason: JournalError) -> Self {
        let readers = reader::Readers::new(dir.journal_file());
        Self { dir: dir.clone(), readers, access: Access::Reading(reason) }
    }

    /// Whether it can be written to, and if not, why.
    pub fn writable(&self) -> Result<(), JournalError> {
        match &self.access {
            Access::Writing { .. } => Ok(()),
            Access::Reading(reason) => Err(reason.clone()),
        }
    }

    fn jobs(&self) -> Result<&queue::JobSender, JournalError> {
        match &self.access {
            Access::Writing { jobs, .. } => jobs.as_ref().ok_or(JournalError::Closed),
            Access::Reading(reason) => Err(reason.clone()),
        }
    }
}

impl Drop for SqliteJournal {
    fn drop(&mut self) {
        self.readers.close();
        if let Access::Writing { jobs, thread } = &mut self.access {
            drop(jobs.take());
            if let Some(thread) = thread.take() {
                let _ = thread.join();
            }
        }
    }
}

impl Journal for SqliteJournal {
    fn commit(&self, records: Vec<Record>) -> CommitFuture {
        match self.jobs() {
            Ok(jobs) => jobs.commit(records),
            Err(error) => CommitFuture::ready(Err(CommitError { error, records })),
        }
    }

    fn read(&self, session: &SessionId, since_seq: u64, limit: usize) -> Result<Vec<Record>, JournalError> {
        self.readers.page(session, since_seq, limit)
    }

    fn read_rows(&self, since_row: u64, limit: usize) -> Result<Vec<(u64, Record)>, JournalError> {
        self.readers.page_of_all(since_row, limit)
    }

    fn read_checkpoints(&self, since_row: u64, limit: usize) -> Result<Vec<(u64, Record)>, JournalError> {
        self.readers.page_of_checkpoints(since_row, limit)
    }

    fn sessions(&self) -> Result<Vec<SessionId>, JournalError> {
        self.readers.sessions()
    }

    fn last_seq(&self, session: &SessionId) -> Result<u64, JournalError> {
        self.readers.last_seq(session)
    }

    fn last_row(&self) -> Result<u64, JournalError> {
        self.readers.last_row()
    }

    fn delete(&self, session: &SessionId) -> DeleteFuture {
        match self.jobs().and_then(|jobs| crate::folder::check_session(session).map(|()| jobs)) {
            Ok(jobs) => jobs.delete(session.clone()),
            Err(error) => DeleteFuture::ready(Err(error)),
        }
    }

    fn transcript(
        &self,
        session: &SessionId,
        worker: &WorkerName,
        attempt: AttemptNo,
        stream: Stream,
    ) -> Result<Box<dyn TranscriptSink>, JournalError> {
        self.writable()?;
        self.dir.open_transcript(session, worker, attempt, stream)
    }

    fn transcripts(&self, session: &SessionId) -> Result<Vec<TranscriptInfo>, JournalError> {
        self.dir.list_transcripts(session)
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
        self.dir.read_transcript_file(session, worker, attempt, stream, offset, limit)
    }

    fn put_document(&self, session: &SessionId, document: &Document, text: &str) -> Result<(), JournalError> {
        self.writable()?;
        self.dir.put_document(session, document, text)
    }

    fn document(&self, session: &SessionId, document: &Document) -> Result<Option<String>, JournalError> {
        self.dir.document(session, document)
    }
}
