//! What the app-server says of a thread, as events: the half of the protocol that only listens. The live client
//! and the decoder of recordings are built on it.

use std::collections::{BTreeMap, HashMap};

use mo_core::agent_event::{AgentEvent, Decoded, DeltaOf, NoticeLevel};
use mo_core::ids::{ItemId, RequestId};
use mo_core::outcome::{FailureClass, Outcome, TurnEnd};
use mo_core::time::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::allowed::{AllowedCommands, Waiting};
use super::approvals::{self, Patches, Request};
use super::items::{self, Said, notice};
use super::turn::Turn;
use super::wire::{
    BareTurnParams, Delta, ErrorParams, ItemKind, ItemParams, PatchParams, ResolvedParams, TokenParams,
    Tokens, TurnParams,
};
use super::{failure, notifications};
use crate::acp::rpc::{Message, RpcId, parse};
use crate::protocol::{Exchange, Exit, Line};
use crate::shared::json::{is_blank, malformed};
use crate::shared::line::readable;
use crate::shared::resets::instant;
use crate::shared::surrogates::repaired;
use crate::shared::text::stderr_text;
use crate::shared::unclosed::{Cause, unclosed};

/// The most approval requests that wait for an answer at once.
const MAX_PENDING: usize = 256;

/// A request of ours that has no answer yet.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asked {
    Initialize,
    /// `thread/start` or `thread/resume`.
    Thread,
    Turn {
        schema: bool,
    },
    Other,
}

/// What a line means for the client's next step.
#[derive(Debug)]
pub(super) enum Step {
    /// `initialize` was answered.
    Initialized,
    /// The thread is open.
    ThreadOpened,
    /// The thread could not be opened.
    Refused(FailureClass, String),
    /// The turn in flight has got its id.
    TurnNamed,
    /// The turn in flight has ended.
    TurnEnded,
    /// A request with one fixed answer.
    Reply(RpcId, Value),
    /// A request that we serve nothing for.
    NotServed(RpcId, String),
}

/// The state of one app-server connection.
#[derive(Debug, Default)]
pub(super) struct Thread {
    pub(super) asked: HashMap<RpcId, Asked>,
    pub(super) duplex: bool,
    pub(super) id: Option<String>,
    /// The sandbox that the thread was opened with, by its type's name.
    pub(super) sandbox: Option<String>,
    pub(super) turn: Option<Turn>,
    pending: BTreeMap<RequestId, Waiting>,
    allowed: AllowedCommands,
    patches: Patches,
    tokens: Option<Tokens>,
    /// When a usage limit that is reached ends.
    resets_at: Option<Timestamp>,
    pub(super) refused: Option<(FailureClass, String)>,
    turns_ended: u32,
}

impl Thread {
    /// Notes a request of ours. `turn/start` opens a turn.
    pub(super) fn asked(&mut self, id: RpcId, asked: Asked) {
        self.duplex = true;
        if let Asked::Turn { schema } = asked
            && self.turn.is_none()
        {
            self.turn = Some(Turn::new(schema, self.tokens));
        }
        self.asked.insert(id, asked);
    }

    /// Why the last request of the turn in flight failed that the agent is making again, if it is.
    pub(super) fn retrying(&self) -> Option<FailureClass> {
        self.turn.as_ref()?.retrying()
    }

    pub(super) fn in_turn(&self) -> bool {
        self.turn.is_some()
    }

    /// The id of the turn in flight, once known.
    pub(super) fn turn_id(&self) -> Option<&str> {
        self.turn.as_ref()?.id.as_deref()
    }

    /// Notes that the turn in flight was interrupted by us.
    pub(super) fn cancelled(&mut self) {
        if let Some(turn) = &mut self.turn {
            turn.cancelled = true;
        }
    }

    /// Notes that an approval request was answered.
    pub(super) fn answered(&mut self, request: &RequestId, allowed: bool) -> Option<RpcId> {
        let Waiting { id, command } = self.pending.remove(request)?;
        if allowed {
            self.allowed.add(command);
        }
        Some(id)
    }

    /// Takes a line of stdout.
    pub(super) fn line(&mut self, line: Line<'_>, out: &mut Exchange) -> Option<Step> {
        let start = match line {
            Line::Whole(line) => line,
            Line::TooLong { excerpt, .. } => excerpt,
        };
        let Some(line) = readable(line, out) else {
            // A turn whose closing cannot be read must not stay open for ever.
            let closing = start.starts_with(br#"{"method":"turn/completed""#) && self.names_us(start);
            return if closing { self.unreadable("the line is too large", None, out) } else { None };
        };
        if is_blank(line) {
            return None;
        }
        let read = self.take(line, out).or_else(|reason| match repaired(line) {
            Some(line) => self.take(&line, out),
            None => Err(reason),
        });
        read.unwrap_or_else(|reason| {
            out.event(malformed(line, reason));
            None
        })
    }

    /// Reads a line. An error comes before anything was changed.
    fn take(&mut self, line: &[u8], out: &mut Exchange) -> Result<Option<Step>, String> {
        match parse(line)? {
            Message::Request { id, method, params } => self.request(id, &method, params, out),
            Message::Notification { method, params, at } => self.notification(&method, params, at, out),
            Message::Response { id, result } => self.response(&id, result, out),
        }
    }

    fn request(
        &mut self,
        id: RpcId,
        method: &str,
        params: &str,
        out: &mut Exchange,
    ) -> Result<Option<Step>, String> {
        Ok(match approvals::read(&id, method, params, &self.patches)? {
            Request::Approval(_) if self.pending.len() >= MAX_PENDING => {
                Some(Step::Reply(id, serde_json::json!({ "decision": "decline" })))
            }
            Request::Approval(request) if self.pending.contains_key(&request.request) => {
                return Err("a second request with the id of one that waits".to_owned());
            }
            Request::Approval(request) => {
                self.pending.insert(request.request.clone(), Waiting::new(id, &request));
                out.event(AgentEvent::ApprovalRequested { request });
                None
            }
            Request::Fixed(answer, code) => {
                out.event(notice(NoticeLevel::Warning, code, method));
                Some(Step::Reply(id, answer))
            }
            Request::NotServed(known) => {
                out.event(if known {
                    notice(NoticeLevel::Warning, "capability_not_offered", method)
                } else {
                    AgentEvent::Unrecognized { kind: method.to_owned() }
                });
                Some(Step::NotServed(id, method.to_owned()))
            }
        })
    }

    fn notification(
        &mut self,
        method: &str,
        params: &str,
        at: Option<Timestamp>,
        out: &mut Exchange,
    ) -> Result<Option<Step>, String> {
        let mut push = |event| out.events.push(Decoded { at, event });
        let delta_of = match method {
            "item/agentMessage/delta" | "item/plan/delta" => Some(DeltaOf::Message),
            "item/commandExecution/outputDelta"
            | "item/fileChange/outputDelta"
            | "item/mcpToolCall/progress" => Some(DeltaOf::ToolOutput),
            "item/reasoning/summaryTextDelta" | "item/reasoning/textDelta" => Some(DeltaOf::Thought),
            _ => None,
        };
        if let Some(turn) = self.turn.as_mut().filter(|_| method.starts_with("item/")) {
            turn.works();
        }
        if let Some(of) = delta_of {
            let delta: Delta<'_> = read(params)?;
            let (item, text) = (ItemId::new(delta.item_id.as_str()), delta.delta.into_string());
            push(AgentEvent::Delta { item, of, text });
            return Ok(None);
        }
        match method {
            "item/started" | "item/completed" => self.item(method == "item/completed", params, at, out)?,
            "item/fileChange/patchUpdated" => {
                let patch: PatchParams<'_> = read(params)?;
                self.patches.note(patch.item_id.as_str(), &patch.changes);
            }
            "turn/started" => {
                let started: TurnParams<'_> = read(params)?;
                return Ok(self.turn_started(&started, at, out));
            }
            "turn/completed" => match read::<TurnParams<'_>>(params) {
                Ok(completed) => return Ok(self.turn_completed(&completed, at, out)),
                Err(reason) => {
                    let bare: BareTurnParams<'_> = read(params).map_err(|_| reason.clone())?;
                    let ours = self.is_ours(bare.thread_id.as_deref());
                    let Some(turn) = self.turn.as_ref().filter(|_| ours) else { return Err(reason) };
                    if !turn.is(&bare.turn.id) {
                        return Err(reason);
                    }
                    out.event(malformed(params.as_bytes(), reason.clone()));
                    return Ok(self.unreadable(&reason, at, out));
                }
            },
            "turn/plan/updated" => push(notifications::plan(read(params)?)),
            "thread/tokenUsage/updated" => {
                let told: TokenParams<'_> = read(params)?;
                if self.is_ours(told.thread_id.as_deref()) {
                    self.tokens_told(&told, at, out);
                }
            }
            "error" => {
                let error: ErrorParams<'_> = read(params)?;
                self.error(error, at, out);
            }
            "serverRequest/resolved" => {
                let resolved: ResolvedParams = read(params)?;
                let request = resolved.request_id.as_request();
                // Our own answers are no longer pending. In a recording of stdout alone they cannot be told apart.
                if self.pending.remove(&request).is_some() && self.duplex {
                    push(AgentEvent::ApprovalWithdrawn { request });
                }
            }
            "account/rateLimits/updated" => self.limits_told(&read(params)?),
            "thread/started" => {
                let started: Value = read(params)?;
                if self.id.is_none() {
                    self.opened(&started, out);
                }
            }
            other => {
                if let Some(event) = notifications::said(other, params)? {
                    push(event);
                }
            }
        }
        Ok(None)
    }

    fn item(
        &mut self,
        complete: bool,
        params: &str,
        at: Option<Timestamp>,
        out: &mut Exchange,
    ) -> Result<(), String> {
        let item = match serde_json::from_str::<ItemParams<'_>>(params) {
            Ok(read) => read.item,
            Err(reason) => {
                let kind = read::<ItemKind<'_>>(params).map_err(|_| reason.to_string())?.item.kind;
                if items::KNOWN.contains(&kind.as_str()) {
                    return Err(reason.to_string());
                }
                if complete && !items::IGNORED.contains(&kind.as_str()) {
                    out.event(AgentEvent::Unrecognized { kind: format!("item:{kind}") });
                }
                return Ok(());
            }
        };
        let kind = item.kind.as_str();
        if items::IGNORED.contains(&kind) {
            return Ok(());
        }
        if !items::KNOWN.contains(&kind) {
            if complete {
                out.event(AgentEvent::Unrecognized { kind: format!("item:{kind}") });
            }
            return Ok(());
        }
        if !complete {
            if let Some(changes) = &item.changes {
                self.patches.note(&item.id, changes);
            }
            items::started(&item, at, out);
            return Ok(());
        }
        self.patches.forget(&item.id);
        self.allowed.ended(&ItemId::new(item.id.as_str()));
        if let (Said::Message { text, last }, Some(turn)) = (items::completed(item, at, out), &mut self.turn)
        {
            turn.said(text, last);
        }
        Ok(())
    }

    fn turn_started(
        &mut self,
        started: &TurnParams<'_>,
        at: Option<Timestamp>,
        out: &mut Exchange,
    ) -> Option<Step> {
        if !self.is_ours(started.thread_id.as_deref()) {
            return None;
        }
        if !self.duplex && self.turn.is_none() {
            self.turn = Some(Turn::new(false, self.tokens));
        }
        let turn = self.turn.as_mut()?;
        if turn.id.get_or_insert_with(|| started.turn.id.as_str().to_owned()) != started.turn.id.as_str() {
            return None;
        }
        if !std::mem::replace(&mut turn.began, true) {
            out.events.push(Decoded { at, event: AgentEvent::TurnStarted });
        }
        Some(Step::TurnNamed)
    }

    fn turn_completed(
        &mut self,
        completed: &TurnParams<'_>,
        at: Option<Timestamp>,
        out: &mut Exchange,
    ) -> Option<Step> {
        if !self.is_ours(completed.thread_id.as_deref()) {
            return None;
        }
        let mut turn = self.turn.take_if(|turn| turn.is(completed.turn.id.as_str()))?;
        let end = turn.completed(&completed.turn, out);
        self.finish(turn, end, at, out);
        Some(Step::TurnEnded)
    }

    /// Ends the turn in flight whose closing came and cannot be read: nobody knows how it ended.
    fn unreadable(&mut self, reason: &str, at: Option<Timestamp>, out: &mut Exchange) -> Option<Step> {
        let turn = self.turn.take()?;
        let text = Some(format!("the closing message cannot be read: {reason}"));
        let bare = TurnEnd::bare(Outcome::Failed, Some(FailureClass::Unknown));
        self.finish(turn, TurnEnd { text, ..bare }, at, out);
        Some(Step::TurnEnded)
    }

    /// Whether the beginning of a line names our thread.
    fn names_us(&self, start: &[u8]) -> bool {
        let Some(id) = &self.id else { return false };
        let named = format!("\"threadId\":\"{id}\"");
        start.windows(named.len()).take(4096).any(|window| window == named.as_bytes())
    }

    fn tokens_told(&mut self, told: &TokenParams<'_>, at: Option<Timestamp>, out: &mut Exchange) {
        self.tokens = Some(told.token_usage.total);
        let Some(turn) = &mut self.turn else { return };
        if told.turn_id.as_deref().is_some_and(|of| turn.id.as_deref() != Some(of)) {
            // After a resume, what the thread had used before is told again.
            if !turn.began {
                turn.begins_at(told.token_usage.total);
            }
            return;
        }
        if let Some(usage) = turn.tokens_told(&told.token_usage) {
            out.events.push(Decoded { at, event: AgentEvent::UsageReported { usage } });
        }
    }

    fn error(&mut self, params: ErrorParams<'_>, at: Option<Timestamp>, out: &mut Exchange) {
        let error = params.error;
        let detail = error.details().unwrap_or("");
        let text =
            if detail.is_empty() { error.message.clone() } else { format!("{} ({detail})", error.message) };
        let (level, code) = if params.will_retry {
            (NoticeLevel::Warning, "reconnecting")
        } else {
            (NoticeLevel::Error, "agent_error")
        };
        out.events.push(Decoded { at, event: notice(level, code, &text) });
        let ours = self.is_ours(params.thread_id.as_deref());
        if let Some(turn) = self.turn.as_mut().filter(|_| ours) {
            turn.failing(error, params.will_retry, at);
        }
    }

    fn limits_told(&mut self, params: &Value) {
        let window = |name: &str| {
            let window = params.pointer(&format!("/rateLimits/{name}"))?;
            let used = window.get("usedPercent").and_then(Value::as_i64)?;
            (used >= 100).then(|| window.get("resetsAt").and_then(Value::as_i64)).flatten()
        };
        let latest = window("primary").max(window("secondary"));
        self.resets_at = latest.and_then(instant);
    }

    /// Whether something is about our thread; other threads are those of the agent's own helpers.
    fn is_ours(&self, thread: Option<&str>) -> bool {
        match (&self.id, thread) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        }
    }

    /// Ends a turn.
    pub(super) fn finish(&mut self, turn: Turn, end: TurnEnd, at: Option<Timestamp>, out: &mut Exchange) {
        for request in std::mem::take(&mut self.pending).into_keys() {
            if self.duplex {
                out.events.push(Decoded { at, event: AgentEvent::ApprovalWithdrawn { request } });
            }
        }
        for event in self.allowed.without_end(end.outcome) {
            out.events.push(Decoded { at, event });
        }
        let mut end = turn.closing(end);
        if end.class == Some(FailureClass::UsageLimit) {
            end.resets_at = self.resets_at.or(end.resets_at);
        }
        self.turns_ended += 1;
        out.events.push(Decoded { at, event: AgentEvent::TurnEnded { end } });
    }

    /// The end of a turn that will get no closing message.
    pub(super) fn unclosed(&self, began: bool, exit: Exit, stderr: &[u8]) -> TurnEnd {
        let class = failure::by_stderr(stderr, began).or_else(|| failure::by_exit(exit));
        let (mut class, mut text) = (class, stderr_text(stderr));
        if let Some((refused, said)) = &self.refused
            && !began
        {
            (class, text) = (Some(*refused), Some(said.clone()));
        }
        unclosed(exit, &[], began, Cause::error(class), text)
    }

    /// The process has ended: ends the open turn, if there is one.
    pub(super) fn close(&mut self, exit: Exit, stderr: &[u8], out: &mut Exchange) {
        let Some(turn) = self.turn.take() else { return };
        let exit = Exit { by_us: exit.by_us || turn.cancelled, ..exit };
        let end = turn.unclosed(exit).unwrap_or_else(|| self.unclosed(turn.began, exit, stderr));
        self.finish(turn, end, None, out);
    }

    pub(super) fn turns_ended(&self) -> u32 {
        self.turns_ended
    }
}

fn read<'a, T: Deserialize<'a>>(params: &'a str) -> Result<T, String> {
    serde_json::from_str(params).map_err(|e| e.to_string())
}
