//! Where a running session is told.

use mo_core::record::Record;
use mo_core::view::status::SessionView;
use mo_engine::hub::{Delta, Health};

use super::paint::Paint;
use super::{Out, aside};
use crate::asking::Asking;

/// Tells a running session, step by step. Nothing here may fail a session: when nobody reads any more, it goes on
/// untold.
pub(crate) trait Screen {
    /// Events that have become durable.
    fn records(&mut self, records: &[Record]);
    /// The session as it is after them.
    fn view(&mut self, _view: SessionView) {}
    /// Whether it shows anything of that.
    fn shows_views(&self) -> bool {
        false
    }
    /// Whether a person can be asked on it.
    fn asks(&self) -> bool {
        false
    }
    /// The question that stands now, and whether keys answer it.
    fn question(&mut self, _asking: Option<&Asking>, _has_keys: bool) {}
    /// Lines of our own in the story.
    fn tell(&mut self, _lines: &[String]) {}
    /// How it is coloured.
    fn paint(&self) -> Paint {
        Paint::Nothing
    }
    /// A piece of something that is being written.
    fn delta(&mut self, _delta: &Delta) {}
    /// A word of our own to the person.
    fn note(&mut self, text: &str) {
        aside(text);
    }
    /// How often, in milliseconds, it wants to be drawn anew though nothing has happened.
    fn beat(&self) -> Option<u64> {
        None
    }
    /// Such a moment.
    fn tick(&mut self) {}
    /// The session is over: leaves the place to the summary.
    fn close(&mut self) {}

    /// Whether the journal takes what happens has changed.
    fn health(&mut self, health: &Health) {
        match health {
            Health::Good => self.note("the journal takes events again; the session goes on"),
            Health::JournalDown(why) => {
                self.note(&format!("the journal takes nothing ({why}); the session waits until it does"));
            }
        }
    }
}

/// The lines of `events`.
pub(crate) struct JsonScreen<'a> {
    out: &'a mut Out,
    gone: bool,
}

impl<'a> JsonScreen<'a> {
    pub(crate) fn new(out: &'a mut Out) -> Self {
        Self { out, gone: false }
    }
}

impl Screen for JsonScreen<'_> {
    fn records(&mut self, records: &[Record]) {
        if self.gone {
            return;
        }
        let told =
            records.iter().try_for_each(|record| self.out.json(record)).and_then(|()| self.out.flush());
        self.gone = told.is_err();
    }
}
