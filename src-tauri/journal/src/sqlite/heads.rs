//! The last number of each session, and the check that a batch goes on from there.

use std::collections::HashMap;
use std::ops::Range;

use mo_core::ids::SessionId;
use mo_core::record::Record;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::JournalError;

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// `session.no`; `None` while the session has no row yet.
    pub(super) no: Option<i64>,
    pub(super) last_seq: u64,
}

/// Consecutive records of one session inside a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) records: Range<usize>,
}

/// What went wrong with a batch: the batch itself, or the database.
pub(super) enum Refusal {
    Batch(JournalError),
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// The heads known so far; read from the database when first asked for.
#[derive(Default)]
pub(super) struct Heads {
    known: HashMap<SessionId, Head>,
}

/// More sessions than this are forgotten again, so that memory stays bounded; they are read anew when needed.
const MAX_KNOWN: usize = 4096;

impl Heads {
    /// Forgets everything, as after a rollback.
    pub(super) fn clear(&mut self) {
        self.known.clear();
    }

    pub(super) fn forget(&mut self, session: &SessionId) {
        self.known.remove(session);
    }

    /// Keeps memory bounded; only between transactions.
    pub(super) fn trim(&mut self) {
        if self.known.len() > MAX_KNOWN {
            self.known.clear();
        }
    }

    /// Checks a batch and moves the heads behind it. When it is refused, the heads are as before.
    pub(super) fn admit(&mut self, connection: &Connection, records: &[Record]) -> Result<Vec<Run>, Refusal> {
        let mut runs = Vec::with_capacity(1);
        let mut before: Vec<(SessionId, Head)> = Vec::new();
        let mut start = 0;
        while let Some(first) = records.get(start) {
            let end = records
                .iter()
                .skip(start)
                .position(|record| record.session != first.session)
                .map_or(records.len(), |length| start + length);
            let range = start..end;
            match self.advance(connection, records.get(range.clone()).unwrap_or_default()) {
                Ok(old) => before.push((first.session.clone(), old)),
                Err(refusal) => {
                    for (session, head) in before.into_iter().rev() {
                        self.known.insert(session, head);
                    }
                    return Err(refusal);
                }
            }
            runs.push(Run { records: range });
            start = end;
        }
        Ok(runs)
    }

    /// Moves one session's head behind consecutive records of it; gives the head before.
    fn advance(&mut self, connection: &Connection, records: &[Record]) -> Result<Head, Refusal> {
        let Some(first) = records.first() else { return Ok(Head { no: None, last_seq: 0 }) };
        let old = self.head(connection, &first.session)?;
        let mut expected = old.last_seq;
        for record in records {
            expected += 1;
            if record.seq != expected {
                return Err(Refusal::Batch(JournalError::OutOfOrder {
                    session: record.session.clone(),
                    expected,
                    found: record.seq,
                }));
            }
        }
        self.known.insert(first.session.clone(), Head { no: old.no, last_seq: expected });
        Ok(old)
    }

    fn head(&mut self, connection: &Connection, session: &SessionId) -> Result<Head, Refusal> {
        if let Some(head) = self.known.get(session) {
            return Ok(*head);
        }
        crate::folder::check_session(session).map_err(Refusal::Batch)?;
        let head = load(connection, session)?;
        self.known.insert(session.clone(), head);
        Ok(head)
    }

    /// The session's row, made when it has none yet.
    pub(super) fn session_no(
        &mut self,
        connection: &Connection,
        session: &SessionId,
    ) -> rusqlite::Result<i64> {
        let head = self.known.get(session).copied();
        if let Some(Head { no: Some(no), .. }) = head {
            return Ok(no);
        }
        connection.execute("INSERT INTO session (id) VALUES (?1)", [session.as_str()])?;
        let no = connection.last_insert_rowid();
        let last_seq = head.map_or(0, |head| head.last_seq);
        self.known.insert(session.clone(), Head { no: Some(no), last_seq });
        Ok(no)
    }
}

fn load(connection: &Connection, session: &SessionId) -> rusqlite::Result<Head> {
    let found: Option<(i64, i64)> = connection
        .query_row(
            "SELECT no, coalesce((SELECT max(seq) FROM event WHERE session = no), 0) FROM session WHERE id = ?1",
            params![session.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    Ok(found.map_or(Head { no: None, last_seq: 0 }, |(no, last)| Head {
        no: Some(no),
        last_seq: last.unsigned_abs(),
    }))
}
