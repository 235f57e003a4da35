//! The journal without a disk: the same port and the same rules, for tests and simulations.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mo_core::ids::{AttemptNo, SessionId, WorkerName};
use mo_core::record::Record;

use crate::document::Document;
use crate::error::{CommitError, JournalError};
use crate::folder::check_session;
use crate::port::{CommitFuture, Committed, DeleteFuture, Journal, MAX_PAGE_BYTES, MAX_PAGE_RECORDS};
use crate::transcript::{Stream, TranscriptInfo, TranscriptPage, TranscriptSink, check_worker, page_size};

/// A journal in memory.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    state: Arc<Mutex<State>>,
}

type TranscriptKey = (SessionId, WorkerName, AttemptNo, Stream);

#[derive(Debug, Default)]
struct State {
    rows: BTreeMap<u64, Record>,
    /// The row numbers of each session; the number of a record is its position here plus one.
    sessions: HashMap<SessionId, Vec<u64>>,
    last_row: u64,
    transcripts: BTreeMap<TranscriptKey, Vec<u8>>,
    documents: HashMap<(SessionId, Document), String>,
    failures_due: u32,
}

impl MemoryJournal {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the next commits fail as if the disk were full, to see how a caller bears it.
    pub fn fail_commits(&self, count: u32) {
        self.state().failures_due = count;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn admit(&self, records: &[Record]) -> Result<(), JournalError> {
        let mut heads: HashMap<&SessionId, u64> = HashMap::new();
        for record in records {
            if !heads.contains_key(&record.session) {
                check_session(&record.session)?;
                let last = self.sessions.get(&record.session).map_or(0, Vec::len) as u64;
                heads.insert(&record.session, last);
            }
            let last = heads.entry(&record.session).or_default();
            *last += 1;
            if record.seq != *last {
                return Err(JournalError::OutOfOrder {
                    session: record.session.clone(),
                    expected: *last,
                    found: record.seq,
                });
            }
        }
        Ok(())
    }

    fn commit(&mut self, records: Vec<Record>) -> Result<Committed, CommitError> {
        let admitted = if self.failures_due > 0 {
            self.failures_due -= 1;
            Err(JournalError::DiskFull { file: "memory".into() })
        } else {
            self.admit(&records)
        };
        if let Err(error) = admitted {
            return Err(CommitError { error, records });
        }
        let first_row = self.last_row + 1;
        for record in &records {
            self.last_row += 1;
            self.sessions.entry(record.session.clone()).or_default().push(self.last_row);
            self.rows.insert(self.last_row, record.clone());
        }
        Ok(Committed { first_row, records })
    }

    fn delete(&mut self, session: &SessionId) -> bool {
        let rows = self.sessions.remove(session);
        for row in rows.iter().flatten() {
            self.rows.remove(row);
        }
        let (transcripts, documents) = (self.transcripts.len(), self.documents.len());
        self.transcripts.retain(|(of, ..), _| of != session);
        self.documents.retain(|(of, _), _| of != session);
        rows.is_some() || transcripts != self.transcripts.len() || documents != self.documents.len()
    }
}

/// Cuts a page off, by the same bounds as on disk.
fn page<T>(items: impl Iterator<Item = T>, limit: usize, size: impl Fn(&T) -> usize) -> Vec<T> {
    let mut bytes = 0;
    items
        .take(limit.min(MAX_PAGE_RECORDS))
        .take_while(|item| {
            let fits = bytes < MAX_PAGE_BYTES;
            bytes += size(item);
            fits
        })
        .collect()
}

impl Journal for MemoryJournal {
    fn commit(&self, records: Vec<Record>) -> CommitFuture {
        CommitFuture::ready(self.state().commit(records))
    }

    fn read(&self, session: &SessionId, since_seq: u64, limit: usize) -> Result<Vec<Record>, JournalError> {
        let state = self.state();
        let rows = state.sessions.get(session).map_or(&[][..], Vec::as_slice);
        let since = usize::try_from(since_seq).unwrap_or(usize::MAX).min(rows.len());
        let records = rows.iter().skip(since).filter_map(|row| state.rows.get(row).cloned());
        Ok(page(records, limit, |record| record.data.len()))
    }

    fn read_rows(&self, since_row: u64, limit: usize) -> Result<Vec<(u64, Record)>, JournalError> {
        let state = self.state();
        let rows =
            state.rows.range(since_row.saturating_add(1)..).map(|(row, record)| (*row, record.clone()));
        Ok(page(rows, limit, |(_, record)| record.data.len()))
    }

    fn read_checkpoints(&self, since_row: u64, limit: usize) -> Result<Vec<(u64, Record)>, JournalError> {
        let state = self.state();
        let rows = state.rows.range(since_row.saturating_add(1)..);
        let named = rows
            .filter(|(_, record)| matches!(record.kind.as_ref(), "checkpoint_taken" | "checkpoint_restored"));
        Ok(page(named.map(|(row, record)| (*row, record.clone())), limit, |(_, record)| record.data.len()))
    }

    fn sessions(&self) -> Result<Vec<SessionId>, JournalError> {
        let state = self.state();
        let mut sessions: Vec<_> = state.sessions.iter().map(|(id, rows)| (rows.first(), id)).collect();
        sessions.sort();
        Ok(sessions.into_iter().map(|(_, id)| id.clone()).collect())
    }

    fn last_seq(&self, session: &SessionId) -> Result<u64, JournalError> {
        Ok(self.state().sessions.get(session).map_or(0, Vec::len) as u64)
    }

    fn last_row(&self) -> Result<u64, JournalError> {
        Ok(self.state().rows.last_key_value().map_or(0, |(row, _)| *row))
    }

    fn delete(&self, session: &SessionId) -> DeleteFuture {
        DeleteFuture::ready(check_session(session).map(|()| self.state().delete(session)))
    }

    fn transcript(
        &self,
        session: &SessionId,
        worker: &WorkerName,
        attempt: AttemptNo,
        stream: Stream,
    ) -> Result<Box<dyn TranscriptSink>, JournalError> {
        check_session(session)?;
        check_worker(worker)?;
        let key = (session.clone(), worker.clone(), attempt, stream);
        self.state().transcripts.entry(key.clone()).or_default();
        Ok(Box::new(MemorySink { state: Arc::clone(&self.state), key }))
    }

    fn transcripts(&self, session: &SessionId) -> Result<Vec<TranscriptInfo>, JournalError> {
        check_session(session)?;
        let state = self.state();
        let of_session = state.transcripts.iter().filter(|((of, ..), _)| of == session);
        Ok(of_session
            .map(|((_, worker, attempt, stream), bytes)| TranscriptInfo {
                worker: worker.clone(),
                attempt: *attempt,
                stream: *stream,
                bytes: bytes.len() as u64,
            })
            .collect())
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
        check_session(session)?;
        check_worker(worker)?;
        let state = self.state();
        let key = (session.clone(), worker.clone(), attempt, stream);
        let all = state.transcripts.get(&key).map_or(&[][..], Vec::as_slice);
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(all.len());
        let bytes: Vec<u8> = all.iter().skip(start).take(page_size(limit)).copied().collect();
        let next = offset + bytes.len() as u64;
        Ok(TranscriptPage {
            bytes,
            next,
            total: (all.len() as u64).max(if all.is_empty() { 0 } else { next }),
        })
    }

    fn put_document(&self, session: &SessionId, document: &Document, text: &str) -> Result<(), JournalError> {
        check_session(session)?;
        document.relative_path()?;
        self.state().documents.insert((session.clone(), document.clone()), text.to_owned());
        Ok(())
    }

    fn document(&self, session: &SessionId, document: &Document) -> Result<Option<String>, JournalError> {
        check_session(session)?;
        document.relative_path()?;
        Ok(self.state().documents.get(&(session.clone(), document.clone())).cloned())
    }
}

struct MemorySink {
    state: Arc<Mutex<State>>,
    key: TranscriptKey,
}

impl TranscriptSink for MemorySink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        lock(&self.state).transcripts.entry(self.key.clone()).or_default().extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
