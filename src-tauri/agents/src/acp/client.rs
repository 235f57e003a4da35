//! The live client of any ACP agent.

use std::collections::VecDeque;

use mo_core::agent_event::{AgentEvent, NoticeLevel};
use mo_core::approval::Answer;
use mo_core::ids::RequestId;
use mo_core::outcome::{FailureClass, Outcome, TurnEnd};
use serde_json::{Value, json};

use super::conversation::{Asked, Conversation, Step, notice};
use super::questions::Pending;
use super::rpc::{RpcError, Writer};
use super::settings::{Setting, settings};
use super::setup::Setup;
use crate::protocol::{Exchange, Exit, Line, Protocol, TurnPrompt};

/// The version of ACP that we speak.
const PROTOCOL_VERSION: u64 = 1;

#[derive(Debug)]
enum Phase {
    /// The handshake is going on; what is still to be set before the first prompt.
    Opening(VecDeque<Setting>),
    Ready,
    /// No session: every prompt fails at once, with this.
    Refused(FailureClass, String),
}

/// A conversation with one ACP agent process. No file-system and no terminal capability is offered: what the agent
/// does, it does itself, and asks before.
#[derive(Debug)]
pub struct AcpProtocol {
    setup: Setup,
    writer: Writer,
    conversation: Conversation,
    phase: Phase,
    queue: VecDeque<TurnPrompt>,
    /// The setting that is waiting for its answer.
    setting: Option<Setting>,
}

impl AcpProtocol {
    /// A client that has not said anything yet.
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            writer: Writer::acp(),
            conversation: Conversation::default(),
            phase: Phase::Opening(VecDeque::new()),
            queue: VecDeque::new(),
            setting: None,
        }
    }

    fn request(&mut self, method: &str, params: &Value, asked: Asked, out: &mut Exchange) {
        let (id, message) = self.writer.request(method, params);
        self.conversation.asked(id, asked, out);
        out.send_json(&message);
    }

    fn step(&mut self, step: Step, out: &mut Exchange) {
        match step {
            Step::Initialized(result) => self.open_session(&result, out),
            Step::SessionOpened(result) => {
                match settings(&self.setup, &result, out) {
                    Ok(settings) => self.phase = Phase::Opening(settings.into()),
                    Err((class, text)) => return self.refuse(class, &text, out),
                }
                self.next_setting(out);
            }
            Step::Set(result) => self.was_set(result, out),
            Step::Refused(class, text) => self.refuse(class, &text, out),
            Step::TurnEnded => self.pump(out),
            Step::Void(pending) => pending.iter().for_each(|pending| self.reply(pending, None, out)),
            Step::NotServed(id, method) => out.send_json(&self.writer.not_found(&id, &method)),
        }
    }

    fn open_session(&mut self, initialized: &Value, out: &mut Exchange) {
        let version = initialized.get("protocolVersion").and_then(Value::as_u64);
        if version != Some(PROTOCOL_VERSION) {
            let spoken = version.map_or("no known version".to_owned(), |v| format!("version {v}"));
            let text = format!("the agent speaks {spoken} of ACP, not version {PROTOCOL_VERSION}");
            return self.refuse(FailureClass::Internal, &text, out);
        }
        let mut params = json!({ "cwd": self.setup.cwd, "mcpServers": [] });
        let Some(named) = self.setup.resume.clone() else {
            return self.request("session/new", &params, Asked::OpenSession(None), out);
        };
        let offers =
            |at: &str| initialized.pointer(at).is_some_and(|v| v.is_object() || v == &Value::Bool(true));
        let method = if offers("/agentCapabilities/sessionCapabilities/resume") {
            "session/resume"
        } else if offers("/agentCapabilities/loadSession") {
            "session/load"
        } else {
            let text = "the agent cannot resume a session";
            return self.refuse(FailureClass::SessionUnknown, text, out);
        };
        if let Some(fields) = params.as_object_mut() {
            fields.insert("sessionId".to_owned(), Value::from(named.as_str()));
        }
        self.request(method, &params, Asked::OpenSession(Some(named)), out);
    }

    fn next_setting(&mut self, out: &mut Exchange) {
        let Phase::Opening(settings) = &mut self.phase else { return };
        let Some(setting) = settings.pop_front() else {
            self.phase = Phase::Ready;
            return self.pump(out);
        };
        let session = self.conversation.session.clone().unwrap_or_default();
        let params = setting.params(&session);
        let method = setting.method;
        self.setting = Some(setting);
        self.request(method, &params, Asked::Setting, out);
    }

    fn was_set(&mut self, result: Result<(), RpcError>, out: &mut Exchange) {
        if let (Err(error), Some(setting)) = (result, self.setting.take()) {
            let text = format!("{} to `{}` failed: {}", setting.method, setting.value, error.text());
            if setting.required {
                return self.refuse(FailureClass::PermissionDenied, &text, out);
            }
            notice(NoticeLevel::Warning, "setting_failed", text, out);
        }
        self.next_setting(out);
    }

    fn refuse(&mut self, class: FailureClass, text: &str, out: &mut Exchange) {
        self.phase = Phase::Refused(class, text.to_owned());
        self.pump(out);
    }

    /// Sends the next prompt, if there is one and the agent is free for it.
    fn pump(&mut self, out: &mut Exchange) {
        match &self.phase {
            Phase::Opening(_) => {}
            Phase::Refused(class, text) => {
                for _ in self.queue.drain(..) {
                    let bare = TurnEnd::bare(Outcome::Failed, Some(*class));
                    out.event(AgentEvent::TurnEnded { end: TurnEnd { text: Some(text.clone()), ..bare } });
                }
            }
            Phase::Ready if self.conversation.in_turn() => {}
            Phase::Ready => {
                let Some(prompt) = self.queue.pop_front() else { return };
                let session = self.conversation.session.clone().unwrap_or_default();
                let content = json!([{ "type": "text", "text": prompt.text }]);
                let params = json!({ "sessionId": session, "prompt": content });
                let asked = Asked::Prompt { schema: prompt.schema.is_some() };
                self.request("session/prompt", &params, asked, out);
            }
        }
    }

    fn reply(&self, pending: &Pending, option: Option<&str>, out: &mut Exchange) {
        let outcome = match option {
            Some(id) => json!({ "outcome": "selected", "optionId": id }),
            None => json!({ "outcome": "cancelled" }),
        };
        out.send_json(&self.writer.reply(&pending.id, &json!({ "outcome": outcome })));
    }
}

impl Protocol for AcpProtocol {
    fn open(&mut self, out: &mut Exchange) {
        let params = json!({
            "protocolVersion": PROTOCOL_VERSION,
            "clientCapabilities": {
                "fs": { "readTextFile": false, "writeTextFile": false },
                "terminal": false,
            },
            "clientInfo": { "name": "meta-orchestrator", "version": env!("CARGO_PKG_VERSION") },
        });
        self.request("initialize", &params, Asked::Initialize, out);
    }

    fn prompt(&mut self, prompt: TurnPrompt, out: &mut Exchange) {
        self.queue.push_back(prompt);
        self.pump(out);
    }

    fn line(&mut self, line: Line<'_>, out: &mut Exchange) {
        if let Some(step) = self.conversation.line(line, out) {
            self.step(step, out);
        }
    }

    fn answer(&mut self, request: &RequestId, answer: &Answer, out: &mut Exchange) {
        let allowed = matches!(answer, Answer::Allow);
        let Some(pending) = self.conversation.answered(request, allowed, out) else { return };
        let mut option = if allowed { pending.allow.as_deref() } else { pending.reject.as_deref() };
        if allowed && option.is_none() {
            let text = "the agent offers no way to allow this once; it was refused".to_owned();
            notice(NoticeLevel::Warning, "no_allow_once", text, out);
            option = pending.reject.as_deref();
        }
        self.reply(&pending, option, out);
    }

    fn cancel(&mut self, out: &mut Exchange) {
        if !self.conversation.in_turn() {
            if self.queue.pop_front().is_some() {
                out.event(AgentEvent::TurnEnded { end: TurnEnd::bare(Outcome::Interrupted, None) });
            }
            return;
        }
        let session = self.conversation.session.clone().unwrap_or_default();
        out.send_json(&self.writer.notification("session/cancel", &json!({ "sessionId": session })));
        // The protocol wants every open question answered as cancelled.
        for pending in self.conversation.cancelled(out) {
            self.reply(&pending, None, out);
        }
    }

    fn close(&mut self, exit: Exit, stderr: &[u8], out: &mut Exchange) {
        self.conversation.close(exit, stderr, out);
        for _ in self.queue.drain(..) {
            let end = self.conversation.unclosed(false, exit, stderr);
            out.event(AgentEvent::TurnEnded { end });
        }
        self.phase = Phase::Refused(FailureClass::Internal, "the agent's process has ended".to_owned());
    }
}
