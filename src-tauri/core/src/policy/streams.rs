//! Files that one part of a line reads while another part of it writes them: `cat a | cat >> a` has no end.

use super::ruling::{Risk, Ruling};

/// What of a program's places counts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opens {
    /// None: they are read to their ends before anything is written.
    Nothing,
    /// The places themselves.
    #[default]
    Files,
    /// For what it reads, every file below, too.
    Trees,
}

/// What the programs of one pipeline, or of one redirection, read and write while they run together.
#[derive(Debug, Default)]
pub(super) struct Stream {
    programs: u32,
    opens: Opens,
    reads: Vec<String>,
    /// Folders of which every file may be read.
    below: Vec<String>,
    writes: Vec<String>,
}

impl Stream {
    /// Another program of it begins; whether it is the first.
    pub(super) fn begins(&mut self, opens: Opens) -> bool {
        self.programs += 1;
        self.opens = opens;
        self.programs == 1
    }

    /// What the shell itself opens for a program comes next.
    pub(super) fn redirects(&mut self) {
        self.opens = Opens::Files;
    }

    /// One of its programs, or the shell for it, opens these places.
    pub(super) fn opens(&mut self, places: &[String], writes: bool) {
        let all = match (self.opens, writes) {
            (Opens::Nothing, _) => return,
            (_, true) => &mut self.writes,
            (Opens::Trees, false) => &mut self.below,
            (Opens::Files, false) => &mut self.reads,
        };
        all.extend(places.iter().cloned());
    }

    /// What is said of it where it reads what it writes. A single program that searches is known to leave out the file
    /// that its own output goes to.
    pub(super) fn ruling(&self) -> Option<Ruling> {
        let searched = |at: &str| {
            self.programs > 1 && self.below.iter().any(|folder| super::paths::inside(at, folder).is_some())
        };
        let place = self.writes.iter().find(|at| self.reads.contains(at) || searched(at))?;
        let why = format!("it reads {place} while it writes it, which may have no end");
        Some(Ruling::ask("rests_on_itself", Risk::Medium, why))
    }
}
