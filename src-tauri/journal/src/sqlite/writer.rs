//! The one thread that writes. It commits whatever has queued in one transaction, so that one fsync serves all that
//! came while the last one ran.

use std::path::PathBuf;
use std::sync::mpsc::TryRecvError;
use std::time::Duration;

use mo_core::record::Record;
use rusqlite::{Connection, Statement, params};

use crate::error::JournalError;
use crate::folder::DataDir;
use crate::sqlite::heads::{Heads, Refusal, Run};
use crate::sqlite::purge::{PurgeList, Step};
use crate::sqlite::queue::{Batch, Job, JobReceiver};
use crate::sqlite::schema::BUSY_TIMEOUT;

/// A transaction takes no further batch once it holds this many bytes: it bounds memory and the wait of the first.
const MAX_GROUP_BYTES: usize = 4 << 20;
/// The write-ahead log is moved into the database once about this much has been written to it.
const CHECKPOINT_BYTES: usize = 16 << 20;
/// When nothing waits, much less is enough, so that little is left to do at the end or after a crash.
const IDLE_CHECKPOINT_BYTES: usize = 1 << 20;

const INSERT: &str =
    "INSERT INTO event (row, session, seq, at, worker, kind, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

pub(super) struct Writer {
    connection: Connection,
    file: PathBuf,
    dir: DataDir,
    jobs: JobReceiver,
    /// The row number of the next record.
    next_row: u64,
}

/// What changes from group to group.
struct Progress {
    heads: Heads,
    next_row: u64,
    /// Written since the last checkpoint, by estimate.
    wal_bytes: usize,
    /// A session is gone, but the log still holds what it said.
    erase_wal: bool,
}

impl Writer {
    /// Takes over the connection, which must be the only one that writes.
    pub(super) fn new(
        connection: Connection,
        dir: &DataDir,
        jobs: JobReceiver,
    ) -> Result<Self, JournalError> {
        let file = dir.journal_file();
        let last: i64 = connection
            .query_row(
                "SELECT max(coalesce((SELECT max(row) FROM event), 0),
                            coalesce((SELECT value FROM counter WHERE name = 'last_row'), 0))",
                [],
                |row| row.get(0),
            )
            .map_err(|error| JournalError::sqlite("cannot read", &file, &error))?;
        Ok(Self { connection, file, dir: dir.clone(), jobs, next_row: last.unsigned_abs() + 1 })
    }

    /// Works until all senders are gone and everything they sent is settled.
    pub(super) fn run(self) {
        let mut insert = match self.connection.prepare(INSERT) {
            Ok(statement) => statement,
            Err(error) => return self.refuse_all(&JournalError::sqlite("cannot use", &self.file, &error)),
        };
        let mut purges = PurgeList::unfinished(&self.connection);
        let mut progress =
            Progress { heads: Heads::default(), next_row: self.next_row, wal_bytes: 0, erase_wal: false };
        let mut next: Option<Job> = None;
        loop {
            let job = match next.take() {
                Some(job) => job,
                None => match self.wait(&mut purges, &mut progress) {
                    Some(job) => job,
                    None => break,
                },
            };
            match job {
                Job::Commit(first) => {
                    let mut bytes = first.bytes;
                    self.jobs.left(&first);
                    let mut group = vec![first];
                    while bytes < MAX_GROUP_BYTES {
                        match self.jobs.jobs.try_recv() {
                            Ok(Job::Commit(batch)) => {
                                bytes += batch.bytes;
                                self.jobs.left(&batch);
                                group.push(batch);
                            }
                            Ok(other) => {
                                next = Some(other);
                                break;
                            }
                            Err(_) => break,
                        }
                    }
                    self.commit(&mut insert, group, &mut progress);
                    progress.wal_bytes += bytes;
                    self.checkpoint(&mut progress, CHECKPOINT_BYTES);
                }
                Job::Delete(session, reply) => {
                    progress.heads.forget(&session);
                    purges.begin(&self.connection, &self.dir, &session, progress.next_row - 1, reply);
                }
            }
        }
    }

    /// The next job; while none waits, the work that can be put off. `None` at the end.
    fn wait(&self, purges: &mut PurgeList, progress: &mut Progress) -> Option<Job> {
        loop {
            match self.jobs.jobs.try_recv() {
                Ok(job) => {
                    // One step even under load, so that a delete comes to an end.
                    self.purge(purges, progress);
                    return Some(job);
                }
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => {}
            }
            if !self.purge(purges, progress) {
                self.checkpoint(progress, IDLE_CHECKPOINT_BYTES);
                if std::mem::take(&mut progress.erase_wal) {
                    self.erase_wal();
                }
                return self.jobs.jobs.recv().ok();
            }
        }
    }

    /// One step of the deletions under way; whether there was any.
    fn purge(&self, purges: &mut PurgeList, progress: &mut Progress) -> bool {
        let written = match purges.step(&self.connection, &self.file) {
            Step::Nothing => return false,
            Step::Removed(bytes) => bytes,
            Step::Finished(bytes) => {
                progress.erase_wal = true;
                bytes
            }
        };
        progress.wal_bytes += written;
        self.checkpoint(progress, CHECKPOINT_BYTES);
        true
    }

    /// One transaction for the group; a batch that is refused for itself does not touch the others.
    fn commit(&self, insert: &mut Statement<'_>, group: Vec<Batch>, progress: &mut Progress) {
        let epoch = self.jobs.failures();
        let (current, behind): (Vec<Batch>, Vec<Batch>) =
            group.into_iter().partition(|batch| batch.epoch == epoch);
        for batch in behind {
            batch.failed(JournalError::Behind);
        }
        let mut refused: Vec<(usize, JournalError)> = Vec::new();
        match self.write(insert, &current, progress, &mut refused) {
            Ok(first_rows) => {
                let mut refused = refused.into_iter().peekable();
                for (index, (batch, first_row)) in current.into_iter().zip(first_rows).enumerate() {
                    match refused.next_if(|(at, _)| *at == index) {
                        Some((_, error)) => batch.failed(error),
                        None => batch.done(first_row),
                    }
                }
            }
            Err(error) => {
                let error = JournalError::sqlite("cannot write", &self.file, &error);
                // Before the replies, so that what a caller sends after seeing one counts as new.
                self.jobs.note_failure();
                for batch in current {
                    batch.failed(error.clone());
                }
            }
        }
    }

    /// Writes all batches but those refused, durably; gives the first row of each.
    fn write(
        &self,
        insert: &mut Statement<'_>,
        group: &[Batch],
        progress: &mut Progress,
        refused: &mut Vec<(usize, JournalError)>,
    ) -> rusqlite::Result<Vec<u64>> {
        progress.heads.trim();
        let mut next_row = progress.next_row;
        let mut first_rows = Vec::with_capacity(group.len());
        let mut write = || -> rusqlite::Result<()> {
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
            for (index, batch) in group.iter().enumerate() {
                first_rows.push(next_row);
                match progress.heads.admit(&self.connection, &batch.records) {
                    Ok(runs) => {
                        self.insert(insert, &batch.records, &runs, &mut progress.heads, &mut next_row)?;
                    }
                    Err(Refusal::Batch(error)) => refused.push((index, error)),
                    Err(Refusal::Database(error)) => return Err(error),
                }
            }
            self.connection.execute_batch("COMMIT")
        };
        let result = write();
        if let Err(error) = result {
            progress.heads.clear();
            if !self.connection.is_autocommit() {
                // Nothing of the transaction is on disk whether or not this succeeds; BEGIN would say so.
                let _ = self.connection.execute_batch("ROLLBACK");
            }
            return Err(error);
        }
        progress.next_row = next_row;
        Ok(first_rows)
    }

    fn insert(
        &self,
        insert: &mut Statement<'_>,
        records: &[Record],
        runs: &[Run],
        heads: &mut Heads,
        next_row: &mut u64,
    ) -> rusqlite::Result<()> {
        for run in runs {
            let records = records.get(run.records.clone()).unwrap_or_default();
            let Some(first) = records.first() else { continue };
            let session = heads.session_no(&self.connection, &first.session)?;
            for record in records {
                insert.execute(params![
                    next_row.cast_signed(),
                    session,
                    record.seq.cast_signed(),
                    record.at.0,
                    record.worker.as_ref().map(mo_core::ids::WorkerName::as_str),
                    record.kind,
                    record.data,
                ])?;
                *next_row += 1;
            }
        }
        Ok(())
    }

    /// After the replies, so that nobody waits for it. A reader in the way only puts it off.
    fn checkpoint(&self, progress: &mut Progress, threshold: usize) {
        if progress.wal_bytes < threshold {
            return;
        }
        progress.wal_bytes = 0;
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    }

    /// Empties the log file. A reader in the way leaves that to the next checkpoints, which write over it.
    fn erase_wal(&self) {
        let _ = self.connection.busy_timeout(Duration::ZERO);
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let _ = self.connection.busy_timeout(BUSY_TIMEOUT);
    }

    fn refuse_all(&self, error: &JournalError) {
        while let Ok(job) = self.jobs.jobs.recv() {
            match job {
                Job::Commit(batch) => {
                    self.jobs.left(&batch);
                    batch.failed(error.clone());
                }
                Job::Delete(_, reply) => drop(reply.send(Err(error.clone()))),
            }
        }
    }
}
