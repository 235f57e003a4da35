//! `--output-format stream-json`: one line an event, one turn a process (facts/agent-clis.md §3).

use std::collections::HashMap;

use mo_core::agent_event::{
    AgentEvent, Decoded, FileTouch, NoticeLevel, PlanEntry, PlanStatus, ToolKind, ToolStatus, TouchKind,
};
use mo_core::ids::ItemId;
use mo_core::outcome::{FailureClass, Outcome, TurnEnd, Usage};
use mo_core::time::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{failure, object};
use crate::acp::run::{RunOf, Runs, push_message};
use crate::decode::Decoder;
use crate::protocol::{Exchange, Exit, Line};
use crate::shared::clock::time;
use crate::shared::json::{cut_value, is_blank, malformed};
use crate::shared::line::readable;
use crate::shared::resets;
use crate::shared::surrogates::repaired;
use crate::shared::text::{LONG, cut, stderr_text};
use crate::shared::unclosed::unclosed;
use crate::shared::wire_text::Text;

/// No system opens a longer path.
const MAX_PATH: usize = 8 * 1024;
/// The most tool calls that are kept in mind until their result.
const MAX_CALLS: usize = 4096;

#[derive(Deserialize)]
struct StreamLine<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    timestamp: Option<Text<'a>>,
    #[serde(borrow, default)]
    session_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    model: Option<Text<'a>>,
    #[serde(borrow, default)]
    role: Option<Text<'a>>,
    #[serde(borrow, default)]
    content: Option<Text<'a>>,
    #[serde(default)]
    delta: bool,
    #[serde(borrow, default)]
    tool_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    tool_id: Option<Text<'a>>,
    #[serde(default)]
    parameters: Option<Value>,
    #[serde(borrow, default)]
    status: Option<Text<'a>>,
    #[serde(borrow, default)]
    output: Option<Text<'a>>,
    #[serde(borrow, default)]
    severity: Option<Text<'a>>,
    #[serde(borrow, default)]
    message: Option<Text<'a>>,
    #[serde(default)]
    error: Option<ErrorField>,
    #[serde(default)]
    stats: Option<Stats>,
}

#[derive(Deserialize)]
struct KindOnly<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
}

#[derive(Deserialize)]
struct ErrorField {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    message: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stats {
    input_tokens: u64,
    output_tokens: u64,
    cached: u64,
}

/// See [`crate::decode::read_bare`].
pub(super) fn read_bare(line: &[u8]) -> bool {
    serde_json::from_slice::<StreamLine<'_>>(line).is_ok()
}

/// The types of line that are read.
const KINDS: [&str; 6] = ["init", "message", "tool_use", "tool_result", "error", "result"];

#[derive(Debug)]
struct Call {
    kind: ToolKind,
    path: Option<String>,
}

/// The decoder of one one-shot process: stream-json, or the one object of `--output-format json`.
#[derive(Debug, Default)]
pub struct GeminiStreamDecoder {
    began: bool,
    ended: bool,
    runs: Runs,
    whole_messages: u64,
    answer: Option<String>,
    calls: HashMap<String, Call>,
    error: Option<String>,
    /// The closing of a turn that failed for a reason that only the exit code may tell.
    held: Option<(TurnEnd, Option<Timestamp>)>,
    object: object::Lines,
}

impl GeminiStreamDecoder {
    /// The decoder of a process that has not written anything yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn take(&mut self, line: &[u8], out: &mut Exchange) -> Result<(), String> {
        let read: StreamLine<'_> = match serde_json::from_slice(line) {
            Ok(read) => read,
            Err(reason) => {
                let kind: KindOnly<'_> = serde_json::from_slice(line).map_err(|_| reason.to_string())?;
                if KINDS.contains(&kind.kind.as_str()) {
                    return Err(reason.to_string());
                }
                out.event(AgentEvent::Unrecognized { kind: kind.kind.into_string() });
                return Ok(());
            }
        };
        let at = time(read.timestamp.as_deref());
        let mut push = |event| out.events.push(Decoded { at, event });
        match read.kind.as_str() {
            "init" => {
                if let Some((end, at)) = self.held.take() {
                    self.end(end, at, out);
                }
                self.ended = false;
                let mut push = |event| out.events.push(Decoded { at, event });
                push(AgentEvent::SessionStarted {
                    agent_session: read.session_id.map(Text::into_string).unwrap_or_default(),
                    model: read.model.map(Text::into_string),
                    version: None,
                });
                if !std::mem::replace(&mut self.began, true) {
                    push(AgentEvent::TurnStarted);
                }
            }
            // Our own prompt.
            "message" if read.role.as_deref() == Some("user") => {}
            "message" => {
                let text = read.content.as_deref().unwrap_or("");
                if read.delta {
                    let ended = self.runs.chunk(RunOf::Message, None, text, at, out);
                    self.answer = ended.or_else(|| self.answer.take());
                } else if !text.is_empty() {
                    self.end_run(at, out);
                    self.whole_messages += 1;
                    let item = ItemId::new(format!("whole-{}", self.whole_messages));
                    push_message(item, text.to_owned(), at, out);
                    self.answer = Some(text.to_owned());
                }
            }
            "tool_use" => self.tool_use(read, at, out),
            "tool_result" => self.tool_result(&read, at, out),
            "error" => {
                let level = match read.severity.as_deref() {
                    Some("warning") => NoticeLevel::Warning,
                    _ => NoticeLevel::Error,
                };
                let text = read.message.as_deref().unwrap_or("");
                let code = if level == NoticeLevel::Error { "agent_error" } else { "agent_warning" };
                push(AgentEvent::Notice { level, code: code.to_owned(), text: cut(text, LONG) });
                if level == NoticeLevel::Error {
                    self.error = Some(text.to_owned());
                }
            }
            "result" => self.result(read, at, out),
            other => push(AgentEvent::Unrecognized { kind: other.to_owned() }),
        }
        Ok(())
    }

    fn tool_use(&mut self, read: StreamLine<'_>, at: Option<Timestamp>, out: &mut Exchange) {
        self.end_run(at, out);
        let name = read.tool_name.as_deref().unwrap_or("tool");
        let id = read.tool_id.as_deref().unwrap_or(name);
        let input = read.parameters.unwrap_or(Value::Null);
        let kind = tool_kind(name);
        let named = |field: &str| input.get(field).and_then(Value::as_str).map(str::to_owned);
        let path = named("file_path").or_else(|| named("path")).filter(|path| path.len() <= MAX_PATH);
        let title = match kind {
            ToolKind::Command => named("command"),
            ToolKind::Read | ToolKind::Edit => path.clone(),
            _ => None,
        };
        if let Some(entries) = input.get("todos").and_then(Value::as_array).filter(|_| name == "write_todos")
        {
            let entries = entries.iter().take(1000).map(todo).collect();
            out.events.push(Decoded { at, event: AgentEvent::Plan { entries } });
        }
        if self.calls.len() < MAX_CALLS {
            self.calls.insert(id.to_owned(), Call { kind, path });
        }
        let title = cut(title.as_deref().unwrap_or(name), LONG);
        let event =
            AgentEvent::ToolStarted { item: ItemId::new(id), tool: kind, title, input: cut_value(input) };
        out.events.push(Decoded { at, event });
    }

    fn tool_result(&mut self, read: &StreamLine<'_>, at: Option<Timestamp>, out: &mut Exchange) {
        self.end_run(at, out);
        let id = read.tool_id.as_deref().unwrap_or("tool");
        let error = read.error.as_ref();
        let status = match (read.status.as_deref(), error.map(|e| e.kind.as_str())) {
            (Some("success"), _) => ToolStatus::Completed,
            (_, Some("policy_violation")) => ToolStatus::Declined,
            _ => ToolStatus::Failed,
        };
        let item = ItemId::new(id);
        let output = cut(read.output.as_deref().or(error.map(|e| e.message.as_str())).unwrap_or(""), LONG);
        let event = AgentEvent::ToolEnded { item: item.clone(), status, exit_code: None, output };
        out.events.push(Decoded { at, event });
        if let Some(Call { kind: ToolKind::Edit, path: Some(path) }) = self.calls.remove(id)
            && status == ToolStatus::Completed
        {
            // Whether the file was there before is not said.
            let changes = vec![FileTouch { path, change: TouchKind::Changed }];
            out.events.push(Decoded { at, event: AgentEvent::FilesChanged { item, changes, status } });
        }
    }

    fn result(&mut self, read: StreamLine<'_>, at: Option<Timestamp>, out: &mut Exchange) {
        self.end_run(at, out);
        let usage = read.stats.map(|stats| Usage {
            input_tokens: stats.input_tokens,
            output_tokens: stats.output_tokens,
            cached_tokens: stats.cached,
        });
        let end = if read.status.as_deref() == Some("success") {
            TurnEnd { text: self.answer.take(), usage, ..TurnEnd::bare(Outcome::Completed, None) }
        } else {
            // A blocked or empty answer has its words in an `error` line before.
            let kind = read.error.as_ref().map_or("", |e| e.kind.as_str()).to_owned();
            let said = read.error.map(|e| e.message).filter(|m| !m.is_empty()).or_else(|| self.error.take());
            let class = failure::by_type(&kind, said.as_deref().unwrap_or_default());
            let end = TurnEnd { usage, ..failed(class, said.as_deref(), at) };
            if class.is_none() && !self.ended {
                self.held = Some((end, at));
                return;
            }
            end
        };
        self.end(end, at, out);
    }

    fn end_run(&mut self, at: Option<Timestamp>, out: &mut Exchange) {
        self.answer = self.runs.end(at, out).or_else(|| self.answer.take());
    }

    fn end(&mut self, end: TurnEnd, at: Option<Timestamp>, out: &mut Exchange) {
        // One closing a turn, whatever comes.
        if !std::mem::replace(&mut self.ended, true) {
            out.events.push(Decoded { at, event: AgentEvent::TurnEnded { end } });
        }
    }

    /// The one object of `--output-format json`, complete.
    fn whole(&mut self, text: &[u8], out: &mut Exchange) -> Result<(), String> {
        let read = object::read(text)?;
        self.began = true;
        out.event(AgentEvent::SessionStarted {
            agent_session: read.session.unwrap_or_default(),
            model: read.model,
            version: None,
        });
        out.event(AgentEvent::TurnStarted);
        if let Some(text) = &read.response {
            push_message(ItemId::new("message-1"), text.clone(), None, out);
        }
        let end = match read.error {
            // Neither an error nor an answer: nobody knows how it ended.
            None if read.response.is_none() => failed(None, None, None),
            None => TurnEnd { text: read.response, ..TurnEnd::bare(Outcome::Completed, None) },
            Some(error) => {
                let said = failure::by_type(&read.kind.unwrap_or_default(), &error);
                let meaning = read.code.and_then(failure::by_exit);
                failed(meaning.map(|m| m.with(said)).or(said), Some(&error), None)
            }
        };
        self.end(TurnEnd { usage: read.usage, ..end }, None, out);
        Ok(())
    }
}

impl Decoder for GeminiStreamDecoder {
    fn line(&mut self, line: Line<'_>, out: &mut Exchange) {
        let Some(line) = readable(line, out) else { return };
        // Where lines have come, a lone brace is no beginning of the one object.
        match if self.began { object::Taken::No } else { self.object.line(line) } {
            object::Taken::No => {}
            object::Taken::Part => return,
            object::Taken::Whole(text) => {
                if let Err(reason) = self.whole(&text, out) {
                    out.event(malformed(&text, reason));
                }
                return;
            }
        }
        if is_blank(line) {
            return;
        }
        let read = self.take(line, out).or_else(|reason| match repaired(line) {
            Some(line) => self.take(&line, out),
            None => Err(reason),
        });
        if let Err(reason) = read {
            out.event(malformed(line, reason));
        }
    }

    fn sent(&mut self, _message: &Value, _out: &mut Exchange) {}

    fn close(&mut self, exit: Exit, stderr: &[u8], out: &mut Exchange) {
        if let Some(rest) = self.object.cut_off() {
            out.event(malformed(&rest, "the object has no end"));
            self.began = true;
        }
        self.end_run(None, out);
        if self.ended {
            return;
        }
        let mut cause = failure::by_stderr(stderr, exit, self.began);
        let told = object::error_in(stderr);
        if let Some(told) = &told {
            cause.error = failure::by_type(&told.kind, &told.message).or(cause.error);
        }
        let said = self.error.take();
        cause.error = said.as_deref().and_then(failure::by_text).or(cause.error);
        // The code is for programs, but a text may be finer.
        let by_exit = exit.code.and_then(failure::by_exit);
        cause.error = by_exit.map(|meaning| meaning.with(cause.error)).or(cause.error);
        if let Some((mut end, at)) = self.held.take() {
            end.class = cause.error.or(cause.retrying).or(end.class);
            return self.end(end, at, out);
        }
        let said = said.or_else(|| told.map(|t| t.message));
        let text = said.map(|t| failure::readable(&t)).or_else(|| stderr_text(stderr));
        let text = text.or_else(|| self.answer.take());
        let end = unclosed(exit, &failure::SIGNAL_CODES, self.began, cause, text);
        self.end(end, None, out);
    }
}

/// The closing of a turn that failed, with what was said of it.
fn failed(class: Option<FailureClass>, said: Option<&str>, at: Option<Timestamp>) -> TurnEnd {
    let class = class.unwrap_or(FailureClass::Unknown);
    let limited = class == FailureClass::UsageLimit;
    let resets_at = said.filter(|_| limited).and_then(|text| resets::in_text(text, at));
    TurnEnd { text: said.map(failure::readable), resets_at, ..TurnEnd::bare(Outcome::Failed, Some(class)) }
}

fn todo(entry: &Value) -> PlanEntry {
    let text = entry.get("description").and_then(Value::as_str).unwrap_or("");
    let status = match entry.get("status").and_then(Value::as_str) {
        Some("completed" | "cancelled") => PlanStatus::Completed,
        Some("in_progress") => PlanStatus::InProgress,
        _ => PlanStatus::Pending,
    };
    PlanEntry { text: cut(text, LONG), status }
}

/// What a tool of Gemini CLI does, by its name.
fn tool_kind(name: &str) -> ToolKind {
    match name {
        "read_file" | "read_many_files" | "list_directory" => ToolKind::Read,
        "glob" | "grep_search" | "search_file_content" => ToolKind::Search,
        "write_file" | "replace" => ToolKind::Edit,
        "run_shell_command" => ToolKind::Command,
        "web_fetch" | "google_web_search" => ToolKind::Fetch,
        "write_todos" | "update_topic" | "enter_plan_mode" | "exit_plan_mode" => ToolKind::Plan,
        _ => ToolKind::Other,
    }
}
