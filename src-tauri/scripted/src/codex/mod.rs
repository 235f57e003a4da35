//! Codex: `exec --json`, and the app-server protocol (facts/agent-clis.md §6b; its own JSON Schema).

mod argv;
pub(crate) mod exec;
mod failure;
mod items;
mod requests;
mod rules;
mod wire;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use mo_core::ids::AgentKind;
use serde_json::{Value, json};

use crate::call::{Act, Call, Change, Outcome};
use crate::dialect::{AtEof, Close, Dialect, Next, Prompt, Told};
use crate::entry::Early;
use crate::out::Out;
use crate::script::Script;
use crate::stamp;
use crate::store::{self, Store};

use wire::{Thread, TurnObject};

const MODEL: &str = "gpt-5.5";

/// A conversation as `codex app-server` has it.
pub(crate) struct Codex {
    model: String,
    version: String,
    client: String,
    initialized: bool,
    cwd: PathBuf,
    store: Store,
    thread: Option<Thread>,
    kept: Option<store::Session>,
    turn: Option<Turn>,
    message: Option<Message>,
    open_call: Option<OpenCall>,
    /// What was allowed for the session: commands, and `patch` for every change of files.
    granted: HashSet<String>,
    next_request: u64,
    input: u64,
    output: u64,
}

struct Turn {
    id: String,
    started_ms: i64,
    last_message: Option<Value>,
    diff: String,
    input: u64,
}

struct Message {
    id: String,
    text: String,
    started_ms: i64,
}

/// A call in flight.
struct OpenCall {
    id: String,
    /// Its item as it was announced; `None` for what is never shown.
    item: Option<Value>,
    change: Option<Change>,
}

/// Starts Codex with these arguments.
pub(crate) fn start(argv: &[String], script: &Script) -> Result<Codex, Early> {
    let asked = argv::read(argv, script)?;
    let cwd = std::env::current_dir().map_err(|why| Early::bad(1, format!("Error: {why}\n")))?;
    Ok(Codex {
        model: asked.model.or_else(|| script.model.clone()).unwrap_or_else(|| MODEL.to_owned()),
        version: script.version.clone().unwrap_or_else(|| argv::VERSION.to_owned()),
        client: String::new(),
        initialized: false,
        cwd,
        store: Store::new(AgentKind::Codex, script.state_dir.clone()),
        thread: None,
        kept: None,
        turn: None,
        message: None,
        open_call: None,
        granted: HashSet::new(),
        next_request: 0,
        input: 0,
        output: 0,
    })
}

impl Codex {
    fn thread_id(&self) -> &str {
        self.thread.as_ref().map(|thread| thread.id.as_str()).unwrap_or_default()
    }

    fn turn_id(&self) -> &str {
        self.turn.as_ref().map(|turn| turn.id.as_str()).unwrap_or_default()
    }

    /// A notification of this thread and turn.
    fn notify(&self, method: &str, mut params: Value, out: &mut Out) {
        params["threadId"] = json!(self.thread_id());
        params["turnId"] = json!(self.turn_id());
        out.line(&wire::notify(method, &params));
    }

    fn status(&self, status: &Value, out: &mut Out) {
        let params = json!({"threadId": self.thread_id(), "status": status});
        out.line(&wire::notify("thread/status/changed", &params));
    }

    fn active(&self, waiting: bool, out: &mut Out) {
        let flags = if waiting { json!(["waitingOnApproval"]) } else { json!([]) };
        self.status(&json!({"type": "active", "activeFlags": flags}), out);
    }

    /// One answer of the model is over: its tokens.
    fn used(&mut self, text: &str, out: &mut Out) {
        let prompt = self.turn.as_mut().map_or(0, |turn| std::mem::take(&mut turn.input));
        let (input, output) = (prompt + 11, stamp::tokens(text));
        self.input += input;
        self.output += output;
        let usage = json!({
            "total": wire::usage(self.input, self.output), "last": wire::usage(input, output),
            "modelContextWindow": 258_400,
        });
        self.notify("thread/tokenUsage/updated", json!({"tokenUsage": usage}), out);
        out.line(&wire::notify("account/rateLimits/updated", &wire::rate_limits()));
    }

    fn close_turn(&mut self, status: &str, error: &Value, out: &mut Out) {
        let Some(turn) = self.turn.take() else { return };
        let items = turn.last_message.into_iter().filter(|_| status == "completed").collect();
        let object = TurnObject {
            id: &turn.id,
            status,
            items,
            error: error.clone(),
            started_ms: Some(turn.started_ms),
            ended_ms: Some(stamp::now_ms()),
        };
        let params = json!({"threadId": self.thread_id(), "turn": object.json()});
        out.line(&wire::notify("turn/completed", &params));
    }

    fn keep(&self) {
        if let Some(Err(why)) = self.kept.as_ref().map(|kept| self.store.keep(kept)) {
            eprintln!("scripted agent: cannot keep the thread: {why}");
        }
    }
}

impl Dialect for Codex {
    fn agent(&self) -> AgentKind {
        AgentKind::Codex
    }

    fn take(&mut self, line: &[u8], out: &mut Out) -> Vec<Told> {
        self.told(line, out)
    }

    fn cwd(&self) -> &Path {
        &self.cwd
    }

    fn begin(&mut self, prompt: &Prompt, out: &mut Out) {
        let turn = Turn {
            id: stamp::uuid_by_time(),
            started_ms: stamp::now_ms(),
            last_message: None,
            diff: String::new(),
            input: stamp::tokens(&prompt.text),
        };
        let object = |started_ms| TurnObject {
            id: &turn.id,
            status: "inProgress",
            items: Vec::new(),
            error: Value::Null,
            started_ms,
            ended_ms: None,
        };
        out.line(&json!({"id": prompt.reply_to, "result": {"turn": object(None).json()}}));
        self.active(false, out);
        let started = json!({"threadId": self.thread_id(), "turn": object(Some(turn.started_ms)).json()});
        out.line(&wire::notify("turn/started", &started));
        self.turn = Some(turn);
        self.user_message(&prompt.text, out);
    }

    fn thought(&mut self, text: &str, out: &mut Out) {
        self.reasoning(text, out);
    }

    fn message_open(&mut self, out: &mut Out) {
        let message =
            Message { id: stamp::tagged("msg_", 12), text: String::new(), started_ms: stamp::now_ms() };
        self.item_started(&wire::agent_message(&message.id, "", message.started_ms, None), out);
        self.message = Some(message);
    }

    fn message_piece(&mut self, piece: &str, out: &mut Out) {
        let Some(message) = &mut self.message else { return };
        message.text.push_str(piece);
        let params = json!({"itemId": message.id, "delta": piece});
        self.notify("item/agentMessage/delta", params, out);
    }

    fn message_close(&mut self, text: &str, out: &mut Out) {
        let Some(message) = self.message.take() else { return };
        let item = wire::agent_message(&message.id, text, message.started_ms, Some(stamp::now_ms()));
        self.item_completed(&item, out);
        if let Some(turn) = &mut self.turn {
            turn.last_message = Some(item);
        }
        self.used(text, out);
    }

    fn call_id(&mut self, _act: &Act) -> String {
        stamp::tagged("call_", 16)
    }

    fn call_open(&mut self, call: &Call, _out: &mut Out) {
        // What is shown depends on the rules: a call that the sandbox denies is never shown.
        self.open_call = Some(OpenCall { id: call.id.clone(), item: None, change: None });
    }

    fn call_next(&mut self, call: &mut Call, answer: Option<Value>, out: &mut Out) -> Next {
        match answer {
            None => self.decide(call, out),
            Some(answer) => self.answered(call, &answer, out),
        }
    }

    fn take_back(&mut self, _call: &Call, request: &str, out: &mut Out) {
        let id: u64 = request.parse().unwrap_or_default();
        let resolved = json!({"threadId": self.thread_id(), "requestId": id});
        out.line(&wire::notify("serverRequest/resolved", &resolved));
        self.not_run("failed", out);
        self.active(false, out);
    }

    fn call_close(&mut self, call: &Call, outcome: &Outcome, out: &mut Out) {
        self.call_ended(call, outcome, out);
    }

    fn structured_by_tool(&self, _prompt: &Prompt) -> bool {
        false
    }

    fn end(&mut self, close: &Close<'_>, out: &mut Out) {
        self.message = None;
        self.open_call = None;
        match close {
            Close::Completed => {
                self.status(&json!({"type": "idle"}), out);
                self.close_turn("completed", &Value::Null, out);
            }
            Close::Interrupted => {
                self.status(&json!({"type": "idle"}), out);
                self.close_turn("interrupted", &Value::Null, out);
            }
            Close::Failed(step) => {
                let (message, info) = failure::failure(step, &self.model);
                let error = json!({
                    "message": message, "codexErrorInfo": info, "additionalDetails": null,
                    "misalignment": null,
                });
                self.status(&json!({"type": "systemError"}), out);
                self.notify("error", json!({"error": error, "willRetry": false}), out);
                self.close_turn("failed", &error, out);
            }
        }
    }

    fn noise(&self, text: &str) -> Value {
        let params = json!({
            "threadId": self.thread_id(), "turnId": self.turn_id(), "itemId": "msg_flood", "delta": text,
        });
        wire::notify("item/agentMessage/delta", &params)
    }

    fn at_eof(&self) -> AtEof {
        // It ends within 0.1 s, in a turn or not (facts/agent-clis.md §3).
        AtEof::Exit(0)
    }

    fn at_sigint(&self) -> Option<i32> {
        None
    }

    fn at_sigterm(&self) -> Option<i32> {
        None
    }

    fn exit_code(&self) -> i32 {
        0
    }

    fn remember(&mut self, prompt: &str, answer: &str) {
        if let Some(kept) = &mut self.kept {
            let exchange = store::Exchange { prompt: prompt.to_owned(), answer: answer.to_owned() };
            kept.exchanges.push(exchange);
        }
        self.keep();
    }
}
