//! The live view in a terminal: the story scrolls, and below it a block is redrawn in place.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

use mo_core::agent_event::DeltaOf;
use mo_core::record::Record;
use mo_core::view::status::SessionView;
use mo_engine::hub::{Delta, Health};
use unicode_width::UnicodeWidthStr;

use super::Out;
use super::frame::{Shown, Size, frame};
use super::paint::Paint;
use super::plain::Lines;
use super::screen::Screen;
use super::words;
use crate::asking::Asking;

/// Milliseconds between two drawings: quick enough for an eye, slow enough for a line to a far terminal.
const BEAT: u64 = 120;
/// How much of what a worker is writing is kept, in bytes: more than a line can show.
const WRITING: usize = 400;

/// The live view.
pub(crate) struct LiveScreen<'a> {
    out: &'a mut Out,
    lines: Lines,
    view: Option<SessionView>,
    writing: BTreeMap<String, String>,
    note: Option<String>,
    down: Option<String>,
    question: Vec<String>,
    began: Instant,
    /// The widths of the lines that stand at the bottom now.
    drawn: Vec<usize>,
    beat: usize,
    gone: bool,
}

impl<'a> LiveScreen<'a> {
    pub(crate) fn new(out: &'a mut Out) -> Self {
        Self {
            lines: Lines::new(out.paint),
            out,
            view: None,
            writing: BTreeMap::new(),
            note: None,
            down: None,
            question: Vec::new(),
            began: Instant::now(),
            drawn: Vec::new(),
            beat: 0,
            gone: false,
        }
    }

    /// Writes lines of the story above the block, and the block as it is now, in one piece, so that nothing flickers.
    fn draw(&mut self, story: &[String], with_block: bool) {
        if self.gone {
            return;
        }
        let size = size();
        let mut text = String::new();
        // Lines that were drawn on a wider terminal take several rows by now.
        let rows: usize = self.drawn.iter().map(|width| width.div_ceil(size.columns.max(1)).max(1)).sum();
        if rows > 0 {
            let _ = write!(text, "\r\u{1b}[{rows}A");
        }
        // Clearing first would flicker; each line clears what is left of the old one, and the end what is below.
        for line in story {
            let _ = write!(text, "{line}\u{1b}[K\r\n");
        }
        self.drawn.clear();
        if with_block && let Some(view) = &self.view {
            let elapsed = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
            let shown = Shown {
                view,
                writing: &self.writing,
                note: self.down.as_deref().or(self.note.as_deref()),
                question: &self.question,
                elapsed_ms: elapsed,
                beat: self.beat,
            };
            let block = frame(&shown, size, self.out.paint);
            let last = block.len().saturating_sub(1);
            for (at, line) in block.into_iter().enumerate() {
                // A block that has become shorter: what is left of the old one goes before the new one is whole.
                if at == last {
                    text.push_str("\u{1b}[J");
                }
                let _ = write!(text, "{line}\u{1b}[K\r\n");
                self.drawn.push(words::one_line(&line).width());
            }
        }
        text.push_str("\u{1b}[J");
        self.gone = self.out.bytes(text.as_bytes()).and_then(|()| self.out.flush()).is_err();
    }
}

impl Screen for LiveScreen<'_> {
    fn records(&mut self, records: &[Record]) {
        for worker in records.iter().filter_map(|record| record.worker.as_ref()) {
            self.writing.remove(worker.as_str());
        }
        let story: Vec<String> = records.iter().flat_map(|record| self.lines.of_record(record)).collect();
        if !story.is_empty() {
            self.draw(&story, true);
        }
    }

    fn view(&mut self, view: SessionView) {
        self.view = Some(view);
    }

    fn shows_views(&self) -> bool {
        true
    }

    fn delta(&mut self, delta: &Delta) {
        if delta.of != DeltaOf::Message {
            return;
        }
        let writing = self.writing.entry(delta.worker.to_string()).or_default();
        // Only the last line is shown, and only its beginning.
        match delta.text.rsplit_once('\n') {
            Some((_, last)) if !last.trim().is_empty() => last.clone_into(writing),
            Some(_) => writing.clear(),
            None if writing.len() < WRITING => writing.push_str(&delta.text),
            None => {}
        }
        let mut end = writing.len().min(WRITING);
        while !writing.is_char_boundary(end) {
            end -= 1;
        }
        writing.truncate(end);
        if writing.trim().is_empty() {
            self.writing.remove(delta.worker.as_str());
        }
    }

    fn asks(&self) -> bool {
        true
    }

    fn question(&mut self, asking: Option<&Asking>, has_keys: bool) {
        let width = size().columns.saturating_sub(1);
        self.question =
            asking.map(|asking| asking.lines(width, has_keys, self.out.paint)).unwrap_or_default();
    }

    fn tell(&mut self, lines: &[String]) {
        self.draw(lines, true);
    }

    fn paint(&self) -> Paint {
        self.out.paint
    }

    fn note(&mut self, text: &str) {
        self.note = Some(text.to_owned());
        self.draw(&[], true);
    }

    fn health(&mut self, health: &Health) {
        self.down = match health {
            Health::Good => None,
            Health::JournalDown(why) => {
                Some(format!("the journal takes nothing ({why}); the session waits until it does"))
            }
        };
        self.draw(&[], true);
    }

    fn beat(&self) -> Option<u64> {
        Some(BEAT)
    }

    fn tick(&mut self) {
        self.beat += 1;
        self.draw(&[], true);
    }

    fn close(&mut self) {
        self.draw(&[], false);
    }
}

/// The terminal's size, or the usual one where it does not tell.
fn size() -> Size {
    let told = rustix::termios::tcgetwinsize(std::io::stdout()).ok();
    told.filter(|size| size.ws_col > 0 && size.ws_row > 0).map_or(Size { columns: 80, rows: 24 }, |size| {
        Size { columns: usize::from(size.ws_col), rows: usize::from(size.ws_row) }
    })
}
