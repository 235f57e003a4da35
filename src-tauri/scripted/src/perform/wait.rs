//! Waiting: for time, an answer, a command's end or a prompt, and meanwhile for a cancel.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Performer, Stop};
use crate::dialect::{AtEof, Dialect, Told};
use crate::inbox::Arrival;
use crate::shell::Ran;

/// What is waited for.
#[derive(Clone, Copy)]
pub(super) enum Want<'a> {
    Prompt,
    Time,
    Answer(&'a str),
    Command,
}

/// What came.
pub(super) enum Got {
    Prompt,
    Time,
    Answer(Value),
    Command(Ran),
}

impl<D: Dialect> Performer<D> {
    /// Waits; what else arrives meanwhile is taken as it comes.
    pub(super) fn wait(&mut self, want: Want<'_>, until: Option<Instant>) -> Result<Got, Stop> {
        loop {
            if let (Want::Prompt, false) = (want, self.queue.is_empty() && !self.eof) {
                return Ok(Got::Prompt);
            }
            if let (Want::Answer(_), true) = (want, self.eof) {
                return match self.dialect.at_eof() {
                    AtEof::Finish(body) => Ok(Got::Answer(body)),
                    AtEof::Exit(code) => Err(Stop::Exit(code)),
                };
            }
            let Some(arrival) = self.inbox.next(until) else { return Ok(Got::Time) };
            match arrival {
                Arrival::Line(line) => {
                    if let Some(got) = self.heard(&line, want)? {
                        return Ok(got);
                    }
                }
                Arrival::Eof => {
                    self.eof = true;
                    if let AtEof::Exit(code) = self.dialect.at_eof() {
                        return Err(Stop::Exit(code));
                    }
                }
                Arrival::Ran(ran) => {
                    // The end of a command that was killed after an interrupt is of no interest.
                    if matches!(want, Want::Command) {
                        return Ok(Got::Command(ran));
                    }
                }
                Arrival::Sigint => {
                    self.sigint = true;
                    return Err(Stop::Interrupted);
                }
            }
        }
    }

    fn heard(&mut self, line: &[u8], want: Want<'_>) -> Result<Option<Got>, Stop> {
        let mut got = None;
        let mut interrupted = false;
        for told in self.dialect.take(line, &mut self.out) {
            match told {
                Told::Prompt(prompt) => self.queue.push_back(prompt),
                Told::Interrupt => interrupted = true,
                Told::Exit(code) => return Err(Stop::Exit(code)),
                Told::Answer { request, body } => {
                    if let Want::Answer(wanted) = want
                        && wanted == request
                    {
                        got = Some(Got::Answer(body));
                    }
                }
            }
        }
        if interrupted { Err(Stop::Interrupted) } else { Ok(got) }
    }

    /// Takes what has arrived already, without waiting.
    pub(super) fn catch_up(&mut self) -> Result<(), Stop> {
        self.wait(Want::Time, Some(Instant::now())).map(|_| ())
    }

    /// Waits this long, scaled by the pace.
    pub(super) fn pause(&mut self, time: Duration) -> Result<(), Stop> {
        if self.deaf {
            std::thread::sleep(time.mul_f64(self.pace));
            return Ok(());
        }
        self.wait(Want::Time, Some(Instant::now() + time.mul_f64(self.pace))).map(|_| ())
    }

    /// Waits for the answer to a question; `None` when none came in time.
    pub(super) fn answer(
        &mut self,
        request: &str,
        patience: Option<Duration>,
    ) -> Result<Option<Value>, Stop> {
        let until = patience.map(|patience| Instant::now() + patience.mul_f64(self.pace));
        match self.wait(Want::Answer(request), until)? {
            Got::Answer(body) => Ok(Some(body)),
            Got::Time => Ok(None),
            Got::Prompt | Got::Command(_) => Err(Stop::Interrupted),
        }
    }

    /// Waits for the end of the command that runs.
    pub(super) fn ran(&mut self) -> Result<Ran, Stop> {
        match self.wait(Want::Command, None)? {
            Got::Command(ran) => Ok(ran),
            Got::Prompt | Got::Time | Got::Answer(_) => Err(Stop::Interrupted),
        }
    }
}
