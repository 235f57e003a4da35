//! Claude Code's stdout as events: `stream-json`, the single object or list of `--output-format json`.

use mo_core::agent_event::{AgentEvent, Decoded, NoticeLevel};
use mo_core::outcome::{FailureClass, TurnEnd, Usage};
use mo_core::time::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::closing::{self, Told, turn_end, without_result};
use super::control::{self, Control};
use super::failure::{self, ApiFailure};
use super::items::{Items, push};
use super::spent::{Spent, total_cost};
use super::streaming::Streaming;
use super::system;
use super::wire::{AssistantLine, Head, StreamLine, UserLine};
use crate::decode::Decoder;
use crate::protocol::{Exchange, Exit, Line};
use crate::shared::clock::time;
use crate::shared::json::{is_blank, leading_type, malformed, parse, repeated_key, str_at};
use crate::shared::line::readable;
use crate::shared::text::{LONG, cut};
use crate::shared::wire_text::Text;

/// The state that a line's meaning depends on.
#[derive(Debug, Default)]
pub struct ClaudeDecoder {
    session: Option<String>,
    turn_open: bool,
    turn_ended: bool,
    /// Prompts seen in a duplex recording that have no result yet.
    prompts_open: u32,
    streaming: Streaming,
    items: Items,
    told: Told,
    usage: Usage,
    spent: Spent,
}

impl ClaudeDecoder {
    /// The decoder for a new process.
    pub fn new() -> Self {
        Self { spent: Spent::nothing(), ..Self::default() }
    }

    /// The decoder for a process that goes on with an earlier session: what its first turn cost cannot be told
    /// from what the session had cost before.
    pub fn resumed() -> Self {
        Self::default()
    }

    /// Takes a line and tells what it means to whoever holds the conversation.
    pub(super) fn take(&mut self, line: Line<'_>, out: &mut Exchange) -> Option<Control> {
        let start = match line {
            Line::Whole(line) => line,
            Line::TooLong { excerpt, .. } => excerpt,
        };
        let Some(line) = readable(line, out) else {
            if is_result_start(start) {
                // A turn whose closing cannot be read must not stay open for ever.
                self.end(closing::unreadable("the line is too large"), out);
            }
            return None;
        };
        let mut buffer = Vec::new();
        if is_blank(line) {
            return None;
        }
        if let Some(kind) = leading_type(line) {
            return self.by_kind(kind, line, out);
        }
        if line.starts_with(b"[") {
            // `--output-format json --verbose` prints all lines as one list.
            match parse::<Vec<&RawValue>>(line, &mut buffer) {
                Ok(items) => {
                    for item in items {
                        let _ = self.object(item.get().as_bytes(), out);
                    }
                }
                Err(error) => out.event(malformed(line, error.to_string())),
            }
            return None;
        }
        if !line.starts_with(b"{") {
            // Text, also text with an indented example of an object in it.
            out.event(malformed(line, "not a JSON object"));
            return None;
        }
        self.object(line, out)
    }

    fn object(&mut self, line: &[u8], out: &mut Exchange) -> Option<Control> {
        let mut buffer = Vec::new();
        match parse::<Head<'_>>(line, &mut buffer) {
            Ok(Head { kind: Some(kind) }) => self.by_kind(&kind, line, out),
            Ok(Head { kind: None }) => {
                out.event(malformed(line, "no `type`"));
                None
            }
            Err(error) => {
                out.event(malformed(line, error.to_string()));
                None
            }
        }
    }

    fn by_kind(&mut self, kind: &str, line: &[u8], out: &mut Exchange) -> Option<Control> {
        let mut buffer = Vec::new();
        let read = match kind {
            "stream_event" => parse::<StreamLine<'_>>(line, &mut buffer).map(|l| self.stream(&l, out)),
            "assistant" => parse::<AssistantLine<'_>>(line, &mut buffer).map(|l| self.assistant(l, out)),
            "user" => parse::<UserLine<'_>>(line, &mut buffer).map(|l| self.items.user(l, out)),
            "system" => value(line).map(|l| self.system(&l, out)),
            "result" => self.closing_line(line, out),
            "rate_limit_event" => value(line).map(|l| self.rate_limit(&l, out)),
            "control_request" => return control_line(line, control::request, out),
            "control_cancel_request" => return control_line(line, control::withdrawal, out),
            "control_response" => return control_line(line, control::response, out),
            "keep_alive" | "tool_progress" => Ok(()),
            other => {
                let kind = cut(other, 100);
                // A broken line of an unknown type is broken first.
                value::<serde::de::IgnoredAny>(line).map(|_| out.event(AgentEvent::Unrecognized { kind }))
            }
        };
        if let Err(error) = read {
            out.event(malformed(line, error.to_string()));
        }
        None
    }

    /// Takes a `result`. One that is there and cannot be read ends the turn all the same: no other will come. Half
    /// a line is the end of the process's output, and `close` knows more of that.
    fn closing_line(&mut self, line: &[u8], out: &mut Exchange) -> Result<(), serde_json::Error> {
        let reason = match value::<Value>(line) {
            Ok(read) => match repeated_key(line) {
                None => {
                    self.result(&read, total_cost(line), out);
                    return Ok(());
                }
                Some(key) => format!("the key `{}` stands twice", cut(&key, 40)),
            },
            Err(half) if half.is_eof() => return Err(half),
            Err(error) => error.to_string(),
        };
        let end = closing::unreadable(&reason);
        out.event(malformed(line, reason));
        self.end(end, out);
        Ok(())
    }

    fn stream(&mut self, line: &StreamLine<'_>, out: &mut Exchange) {
        self.begin(None, out);
        self.told.retrying = None;
        if let Some(usage) = self.streaming.take(line, out) {
            self.usage = self.usage.plus(usage);
            out.event(AgentEvent::UsageReported { usage: self.usage });
        }
    }

    fn assistant(&mut self, line: AssistantLine<'_>, out: &mut Exchange) {
        let at = time(line.timestamp.as_deref());
        self.begin(at, out);
        let main = line.parent_tool_use_id.is_none();
        let id = line.message.id.as_deref().unwrap_or_default();
        if let Some(error) = line.error {
            let texts: Vec<&str> =
                line.message.content.0.iter().filter_map(|block| block.text.as_deref()).collect();
            let text = cut(&texts.join("\n"), LONG);
            let code = error.as_str().to_owned();
            let notice = AgentEvent::Notice { level: NoticeLevel::Error, code, text: text.clone() };
            push(out, at, notice);
            if main {
                self.told.retrying = None;
                self.told.failure = Some(ApiFailure {
                    error: error.into_string(),
                    api_error: line.api_error.map(Text::into_string),
                    status: line.api_error_status,
                    text,
                    at,
                });
            }
            return;
        }
        if main {
            self.told.retrying = None;
        }
        for block in line.message.content.0 {
            self.items.assistant_block(block, id, main, at, out);
        }
    }

    fn system(&mut self, line: &Value, out: &mut Exchange) {
        let at = time(str_at(line, "/timestamp"));
        if str_at(line, "/subtype") == Some("init") {
            self.session_is(
                str_at(line, "/session_id"),
                str_at(line, "/model"),
                str_at(line, "/claude_code_version"),
                out,
            );
            self.begin(at, out);
            return;
        }
        if str_at(line, "/subtype") == Some("api_retry") {
            self.told.retrying = Some(ApiFailure {
                error: str_at(line, "/error").unwrap_or_default().to_owned(),
                status: line.get("error_status").and_then(Value::as_u64),
                at,
                ..ApiFailure::default()
            });
        }
        match system::notice(line) {
            Ok(Some(event)) => push(out, at, event),
            Ok(None) => {}
            Err(subtype) => {
                let kind = format!("system/{}", cut(&subtype, 100));
                push(out, at, AgentEvent::Unrecognized { kind });
            }
        }
    }

    fn rate_limit(&mut self, line: &Value, out: &mut Exchange) {
        let (event, resets) = system::rate_limit(line);
        self.told.resets_at = resets.or(self.told.resets_at);
        out.events.extend(event.map(Decoded::from));
    }

    fn result(&mut self, line: &Value, total_cost: Option<f64>, out: &mut Exchange) {
        // Without a turn of the model (an unknown session, a sandbox that cannot start) the id names nothing.
        if line.get("num_turns").and_then(Value::as_u64) > Some(0) {
            self.session_is(str_at(line, "/session_id"), None, None, out);
            self.begin(None, out);
        }
        let turn = self.spent.turn(total_cost, line);
        let end = turn_end(line, &self.told, turn);
        self.end(end, out);
    }

    fn session_is(
        &mut self,
        session: Option<&str>,
        model: Option<&str>,
        version: Option<&str>,
        out: &mut Exchange,
    ) {
        let Some(session) = session.filter(|s| !s.is_empty()) else { return };
        if self.session.as_deref() == Some(session) {
            return;
        }
        self.session = Some(session.to_owned());
        out.event(AgentEvent::SessionStarted {
            agent_session: session.to_owned(),
            model: model.map(str::to_owned),
            version: version.map(str::to_owned),
        });
    }

    fn begin(&mut self, at: Option<Timestamp>, out: &mut Exchange) {
        if !self.turn_open {
            self.turn_open = true;
            push(out, at, AgentEvent::TurnStarted);
        }
    }

    fn end(&mut self, end: TurnEnd, out: &mut Exchange) {
        self.turn_open = false;
        self.turn_ended = true;
        self.prompts_open = self.prompts_open.saturating_sub(1);
        self.streaming = Streaming::default();
        self.items.close_calls();
        self.told = Told::default();
        self.usage = Usage::default();
        out.event(AgentEvent::TurnEnded { end });
    }

    /// Why the last request failed that the CLI is making again, if it is.
    pub(super) fn retrying(&self) -> Option<FailureClass> {
        self.told.retrying.as_ref().and_then(failure::of_retry)
    }

    /// The end of the turn in flight when the process ended without a `result`.
    pub(super) fn end_without_result(&self, exit: Exit, stderr: &[u8]) -> TurnEnd {
        without_result(exit, self.turn_open, stderr, &self.told)
    }
}

impl Decoder for ClaudeDecoder {
    fn line(&mut self, line: Line<'_>, out: &mut Exchange) {
        match self.take(line, out) {
            Some(Control::Asked(request, _)) => out.event(AgentEvent::ApprovalRequested { request }),
            Some(Control::Withdrawn(request)) => out.event(AgentEvent::ApprovalWithdrawn { request }),
            Some(Control::Refused { kind, .. }) => out.event(AgentEvent::Unrecognized { kind }),
            Some(Control::Answered { error: Some(error), .. }) => out.event(control_error(&error)),
            Some(Control::Answered { .. }) | None => {}
        }
    }

    fn sent(&mut self, message: &Value, _out: &mut Exchange) {
        if str_at(message, "/type") == Some("user") {
            self.prompts_open = self.prompts_open.saturating_add(1);
        }
    }

    fn close(&mut self, exit: Exit, stderr: &[u8], out: &mut Exchange) {
        if self.turn_open || self.prompts_open > 0 || !self.turn_ended {
            let end = self.end_without_result(exit, stderr);
            self.end(end, out);
        }
    }

    fn retrying(&self) -> Option<FailureClass> {
        Self::retrying(self)
    }
}

/// The event for an error reply to a request of ours.
pub(super) fn control_error(error: &str) -> AgentEvent {
    AgentEvent::Notice { level: NoticeLevel::Error, code: "control_error".to_owned(), text: cut(error, LONG) }
}

fn value<T: DeserializeOwned>(line: &[u8]) -> Result<T, serde_json::Error> {
    parse(line, &mut Vec::new())
}

fn control_line(
    line: &[u8],
    read: fn(&Value, usize) -> Result<Control, &'static str>,
    out: &mut Exchange,
) -> Option<Control> {
    let read = value(line).map_err(|error| error.to_string()).and_then(|value| Ok(read(&value, line.len())?));
    read.map_err(|reason| out.event(malformed(line, reason))).ok()
}

/// Whether the beginning of a line is that of a `result`, whose `type` is not its first key.
fn is_result_start(start: &[u8]) -> bool {
    let starts: [&[u8]; 3] = [b"{\"type\":\"result\"", b"{\"duration_api_ms\"", b"{\"duration_ms\""];
    starts.iter().any(|s| start.starts_with(s))
}
