//! What waits for the writer thread: in the order of the calls, and bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use mo_core::ids::SessionId;
use mo_core::record::Record;
use tokio::sync::oneshot;

use crate::error::{CommitError, JournalError};
use crate::port::{CommitFuture, Committed, DeleteFuture};

/// The most bytes of records that may wait. One batch is always taken when nothing else waits.
pub(super) const MAX_WAITING_BYTES: usize = 64 << 20;

/// What a record costs beside its `data`.
const RECORD_BYTES: usize = size_of::<Record>() + 64;

/// A batch on its way.
pub(super) struct Batch {
    pub(super) records: Vec<Record>,
    pub(super) bytes: usize,
    /// How many writes had failed when it was queued.
    pub(super) epoch: u64,
    reply: oneshot::Sender<Result<Committed, CommitError>>,
}

impl Batch {
    /// The receiver may have been dropped: the batch is stored all the same.
    pub(super) fn done(self, first_row: u64) {
        let _ = self.reply.send(Ok(Committed { first_row, records: self.records }));
    }

    pub(super) fn failed(self, error: JournalError) {
        let _ = self.reply.send(Err(CommitError { error, records: self.records }));
    }
}

/// What the writer is asked to do.
pub(super) enum Job {
    Commit(Batch),
    Delete(SessionId, oneshot::Sender<Result<bool, JournalError>>),
}

#[derive(Default)]
struct Shared {
    waiting_bytes: AtomicUsize,
    failures: AtomicU64,
}

/// The callers' end.
pub(super) struct JobSender {
    jobs: Sender<Job>,
    shared: Arc<Shared>,
}

/// The writer's end.
pub(super) struct JobReceiver {
    pub(super) jobs: Receiver<Job>,
    shared: Arc<Shared>,
}

pub(super) fn job_queue() -> (JobSender, JobReceiver) {
    let (sender, receiver) = channel();
    let shared = Arc::new(Shared::default());
    (JobSender { jobs: sender, shared: Arc::clone(&shared) }, JobReceiver { jobs: receiver, shared })
}

impl JobSender {
    pub(super) fn commit(&self, records: Vec<Record>) -> CommitFuture {
        let bytes = records.iter().map(|record| record.data.len() + RECORD_BYTES).sum();
        let waiting = self.shared.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        if waiting > 0 && waiting.saturating_add(bytes) > MAX_WAITING_BYTES {
            self.shared.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return CommitFuture::ready(Err(CommitError { error: JournalError::Busy, records }));
        }
        let (reply, answer) = oneshot::channel();
        let epoch = self.shared.failures.load(Ordering::Acquire);
        let job = Job::Commit(Batch { records, bytes, epoch, reply });
        if let Err(refused) = self.jobs.send(job)
            && let Job::Commit(batch) = refused.0
        {
            batch.failed(JournalError::Closed);
        }
        CommitFuture(answer)
    }

    #[cfg(test)]
    pub(super) fn waiting_bytes(&self) -> usize {
        self.shared.waiting_bytes.load(Ordering::Relaxed)
    }

    pub(super) fn delete(&self, session: SessionId) -> DeleteFuture {
        let (reply, answer) = oneshot::channel();
        // A writer that has ended drops the reply, which the future reports as closed.
        let _ = self.jobs.send(Job::Delete(session, reply));
        DeleteFuture(answer)
    }
}

impl JobReceiver {
    /// To be called for each batch that leaves the queue.
    pub(super) fn left(&self, batch: &Batch) {
        self.shared.waiting_bytes.fetch_sub(batch.bytes, Ordering::Relaxed);
    }

    /// How many writes have failed.
    pub(super) fn failures(&self) -> u64 {
        self.shared.failures.load(Ordering::Acquire)
    }

    /// From now on, what is queued already counts as behind a failure.
    pub(super) fn note_failure(&self) {
        self.shared.failures.fetch_add(1, Ordering::AcqRel);
    }
}
