//! The log of a session at any size: rows are read from the journal when they are looked at, and of all others there is
//! one byte or three in memory. What takes long is done in pieces: a caller asks again until all was looked at.

mod classes;
mod found;
mod raw_lines;

use std::sync::Arc;
use std::time::{Duration, Instant};

use mo_core::ids::{SessionId, WorkerName};
use mo_core::record::Record;
use mo_core::view::log::{
    LogFilter, LogFound, LogMark, LogPage, LogRaw, LogRow, RAW, RawSource, Severity, class_of, log_row,
};
use mo_journal::{Journal, JournalError, Stream};

use classes::Classes;
use found::Found;
use raw_lines::RawLines;

/// How many records are read at once where many are looked at.
const PAGE: usize = 2_000;
/// What was found is kept for this many filters.
const KEPT: usize = 3;
/// The most rows of one page.
pub const MAX_ROWS: usize = 1_000;

/// Reads one session's log.
pub struct LogReader {
    journal: Arc<dyn Journal>,
    session: SessionId,
    classes: Classes,
    found: Vec<Found>,
    raw: Option<RawLines>,
}

impl LogReader {
    /// Nothing is read yet.
    pub fn new(journal: Arc<dyn Journal>, session: SessionId) -> Self {
        Self { journal, session, classes: Classes::default(), found: Vec::new(), raw: None }
    }

    /// Whose log it is.
    pub fn session(&self) -> &SessionId {
        &self.session
    }

    /// At most `limit` rows from the `from`th that matches; it looks on for about `budget`. Blocks on the disk.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn page(
        &mut self,
        filter: &LogFilter,
        from: u64,
        limit: usize,
        budget: Duration,
    ) -> Result<LogPage, JournalError> {
        let until = Instant::now() + budget;
        let limit = limit.min(MAX_ROWS);
        let sources = self.sources()?;
        if let Some(source) = &filter.raw {
            let mut page = self.raw_lines(source).page(&filter.text, from, limit, until)?;
            page.sources = sources;
            return Ok(page);
        }
        let all = self.journal.last_seq(&self.session)?;
        // First the rows that are looked at, then what is counted of all.
        let mut page = if is_all(filter) {
            let rows = self.journal.read(&self.session, from, limit)?;
            page_of(from, rows.iter().map(log_row).collect(), all, all)
        } else {
            self.look(filter, all, until)?;
            let (seqs, total) = match self.found.last() {
                Some(found) => (found.seqs_from(from, limit), found.count()),
                None => (Vec::new(), 0),
            };
            page_of(from, self.rows(&seqs)?, total, all)
        };
        self.classes.read_on(self.journal.as_ref(), &self.session, until)?;
        let looked = if is_all(filter) { all } else { self.found.last().map_or(0, Found::looked) };
        let looked = looked.min(self.classes.len());
        page.whole = looked >= all;
        page.percent = percent(looked, all);
        (page.malformed, page.unrecognised) = self.classes.counts();
        page.kinds = self.classes.kinds();
        page.sources = sources;
        Ok(page)
    }

    /// Brings what matches a filter to the end of the list of what was found, and looks on.
    fn look(&mut self, filter: &LogFilter, all: u64, until: Instant) -> Result<(), JournalError> {
        self.classes.read_on(self.journal.as_ref(), &self.session, until)?;
        let at = self.found.iter().position(|found| found.filter == *filter);
        let mut found = match at {
            Some(at) => self.found.remove(at),
            None => Found::new(filter.clone()),
        };
        let looked = found.look_on(self.journal.as_ref(), &self.session, &self.classes, all, until);
        self.found.push(found);
        if self.found.len() > KEPT {
            self.found.remove(0);
        }
        looked
    }

    /// The next row in which `needle` stands, behind or before row `from` of those that match the filter.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn find(
        &mut self,
        filter: &LogFilter,
        needle: &str,
        from: Option<u64>,
        backwards: bool,
        budget: Duration,
    ) -> Result<LogFound, JournalError> {
        let until = Instant::now() + budget;
        let all = self.journal.last_seq(&self.session)?;
        let nothing = LogFound { row: None, nth: 0, count: 0, whole: true };
        if needle.is_empty() || filter.raw.is_some() {
            return Ok(nothing);
        }
        let wanted = LogFilter { text: needle.to_owned(), ..filter.clone() };
        if !is_all(filter) {
            self.look(filter, all, until)?;
        }
        self.look(&wanted, all, until)?;
        let (Some(hits), shown) = (self.found.last(), self.found.iter().find(|f| f.filter == *filter)) else {
            return Ok(nothing);
        };
        // A row's number is that of its event where nothing is left out.
        let seq_of = |row: u64| shown.map_or(Some(row + 1), |shown| shown.seq_at(row));
        let row_of = |seq: u64| shown.map_or(Some(seq - 1), |shown| shown.row_of(seq));
        let place = hits.next(from.and_then(seq_of), backwards);
        Ok(LogFound {
            row: place.and_then(|(seq, _)| row_of(seq)),
            nth: place.map_or(0, |(_, nth)| nth),
            count: hits.count(),
            whole: hits.looked() >= all,
        })
    }

    /// Which of `parts` equal parts of the log hold a warning or an error.
    pub fn marks(&self, filter: &LogFilter, parts: u32) -> Vec<LogMark> {
        if filter.raw.is_some() || parts == 0 {
            return Vec::new();
        }
        let mut worst = vec![Severity::Info; parts as usize];
        let mut mark = |row: u64, rows: u64, severity: Severity| {
            let part = usize::try_from(row * u64::from(parts) / rows.max(1)).unwrap_or(usize::MAX);
            if let Some(worst) = worst.get_mut(part) {
                *worst = severity.max(*worst);
            }
        };
        let found = self.found.iter().find(|found| found.filter == *filter);
        if let Some(found) = found {
            let rows = found.count();
            (0..).zip(found.seqs()).for_each(|(row, seq)| mark(row, rows, self.classes.severity(seq)));
        } else {
            let rows = self.classes.len();
            (0..rows).for_each(|row| mark(row, rows, self.classes.severity(row + 1)));
        }
        let marks = worst.into_iter().enumerate().filter(|(_, severity)| *severity > Severity::Info);
        marks.map(|(part, severity)| LogMark { part: u32::try_from(part).unwrap_or(0), severity }).collect()
    }

    /// A row as it is stored.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn raw(&mut self, source: Option<&RawSource>, seq: u64) -> Result<Option<LogRaw>, JournalError> {
        if let Some(source) = source {
            return self.raw_lines(source).raw(seq);
        }
        let record = self.record(seq)?;
        Ok(record.map(|record| {
            let bytes = record.data.len() as u64;
            let malformed = malformed(&record);
            let (text, wrong, bytes) = match malformed {
                Some((excerpt, reason, bytes)) => (excerpt, Some(reason), bytes),
                None => (cut(record.data), None, bytes),
            };
            let whose = record.worker.as_ref().map(|worker| format!(" of {worker}")).unwrap_or_default();
            LogRaw { text, bytes, place: format!("event {seq}{whose}"), wrong }
        }))
    }

    /// Hands on every row that matches, in order, in the form that `orchestrate events` prints.
    ///
    /// # Errors
    /// When the journal cannot be read, or `take` fails.
    pub fn each<E: From<JournalError>>(
        &mut self,
        filter: &LogFilter,
        mut take: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<u64, E> {
        if let Some(source) = &filter.raw {
            return self.raw_lines(source).each(&filter.text, take);
        }
        let all = self.journal.last_seq(&self.session)?;
        let far = Instant::now() + Duration::from_hours(1);
        let whole = is_all(filter);
        if !whole {
            self.look(filter, all, far)?;
        }
        let found = self.found.last().filter(|_| !whole);
        let (mut since, mut count) = (0, 0);
        while since < all {
            let page = self.journal.read(&self.session, since, PAGE)?;
            let Some(last) = page.last() else { break };
            since = last.seq;
            for record in page.iter().filter(|record| found.is_none_or(|f| f.row_of(record.seq).is_some())) {
                // A record is made of texts and numbers: writing it cannot fail.
                take(&serde_json::to_string(record).unwrap_or_default())?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// The events of these kinds, in order, once all were looked at.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn of_kinds(&mut self, kinds: &[&str], most: usize) -> Result<Vec<Record>, JournalError> {
        let far = Instant::now() + Duration::from_hours(1);
        self.classes.read_on(self.journal.as_ref(), &self.session, far)?;
        let seqs = self.classes.of_kinds(kinds);
        let newest = seqs.len().saturating_sub(most);
        let records = seqs.into_iter().skip(newest).map(|seq| self.record(seq));
        Ok(records.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    fn record(&self, seq: u64) -> Result<Option<Record>, JournalError> {
        let page = self.journal.read(&self.session, seq.saturating_sub(1), 1)?;
        Ok(page.into_iter().find(|record| record.seq == seq))
    }

    /// The rows of these events; those that follow each other are read together.
    fn rows(&self, seqs: &[u64]) -> Result<Vec<LogRow>, JournalError> {
        let mut rows = Vec::with_capacity(seqs.len());
        for run in seqs.chunk_by(|a, b| a + 1 == *b) {
            let Some(first) = run.first() else { continue };
            // A page may end before all are there: large events.
            let mut since = first - 1;
            while rows.len() < seqs.len() && since < first - 1 + run.len() as u64 {
                let left = usize::try_from(first - 1 + run.len() as u64 - since).unwrap_or(usize::MAX);
                let page = self.journal.read(&self.session, since, left)?;
                let Some(last) = page.last() else { break };
                since = last.seq;
                rows.extend(page.iter().map(log_row));
            }
        }
        Ok(rows)
    }

    fn raw_lines(&mut self, source: &RawSource) -> &mut RawLines {
        let known = self.raw.take().filter(|lines| lines.source == *source);
        self.raw.insert(known.unwrap_or_else(|| {
            RawLines::new(Arc::clone(&self.journal), self.session.clone(), source.clone())
        }))
    }

    fn sources(&self) -> Result<Vec<RawSource>, JournalError> {
        let all = self.journal.transcripts(&self.session)?.into_iter().filter(|info| info.bytes > 0);
        Ok(all
            .map(|info| RawSource {
                worker: info.worker.to_string(),
                attempt: info.attempt,
                stderr: info.stream == Stream::Stderr,
            })
            .collect())
    }
}

fn page_of(from: u64, rows: Vec<LogRow>, total: u64, all: u64) -> LogPage {
    LogPage {
        from,
        rows,
        total,
        all,
        whole: false,
        percent: 0,
        malformed: 0,
        unrecognised: 0,
        kinds: Vec::new(),
        sources: Vec::new(),
    }
}

fn is_all(filter: &LogFilter) -> bool {
    *filter == LogFilter::default()
}

fn percent(looked: u64, all: u64) -> u8 {
    if looked >= all { 100 } else { u8::try_from(looked * 100 / all.max(1)).unwrap_or(0) }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(RAW));
    text
}

/// Of a malformed line: its beginning, what is wrong, and how long it was.
fn malformed(record: &Record) -> Option<(String, String, u64)> {
    use mo_core::agent_event::AgentEvent;
    use mo_core::event::{Envelope, Event};
    if record.kind != "agent_item" {
        return None;
    }
    match Envelope::from_record(record).ok()?.event {
        Event::AgentItem { item: AgentEvent::Malformed { excerpt, reason, bytes }, .. } => {
            Some((excerpt, reason, bytes))
        }
        _ => None,
    }
}

/// The class of what is a row, with its worker.
fn classified(record: &Record) -> (Option<&WorkerName>, mo_core::view::log::Class) {
    (record.worker.as_ref(), class_of(record))
}

#[cfg(test)]
#[path = "../log_tests.rs"]
mod tests;
