//! Steps in which the agent misbehaves.

use rustix::process::{Pid, Signal, getpid, kill_process};

use super::{Performer, Stop, gap};
use crate::dialect::Dialect;
use crate::grandchild;
use crate::script::{Crash, Flood, Step};

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
            Step::IgnoreSigterm(true) => done(self.reins.ignore_term()),
            Step::Grandchild(grandchild) => done(grandchild::start(*grandchild)),
            _ => Ok(()),
        }
    }

    fn flood(&mut self, flood: Flood) {
        const AT_ONCE: usize = 256 * 1024;
        let empty = self.dialect.noise("").to_string().len() + 1;
        let wanted = usize::try_from(flood.bytes).unwrap_or(usize::MAX);
        let mut line = self.dialect.noise(&"x".repeat(wanted.saturating_sub(empty))).to_string();
        line.push('\n');
        let many = (AT_ONCE / line.len()).max(1);
        let block = line.repeat(many);
        let mut left = usize::try_from(flood.lines).unwrap_or(usize::MAX);
        while left > 0 && !self.out.broken() {
            let now = left.min(many);
            self.out.raw(block.get(..now * line.len()).unwrap_or_default().as_bytes());
            left -= now;
        }
    }
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
