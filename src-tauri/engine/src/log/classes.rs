//! Of each event three bytes: whose it is, its kind, and how much it should catch the eye.

use std::time::Instant;

use mo_core::ids::SessionId;
use mo_core::view::log::{LogFilter, Severity};
use mo_journal::{Journal, JournalError};

use super::{PAGE, classified};

/// A kind or a worker that has no number any more; there are far fewer of both.
const OTHER: u8 = u8::MAX;

#[derive(Debug, Clone, Copy)]
struct Class {
    worker: u8,
    kind: u8,
    severity: Severity,
}

/// The classes of a session's events, by seq.
#[derive(Debug, Default)]
pub(super) struct Classes {
    /// The first is that of seq 1.
    of: Vec<Class>,
    /// The first is nobody.
    workers: Vec<String>,
    kinds: Vec<String>,
    malformed: u64,
    unrecognised: u64,
}

/// What a class must be.
pub(super) struct Wanted {
    worker: Option<u8>,
    kind: Option<u8>,
    severity: Severity,
}

impl Classes {
    /// Up to which seq they are known.
    pub(super) fn len(&self) -> u64 {
        self.of.len() as u64
    }

    /// How many lines were malformed, and how many of an unknown type.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.malformed, self.unrecognised)
    }

    pub(super) fn kinds(&self) -> Vec<String> {
        self.kinds.clone()
    }

    pub(super) fn severity(&self, seq: u64) -> Severity {
        self.at(seq).map_or(Severity::Info, |class| class.severity)
    }

    fn at(&self, seq: u64) -> Option<Class> {
        self.of.get(usize::try_from(seq.checked_sub(1)?).ok()?).copied()
    }

    /// Reads on from where it stands, to the newest event or until that time.
    pub(super) fn read_on(
        &mut self,
        journal: &dyn Journal,
        session: &SessionId,
        until: Instant,
    ) -> Result<(), JournalError> {
        loop {
            let page = journal.read(session, self.len(), PAGE)?;
            if page.is_empty() {
                return Ok(());
            }
            for record in &page {
                let (worker, class) = classified(record);
                self.malformed += u64::from(class.kind == "malformed");
                self.unrecognised += u64::from(class.kind == "unrecognized");
                let worker = number(&mut self.workers, worker.map_or("", |worker| worker.as_str()));
                let kind = number(&mut self.kinds, &class.kind);
                self.of.push(Class { worker, kind, severity: class.severity });
            }
            if Instant::now() >= until {
                return Ok(());
            }
        }
    }

    /// `None` when there is nothing of this kind or of this worker.
    pub(super) fn wanted(&self, filter: &LogFilter) -> Option<Wanted> {
        let in_list = |list: &[String], name: &Option<String>| match name {
            None => Some(None),
            Some(name) => list.iter().position(|known| known == name).map(|at| u8::try_from(at).ok()),
        };
        Some(Wanted {
            worker: in_list(&self.workers, &filter.worker)?,
            kind: in_list(&self.kinds, &filter.kind)?,
            severity: filter.severity.unwrap_or(Severity::Info),
        })
    }

    pub(super) fn is(&self, seq: u64, wanted: &Wanted) -> bool {
        self.at(seq).is_some_and(|class| {
            wanted.worker.is_none_or(|worker| class.worker == worker)
                && wanted.kind.is_none_or(|kind| class.kind == kind)
                && class.severity >= wanted.severity
        })
    }

    pub(super) fn of_kinds(&self, kinds: &[&str]) -> Vec<u64> {
        let wanted: Vec<bool> = self.kinds.iter().map(|kind| kinds.contains(&kind.as_str())).collect();
        let is = |class: &Class| wanted.get(usize::from(class.kind)).copied().unwrap_or(false);
        (1..).zip(&self.of).filter(|(_, class)| is(class)).map(|(seq, _)| seq).collect()
    }
}

fn number(names: &mut Vec<String>, name: &str) -> u8 {
    if let Some(at) = names.iter().position(|known| known == name) {
        return u8::try_from(at).unwrap_or(OTHER);
    }
    if names.len() >= usize::from(OTHER) {
        return OTHER;
    }
    names.push(name.to_owned());
    u8::try_from(names.len() - 1).unwrap_or(OTHER)
}
