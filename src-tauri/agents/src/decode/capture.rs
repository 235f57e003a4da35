//! One capture from its first line to its summary.

use std::collections::BTreeMap;

use mo_core::agent_event::{AgentEvent, Decoded};
use mo_core::ids::AgentKind;
use mo_core::outcome::{FailureClass, Outcome, TurnEnd, Usage};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Decoder;
use super::lines::Lines;
use crate::protocol::{Exchange, Exit, Line};
use crate::shared::json::{is_blank, malformed, parse, too_long};
use crate::shared::line::is_dense;
use crate::shared::text::cut;
use crate::shared::unclosed::{Cause, unclosed};
use crate::shared::wire_text::Text;
use crate::{acp, claude, codex, gemini};

/// How many unknown types are counted apart; the rest share one entry.
const KINDS: usize = 200;
const MORE_KINDS: &str = "(more)";

/// What a capture came to. `outcome`, `class`, `usage` and `cost_usd` are the last turn's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many events were decoded.
    pub events: u64,
    /// How many lines were not what the protocol allows.
    pub malformed: u64,
    /// How many lines of each unknown type.
    pub unrecognised: BTreeMap<String, u64>,
    /// How the last turn ended.
    pub outcome: Outcome,
    /// Why it failed; `None` unless it did.
    pub class: Option<FailureClass>,
    /// The agent's own session.
    pub session_id: Option<String>,
    /// Its tokens.
    pub usage: Option<Usage>,
    /// Its cost in US dollars; `None` is unknown.
    pub cost_usd: Option<f64>,
}

/// Decodes a capture of one process: its stdout, or a duplex recording, found from the lines.
pub struct Decode {
    lines: Lines,
    capture: Capture,
}

/// All but the splitting into lines.
struct Capture {
    decoder: Box<dyn Decoder>,
    /// `None` until the first line that is a JSON object.
    duplex: Option<bool>,
    events: u64,
    malformed: u64,
    unrecognised: BTreeMap<String, u64>,
    session_id: Option<String>,
    last_turn: Option<TurnEnd>,
}

/// A line of a duplex recording.
#[derive(Deserialize)]
struct Recorded<'a> {
    #[serde(borrow)]
    dir: Text<'a>,
    #[serde(borrow)]
    msg: &'a RawValue,
}

impl Decode {
    /// A decoder for the output of an agent's CLI.
    pub fn new(agent: &AgentKind) -> Self {
        let decoder = match agent {
            AgentKind::Claude => claude::decoder(),
            AgentKind::Codex => codex::decoder(),
            AgentKind::Gemini => gemini::decoder(),
            AgentKind::Acp(_) => acp::decoder(),
        };
        let capture = Capture {
            decoder,
            duplex: None,
            events: 0,
            malformed: 0,
            unrecognised: BTreeMap::new(),
            session_id: None,
            last_turn: None,
        };
        Self { lines: Lines::default(), capture }
    }

    /// Takes the next bytes of the capture, split anywhere, and adds what their lines say to `events`. A line over
    /// [`super::MAX_LINE`] is malformed; only its beginning is kept in memory.
    pub fn feed(&mut self, bytes: &[u8], events: &mut Vec<Decoded>) {
        let Self { lines, capture } = self;
        lines.feed(bytes, |line| capture.feed_line(line, events));
    }

    /// Takes a line without its newline (a carriage return before it may stay) and adds what it says to `events`.
    pub fn feed_line(&mut self, line: Line<'_>, events: &mut Vec<Decoded>) {
        self.capture.feed_line(line, events);
    }

    /// The process has ended; adds what that says to `events`. An unknown exit is `Exit::default()`.
    pub fn finish(mut self, exit: Exit, stderr: &[u8], events: &mut Vec<Decoded>) -> Summary {
        let Self { lines, capture } = &mut self;
        lines.finish(|line| capture.feed_line(line, events));
        self.capture.finish(exit, stderr, events)
    }
}

impl Capture {
    fn feed_line(&mut self, line: Line<'_>, events: &mut Vec<Decoded>) {
        let mut out = Exchange { events: std::mem::take(events), ..Exchange::default() };
        let since = out.events.len();
        match line {
            Line::Whole(bytes) => self.whole(bytes.strip_suffix(b"\r").unwrap_or(bytes), &mut out),
            Line::TooLong { excerpt, bytes } if self.duplex == Some(true) => {
                out.event(too_long(excerpt, bytes));
            }
            too_long @ Line::TooLong { .. } => self.decoder.line(too_long, &mut out),
        }
        self.count(out.events.get(since..).unwrap_or_default());
        *events = out.events;
    }

    fn whole(&mut self, line: &[u8], out: &mut Exchange) {
        if self.duplex == Some(false) || is_blank(line) {
            self.decoder.line(Line::Whole(line), out);
            return;
        }
        let mut buffer = Vec::new();
        match (parse::<Recorded<'_>>(line, &mut buffer), self.duplex) {
            (Ok(recorded), _) => {
                self.duplex = Some(true);
                self.recorded(&recorded, line, out);
            }
            (Err(error), Some(true)) => out.event(malformed(line, error.to_string())),
            (Err(_), _) => {
                // A pretty-printed object starts with a line that is no JSON by itself; no recording does.
                if line.trim_ascii_start().starts_with(b"{") {
                    self.duplex = Some(false);
                }
                self.decoder.line(Line::Whole(line), out);
            }
        }
    }

    fn recorded(&mut self, recorded: &Recorded<'_>, line: &[u8], out: &mut Exchange) {
        let message = recorded.msg.get();
        match recorded.dir.as_str() {
            // A line that was no JSON is recorded as a string.
            "recv" if message.starts_with('"') => {
                let text: String = serde_json::from_str(message).unwrap_or_default();
                self.decoder.line(Line::Whole(text.as_bytes()), out);
            }
            "recv" => self.decoder.line(Line::Whole(message.as_bytes()), out),
            "send" if is_dense(message.as_bytes()) => {
                out.event(malformed(line, "the line has too many values"));
            }
            "send" => {
                if let Ok(message) = serde_json::from_str::<Value>(message) {
                    self.decoder.sent(&message, out);
                }
            }
            other => out.event(malformed(line, format!("`dir` is `{}`, not recv or send", cut(other, 40)))),
        }
    }

    fn finish(mut self, exit: Exit, stderr: &[u8], events: &mut Vec<Decoded>) -> Summary {
        let mut out = Exchange { events: std::mem::take(events), ..Exchange::default() };
        let since = out.events.len();
        self.decoder.close(exit, stderr, &mut out);
        if self.last_turn.is_none() && !has_turn_end(out.events.get(since..).unwrap_or_default()) {
            let end = unclosed(exit, &[], false, Cause::default(), None);
            out.event(AgentEvent::TurnEnded { end });
        }
        self.count(out.events.get(since..).unwrap_or_default());
        *events = out.events;
        let end = self.last_turn.unwrap_or(TurnEnd::bare(Outcome::Failed, Some(FailureClass::Unknown)));
        Summary {
            events: self.events,
            malformed: self.malformed,
            unrecognised: self.unrecognised,
            outcome: end.outcome,
            class: end.class.filter(|_| end.outcome == Outcome::Failed),
            session_id: self.session_id,
            usage: end.usage,
            cost_usd: end.cost_usd,
        }
    }

    fn count(&mut self, new: &[Decoded]) {
        self.events += new.len() as u64;
        for decoded in new {
            match &decoded.event {
                AgentEvent::Malformed { .. } => self.malformed += 1,
                AgentEvent::Unrecognized { kind } => {
                    let full = self.unrecognised.len() >= KINDS && !self.unrecognised.contains_key(kind);
                    let kind = if full { MORE_KINDS } else { kind };
                    *self.unrecognised.entry(kind.to_owned()).or_default() += 1;
                }
                AgentEvent::SessionStarted { agent_session, .. } => {
                    self.session_id = Some(agent_session.clone());
                }
                AgentEvent::TurnEnded { end } => self.last_turn = Some(end.clone()),
                _ => {}
            }
        }
    }
}

fn has_turn_end(events: &[Decoded]) -> bool {
    events.iter().any(|decoded| matches!(decoded.event, AgentEvent::TurnEnded { .. }))
}
