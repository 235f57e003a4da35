//! `codex exec --json`: one line an event, one turn a process (facts/agent-clis.md §3).

use mo_core::agent_event::{AgentEvent, NoticeLevel};
use mo_core::outcome::{FailureClass, Outcome, TurnEnd, Usage};
use serde::Deserialize;
use serde_json::Value;

use super::failure;
use super::items::{self, Said, notice};
use super::wire::{Item, ItemKind, Tokens};
use crate::decode::Decoder;
use crate::protocol::{Exchange, Exit, Line};
use crate::shared::json::{is_blank, malformed};
use crate::shared::line::readable;
use crate::shared::surrogates::repaired;
use crate::shared::text::stderr_text;
use crate::shared::unclosed::{Cause, unclosed};
use crate::shared::wire_text::Text;

#[derive(Deserialize)]
struct ExecLine<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    thread_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    item: Option<Item<'a>>,
    #[serde(default)]
    usage: Option<Tokens>,
    #[serde(borrow, default)]
    message: Option<Text<'a>>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct ExecKind<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
}

/// See [`crate::decode::read_bare`].
pub(super) fn read_bare(line: &[u8]) -> bool {
    serde_json::from_slice::<ExecLine<'_>>(line).is_ok()
}

/// The decoder of one `exec --json` process.
#[derive(Debug, Default)]
pub struct CodexExecDecoder {
    resumed: bool,
    began: bool,
    ended: bool,
    answer: Option<String>,
    error: Option<String>,
    retrying: Option<String>,
}

impl CodexExecDecoder {
    /// The decoder of a fresh session.
    pub fn new() -> Self {
        Self::default()
    }

    /// The decoder of `exec resume`: its token count is of the whole thread, so this turn's is not known.
    pub fn resumed() -> Self {
        Self { resumed: true, ..Self::default() }
    }

    fn take(&mut self, line: &[u8], out: &mut Exchange) -> Result<(), String> {
        let read: ExecLine<'_> = match serde_json::from_slice(line) {
            Ok(read) => read,
            Err(reason) => {
                let reason = reason.to_string();
                let kind: ExecKind<'_> = serde_json::from_slice(line).map_err(|_| reason.clone())?;
                return unreadable(&kind.kind, line, reason, out);
            }
        };
        match (read.kind.as_str(), read.item) {
            ("thread.started", _) => out.event(AgentEvent::SessionStarted {
                agent_session: read.thread_id.map(Text::into_string).unwrap_or_default(),
                model: None,
                version: None,
            }),
            ("turn.started", _) => {
                self.began = true;
                self.ended = false;
                out.event(AgentEvent::TurnStarted);
            }
            ("item.started" | "item.updated" | "item.completed", Some(item)) => {
                self.item(read.kind.as_str(), item, out);
            }
            ("error", _) => self.error(read.message.as_deref().unwrap_or(""), out),
            ("turn.completed", _) => {
                let usage = read.usage.filter(|_| !self.resumed).map(Usage::from);
                let end =
                    TurnEnd { usage, text: self.answer.take(), ..TurnEnd::bare(Outcome::Completed, None) };
                self.end(end, out);
            }
            ("turn.failed", _) => {
                let message = read.error.as_ref().and_then(|e| e.get("message")).and_then(Value::as_str);
                let text = message.map(str::to_owned).or_else(|| self.error.take());
                let class = text.as_deref().and_then(failure::by_text).unwrap_or(FailureClass::Unknown);
                self.end(TurnEnd { text, ..TurnEnd::bare(Outcome::Failed, Some(class)) }, out);
            }
            (kind, _) => out.event(AgentEvent::Unrecognized { kind: kind.to_owned() }),
        }
        Ok(())
    }

    fn item(&mut self, when: &str, item: Item<'_>, out: &mut Exchange) {
        self.retrying = None;
        if !items::KNOWN.contains(&item.kind.as_str()) {
            if when == "item.completed" && !items::IGNORED.contains(&item.kind.as_str()) {
                out.event(AgentEvent::Unrecognized { kind: format!("item:{}", item.kind) });
            }
            return;
        }
        match when {
            "item.started" | "item.updated" if item.kind.as_str() == "todo_list" => {
                out.event(items::todo(&item));
            }
            "item.started" => items::started(&item, None, out),
            // The other items are told again, whole, when they are complete.
            "item.updated" => {}
            _ => {
                if let Said::Message { text, .. } = items::completed(item, None, out) {
                    self.answer = Some(text);
                }
            }
        }
    }

    fn error(&mut self, message: &str, out: &mut Exchange) {
        let retry = message.starts_with("Reconnecting...");
        let (level, code) =
            if retry { (NoticeLevel::Warning, "reconnecting") } else { (NoticeLevel::Error, "agent_error") };
        out.event(notice(level, code, message));
        *(if retry { &mut self.retrying } else { &mut self.error }) = Some(message.to_owned());
    }

    fn end(&mut self, end: TurnEnd, out: &mut Exchange) {
        // One closing a turn, whatever comes.
        if !std::mem::replace(&mut self.ended, true) {
            out.event(AgentEvent::TurnEnded { end });
        }
    }
}

impl Decoder for CodexExecDecoder {
    fn line(&mut self, line: Line<'_>, out: &mut Exchange) {
        let Some(line) = readable(line, out) else { return };
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
        if self.ended {
            return;
        }
        let class = |text: &String| failure::by_text(text);
        let cause = Cause {
            error: self
                .error
                .as_ref()
                .and_then(class)
                .or_else(|| failure::by_stderr(stderr, self.began))
                .or_else(|| failure::by_exit(exit)),
            retrying: self.retrying.as_ref().and_then(class),
        };
        let said = self.error.take().or_else(|| self.retrying.take());
        let text = said.or_else(|| stderr_text(stderr)).or_else(|| self.answer.take());
        let end = unclosed(exit, &[], self.began, cause, text);
        self.end(end, out);
    }

    fn retrying(&self) -> Option<FailureClass> {
        self.retrying.as_deref().and_then(failure::by_text)
    }
}

/// A line with a type but fields that we cannot read: an item of an unknown type is no malformed one.
fn unreadable(kind: &str, line: &[u8], reason: String, out: &mut Exchange) -> Result<(), String> {
    const LINES: [&str; 8] = [
        "thread.started",
        "turn.started",
        "turn.completed",
        "turn.failed",
        "error",
        "item.started",
        "item.updated",
        "item.completed",
    ];
    if !LINES.contains(&kind) {
        out.event(AgentEvent::Unrecognized { kind: kind.to_owned() });
        return Ok(());
    }
    match serde_json::from_slice::<ItemKind<'_>>(line) {
        Ok(item) if !items::KNOWN.contains(&item.item.kind.as_str()) => {
            out.event(AgentEvent::Unrecognized { kind: format!("item:{}", item.item.kind) });
            Ok(())
        }
        _ => Err(reason),
    }
}
