//! The block that is redrawn in place: a header and a line a worker, as a function of what is to be shown.

use std::collections::BTreeMap;

use mo_core::view::status::{SessionView, WorkerView};
use unicode_width::UnicodeWidthStr;

use super::figures::{cost, elapsed, tokens};
use super::paint::{Paint, Tone};
use super::words;

/// What is shown.
pub(crate) struct Shown<'a> {
    /// The session.
    pub(crate) view: &'a SessionView,
    /// What workers are writing right now, by name.
    pub(crate) writing: &'a BTreeMap<String, String>,
    /// A word of our own: that it is being stopped, that the journal is down.
    pub(crate) note: Option<&'a str>,
    /// The question that the person is asked, as lines that fit; it goes before everything else where room is short.
    pub(crate) question: &'a [String],
    /// Milliseconds since the start.
    pub(crate) elapsed_ms: u64,
    /// Counts up while it is drawn; turns the marks of those who work.
    pub(crate) beat: usize,
}

/// Columns and rows of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/// The columns of a progress bar.
const BAR: usize = 10;
/// The columns of the longest state word.
const STATE: usize = 10;

/// The lines of the block. None is wider than the terminal or leaves fewer than two rows for the story.
pub(crate) fn frame(shown: &Shown<'_>, size: Size, paint: Paint) -> Vec<String> {
    // The last column stays free: some terminals go to the next row once it is written.
    let width = size.columns.saturating_sub(1);
    let mut lines = vec![String::new(), header(shown, width, paint)];
    let names = shown.view.workers.iter().map(|w| w.name.width()).max().unwrap_or(0).min(28);
    lines.extend(shown.view.workers.iter().map(|worker| worker_line(shown, worker, names, width, paint)));
    let most = size.rows.saturating_sub(2).max(1);
    if shown.question.is_empty() {
        lines.push(footer(shown, width, paint));
        lines.truncate(most);
        return lines;
    }
    let question = shown.question.len().min(most);
    lines.truncate((most - question).saturating_sub(1));
    lines.extend(shown.question[shown.question.len() - question..].iter().cloned());
    if lines.len() < most {
        lines.push(footer(shown, width, paint));
    }
    lines
}

fn header(shown: &Shown<'_>, width: usize, paint: Paint) -> String {
    let phase = words::one_line(&shown.view.phase).replace('_', " ");
    let right = format!("  {phase} · {}", elapsed(shown.elapsed_ms));
    let goal = words::first_line(&shown.view.goal);
    let goal = words::cut(&goal, width.saturating_sub(right.width()));
    let right = words::cut(&right, width.saturating_sub(goal.width())).into_owned();
    format!("{}{}", paint.text(Tone::Strong, &goal), paint.text(Tone::Muted, &right))
}

fn worker_line(shown: &Shown<'_>, worker: &WorkerView, names: usize, width: usize, paint: Paint) -> String {
    let tone = Tone::of_state(&worker.state);
    let mut line = Line { text: String::new(), room: width, paint };
    line.put(tone, mark(&worker.state, shown.beat), 2);
    line.put(Tone::Plain, &words::one_line(&worker.name), names + 1);
    line.put(tone, &words::one_line(&worker.state), STATE + 1);
    // What is least missed goes first where the terminal is narrow: cost, tokens, the bar.
    if width >= 78 {
        line.put(tone, &bar(worker.progress), BAR + 1);
    }
    line.put(Tone::Plain, &format!("{:>3}%", worker.progress.min(100)), 6);
    if width >= 90 {
        line.put(Tone::Muted, &tokens(worker.tokens), 11);
    }
    if width >= 104 {
        let cost =
            if worker.attempt == 0 { String::new() } else { cost(worker.cost_usd, worker.cost_known_usd) };
        line.put(Tone::Muted, &cost, 14);
    }
    let doing = match shown.writing.get(&worker.name) {
        Some(text) => words::one_line(text),
        None => words::one_line(&worker.doing),
    };
    line.rest(Tone::Plain, &doing);
    line.text
}

fn footer(shown: &Shown<'_>, width: usize, paint: Paint) -> String {
    match shown.note {
        Some(note) => paint.text(Tone::Warn, &words::cut(&words::one_line(note), width)),
        None => paint.text(Tone::Muted, &words::cut("Ctrl+C stops the team", width)),
    }
}

struct Line {
    text: String,
    room: usize,
    paint: Paint,
}

impl Line {
    /// A text in so many columns, as far as there is room.
    fn put(&mut self, tone: Tone, text: &str, columns: usize) {
        let columns = columns.min(self.room);
        self.room -= columns;
        let cut = words::cut(text, columns.saturating_sub(1));
        let spaces = columns.saturating_sub(cut.width());
        self.text.push_str(&self.paint.text(tone, &cut));
        self.text.extend(std::iter::repeat_n(' ', spaces));
    }

    /// A text in what is left.
    fn rest(&mut self, tone: Tone, text: &str) {
        self.text.push_str(&self.paint.text(tone, &words::cut(text, self.room)));
    }
}

/// The mark of a state.
pub(crate) fn mark(state: &str, beat: usize) -> &'static str {
    match state {
        "working" | "starting" | "recovering" => SPINNER[beat % SPINNER.len()],
        "done" => "✓",
        "failed" | "blocked" => "✗",
        "asking" => "?",
        "stopped" => "■",
        "waiting" => "…",
        _ => "·",
    }
}

fn bar(percent: u8) -> String {
    let full = usize::from(percent.min(100)) * BAR / 100;
    format!("{}{}", "█".repeat(full), "░".repeat(BAR - full))
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod frame_tests;
