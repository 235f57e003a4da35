//! Performs a script over a protocol: one turn after the other, as prompts come.

mod fault;
mod signals;
mod wait;

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

use crate::call::{Act, Call, Outcome, carry_out};
use crate::dialect::{Close, Dialect, Next, Prompt};
use crate::grandchild::Witness;
use crate::inbox::Inbox;
use crate::out::Out;
use crate::script::{ErrorStep, Review, Script, Step, Wrap};
use crate::shell::Running;
use crate::store::Store;

use signals::Reins;
use wait::Want;

/// The exit code when the script does not say what to do: `EX_SOFTWARE` of sysexits.
pub(crate) const SCRIPT_GAP: i32 = 70;

/// Why a turn does not go on.
pub(crate) enum Stop {
    /// The client or a signal interrupted it.
    Interrupted,
    /// It fails as the script says.
    Failed(ErrorStep),
    /// The process ends with this code.
    Exit(i32),
}

/// A script being performed.
pub(crate) struct Performer<D> {
    dialect: D,
    script: Script,
    store: Store,
    pace: f64,
    out: Out,
    inbox: Inbox,
    reins: Reins,
    queue: VecDeque<Prompt>,
    eof: bool,
    sigint: bool,
    deaf: bool,
    witness: Option<Witness>,
}

impl<D: Dialect> Performer<D> {
    /// Takes stdin and stdout.
    pub(crate) fn new(dialect: D, script: Script, pace: f64) -> std::io::Result<Self> {
        let store = Store::new(dialect.agent(), script.state_dir.clone());
        let inbox = Inbox::stdin();
        let reins = Reins::take(inbox.sender(), dialect.at_sigint().is_some(), dialect.at_sigterm())?;
        Ok(Self {
            dialect,
            script,
            store,
            pace,
            out: Out::stdout()?,
            inbox,
            reins,
            queue: VecDeque::new(),
            eof: false,
            sigint: false,
            deaf: false,
            witness: None,
        })
    }

    /// Performs until stdin ends or the script says so; the process's exit code.
    pub(crate) fn run(mut self) -> i32 {
        self.queue.extend(self.dialect.first_prompt());
        loop {
            let Some(prompt) = self.queue.pop_front() else {
                if self.eof {
                    return self.dialect.exit_code();
                }
                match self.wait(Want::Prompt, None) {
                    Err(Stop::Exit(code)) => return code,
                    // Nothing is in flight that could be interrupted.
                    Ok(_) | Err(Stop::Interrupted | Stop::Failed(_)) => {}
                }
                if self.sigint {
                    return self.dialect.at_sigint().unwrap_or_default();
                }
                continue;
            };
            if let Some(code) = self.turn(&prompt) {
                return code;
            }
        }
    }

    /// One turn; `Some` when the process ends with it.
    fn turn(&mut self, prompt: &Prompt) -> Option<i32> {
        let chosen = match self.store.choose(&self.script, &prompt.text) {
            Ok(chosen) => chosen.and_then(|index| self.script.turns.get(index)).cloned(),
            Err(why) => return Some(gap(&format!("cannot keep the script's state: {why}"))),
        };
        let Some(turn) = chosen else {
            let start: String = prompt.text.chars().take(120).collect();
            return Some(gap(&format!("no turn of the script is left for the prompt {start:?}")));
        };
        self.dialect.begin(prompt, &mut self.out);
        let mut answer = String::new();
        let mut end = Ok(());
        for step in &turn.steps {
            // What hangs does not listen before it hangs either: a cancel that comes with it is not heard.
            let heard = if self.deaf || matches!(step, Step::Hang(true)) { Ok(()) } else { self.catch_up() };
            end = heard.and_then(|()| self.step(step, prompt, &mut answer));
            if end.is_err() || self.out.broken() {
                break;
            }
        }
        if self.out.broken() {
            return Some(1);
        }
        match end {
            Ok(()) => self.dialect.end(&Close::Completed, &mut self.out),
            Err(Stop::Interrupted) => self.dialect.end(&Close::Interrupted, &mut self.out),
            Err(Stop::Failed(error)) => self.dialect.end(&Close::Failed(&error), &mut self.out),
            Err(Stop::Exit(code)) => return Some(code),
        }
        self.deaf = false;
        self.dialect.remember(&prompt.text, &answer);
        self.sigint.then(|| self.dialect.at_sigint().unwrap_or_default())
    }

    fn step(&mut self, step: &Step, prompt: &Prompt, answer: &mut String) -> Result<(), Stop> {
        if let Some(act) = Act::of(step, self.dialect.cwd()) {
            return self.call(act, None);
        }
        match step {
            Step::Say(text) | Step::Text(text) => {
                text.clone_into(answer);
                self.message(text)
            }
            Step::Think(text) => {
                self.dialect.thought(text, &mut self.out);
                Ok(())
            }
            Step::Milestone(text) => self.message(&format!("MILESTONE: {text}")),
            Step::WaitMs(ms) => self.pause(Duration::from_millis(*ms)),
            Step::TakeBack { call, after_ms } => match Act::of(call, self.dialect.cwd()) {
                Some(act) => self.call(act, Some(Duration::from_millis(*after_ms))),
                None => Err(Stop::Exit(gap("`take_back` wants a step that makes a call"))),
            },
            Step::Review(review) => self.review(review, prompt, answer),
            Step::Stderr(text) => {
                eprintln!("{text}");
                Ok(())
            }
            Step::Error(error) => Err(Stop::Failed(error.clone())),
            fault => self.fault(fault),
        }
    }

    fn review(&mut self, review: &Review, prompt: &Prompt, answer: &mut String) -> Result<(), Stop> {
        *answer = review.answer_text(&prompt.text);
        if review.wrap == Wrap::Plain && self.dialect.structured_by_tool(prompt) {
            return self.call(Act::Structured { value: review.answer(&prompt.text) }, None);
        }
        self.message(answer)
    }

    /// A message, streamed at the script's typing speed.
    fn message(&mut self, text: &str) -> Result<(), Stop> {
        const PIECE: usize = 24;
        self.dialect.message_open(&mut self.out);
        let a_piece = match self.script.typing {
            0 => Duration::ZERO,
            speed => Duration::from_secs_f64(24.0 / f64::from(speed)),
        };
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.ceil_char_boundary(PIECE));
            self.dialect.message_piece(piece, &mut self.out);
            rest = after;
            if !rest.is_empty() {
                self.pause(a_piece)?;
            }
        }
        self.dialect.message_close(text, &mut self.out);
        Ok(())
    }

    /// Makes a call. With a patience, its question is taken back when it has no answer by then.
    fn call(&mut self, act: Act, patience: Option<Duration>) -> Result<(), Stop> {
        let mut call = Call { id: self.dialect.call_id(&act), act };
        self.dialect.call_open(&call, &mut self.out);
        let mut answer: Option<Value> = None;
        loop {
            match self.dialect.call_next(&mut call, answer.take(), &mut self.out) {
                Next::Await(request) => {
                    answer = self.answer(&request, patience)?;
                    if answer.is_none() {
                        self.dialect.take_back(&call, &request, &mut self.out);
                        return Ok(());
                    }
                }
                Next::Go => break,
                Next::Refused => return Ok(()),
                Next::Break => return Err(Stop::Interrupted),
            }
        }
        let outcome = match &call.act {
            Act::Run { command } => self.command(command)?,
            _ => carry_out(&call),
        };
        self.dialect.call_close(&call, &outcome, &mut self.out);
        Ok(())
    }

    fn command(&mut self, line: &str) -> Result<Outcome, Stop> {
        let running = match Running::start(line, self.dialect.cwd(), self.inbox.sender()) {
            Ok(running) => running,
            Err(why) => return Ok(Outcome::Failed(why.to_string())),
        };
        self.reins.command(Some(running.pid()));
        let ended = self.ran();
        self.reins.command(None);
        if ended.is_err() {
            running.kill();
        }
        ended.map(Outcome::Ran)
    }
}

/// Says on stderr why the script cannot go on.
pub(crate) fn gap(why: &str) -> i32 {
    eprintln!("scripted agent: {why}");
    SCRIPT_GAP
}
