//! Subscriptions by row number: over the events of all sessions, or of one, without gap or repeat.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mo_core::ids::SessionId;
use mo_core::record::Record;
use mo_journal::{Journal, JournalError};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::Live;

/// How many records a listener reads from the journal at once.
const PAGE: usize = 512;
/// How many records are read at once to find where a session begins.
const SCAN: usize = 10_000;

/// A batch that is durable.
#[derive(Debug)]
pub(super) struct Published {
    /// The row number of the first record; the others follow without a gap.
    pub(super) first_row: u64,
    /// Shared: who listens to a session that runs alone is given all of them.
    pub(super) records: Arc<Vec<Record>>,
}

impl Published {
    fn last_row(&self) -> u64 {
        (self.first_row + self.records.len() as u64).saturating_sub(1)
    }
}

/// From where on a listener wants to hear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// All sessions, rows above this one.
    AllAfterRow(u64),
    /// One session, rows above this one.
    SessionAfterRow(SessionId, u64),
    /// One session, events above this seq.
    SessionAfterSeq(SessionId, u64),
}

/// Where sessions lie among the rows, so that a listener to one need not read those of the others before it. An
/// entry a session: small, and gone with the session.
#[derive(Debug, Default)]
pub(super) struct Positions(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    sessions: BTreeMap<SessionId, Position>,
    /// The beginnings of all sessions up to this row are known.
    scanned: u64,
}

/// The earliest and the newest `(seq, row)` that is known.
#[derive(Debug, Clone, Copy)]
struct Position {
    first: (u64, u64),
    last: (u64, u64),
}

impl Positions {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, batch: &Published) {
        let mut known = self.known();
        let mut rest = batch.records.iter().zip(batch.first_row..).peekable();
        while let Some((record, row)) = rest.next() {
            // Only the ends of a run of one session are looked at twice.
            let mut last = (record.seq, row);
            while let Some((next, row)) = rest.next_if(|(next, _)| next.session == record.session) {
                last = (next.seq, row);
            }
            let first = (record.seq, row);
            let position = known.sessions.entry(record.session.clone()).or_insert(Position { first, last });
            position.last = last;
        }
    }

    pub(super) fn forget(&self, session: &SessionId) {
        self.known().sessions.remove(session);
    }

    /// A row that no event of the session above `since` lies at or before; `None` when it is not known yet.
    fn before(&self, session: &SessionId, since: u64) -> Option<u64> {
        let position = *self.known().sessions.get(session)?;
        let ((first_seq, first_row), (last_seq, last_row)) = (position.first, position.last);
        if since >= last_seq {
            return Some(last_row);
        }
        // Each event has a row of its own, so `n` events further is at least `n` rows further.
        (since + 1 >= first_seq).then(|| (first_row + (since + 1 - first_seq)).saturating_sub(1))
    }

    /// Reads the journal until the session's beginning is known.
    fn scan(&self, session: &SessionId, journal: &dyn Journal) -> Result<(), JournalError> {
        let mut at = self.known().scanned;
        loop {
            let page = journal.read_rows(at, SCAN)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            at = *last;
            let mut known = self.known();
            for (row, record) in page.iter().filter(|(_, record)| record.seq == 1) {
                let found = (1, *row);
                let position = known
                    .sessions
                    .entry(record.session.clone())
                    .or_insert(Position { first: found, last: found });
                position.first = found;
            }
            known.scanned = known.scanned.max(at);
            if known.sessions.get(session).is_some_and(|position| position.first.0 == 1) {
                return Ok(());
            }
        }
    }
}

/// Events with their row numbers, in order.
#[derive(Debug)]
pub struct RowBatch {
    source: Source,
    above_row: u64,
    filter: Filter,
}

#[derive(Debug)]
enum Source {
    Live(Arc<Published>),
    Page(Vec<(u64, Record)>),
}

#[derive(Debug, Clone)]
struct Filter {
    session: Option<SessionId>,
    above_seq: u64,
}

impl RowBatch {
    /// The events with their row numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Record)> {
        let (live, page) = match &self.source {
            Source::Live(batch) => (Some(batch), None),
            Source::Page(page) => (None, Some(page)),
        };
        let live = live.into_iter().flat_map(|batch| (batch.first_row..).zip(batch.records.iter()));
        let page = page.into_iter().flatten().map(|(row, record)| (*row, record));
        live.chain(page).filter(|(row, record)| {
            *row > self.above_row
                && self
                    .filter
                    .session
                    .as_ref()
                    .is_none_or(|session| record.session == *session && record.seq > self.filter.above_seq)
        })
    }
}

/// Events from a place on: first those that are in the journal, then as they come, without gap or repeat. Memory is
/// bounded however slow the listener is: what it is too slow for it reads from the journal.
pub struct RowSubscription {
    filter: Filter,
    /// Every row up to this one has been looked at.
    cursor: u64,
    located: bool,
    catching_up: bool,
    /// Came in after a gap; what lies between is in the journal or was deleted.
    pending: Option<Arc<Published>>,
    live: broadcast::Receiver<Live>,
    positions: Arc<Positions>,
    journal: Arc<dyn Journal>,
}

impl RowSubscription {
    pub(super) fn new(
        start: Start,
        live: broadcast::Receiver<Live>,
        positions: Arc<Positions>,
        journal: Arc<dyn Journal>,
    ) -> Self {
        let (session, above_seq, cursor) = match start {
            Start::AllAfterRow(row) => (None, 0, row),
            Start::SessionAfterRow(session, row) => (Some(session), 0, row),
            Start::SessionAfterSeq(session, seq) => (Some(session), seq, 0),
        };
        let filter = Filter { session, above_seq };
        Self { filter, cursor, located: false, catching_up: true, pending: None, live, positions, journal }
    }

    /// The next events, at least one; `None` when the engine is gone. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<RowBatch, JournalError>> {
        loop {
            match self.step().await {
                Ok(Step::Found(batch)) => return Some(Ok(batch)),
                Ok(Step::Further) => {}
                Ok(Step::Gone) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }

    async fn step(&mut self) -> Result<Step, JournalError> {
        if !self.located {
            self.cursor = self.locate().await?;
            self.located = true;
        }
        if self.catching_up {
            let (journal, cursor) = (Arc::clone(&self.journal), self.cursor);
            let page = blocking(move || journal.read_rows(cursor, PAGE)).await?;
            if let Some((last, _)) = page.last() {
                let last = *last;
                return Ok(self.found(Source::Page(page), last));
            }
            self.catching_up = false;
        }
        if let Some(batch) = self.pending.take() {
            let last = batch.last_row();
            return Ok(self.found(Source::Live(batch), last));
        }
        match self.live.recv().await {
            Ok(Live::Events(batch)) if batch.last_row() <= self.cursor => {}
            Ok(Live::Events(batch)) if batch.first_row > self.cursor + 1 => {
                self.pending = Some(batch);
                self.catching_up = true;
            }
            Ok(Live::Events(batch)) => {
                let last = batch.last_row();
                return Ok(self.found(Source::Live(batch), last));
            }
            Ok(Live::Delta(_)) => {}
            Err(RecvError::Lagged(_)) => self.catching_up = true,
            Err(RecvError::Closed) => return Ok(Step::Gone),
        }
        Ok(Step::Further)
    }

    fn found(&mut self, source: Source, last: u64) -> Step {
        let batch = RowBatch { source, above_row: self.cursor, filter: self.filter.clone() };
        self.cursor = self.cursor.max(last);
        if batch.iter().next().is_some() { Step::Found(batch) } else { Step::Further }
    }

    /// The row to begin after.
    async fn locate(&self) -> Result<u64, JournalError> {
        let (journal, positions) = (Arc::clone(&self.journal), Arc::clone(&self.positions));
        let (Filter { session, above_seq }, cursor) = (self.filter.clone(), self.cursor);
        blocking(move || {
            // A number from another journal would silence the listener until the rows have come so far.
            let newest = journal.last_row()?;
            let Some(session) = session.filter(|_| cursor == 0) else { return Ok(cursor.min(newest)) };
            if let Some(row) = positions.before(&session, above_seq) {
                return Ok(row);
            }
            positions.scan(&session, journal.as_ref())?;
            Ok(positions.before(&session, above_seq).unwrap_or(newest))
        })
        .await
    }
}

enum Step {
    Found(RowBatch),
    Further,
    Gone,
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T, JournalError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(JournalError::Closed))
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
