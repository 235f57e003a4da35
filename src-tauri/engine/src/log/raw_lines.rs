//! The lines of a transcript, found by number in a file of any size.

use std::sync::Arc;
use std::time::Instant;

use mo_core::ids::{SessionId, WorkerName};
use mo_core::view::log::{LogPage, LogRaw, LogRow, RAW, RawSource, Severity, on_one_line};
use mo_journal::{Journal, JournalError, Stream};

/// How many bytes are read at once.
const PIECE: usize = 1 << 20;
/// Of every so manyth line the place is kept.
const STEP: u64 = 256;

/// What is looked for, without regard to the case of letters.
pub(super) struct Needle {
    plain: String,
    /// As it stands inside a JSON text.
    escaped: String,
}

impl Needle {
    pub(super) fn new(text: &str) -> Option<Self> {
        let plain = text.to_lowercase();
        let json = serde_json::to_string(&plain).unwrap_or_default();
        let escaped = json.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned();
        (!plain.is_empty()).then_some(Self { plain, escaped })
    }

    pub(super) fn is_in(&self, text: &str) -> bool {
        contains(text, &self.plain)
    }

    pub(super) fn is_in_json(&self, text: &str) -> bool {
        contains(text, &self.escaped) || (self.escaped != self.plain && contains(text, &self.plain))
    }
}

/// Without a copy where both are ASCII, which nearly everything is.
fn contains(text: &str, lower: &str) -> bool {
    let (text_bytes, needle) = (text.as_bytes(), lower.as_bytes());
    let Some((first, rest)) = needle.split_first() else { return true };
    if !lower.is_ascii() {
        return text.to_lowercase().contains(lower);
    }
    let upper = first.to_ascii_uppercase();
    let mut from = 0;
    while let Some(at) = memchr::memchr2(*first, upper, text_bytes.get(from..).unwrap_or_default()) {
        let after = from + at + 1;
        match text_bytes.get(after..after + rest.len()) {
            Some(part) if part.eq_ignore_ascii_case(rest) => return true,
            Some(_) => from = after,
            None => return false,
        }
    }
    false
}

/// Where lines begin.
pub(super) struct RawLines {
    journal: Arc<dyn Journal>,
    session: SessionId,
    pub(super) source: RawSource,
    /// The places of the lines 0, STEP, 2·STEP, …
    steps: Vec<u64>,
    /// Whole lines so far.
    lines: u64,
    /// The end of the last whole line.
    scanned: u64,
    /// What was looked for, and the numbers of the lines in which it stands.
    found: Option<(String, Vec<u64>, u64)>,
}

impl RawLines {
    pub(super) fn new(journal: Arc<dyn Journal>, session: SessionId, source: RawSource) -> Self {
        Self { journal, session, source, steps: vec![0], lines: 0, scanned: 0, found: None }
    }

    fn read(&self, offset: u64, limit: usize) -> Result<(Vec<u8>, u64), JournalError> {
        let stream = if self.source.stderr { Stream::Stderr } else { Stream::Stdout };
        let worker = WorkerName::new(self.source.worker.as_str());
        let page = self.journal.read_transcript(
            &self.session,
            &worker,
            self.source.attempt,
            stream,
            offset,
            limit,
        )?;
        Ok((page.bytes, page.total))
    }

    /// Counts lines on, to the end of the file or until that time; answers whether it is the end.
    fn count_on(&mut self, until: Instant) -> Result<bool, JournalError> {
        loop {
            let (bytes, total) = self.read(self.scanned, PIECE)?;
            let mut end = 0;
            for newline in memchr::memchr_iter(b'\n', &bytes) {
                end = newline + 1;
                self.lines += 1;
                if self.lines.is_multiple_of(STEP) {
                    self.steps.push(self.scanned + end as u64);
                }
            }
            if end == 0 {
                // A line longer than a piece counts as several; what has no end yet is no line yet.
                if bytes.len() < PIECE {
                    return Ok(true);
                }
                end = bytes.len();
                self.lines += 1;
                if self.lines.is_multiple_of(STEP) {
                    self.steps.push(self.scanned + end as u64);
                }
            }
            self.scanned += end as u64;
            if self.scanned >= total {
                return Ok(true);
            }
            if Instant::now() >= until {
                return Ok(false);
            }
        }
    }

    /// Hands on the lines from `from` on until `take` wants no more.
    fn each_from(
        &self,
        from: u64,
        mut take: impl FnMut(u64, u64, &[u8]) -> bool,
    ) -> Result<(), JournalError> {
        let step = usize::try_from(from / STEP).unwrap_or(usize::MAX).min(self.steps.len() - 1);
        let mut line = step as u64 * STEP;
        let mut offset = self.steps.get(step).copied().unwrap_or(0);
        while offset < self.scanned {
            let (bytes, _) = self.read(offset, PIECE)?;
            let mut begin = 0;
            let ends = memchr::memchr_iter(b'\n', &bytes).map(|at| at + 1);
            let whole = if bytes.contains(&b'\n') { None } else { Some(bytes.len()) };
            for end in ends.chain(whole) {
                let place = offset + begin as u64;
                if place >= self.scanned {
                    return Ok(());
                }
                let content = bytes.get(begin..end).unwrap_or_default();
                if line >= from && !take(line, place, content) {
                    return Ok(());
                }
                line += 1;
                begin = end;
            }
            if begin == 0 {
                return Ok(());
            }
            offset += begin as u64;
        }
        Ok(())
    }

    fn look_on(&mut self, text: &str, until: Instant) -> Result<bool, JournalError> {
        let Some(needle) = Needle::new(text) else { return Ok(true) };
        let (mut hits, mut looked) = match self.found.take() {
            Some((known, hits, looked)) if known == text => (hits, looked),
            _ => (Vec::new(), 0),
        };
        self.each_from(looked, |line, _, bytes| {
            looked = line + 1;
            if needle.is_in(&String::from_utf8_lossy(bytes)) {
                hits.push(line);
            }
            line % STEP != 0 || Instant::now() < until
        })?;
        let whole = looked >= self.lines;
        self.found = Some((text.to_owned(), hits, looked));
        Ok(whole)
    }

    pub(super) fn page(
        &mut self,
        text: &str,
        from: u64,
        limit: usize,
        until: Instant,
    ) -> Result<LogPage, JournalError> {
        let counted = self.count_on(until)?;
        let looked = self.look_on(text, until)?;
        let hits: Option<Vec<u64>> = self.found.as_ref().filter(|_| !text.is_empty()).map(|(_, hits, _)| {
            hits.iter().copied().skip(usize::try_from(from).unwrap_or(usize::MAX)).take(limit).collect()
        });
        let total = match &self.found {
            Some((_, hits, _)) if !text.is_empty() => hits.len() as u64,
            _ => self.lines,
        };
        let mut rows = Vec::new();
        match hits {
            None => self.each_from(from, |line, _, bytes| {
                if rows.len() < limit {
                    rows.push(self.row(line, bytes));
                }
                rows.len() < limit
            })?,
            Some(hits) => {
                for hit in hits {
                    self.each_from(hit, |line, _, bytes| {
                        rows.push(self.row(line, bytes));
                        false
                    })?;
                }
            }
        }
        Ok(LogPage {
            from,
            rows,
            total,
            all: self.lines,
            whole: counted && looked,
            percent: if counted && looked { 100 } else { 0 },
            malformed: 0,
            unrecognised: 0,
            kinds: Vec::new(),
            sources: Vec::new(),
        })
    }

    fn row(&self, line: u64, bytes: &[u8]) -> LogRow {
        let shown = bytes.get(..bytes.len().min(8 << 10)).unwrap_or_default();
        LogRow {
            seq: line + 1,
            at: String::new(),
            worker: Some(self.source.worker.clone()),
            kind: "raw".to_owned(),
            severity: Severity::Info,
            text: on_one_line(&String::from_utf8_lossy(shown)),
        }
    }

    pub(super) fn raw(&mut self, seq: u64) -> Result<Option<LogRaw>, JournalError> {
        let mut raw = None;
        let source = self.source.clone();
        self.each_from(seq.saturating_sub(1), |_, offset, bytes| {
            let text = bytes.get(..bytes.len().min(RAW)).unwrap_or_default();
            let stream = if source.stderr { ", standard error" } else { "" };
            let (worker, attempt) = (&source.worker, source.attempt);
            raw = Some(LogRaw {
                text: String::from_utf8_lossy(text).trim_end_matches(['\r', '\n']).to_owned(),
                bytes: bytes.len() as u64,
                place: format!("transcript of {worker}, attempt {attempt}{stream}, offset {offset}"),
                wrong: None,
            });
            false
        })?;
        Ok(raw)
    }

    pub(super) fn each<E: From<JournalError>>(
        &mut self,
        text: &str,
        mut take: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<u64, E> {
        let needle = Needle::new(text);
        self.count_on(Instant::now() + std::time::Duration::from_hours(1))?;
        let (mut count, mut failed) = (0, None);
        self.each_from(0, |_, _, bytes| {
            let line = String::from_utf8_lossy(bytes);
            if needle.as_ref().is_some_and(|needle| !needle.is_in(&line)) {
                return true;
            }
            count += 1;
            failed = take(line.trim_end_matches(['\r', '\n'])).err();
            failed.is_none()
        })?;
        failed.map_or(Ok(count), Err)
    }
}
