//! What an agent says over ACP, as events: the half of the protocol that only listens. The live client and the
//! decoder of recordings are built on it.

use std::collections::{BTreeMap, HashMap};

use mo_core::agent_event::{AgentEvent, NoticeLevel};
use mo_core::approval::{ApprovalRequest, AskedVia};
use mo_core::ids::{ItemId, RequestId};
use mo_core::outcome::{FailureClass, Outcome, TurnEnd};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::failure;
use super::login::Login;
use super::questions::Pending;
use super::rpc::{Message, RpcError, RpcId, parse};
use super::run::{RunOf, Runs};
use super::tools::Calls;
use super::updates;
use super::wire::{CancelParams, PermissionParams, ToolParams, UpdateKind, UpdateParams};
use crate::protocol::{Exchange, Exit, Line};
use crate::shared::json::{is_blank, malformed};
use crate::shared::line::readable;
use crate::shared::money::spent;
use crate::shared::surrogates::repaired;
use crate::shared::text::stderr_text;
use crate::shared::unclosed::{Cause, unclosed};

/// The most permission requests that wait for an answer at once.
const MAX_PENDING: usize = 256;

/// A request of ours that has no answer yet.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asked {
    Initialize,
    /// `session/new`, or `session/load` or `session/resume` of the session named.
    OpenSession(Option<String>),
    Setting,
    Prompt {
        schema: bool,
    },
    Other,
}

/// What a line means for the client's next step.
#[derive(Debug)]
pub(super) enum Step {
    /// `initialize` was answered.
    Initialized(Value),
    /// The session is open; the answer names its modes and models.
    SessionOpened(Value),
    /// A mode or model was set, or not.
    Set(Result<(), RpcError>),
    /// The session could not be opened.
    Refused(FailureClass, String),
    /// The turn in flight has ended.
    TurnEnded,
    /// Permission requests that nobody is to be asked about any more: the turn was cancelled before, too many are open,
    /// or the agent took them back.
    Void(Vec<Pending>),
    /// A request that we serve nothing for.
    NotServed(RpcId, String),
}

#[derive(Debug, Default)]
struct Turn {
    schema: bool,
    cancelled: bool,
    runs: Runs,
    calls: Calls,
    answer: Option<String>,
    cost_before: Option<f64>,
}

/// The state of one connection.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    asked: HashMap<RpcId, Asked>,
    /// Whether our own messages are known; without them, turns are guessed from what the agent sends.
    pub(super) duplex: bool,
    pub(super) session: Option<String>,
    version: Option<String>,
    login: Login,
    turn: Option<Turn>,
    pub(super) pending: BTreeMap<RequestId, Pending>,
    cost: Option<f64>,
    /// Whether the session began with us, so that its cost began at zero.
    fresh: bool,
    refused: Option<(FailureClass, String)>,
    turns_ended: u32,
}

impl Conversation {
    /// Notes a request of ours. A prompt opens a turn.
    pub(super) fn asked(&mut self, id: RpcId, asked: Asked, out: &mut Exchange) {
        self.duplex = true;
        if let Asked::Prompt { schema } = asked {
            self.begin(schema, out);
        }
        self.asked.insert(id, asked);
    }

    pub(super) fn in_turn(&self) -> bool {
        self.turn.is_some()
    }

    /// Notes that the turn in flight was cancelled by us, and withdraws its open questions.
    pub(super) fn cancelled(&mut self, out: &mut Exchange) -> Vec<Pending> {
        if let Some(turn) = &mut self.turn {
            turn.cancelled = true;
        }
        self.withdraw(out)
    }

    /// Notes that a permission request was answered; a refused call ends here.
    pub(super) fn answered(
        &mut self,
        request: &RequestId,
        allowed: bool,
        out: &mut Exchange,
    ) -> Option<Pending> {
        let pending = self.pending.remove(request)?;
        if let Some(turn) = &mut self.turn
            && !allowed
        {
            turn.calls.denied(&pending.item, out);
        }
        Some(pending)
    }

    /// Takes a line of stdout.
    pub(super) fn line(&mut self, line: Line<'_>, out: &mut Exchange) -> Option<Step> {
        let line = readable(line, out)?;
        if is_blank(line) {
            return None;
        }
        // Agents in JavaScript cut texts inside a surrogate pair.
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
            Message::Notification { method, params, .. } => self.notification(&method, params, out),
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
        if method != "session/request_permission" {
            if method.starts_with("fs/") || method.starts_with("terminal/") {
                let text = format!("the agent asked for `{method}`, which was not offered");
                notice(NoticeLevel::Warning, "capability_not_offered", text, out);
            } else {
                out.event(AgentEvent::Unrecognized { kind: method.to_owned() });
            }
            return Ok(Some(Step::NotServed(id, method.to_owned())));
        }
        let params: PermissionParams<'_> = serde_json::from_str(params).map_err(|e| e.to_string())?;
        let request = id.as_request();
        if self.pending.contains_key(&request) {
            return Err("a second request with the id of one that waits".to_owned());
        }
        self.begin_if_seen(out);
        let item = params.tool_call.tool_call_id.as_str().to_owned();
        let option = |kind: &str| {
            let found = params.options.iter().find(|o| o.kind.as_ref().is_some_and(|k| k.as_str() == kind));
            found.map(|o| o.option_id.as_str().to_owned())
        };
        // Never an `*_always` option: some agents write it down as a rule.
        let pending = Pending { id, item, allow: option("allow_once"), reject: option("reject_once") };
        let void = self.turn.as_ref().is_some_and(|turn| turn.cancelled) || self.pending.len() >= MAX_PENDING;
        if void {
            return Ok(Some(Step::Void(vec![pending])));
        }
        let mut idle = Calls::default();
        let calls = self.turn.as_mut().map_or(&mut idle, |turn| &mut turn.calls);
        let action = calls.asked(params.tool_call, out);
        if let Some(turn) = &mut self.turn
            && let Some(text) = turn.runs.end(None, out)
        {
            turn.answer = Some(text);
        }
        out.event(AgentEvent::ApprovalRequested {
            request: ApprovalRequest {
                request: request.clone(),
                item: Some(ItemId::new(pending.item.as_str())),
                via: AskedVia::Permission,
                action,
                reason: None,
                call: None,
            },
        });
        self.pending.insert(request, pending);
        Ok(None)
    }

    fn notification(
        &mut self,
        method: &str,
        params: &str,
        out: &mut Exchange,
    ) -> Result<Option<Step>, String> {
        if method == "$/cancel_request" {
            let cancelled: CancelParams = serde_json::from_str(params).map_err(|e| e.to_string())?;
            let request = cancelled.request_id.as_request();
            return Ok(self.taken_back(|asked, _| *asked == request, out));
        }
        if method != "session/update" {
            if !updates::IGNORED_NOTIFICATIONS.contains(&method) {
                out.event(AgentEvent::Unrecognized { kind: method.to_owned() });
            }
            return Ok(None);
        }
        let read: Result<UpdateParams<'_>, _> = serde_json::from_str(params);
        let params_read = match read {
            Ok(read) => read,
            Err(reason) => {
                let kind: UpdateKind<'_> = serde_json::from_str(params).map_err(|_| reason.to_string())?;
                let kind = kind.update.kind;
                if updates::KNOWN.contains(&kind.as_str()) {
                    return Err(reason.to_string());
                }
                out.event(AgentEvent::Unrecognized { kind: format!("session/update:{kind}") });
                return Ok(None);
            }
        };
        let kind = params_read.update.kind.as_str();
        if updates::IGNORED.contains(&kind) {
            return Ok(None);
        }
        if let (Some(ours), Some(theirs)) = (&self.session, &params_read.session_id)
            && ours != theirs.as_str()
        {
            out.event(AgentEvent::Unrecognized { kind: "session/update of another session".to_owned() });
            return Ok(None);
        }
        let update = &params_read.update;
        match kind {
            "agent_message_chunk" | "agent_thought_chunk" => {
                let of = if kind == "agent_message_chunk" { RunOf::Message } else { RunOf::Thought };
                let text = updates::chunk_text(update)?;
                self.begin_if_seen(out);
                if let Some(turn) = &mut self.turn {
                    let source = update.message_id.as_deref();
                    let ended = turn.runs.chunk(of, source, &text, None, out);
                    turn.answer = ended.or_else(|| turn.answer.take());
                }
            }
            "tool_call" | "tool_call_update" => {
                let call: ToolParams<'_> = serde_json::from_str(params).map_err(|e| e.to_string())?;
                self.begin_if_seen(out);
                let over = matches!(call.update.status.as_deref(), Some("completed" | "failed"));
                let over = over.then(|| call.update.tool_call_id.as_str().to_owned());
                // Before the call's end is told: it was taken back, and not answered.
                let step = over.and_then(|over| self.taken_back(|_, pending| pending.item == over, out));
                if let Some(turn) = &mut self.turn {
                    turn.answer = turn.runs.end(None, out).or_else(|| turn.answer.take());
                    turn.calls.update(call.update, out);
                }
                return Ok(step);
            }
            "plan" => {
                if self.turn.is_some() || !self.duplex {
                    out.event(updates::plan(update));
                }
            }
            "current_mode_update" => {
                let mode = update.current_mode_id.as_deref().unwrap_or("unknown").to_owned();
                notice(NoticeLevel::Info, "mode", mode, out);
            }
            "usage_update" => {
                if let Some(cost) = &update.cost
                    && cost.currency == "USD"
                {
                    self.cost = Some(cost.amount);
                }
            }
            other => out.event(AgentEvent::Unrecognized { kind: format!("session/update:{other}") }),
        }
        Ok(None)
    }

    fn response(
        &mut self,
        id: &RpcId,
        result: Result<&str, RpcError>,
        out: &mut Exchange,
    ) -> Result<Option<Step>, String> {
        let result = match result.map(value_of::<Value>) {
            Ok(Ok(value)) => Ok(value),
            // An answer that cannot be read is one all the same: no other will come.
            Ok(Err(reason)) if self.asked.contains_key(id) => {
                Err(RpcError { code: 0, message: format!("the answer cannot be read: {reason}"), data: None })
            }
            Ok(Err(reason)) => return Err(reason),
            Err(error) => Err(error),
        };
        let asked = match self.asked.remove(id) {
            Some(asked) => asked,
            None if self.duplex => {
                out.event(AgentEvent::Unrecognized { kind: "response to no request of ours".to_owned() });
                return Ok(None);
            }
            None => self.guess(&result),
        };
        match (asked, result) {
            (Asked::Initialize, Ok(result)) => {
                self.version =
                    result.pointer("/agentInfo/version").and_then(Value::as_str).map(str::to_owned);
                self.login = Login::told(&result);
                Ok(Some(Step::Initialized(result)))
            }
            (Asked::OpenSession(named), Ok(result)) => {
                self.fresh = named.is_none();
                let told = result.get("sessionId").and_then(Value::as_str).map(str::to_owned);
                let Some(session) = told.or(named) else {
                    return Ok(Some(
                        self.refuse(FailureClass::Internal, "the agent named no session".to_owned()),
                    ));
                };
                self.session = Some(session.clone());
                let model = result.pointer("/models/currentModelId").and_then(Value::as_str);
                out.event(AgentEvent::SessionStarted {
                    agent_session: session,
                    model: model.map(str::to_owned),
                    version: self.version.clone(),
                });
                Ok(Some(Step::SessionOpened(result)))
            }
            (Asked::OpenSession(Some(_)), Err(error)) => {
                // opencode says no more than that it failed; whatever it was, there is no such session to be had.
                let vague = [FailureClass::Internal, FailureClass::Unknown, FailureClass::BadArguments];
                let class = failure::class_of(&error);
                let class = if vague.contains(&class) { FailureClass::SessionUnknown } else { class };
                Ok(Some(self.refuse(class, self.login.advised(class, &error))))
            }
            (Asked::Initialize | Asked::OpenSession(None), Err(error)) => {
                let class = failure::class_of(&error);
                Ok(Some(self.refuse(class, self.login.advised(class, &error))))
            }
            (Asked::Setting, result) => Ok(Some(Step::Set(result.map(|_| ())))),
            (Asked::Prompt { .. }, result) => {
                self.end_turn(result, out);
                Ok(Some(Step::TurnEnded))
            }
            (Asked::Other, _) => Ok(None),
        }
    }

    /// What a response answers, where our requests are not known.
    fn guess(&self, result: &Result<Value, RpcError>) -> Asked {
        match result {
            Ok(result) if result.get("protocolVersion").is_some() => Asked::Initialize,
            Ok(result) if result.get("stopReason").is_some() => Asked::Prompt { schema: false },
            Ok(result) if result.get("sessionId").is_some() => Asked::OpenSession(None),
            Err(_) if self.turn.is_some() || self.session.is_some() => Asked::Prompt { schema: false },
            Err(_) => Asked::OpenSession(None),
            Ok(_) => Asked::Other,
        }
    }

    fn refuse(&mut self, class: FailureClass, text: String) -> Step {
        self.refused = Some((class, text.clone()));
        Step::Refused(class, text)
    }

    fn begin(&mut self, schema: bool, out: &mut Exchange) {
        if self.turn.is_none() {
            out.event(AgentEvent::TurnStarted);
            self.turn = Some(Turn { schema, cost_before: self.cost, ..Turn::default() });
        }
    }

    /// Opens a turn for what an agent does, where our prompts are not known. Where they are, anything outside a
    /// turn is a replay of history or the echo of a setting.
    fn begin_if_seen(&mut self, out: &mut Exchange) {
        if !self.duplex {
            self.begin(false, out);
        }
    }

    fn end_turn(&mut self, result: Result<Value, RpcError>, out: &mut Exchange) {
        let Some(mut turn) = self.turn.take() else { return };
        turn.answer = turn.runs.end(None, out).or_else(|| turn.answer.take());
        turn.calls.close(out);
        self.withdraw(out);
        let end = match result {
            Ok(result) => {
                let reason = result.get("stopReason").and_then(Value::as_str).unwrap_or("");
                let (outcome, class) = updates::stopped(reason);
                if class == Some(FailureClass::Unknown) {
                    out.event(AgentEvent::Unrecognized { kind: format!("stopReason:{reason}") });
                }
                TurnEnd { usage: updates::usage(&result), ..TurnEnd::bare(outcome, class) }
            }
            Err(_) if turn.cancelled => TurnEnd::bare(Outcome::Interrupted, None),
            Err(error) => {
                let class = failure::class_of(&error);
                let text = Some(self.login.advised(class, &error));
                let bare = TurnEnd::bare(Outcome::Failed, Some(class));
                let (resets_at, resets_in_ms) = match class {
                    FailureClass::UsageLimit => failure::ends(&error),
                    _ => (None, None),
                };
                TurnEnd { text, resets_at, resets_in_ms, ..bare }
            }
        };
        self.finish(turn, end, out);
    }

    fn finish(&mut self, turn: Turn, mut end: TurnEnd, out: &mut Exchange) {
        if turn.schema && end.outcome == Outcome::Completed {
            end.structured = turn.answer.as_deref().and_then(|text| serde_json::from_str(text.trim()).ok());
        }
        end.text = end.text.or(turn.answer);
        let before = turn.cost_before.or_else(|| self.fresh.then_some(0.0));
        end.cost_usd = self.cost.zip(before).and_then(|(now, before)| spent(now, before));
        self.turns_ended += 1;
        out.event(AgentEvent::TurnEnded { end });
    }

    /// The end of a turn that will get no closing message.
    pub(super) fn unclosed(&self, began: bool, exit: Exit, stderr: &[u8]) -> TurnEnd {
        let (mut cause, mut text) = (failure::by_stderr(stderr, exit, began), stderr_text(stderr));
        if let Some((refused, said)) = &self.refused
            && !began
        {
            (cause, text) = (Cause::error(Some(*refused)), Some(said.clone()));
        }
        unclosed(exit, &[], began, cause, text)
    }

    /// The process has ended: ends the open turn, if there is one.
    pub(super) fn close(&mut self, exit: Exit, stderr: &[u8], out: &mut Exchange) {
        if let Some(mut turn) = self.turn.take() {
            let last = turn.runs.end(None, out);
            turn.answer = last.or_else(|| turn.answer.take());
            turn.calls.close(out);
            let exit = Exit { by_us: exit.by_us || turn.cancelled, ..exit };
            let end = self.unclosed(true, exit, stderr);
            self.withdraw(out);
            self.finish(turn, end, out);
        } else {
            self.withdraw(out);
        }
    }

    pub(super) fn turns_ended(&self) -> u32 {
        self.turns_ended
    }
}

/// Something said that is no item of a turn.
pub(super) fn notice(level: NoticeLevel, code: &str, text: String, out: &mut Exchange) {
    out.event(AgentEvent::Notice { level, code: code.to_owned(), text });
}

fn value_of<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|e| e.to_string())
}
