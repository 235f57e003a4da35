//! Steps in which the agent misbehaves.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::process::{Pid, Signal, getpid, kill_process};

use super::{Performer, Stop, gap};
use crate::dialect::Dialect;
use crate::grandchild::{self, Witness};
use crate::script::{Crash, Flood, Step};

/// The size of a write in a flood.
const AT_ONCE: usize = 256 * 1024;

impl<D: Dialect> Performer<D> {
    pub(super) fn fault(&mut self, step: &Step) -> Result<(), Stop> {
        match step {
            Step::Crash(Crash::Signal(signal) | Crash::NamedSignal { signal }) => {
                Err(Stop::Exit(die_of(*signal)))
            }
            Step::Crash(Crash::Code { code }) | Step::Exit(code) => Err(Stop::Exit(*code)),
            Step::Hang(true) => loop {
                std::thread::park();
            },
            Step::Flood(flood) => {
                self.flood(*flood);
                Ok(())
            }
            Step::HalfLine(true) => {
                let whole = self.dialect.noise("This message will never be wh").to_string();
                let half = whole.floor_char_boundary(whole.len() / 2);
                self.out.raw(whole.get(..half).unwrap_or_default().as_bytes());
                Ok(())
            }
            Step::Garbage(garbage) => {
                self.out.raw(garbage.bytes());
                self.out.raw(b"\n");
                Ok(())
            }
            Step::CloseStdout(true) => done(self.out.close()),
            Step::Sneak { path, content } => done(sneak(&self.dialect.cwd().join(path), content)),
            Step::IgnoreSigterm(true) => done(self.reins.ignore_term()),
            Step::Deaf(true) => {
                self.deaf = true;
                Ok(())
            }
            Step::Hold(path) => done(Witness::open(path).map(|held| self.witness = Some(held))),
            Step::Grandchild(grandchild) => done(grandchild::start(*grandchild, self.witness.as_ref())),
            _ => Ok(()),
        }
    }

    fn flood(&mut self, flood: Flood) {
        const MARK: &str = "@@@";
        let message = if flood.broken { format!("{{{MARK}") } else { self.dialect.noise(MARK).to_string() };
        let Some((head, tail)) = message.split_once(MARK) else { return };
        let tail = format!("{tail}{}", if flood.newline { "\n" } else { "" });
        let fill = usize::try_from(flood.bytes).unwrap_or(usize::MAX).saturating_sub(head.len() + tail.len());
        if fill < AT_ONCE {
            self.short_lines(&format!("{head}{}{tail}", "x".repeat(fill)), flood.lines);
        } else {
            self.long_lines(head, fill, &tail, flood.lines);
        }
    }

    /// Many lines in one write.
    fn short_lines(&mut self, line: &str, lines: u64) {
        let many = (AT_ONCE / line.len()).max(1);
        let block = line.repeat(many);
        let mut left = usize::try_from(lines).unwrap_or(usize::MAX);
        while left > 0 && !self.out.broken() {
            let now = left.min(many);
            self.out.raw(block.get(..now * line.len()).unwrap_or_default().as_bytes());
            left -= now;
        }
    }

    /// One line in many writes, so that its length costs no memory here.
    fn long_lines(&mut self, head: &str, fill: usize, tail: &str, lines: u64) {
        let block = "x".repeat(AT_ONCE);
        for _ in 0..lines {
            self.out.raw(head.as_bytes());
            let mut left = fill;
            while left > 0 && !self.out.broken() {
                let now = left.min(AT_ONCE);
                self.out.raw(block.get(..now).unwrap_or_default().as_bytes());
                left -= now;
            }
            self.out.raw(tail.as_bytes());
            if self.out.broken() {
                return;
            }
        }
    }
}

/// What may not be written is made writable for the moment.
fn sneak(path: &Path, content: &str) -> std::io::Result<()> {
    let mut locked = Vec::new();
    for place in [path.parent(), path.exists().then_some(path)].into_iter().flatten() {
        let permissions = std::fs::metadata(place)?.permissions();
        std::fs::set_permissions(place, Permissions::from_mode(permissions.mode() | 0o200))?;
        locked.push((place, permissions));
    }
    std::fs::write(path, content)?;
    locked.into_iter().try_for_each(|(place, permissions)| std::fs::set_permissions(place, permissions))
}

fn done(result: std::io::Result<()>) -> Result<(), Stop> {
    result.map_err(|why| Stop::Exit(gap(&why.to_string())))
}

/// Sends the signal to itself; the code is only for a signal that does not kill.
fn die_of(signal: i32) -> i32 {
    let Some(signal) = Signal::from_named_raw(signal) else {
        return gap(&format!("{signal} is not a signal"));
    };
    let me: Pid = getpid();
    match kill_process(me, signal) {
        Ok(()) => 128 + signal.as_raw(),
        Err(why) => gap(&why.to_string()),
    }
}
