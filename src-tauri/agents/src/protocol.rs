//! The sans-IO client of an agent's live protocol: lines in, events and bytes to write out.

use mo_core::agent_event::{AgentEvent, Decoded};
use mo_core::approval::Answer;
use mo_core::ids::RequestId;
use mo_core::outcome::FailureClass;

/// One prompt to an agent.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnPrompt {
    /// What is asked.
    pub text: String,
    /// A JSON schema that the final answer must follow, enforced natively where the protocol can.
    pub schema: Option<serde_json::Value>,
}

/// A line of the agent's stdout, without its newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// The whole line.
    Whole(&'a [u8]),
    /// A line over the limit; only its beginning was kept.
    TooLong {
        /// The beginning.
        excerpt: &'a [u8],
        /// The length of the whole.
        bytes: u64,
    },
}

/// How a process ended, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exit {
    /// The exit code, where it ended by itself.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Whether we had sent a signal or a cancel before.
    pub by_us: bool,
}

impl Exit {
    /// From one number as supervisors write it: negative is the signal that ended the process.
    pub fn from_number(number: i32) -> Self {
        if number < 0 {
            Self { code: None, signal: Some(number.saturating_neg()), by_us: false }
        } else {
            Self { code: Some(number), signal: None, by_us: false }
        }
    }
}

/// What a step of the protocol produced: events for the core, bytes for the agent's stdin.
#[derive(Debug, Default)]
pub struct Exchange {
    /// In the order in which they happened.
    pub events: Vec<Decoded>,
    /// Whole lines to write to stdin; of a one-shot, its prompt.
    pub send: Vec<u8>,
    /// Nothing more comes after that: stdin is to be closed.
    pub end_input: bool,
}

impl Exchange {
    /// Adds an event whose line had no time.
    pub fn event(&mut self, event: AgentEvent) {
        self.events.push(event.into());
    }

    /// Adds a JSON line for stdin.
    pub fn send_json(&mut self, message: &serde_json::Value) {
        // Writing a `Value` into a `Vec` cannot fail.
        if serde_json::to_writer(&mut self.send, message).is_ok() {
            self.send.push(b'\n');
        }
    }
}

/// A live conversation with one agent process. Total: no input panics or stops it.
///
/// The order of calls is `open`, then any of `prompt`, `line`, `answer`, `cancel`, and `close` once at the end.
/// A prompt given before the handshake is over is kept and sent when it is. Every prompt that was given leads to
/// exactly one `AgentEvent::TurnEnded`, at the latest from `close`.
pub trait Protocol: Send {
    /// The first bytes to write: the handshake.
    fn open(&mut self, out: &mut Exchange);
    /// Asks the agent for a turn.
    fn prompt(&mut self, prompt: TurnPrompt, out: &mut Exchange);
    /// Takes a line of stdout.
    fn line(&mut self, line: Line<'_>, out: &mut Exchange);
    /// Answers an approval request. Unknown and already answered ids are ignored.
    fn answer(&mut self, request: &RequestId, answer: &Answer, out: &mut Exchange);
    /// Asks the agent to stop the turn in flight, by its own protocol.
    fn cancel(&mut self, out: &mut Exchange);
    /// Why the last request to the model service failed, while the agent does nothing but make it again: what a
    /// watchdog calls a turn that it gives up (Codex reconnects for ever, Claude for minutes). `None` as soon as
    /// anything else was heard.
    fn retrying(&self) -> Option<FailureClass> {
        None
    }
    /// The process has ended; `stderr` is the tail of what it wrote there.
    fn close(&mut self, exit: Exit, stderr: &[u8], out: &mut Exchange);
}
