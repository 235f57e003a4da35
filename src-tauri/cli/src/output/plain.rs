//! Timeline lines: `HH:MM:SS worker  text`.

use mo_core::event::Envelope;
use mo_core::record::Record;
use mo_core::time::Timestamp;
use mo_core::view::timeline::TimelineEntry;
use mo_core::view::timeline_entry;

use super::Out;
use super::clock::WallClock;
use super::paint::{Paint, Tone};
use super::screen::Screen;
use super::words;

/// The columns of the worker's name: the longest of the usual team.
const NAME: usize = 18;
/// Who speaks where no worker does.
const SESSION: &str = "session";

/// Makes lines of timeline entries.
pub(crate) struct Lines {
    clock: WallClock,
    paint: Paint,
}

impl Lines {
    pub(crate) fn new(paint: Paint) -> Self {
        Self { clock: WallClock::system(), paint }
    }

    /// The story's line of an event, with the details that a person must not miss; empty when it tells nothing.
    pub(crate) fn of_record(&self, record: &Record) -> Vec<String> {
        let Some(entry) = entry(record) else { return Vec::new() };
        let mut lines = vec![self.head(&entry)];
        if matches!(entry.kind.as_str(), "decision" | "blocker" | "approval" | "recovery" | "session")
            && let Some(detail) = &entry.detail
        {
            lines.push(self.detail_line(&words::first_line(detail)));
        }
        // How it went stands at an output's end.
        if let ("check", "bad" | "warn", Some(output)) = (&*entry.kind, &*entry.tone, &entry.detail) {
            lines.extend(words::last_line(output).map(|line| self.detail_line(&line)));
        }
        lines
    }

    /// The line with all its details.
    pub(crate) fn in_full(&self, entry: &TimelineEntry) -> Vec<String> {
        let mut lines = vec![self.head(entry)];
        let detail = entry.detail.as_deref().map(words::block).unwrap_or_default();
        if detail.trim() != entry.text.trim() {
            lines.extend(detail.trim_end().lines().map(|line| self.detail_line(line)));
        }
        lines
    }

    fn head(&self, entry: &TimelineEntry) -> String {
        let time = Timestamp::parse(&entry.at).map(|at| self.clock.time(at)).unwrap_or_default();
        let who = words::one_line(entry.worker.as_deref().unwrap_or(SESSION));
        let text = self.paint.text(Tone::of_word(&entry.tone), &words::one_line(&entry.text));
        let who = if entry.worker.is_some() {
            format!("{who:<NAME$}")
        } else {
            self.paint.text(Tone::Muted, &format!("{who:<NAME$}"))
        };
        format!("{} {who}  {text}", self.paint.text(Tone::Muted, &time))
    }

    fn detail_line(&self, line: &str) -> String {
        let indent = " ".repeat("HH:MM:SS ".len() + NAME + 2);
        format!("{indent}{}", self.paint.text(Tone::Muted, line))
    }
}

/// The timeline entry of a record; `None` when it tells a person nothing or is of another version.
pub(crate) fn entry(record: &Record) -> Option<TimelineEntry> {
    timeline_entry(&Envelope::from_record(record).ok()?)
}

/// The story line by line, for what is not a terminal.
pub(crate) struct PlainScreen<'a> {
    out: &'a mut Out,
    lines: Lines,
    gone: bool,
}

impl<'a> PlainScreen<'a> {
    pub(crate) fn new(out: &'a mut Out) -> Self {
        let lines = Lines::new(out.paint);
        Self { out, lines, gone: false }
    }
}

impl Screen for PlainScreen<'_> {
    fn records(&mut self, records: &[Record]) {
        if self.gone {
            return;
        }
        let mut lines = records.iter().flat_map(|record| self.lines.of_record(record));
        let told = lines.try_for_each(|line| self.out.line(&line)).and_then(|()| self.out.flush());
        self.gone = told.is_err();
    }
}
