//! Reading pages of events, on connections of their own, beside the writer.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use mo_core::ids::{SessionId, WorkerName};
use mo_core::record::Record;
use mo_core::time::Timestamp;
use rusqlite::{Connection, Row, Rows, params};

use crate::error::JournalError;
use crate::port::{MAX_PAGE_BYTES, MAX_PAGE_RECORDS};
use crate::sqlite::schema;

/// How many connections are kept for the next reader.
const MAX_IDLE: usize = 4;

pub(super) struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, idle: Mutex::new(Vec::new()) }
    }

    /// Closes the connections, so that the writer's is the last one and can tidy up.
    pub(super) fn close(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Runs a query; nothing is found where there is no file yet.
    fn with<T: Default>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None if schema::inspect(&self.file)? == schema::Found::Empty => return Ok(T::default()),
            None => schema::open_reader(&self.file)?,
        };
        let answer = query(&connection);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push(connection);
        }
        drop(idle);
        answer.map_err(|error| JournalError::sqlite("cannot read", &self.file, &error))
    }

    pub(super) fn page(
        &self,
        session: &SessionId,
        since_seq: u64,
        limit: usize,
    ) -> Result<Vec<Record>, JournalError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT row, seq, at, worker, kind, data FROM event
                 WHERE session = (SELECT no FROM session WHERE id = ?1) AND seq > ?2 ORDER BY seq LIMIT ?3",
            )?;
            let rows = statement.query(params![session.as_str(), signed(since_seq), page_limit(limit)])?;
            let mut names = Names::default();
            collect(rows, |row| names.record(row, session.clone()).map(|record| (record.data.len(), record)))
        })
    }

    pub(super) fn page_of_all(
        &self,
        since_row: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Record)>, JournalError> {
        // CROSS JOIN keeps the order of the loops: by row, then its session.
        self.rows(
            "SELECT e.row, e.seq, e.at, e.worker, e.kind, e.data, e.session, s.id
             FROM event e CROSS JOIN session s ON s.no = e.session
             WHERE e.row > ?1 AND s.id IS NOT NULL ORDER BY e.row LIMIT ?2",
            since_row,
            limit,
        )
    }

    pub(super) fn page_of_checkpoints(
        &self,
        since_row: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Record)>, JournalError> {
        // The condition on the kind is that of the index, word for word.
        self.rows(
            "SELECT e.row, e.seq, e.at, e.worker, e.kind, e.data, e.session, s.id
             FROM event e CROSS JOIN session s ON s.no = e.session
             WHERE e.row > ?1 AND e.kind IN ('checkpoint_taken', 'checkpoint_restored') AND s.id IS NOT NULL
             ORDER BY e.row LIMIT ?2",
            since_row,
            limit,
        )
    }

    fn rows(&self, query: &str, since_row: u64, limit: usize) -> Result<Vec<(u64, Record)>, JournalError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(query)?;
            let rows = statement.query(params![signed(since_row), page_limit(limit)])?;
            let mut names = Names::default();
            collect(rows, |row| {
                let number = row.get::<_, i64>(0)?.unsigned_abs();
                let session = names.session(row)?;
                let record = names.record(row, session)?;
                Ok((record.data.len(), (number, record)))
            })
        })
    }

    pub(super) fn sessions(&self) -> Result<Vec<SessionId>, JournalError> {
        self.with(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT id FROM session WHERE id IS NOT NULL ORDER BY no")?;
            let ids = statement.query_map([], |row| Ok(SessionId::new(row.get::<_, String>(0)?)))?;
            ids.collect()
        })
    }

    pub(super) fn last_seq(&self, session: &SessionId) -> Result<u64, JournalError> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT coalesce(max(seq), 0) FROM event
                     WHERE session = (SELECT no FROM session WHERE id = ?1)",
                )?
                .query_row([session.as_str()], |row| row.get::<_, i64>(0))
                .map(i64::unsigned_abs)
        })
    }

    pub(super) fn last_row(&self) -> Result<u64, JournalError> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT e.row FROM event e CROSS JOIN session s ON s.no = e.session
                     WHERE s.id IS NOT NULL ORDER BY e.row DESC LIMIT 1",
                )?
                .query_row([], |row| row.get::<_, i64>(0))
                .or_else(|error| match error {
                    rusqlite::Error::QueryReturnedNoRows => Ok(0),
                    other => Err(other),
                })
                .map(i64::unsigned_abs)
        })
    }
}

/// A number that no row can have matches none.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn page_limit(limit: usize) -> i64 {
    i64::try_from(limit.min(MAX_PAGE_RECORDS)).unwrap_or(0)
}

/// Collects until the page holds enough bytes.
fn collect<T>(
    mut rows: Rows<'_>,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<(usize, T)>,
) -> rusqlite::Result<Vec<T>> {
    let mut page = Vec::new();
    let mut bytes = 0;
    while bytes < MAX_PAGE_BYTES
        && let Some(row) = rows.next()?
    {
        let (size, item) = read(row)?;
        bytes += size;
        page.push(item);
    }
    Ok(page)
}

/// Shares the names that follow each other in a page instead of storing each anew.
#[derive(Default)]
struct Names {
    worker: Option<WorkerName>,
    session: Option<(i64, SessionId)>,
}

impl Names {
    fn record(&mut self, row: &Row<'_>, session: SessionId) -> rusqlite::Result<Record> {
        Ok(Record {
            seq: row.get::<_, i64>(1)?.unsigned_abs(),
            at: Timestamp(row.get(2)?),
            session,
            worker: self.worker(row)?,
            kind: Cow::Owned(row.get(4)?),
            data: row.get(5)?,
        })
    }

    fn worker(&mut self, row: &Row<'_>) -> rusqlite::Result<Option<WorkerName>> {
        let Some(name) = row.get_ref(3)?.as_str_or_null()? else { return Ok(None) };
        if self.worker.as_ref().is_none_or(|worker| worker.as_str() != name) {
            self.worker = Some(WorkerName::new(name));
        }
        Ok(self.worker.clone())
    }

    fn session(&mut self, row: &Row<'_>) -> rusqlite::Result<SessionId> {
        let no: i64 = row.get(6)?;
        if let Some((known, session)) = &self.session
            && *known == no
        {
            return Ok(session.clone());
        }
        let session = SessionId::new(row.get::<_, String>(7)?);
        self.session = Some((no, session.clone()));
        Ok(session)
    }
}
