//! A live conversation with Claude Code over its stdin and stdout.

use std::collections::{HashMap, VecDeque};

use mo_core::agent_event::{AgentEvent, NoticeLevel};
use mo_core::approval::Answer;
use mo_core::ids::RequestId;
use mo_core::outcome::{FailureClass, Outcome, TurnEnd};
use serde_json::Value;

use super::control::{self, Control, Pending};
use super::decoder::{ClaudeDecoder, control_error};
use super::failure;
use crate::launch::LaunchSpec;
use crate::protocol::{Exchange, Exit, Line, Protocol, TurnPrompt};
use crate::shared::json::malformed;
use crate::shared::text::{LONG, cut};

const INITIALIZE: &str = "initialize";
/// How many requests may wait for an answer; more are denied at once. Far more than Claude runs tools in parallel.
const OPEN_QUESTIONS: usize = 1_000;
/// How much the inputs of open questions may take, in bytes of the lines that asked: an allow repeats them.
const OPEN_BYTES: usize = 64 * 1024 * 1024;

/// How far the handshake is. No prompt is sent before our hook stands, else tools could run unseen.
#[derive(Debug, PartialEq, Eq)]
enum Handshake {
    Waiting,
    Done,
    /// Refused, with the CLI's words.
    Failed(String),
}

/// The client of `claude -p --input-format stream-json … --permission-prompt-tool stdio`. One prompt is in flight
/// at a time; further ones wait here, since the CLI may answer several queued messages with one result.
#[derive(Debug)]
pub struct ClaudeProtocol {
    decoder: ClaudeDecoder,
    handshake: Handshake,
    waiting: VecDeque<String>,
    in_flight: bool,
    cancelled: bool,
    pending: HashMap<RequestId, Pending>,
    interrupts: u32,
}

impl ClaudeProtocol {
    /// The client of a process that was launched by this spec.
    ///
    /// A schema is given at the launch and holds for every turn; [`TurnPrompt::schema`] changes nothing here.
    pub fn new(spec: &LaunchSpec) -> Self {
        Self {
            decoder: if spec.resume.is_some() { ClaudeDecoder::resumed() } else { ClaudeDecoder::new() },
            handshake: Handshake::Waiting,
            waiting: VecDeque::new(),
            in_flight: false,
            cancelled: false,
            pending: HashMap::new(),
            interrupts: 0,
        }
    }

    /// Sends the next prompt when nothing is in flight.
    fn advance(&mut self, out: &mut Exchange) {
        if self.in_flight {
            return;
        }
        match &self.handshake {
            Handshake::Waiting => {}
            Handshake::Done => {
                if let Some(text) = self.waiting.pop_front() {
                    self.in_flight = true;
                    self.cancelled = false;
                    out.send_json(&control::user_message(&text));
                }
            }
            Handshake::Failed(error) => {
                let error = error.clone();
                for _ in 0..std::mem::take(&mut self.waiting).len() {
                    let class = failure::by_text(&error).or(Some(FailureClass::Internal));
                    let end = TurnEnd { text: Some(error.clone()), ..TurnEnd::bare(Outcome::Failed, class) };
                    out.event(AgentEvent::TurnEnded { end });
                }
            }
        }
    }

    fn control(&mut self, control: Control, out: &mut Exchange) {
        match control {
            Control::Asked(request, _) if self.pending.contains_key(&request.request) => {
                let reason = "a second request with the id of one that waits";
                out.event(malformed(request.request.as_str().as_bytes(), reason));
            }
            Control::Asked(request, pending) if self.is_full(&pending) => {
                let full = Answer::Deny { message: "too many questions are open".to_owned() };
                out.send_json(&control::answer(request.request.as_str(), &pending, &full));
            }
            Control::Asked(request, pending) => {
                self.pending.insert(request.request.clone(), pending);
                out.event(AgentEvent::ApprovalRequested { request });
            }
            Control::Withdrawn(request) => {
                if self.pending.remove(&request).is_some() {
                    out.event(AgentEvent::ApprovalWithdrawn { request });
                }
            }
            Control::Answered { id, error } if id == INITIALIZE && self.handshake == Handshake::Waiting => {
                self.handshake = match error {
                    None => Handshake::Done,
                    Some(error) => {
                        out.event(control_error(&error));
                        Handshake::Failed(error)
                    }
                };
                self.advance(out);
            }
            Control::Answered { error, .. } => {
                if let Some(error) = error {
                    out.event(control_error(&error));
                }
            }
            Control::Refused { kind, reply } => {
                out.event(AgentEvent::Unrecognized { kind });
                out.send_json(&reply);
            }
        }
    }

    /// Whether there is no room for another open question.
    fn is_full(&self, another: &Pending) -> bool {
        let open = self.pending.values().map(Pending::bytes).sum::<usize>();
        self.pending.len() >= OPEN_QUESTIONS || open.saturating_add(another.bytes()) > OPEN_BYTES
    }

    /// What was asked and not answered is void.
    fn withdraw_all(&mut self, out: &mut Exchange) {
        let mut open: Vec<RequestId> = self.pending.drain().map(|(request, _)| request).collect();
        open.sort();
        for request in open {
            out.event(AgentEvent::ApprovalWithdrawn { request });
        }
    }

    /// Looks at the events that a line has added: ends the turn in flight, or makes a notice of the end of one that
    /// nobody asked for (the CLI may go on by itself when a background task reports).
    fn settle(&mut self, since: usize, out: &mut Exchange) {
        let mut ended = false;
        for decoded in out.events.iter_mut().skip(since) {
            let AgentEvent::TurnEnded { end } = &mut decoded.event else { continue };
            if self.in_flight && !ended {
                ended = true;
                if self.cancelled
                    && (end.outcome, end.class) == (Outcome::Failed, Some(FailureClass::Unknown))
                {
                    // Interrupted before the CLI had a reason of its own to give.
                    (end.outcome, end.class) = (Outcome::Interrupted, None);
                }
                continue;
            }
            let text = cut(end.text.as_deref().unwrap_or_default(), LONG);
            let (level, code) = (NoticeLevel::Info, "unprompted_turn".to_owned());
            decoded.event = AgentEvent::Notice { level, code, text };
        }
        if ended {
            self.in_flight = false;
            self.withdraw_all(out);
            self.advance(out);
        }
    }
}

impl Protocol for ClaudeProtocol {
    fn open(&mut self, out: &mut Exchange) {
        out.send_json(&control::initialize(INITIALIZE));
    }

    fn prompt(&mut self, prompt: TurnPrompt, out: &mut Exchange) {
        self.waiting.push_back(prompt.text);
        self.advance(out);
    }

    fn line(&mut self, line: Line<'_>, out: &mut Exchange) {
        let since = out.events.len();
        match self.decoder.take(line, out) {
            Some(control) => self.control(control, out),
            None => self.settle(since, out),
        }
    }

    fn answer(&mut self, request: &RequestId, answer: &Answer, out: &mut Exchange) {
        if let Some(pending) = self.pending.remove(request) {
            let reply: Value = control::answer(request.as_str(), &pending, answer);
            out.send_json(&reply);
        }
    }

    fn cancel(&mut self, out: &mut Exchange) {
        if self.in_flight && !self.cancelled {
            self.cancelled = true;
            self.interrupts += 1;
            out.send_json(&control::interrupt(&format!("interrupt-{}", self.interrupts)));
        }
        for _ in 0..std::mem::take(&mut self.waiting).len() {
            out.event(AgentEvent::TurnEnded { end: TurnEnd::bare(Outcome::Interrupted, None) });
        }
    }

    fn retrying(&self) -> Option<FailureClass> {
        self.decoder.retrying().filter(|_| self.in_flight)
    }

    fn close(&mut self, exit: Exit, stderr: &[u8], out: &mut Exchange) {
        self.withdraw_all(out);
        let turns =
            usize::from(std::mem::take(&mut self.in_flight)) + std::mem::take(&mut self.waiting).len();
        let exit = Exit { by_us: exit.by_us || self.cancelled, ..exit };
        for turn in 0..turns {
            // Only the first can have begun; the others were never sent.
            let end = match turn {
                0 => self.decoder.end_without_result(exit, stderr),
                _ => ClaudeDecoder::new().end_without_result(exit, stderr),
            };
            out.event(AgentEvent::TurnEnded { end });
        }
    }
}
