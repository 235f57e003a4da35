//! The live client of `codex app-server`.

use std::collections::VecDeque;

use mo_core::agent_event::AgentEvent;
use mo_core::approval::Answer;
use mo_core::ids::RequestId;
use mo_core::outcome::{FailureClass, Outcome, TurnEnd};
use serde_json::{Map, Value, json};

use super::thread::{Asked, Step, Thread};
use crate::acp::rpc::Writer;
use crate::launch::{Access, LaunchSpec};
use crate::protocol::{Exchange, Exit, Line, Protocol, TurnPrompt};

#[derive(Debug)]
enum Phase {
    Opening,
    Ready,
    /// No thread: every prompt fails at once, with this.
    Refused(FailureClass, String),
}

/// A conversation with one app-server process.
///
/// The sandbox always reads only: a thread that starts with `workspace-write` makes Codex write a trust entry into the
/// person's config.toml. It is set as a permission profile of ours, because a profile that denies a read is the only
/// one that commands allowed by the person's own rules (`~/.codex/rules`) cannot leave, see [`profile`]; and it is
/// looked for in the answer. With write access the policy is `on-request`: commands run unasked only inside
/// that sandbox (no writing, no network), every patch is asked, and so is every command that wants out.
/// (`untrusted` asks for each command, `cat` too, and runs what is accepted outside the sandbox.) Read-only access
/// has the policy `never`: what the sandbox forbids just fails.
#[derive(Debug)]
pub struct CodexProtocol {
    cwd: Option<String>,
    access: Access,
    model: Option<String>,
    resume: Option<String>,
    writer: Writer,
    thread: Thread,
    phase: Phase,
    queue: VecDeque<TurnPrompt>,
    /// A cancel that waits for the turn's id.
    interrupt: bool,
}

impl CodexProtocol {
    /// A client that has not said anything yet.
    pub fn new(spec: &LaunchSpec) -> Self {
        Self {
            // A folder whose name is no UTF-8 cannot be said in JSON; the process is started in it anyway.
            cwd: spec.cwd.to_str().map(str::to_owned),
            access: spec.access,
            model: spec.model.clone(),
            resume: spec.resume.clone(),
            writer: Writer::bare(),
            thread: Thread::default(),
            phase: Phase::Opening,
            queue: VecDeque::new(),
            interrupt: false,
        }
    }

    fn request(&mut self, method: &str, params: &Value, asked: Asked, out: &mut Exchange) {
        let (id, message) = self.writer.request(method, params);
        self.thread.asked(id, asked);
        out.send_json(&message);
    }

    fn step(&mut self, step: Step, out: &mut Exchange) {
        match step {
            Step::Initialized => {
                out.send_json(&self.writer.notification("initialized", &Value::Null));
                self.open_thread(out);
            }
            Step::ThreadOpened => {
                self.phase = match self.thread.sandbox.as_deref() {
                    Some("readOnly") => Phase::Ready,
                    other => Phase::Refused(FailureClass::Internal, not_read_only(other)),
                };
                self.pump(out);
            }
            Step::Refused(class, text) => {
                self.phase = Phase::Refused(class, text);
                self.pump(out);
            }
            Step::TurnNamed => {
                if std::mem::take(&mut self.interrupt) {
                    self.send_interrupt(out);
                }
            }
            Step::TurnEnded => {
                self.interrupt = false;
                self.pump(out);
            }
            Step::Reply(id, answer) => out.send_json(&self.writer.reply(&id, &answer)),
            Step::NotServed(id, method) => out.send_json(&self.writer.not_found(&id, &method)),
        }
    }

    fn open_thread(&mut self, out: &mut Exchange) {
        let policy = match self.access {
            Access::ReadOnly => "never",
            Access::Write => "on-request",
        };
        let mut params = Map::new();
        let mut set = |name: &str, value: Value| params.insert(name.to_owned(), value);
        set("approvalPolicy", policy.into());
        // Not the reviewer model that the person may have configured.
        set("approvalsReviewer", "user".into());
        set("config", profile());
        if let Some(cwd) = &self.cwd {
            set("cwd", cwd.as_str().into());
        }
        if let Some(model) = &self.model {
            set("model", model.as_str().into());
        }
        let method = match &self.resume {
            Some(thread) => {
                set("threadId", thread.as_str().into());
                // We have the history in our own journal.
                set("excludeTurns", true.into());
                "thread/resume"
            }
            None => "thread/start",
        };
        self.request(method, &Value::Object(params), Asked::Thread, out);
    }

    /// Sends the next prompt, if there is one and the agent is free for it.
    fn pump(&mut self, out: &mut Exchange) {
        match &self.phase {
            Phase::Opening => {}
            Phase::Refused(class, text) => {
                for _ in self.queue.drain(..) {
                    let bare = TurnEnd::bare(Outcome::Failed, Some(*class));
                    out.event(AgentEvent::TurnEnded { end: TurnEnd { text: Some(text.clone()), ..bare } });
                }
            }
            Phase::Ready if self.thread.in_turn() => {}
            Phase::Ready => {
                let Some(prompt) = self.queue.pop_front() else { return };
                let input = json!([{ "type": "text", "text": prompt.text }]);
                let mut params = json!({ "threadId": self.thread.id, "input": input });
                let schema = prompt.schema.is_some();
                if let (Some(schema), Some(fields)) = (prompt.schema, params.as_object_mut()) {
                    fields.insert("outputSchema".to_owned(), schema);
                }
                self.request("turn/start", &params, Asked::Turn { schema }, out);
            }
        }
    }

    fn send_interrupt(&mut self, out: &mut Exchange) {
        let Some(turn) = self.thread.turn_id() else { return };
        let params = json!({ "threadId": self.thread.id, "turnId": turn });
        self.request("turn/interrupt", &params, Asked::Other, out);
    }
}

/// Files with credentials that exist on many machines. They need not exist: Codex makes nothing there (traced).
const DENIED_READS: [&str; 7] = [
    "~/.aws",
    "~/.claude/.credentials.json",
    "~/.codex/auth.json",
    "~/.gemini/oauth_creds.json",
    "~/.gnupg",
    "~/.netrc",
    "~/.ssh",
];

/// The configuration of a thread whose commands read everything but [`DENIED_READS`], write nothing and reach no host.
///
/// Measured on 0.169.0: under `sandbox: "read-only"` a command that a rule of the person's allows (each "don't ask
/// again" makes one) runs outside the sandbox, whatever the approval policy; under a profile with a denied read it
/// does not. A `sandbox` beside it would replace the profile.
pub(super) fn profile() -> Value {
    let mut files = Map::new();
    files.insert(":root".to_owned(), "read".into());
    files.extend(DENIED_READS.map(|path| (path.to_owned(), "deny".into())));
    json!({
        "default_permissions": "meta-orchestrator",
        "permissions": { "meta-orchestrator": { "filesystem": files } },
    })
}

/// Why a thread is not used that Codex opened with other rights than it was asked for, as a version does that does
/// not know permission profiles.
fn not_read_only(opened_with: Option<&str>) -> String {
    let with = opened_with.unwrap_or("unknown");
    format!(
        "Codex opened its thread with the sandbox `{with}` instead of a read-only one; update Codex (0.169 works)"
    )
}

impl Protocol for CodexProtocol {
    fn open(&mut self, out: &mut Exchange) {
        let client = json!({
            "name": "meta-orchestrator",
            "title": "Meta-Orchestrator",
            "version": env!("CARGO_PKG_VERSION"),
        });
        self.request("initialize", &json!({ "clientInfo": client }), Asked::Initialize, out);
    }

    fn prompt(&mut self, prompt: TurnPrompt, out: &mut Exchange) {
        self.queue.push_back(prompt);
        self.pump(out);
    }

    fn line(&mut self, line: Line<'_>, out: &mut Exchange) {
        if let Some(step) = self.thread.line(line, out) {
            self.step(step, out);
        }
    }

    fn answer(&mut self, request: &RequestId, answer: &Answer, out: &mut Exchange) {
        let Some(id) = self.thread.answered(request, *answer == Answer::Allow) else { return };
        // Never `acceptForSession` nor an amendment: Codex writes those down.
        let decision = match answer {
            Answer::Allow => "accept",
            // Nothing here takes another input, and what was asked was not allowed.
            Answer::Deny { .. } | Answer::Instead { .. } => "decline",
        };
        out.send_json(&self.writer.reply(&id, &json!({ "decision": decision })));
    }

    fn cancel(&mut self, out: &mut Exchange) {
        if !self.thread.in_turn() {
            if self.queue.pop_front().is_some() {
                out.event(AgentEvent::TurnEnded { end: TurnEnd::bare(Outcome::Interrupted, None) });
            }
            return;
        }
        self.thread.cancelled();
        if self.thread.turn_id().is_some() {
            self.send_interrupt(out);
        } else {
            self.interrupt = true;
        }
    }

    fn retrying(&self) -> Option<FailureClass> {
        self.thread.retrying()
    }

    fn close(&mut self, exit: Exit, stderr: &[u8], out: &mut Exchange) {
        self.thread.close(exit, stderr, out);
        for _ in self.queue.drain(..) {
            let end = self.thread.unclosed(false, exit, stderr);
            out.event(AgentEvent::TurnEnded { end });
        }
        self.phase = Phase::Refused(FailureClass::Internal, "the agent's process has ended".to_owned());
    }
}
