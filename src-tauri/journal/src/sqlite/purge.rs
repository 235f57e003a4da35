//! Deleting a session: out of sight in one small transaction, then its events piece by piece between commits, so
//! that neither the writer nor the disk has to bear a large one.

use std::collections::VecDeque;
use std::path::Path;

use mo_core::ids::SessionId;
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;

use crate::error::JournalError;
use crate::folder::DataDir;

/// Events removed in one transaction.
const CHUNK: usize = 2000;
/// About what removing one event writes to the log.
const EVENT_BYTES: usize = 512;

type Reply = oneshot::Sender<Result<bool, JournalError>>;

struct Purge {
    session: i64,
    replies: Vec<Reply>,
}

/// The deletions under way.
pub(super) struct PurgeList {
    purges: VecDeque<Purge>,
}

/// What one step did.
pub(super) enum Step {
    Nothing,
    /// About this many bytes went to the log.
    Removed(usize),
    /// One session is gone, and so many bytes went to the log.
    Finished(usize),
}

impl PurgeList {
    /// The deletions that an earlier process could not finish. When they cannot be read, they stay for later.
    pub(super) fn unfinished(connection: &Connection) -> Self {
        let read = || -> rusqlite::Result<VecDeque<Purge>> {
            let mut statement = connection.prepare("SELECT no FROM session WHERE id IS NULL")?;
            let found =
                statement.query_map([], |row| Ok(Purge { session: row.get(0)?, replies: Vec::new() }))?;
            found.collect()
        };
        Self { purges: read().unwrap_or_default() }
    }

    /// Takes a session out of sight. Its folder goes first: it is the large part, and needs no space to delete.
    pub(super) fn begin(
        &mut self,
        connection: &Connection,
        dir: &DataDir,
        session: &SessionId,
        last_row: u64,
        reply: Reply,
    ) {
        let file = dir.journal_file();
        let begun = dir.remove_session(session).and_then(|folder| {
            let no = hide(connection, session, last_row)
                .map_err(|error| JournalError::sqlite("cannot delete from", &file, &error))?;
            Ok((folder, no))
        });
        match begun {
            Ok((_, Some(session))) => match self.purges.iter_mut().find(|purge| purge.session == session) {
                Some(purge) => purge.replies.push(reply),
                None => self.purges.push_back(Purge { session, replies: vec![reply] }),
            },
            Ok((folder, None)) => drop(reply.send(Ok(folder))),
            Err(error) => drop(reply.send(Err(error))),
        }
    }

    /// Removes a bounded number of events.
    pub(super) fn step(&mut self, connection: &Connection, file: &Path) -> Step {
        let Some(purge) = self.purges.front() else { return Step::Nothing };
        let result = match remove_chunk(connection, purge.session) {
            Ok(removed) if removed == CHUNK => return Step::Removed(removed * EVENT_BYTES),
            Ok(removed) => Ok(removed),
            Err(error) => Err(JournalError::sqlite("cannot delete from", file, &error)),
        };
        let step = Step::Finished(result.as_ref().map_or(0, |removed| removed * EVENT_BYTES));
        // A failed one stays hidden, and is taken up by the next delete of that session or the next start.
        for reply in self.purges.pop_front().into_iter().flat_map(|purge| purge.replies) {
            let _ = reply.send(result.clone().map(|_| true));
        }
        step
    }
}

/// Marks the session as deleted and remembers the highest row number, which must not be used again.
fn hide(connection: &Connection, session: &SessionId, last_row: u64) -> rusqlite::Result<Option<i64>> {
    let transaction = connection.unchecked_transaction()?;
    let found: Option<i64> = transaction
        .query_row(
            "SELECT no FROM session WHERE id = ?1 OR deleting = ?1 ORDER BY id IS NULL LIMIT 1",
            [session.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(no) = found {
        transaction
            .execute("UPDATE session SET deleting = coalesce(id, deleting), id = NULL WHERE no = ?1", [no])?;
        transaction.execute(
            "INSERT OR REPLACE INTO counter (name, value) VALUES ('last_row', ?1)",
            [last_row.cast_signed()],
        )?;
    }
    transaction.commit()?;
    Ok(found)
}

/// The session's row goes with the last of its events.
fn remove_chunk(connection: &Connection, session: i64) -> rusqlite::Result<usize> {
    let transaction = connection.unchecked_transaction()?;
    let removed = transaction.execute(
        "DELETE FROM event WHERE row IN (SELECT row FROM event WHERE session = ?1 ORDER BY seq LIMIT ?2)",
        params![session, i64::try_from(CHUNK).unwrap_or(i64::MAX)],
    )?;
    if removed < CHUNK {
        transaction.execute("DELETE FROM session WHERE no = ?1", [session])?;
    }
    transaction.commit()?;
    Ok(removed)
}
