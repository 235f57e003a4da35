//! What waits to be sent to the page: one view a session, and the entries of its story, within bounds.

use std::fmt::Write as _;

use mo_core::view::resources::SessionResources;
use mo_core::view::timeline::TimelineEntry;

use crate::desk::{News, Update};
use crate::dto::{Refusal, SessionNews};

/// A waiting session has at most this many entries; a page that is further behind reads them from the journal.
const MAX_ENTRIES: usize = 2_000;
/// And all together at most this much text, in bytes.
const MAX_BYTES: usize = 4 << 20;
/// A session has at most this many samples waiting: the older ones are of the past.
const MAX_SAMPLES: usize = 300;
/// What one entry's detail may weigh on its way to the page, in bytes. The journal has the whole.
const MAX_DETAIL: usize = 64 << 10;

/// Coalesces news while the page is busy, so that a slow page costs memory only up to a bound.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: Vec<SessionNews>,
    resources: Vec<SessionResources>,
    bytes: usize,
    trouble: Option<Refusal>,
    /// The trouble is another one than the page knows of.
    turned: bool,
}

/// What goes out together.
#[derive(Debug)]
pub struct Load {
    /// The sessions that changed.
    pub sessions: Vec<SessionNews>,
    /// What their workers took.
    pub resources: Vec<SessionResources>,
    /// The trouble that there is.
    pub trouble: Option<Refusal>,
}

impl Outbox {
    /// True when there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.resources.is_empty() && !self.turned
    }

    /// Takes news in.
    pub fn put(&mut self, news: News) {
        match news {
            News::Session(update) => self.put_update(*update),
            // The page finds out when it looks.
            News::Deleted => {}
            News::Resources(look) => self.put_resources(look),
            News::Trouble(trouble) => {
                self.turned |= trouble != self.trouble;
                self.trouble = trouble;
            }
        }
    }

    /// Everything that waits, and the trouble that there is.
    pub fn take(&mut self) -> Load {
        self.bytes = 0;
        self.turned = false;
        Load {
            sessions: std::mem::take(&mut self.waiting),
            resources: std::mem::take(&mut self.resources),
            trouble: self.trouble.clone(),
        }
    }

    /// For a page that knows nothing yet: what waits it reads itself, but a trouble it must be told.
    pub fn start_over(&mut self) {
        self.take();
        self.turned = self.trouble.is_some();
    }

    fn put_resources(&mut self, look: SessionResources) {
        let Some(known) = self.resources.iter_mut().find(|known| known.session == look.session) else {
            self.resources.push(look);
            return;
        };
        known.samples.extend(look.samples);
        let past = known.samples.len().saturating_sub(MAX_SAMPLES);
        known.samples.drain(..past);
        known.disks = look.disks;
    }

    fn put_update(&mut self, update: Update) {
        let Update { view, mut entries } = update;
        entries.iter_mut().for_each(clip);
        let bytes: usize = entries.iter().map(weight).sum();
        let known = self.waiting.iter().position(|news| news.view.id == view.id);
        let at = known.unwrap_or(self.waiting.len());
        if known.is_none() {
            self.waiting.push(SessionNews { view: view.clone(), entries: Vec::new(), gap: false });
        }
        let news = &mut self.waiting[at];
        news.view = view;
        if news.gap {
            return;
        }
        if news.entries.len() + entries.len() > MAX_ENTRIES || self.bytes + bytes > MAX_BYTES {
            self.bytes -= news.entries.drain(..).map(|entry| weight(&entry)).sum::<usize>();
            news.gap = true;
            return;
        }
        self.bytes += bytes;
        news.entries.append(&mut entries);
    }
}

fn weight(entry: &TimelineEntry) -> usize {
    entry.text.len() + entry.detail.as_ref().map_or(0, String::len)
}

/// Shortens what would make the page slow, and says by how much.
pub fn clip(entry: &mut TimelineEntry) {
    if entry.text.len() > MAX_DETAIL {
        shorten(&mut entry.text);
    }
    if let Some(detail) = &mut entry.detail
        && detail.len() > MAX_DETAIL
    {
        shorten(detail);
    }
}

fn shorten(text: &mut String) {
    let cut = text.floor_char_boundary(MAX_DETAIL);
    let left = text.len() - cut;
    text.truncate(cut);
    // Writing into a string cannot fail.
    let _ = write!(text, "\n… {left} more bytes");
}
