//! The events that match a filter, by number.

use std::time::Instant;

use mo_core::ids::SessionId;
use mo_core::record::Record;
use mo_core::view::log::{LogFilter, log_row};
use mo_journal::{Journal, JournalError};

use super::PAGE;
use super::classes::Classes;
use super::raw_lines::Needle;

/// What matches one filter, as far as was looked.
pub(super) struct Found {
    pub(super) filter: LogFilter,
    needle: Option<Needle>,
    /// In order; a session has far fewer events than numbers.
    seqs: Vec<u32>,
    looked: u64,
}

impl Found {
    pub(super) fn new(filter: LogFilter) -> Self {
        let needle = Needle::new(&filter.text);
        Self { filter, needle, seqs: Vec::new(), looked: 0 }
    }

    /// Up to which seq was looked.
    pub(super) fn looked(&self) -> u64 {
        self.looked
    }

    pub(super) fn count(&self) -> u64 {
        self.seqs.len() as u64
    }

    pub(super) fn seqs(&self) -> impl Iterator<Item = u64> + '_ {
        self.seqs.iter().map(|seq| u64::from(*seq))
    }

    pub(super) fn seqs_from(&self, from: u64, limit: usize) -> Vec<u64> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        self.seqs.iter().skip(from).take(limit).map(|seq| u64::from(*seq)).collect()
    }

    pub(super) fn seq_at(&self, row: u64) -> Option<u64> {
        self.seqs.get(usize::try_from(row).ok()?).map(|seq| u64::from(*seq))
    }

    pub(super) fn row_of(&self, seq: u64) -> Option<u64> {
        self.seqs.binary_search(&u32::try_from(seq).ok()?).ok().map(|at| at as u64)
    }

    /// The first behind (or the last before) a seq, else the first (last) of all: its seq, and which it is, from 1.
    pub(super) fn next(&self, from: Option<u64>, backwards: bool) -> Option<(u64, u64)> {
        let from = from.and_then(|seq| u32::try_from(seq).ok());
        let (first, last) = (0, self.seqs.len().checked_sub(1)?);
        let at = match (from, backwards) {
            (None, false) => first,
            (None, true) => last,
            (Some(seq), false) => {
                let next = self.seqs.partition_point(|hit| *hit <= seq);
                if next > last { first } else { next }
            }
            (Some(seq), true) => self.seqs.partition_point(|hit| *hit < seq).checked_sub(1).unwrap_or(last),
        };
        self.seqs.get(at).map(|seq| (u64::from(*seq), at as u64 + 1))
    }

    /// Looks on, to `all` or until that time; never further than the classes are known.
    pub(super) fn look_on(
        &mut self,
        journal: &dyn Journal,
        session: &SessionId,
        classes: &Classes,
        all: u64,
        until: Instant,
    ) -> Result<(), JournalError> {
        let known = classes.len().min(all);
        let Some(wanted) = classes.wanted(&self.filter) else {
            self.looked = known;
            return Ok(());
        };
        let Some(needle) = &self.needle else {
            let hits = (self.looked + 1..=known).filter(|seq| classes.is(*seq, &wanted));
            self.seqs.extend(hits.filter_map(|seq| u32::try_from(seq).ok()));
            self.looked = known;
            return Ok(());
        };
        while self.looked < known {
            let page = journal.read(session, self.looked, PAGE)?;
            let Some(last) = page.last() else { break };
            self.looked = last.seq;
            let hits = page.iter().filter(|record| classes.is(record.seq, &wanted) && has(needle, record));
            self.seqs.extend(hits.filter_map(|record| u32::try_from(record.seq).ok()));
            if Instant::now() >= until {
                break;
            }
        }
        Ok(())
    }
}

/// In the event as it is stored, which has all that was said; what we say of an event of our own is not in it.
fn has(needle: &Needle, record: &Record) -> bool {
    needle.is_in_json(&record.data) || (record.kind != "agent_item" && needle.is_in(&log_row(record).text))
}
