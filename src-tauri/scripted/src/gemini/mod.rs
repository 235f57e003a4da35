//! Gemini CLI: stream-json, and the Agent Client Protocol over stdio (facts/agent-clis.md §0.3, §6c).

mod argv;
mod failure;
mod requests;
mod rules;
pub(crate) mod stream;
mod wire;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use mo_core::agent_event::PlanStatus;
use mo_core::ids::AgentKind;
use serde_json::{Value, json};

use crate::call::{Act, Call, Outcome};
use crate::dialect::{AtEof, Close, Dialect, Next, Prompt, Told};
use crate::entry::Early;
use crate::out::Out;
use crate::script::{Load, Script};
use crate::stamp;
use crate::store::{self, Store};

use argv::Asked;

const MODEL: &str = "gemini-2.5-pro";

/// A conversation as `gemini --acp` has it.
pub(crate) struct Gemini {
    asked: Asked,
    model: String,
    version: String,
    logged_in: bool,
    load: Load,
    cwd: PathBuf,
    mode: String,
    store: Store,
    session: Option<store::Session>,
    /// The request that the turn in flight will answer.
    reply_to: Value,
    /// Tools that were allowed for the session.
    granted: HashSet<&'static str>,
    /// The tool call in flight and whether it was announced as such.
    open_call: Option<Value>,
    /// Whether the last thing shown was a message.
    after_message: bool,
    next_request: u64,
    input: u64,
    output: u64,
}

/// Whether a flag asks for the live protocol.
pub(crate) fn speaks_acp(flag: &str) -> bool {
    flag == "--acp" || flag == "--experimental-acp"
}

/// Starts Gemini CLI with these arguments.
pub(crate) fn start(argv: &[String], script: &Script) -> Result<Gemini, Early> {
    let asked = argv::read(argv, script)?;
    let cwd = std::env::current_dir().map_err(|why| Early::bad(1, format!("Error: {why}\n")))?;
    eprintln!("Ripgrep is not available. Falling back to GrepTool.");
    Ok(Gemini {
        model: asked.model.clone().or_else(|| script.model.clone()).unwrap_or_else(|| MODEL.to_owned()),
        version: script.version.clone().unwrap_or_else(|| argv::VERSION.to_owned()),
        logged_in: script.logged_in,
        load: script.load,
        mode: asked.mode.to_owned(),
        asked,
        cwd,
        store: Store::new(AgentKind::Gemini, script.state_dir.clone()),
        session: None,
        reply_to: Value::Null,
        granted: HashSet::new(),
        open_call: None,
        after_message: false,
        next_request: 0,
        input: 0,
        output: 0,
    })
}

impl Gemini {
    fn session_id(&self) -> &str {
        self.session.as_ref().map(|session| session.id.as_str()).unwrap_or_default()
    }

    fn update_line(&self, update: &Value) -> Value {
        json!({
            "jsonrpc": "2.0", "method": "session/update",
            "params": {"sessionId": self.session_id(), "update": update},
        })
    }

    fn update(&self, update: &Value, out: &mut Out) {
        out.line(&self.update_line(update));
    }

    fn reply(&mut self, key: &str, body: &Value, out: &mut Out) {
        let id = std::mem::take(&mut self.reply_to);
        out.line(&json!({"jsonrpc": "2.0", "id": id, key: body}));
    }

    fn keep(&self) {
        if let Some(Err(why)) = self.session.as_ref().map(|session| self.store.keep(session)) {
            eprintln!("scripted agent: cannot keep the session: {why}");
        }
    }
}

impl Dialect for Gemini {
    fn agent(&self) -> AgentKind {
        AgentKind::Gemini
    }

    fn take(&mut self, line: &[u8], out: &mut Out) -> Vec<Told> {
        self.told(line, out)
    }

    fn cwd(&self) -> &Path {
        &self.cwd
    }

    fn begin(&mut self, prompt: &Prompt, _out: &mut Out) {
        self.reply_to = prompt.reply_to.clone();
        self.after_message = false;
        self.input = stamp::tokens(&prompt.text) + 11;
        self.output = 0;
    }

    fn thought(&mut self, text: &str, out: &mut Out) {
        self.after_message = false;
        self.output += stamp::tokens(text);
        self.update(&wire::chunk("agent_thought_chunk", &format!("**Thinking**\n{text}")), out);
    }

    fn message_open(&mut self, out: &mut Out) {
        if std::mem::replace(&mut self.after_message, true) {
            // Chunks have no message of their own on this wire: an empty line keeps two messages apart.
            self.update(&wire::chunk("agent_message_chunk", "\n\n"), out);
        }
    }

    fn message_piece(&mut self, piece: &str, out: &mut Out) {
        self.update(&wire::chunk("agent_message_chunk", piece), out);
    }

    fn message_close(&mut self, text: &str, _out: &mut Out) {
        self.output += stamp::tokens(text);
    }

    fn call_id(&mut self, act: &Act) -> String {
        stamp::tagged(&format!("{}__fc_", wire::tool(act)), 8)
    }

    fn call_open(&mut self, _call: &Call, _out: &mut Out) {
        self.after_message = false;
        // What is shown depends on the rules: a call that is asked for is announced by the request itself.
    }

    fn call_next(&mut self, call: &mut Call, answer: Option<Value>, out: &mut Out) -> Next {
        match answer {
            None => self.decide(call, out),
            Some(answer) => self.answered(call, &answer),
        }
    }

    /// As the protocol's next version has it; Gemini CLI itself never does.
    fn take_back(&mut self, call: &Call, request: &str, out: &mut Out) {
        let id: u64 = request.parse().unwrap_or_default();
        let params = json!({"requestId": id});
        out.line(&json!({"jsonrpc": "2.0", "method": "$/cancel_request", "params": params}));
        self.failed(call, "The request was cancelled", out);
    }

    fn call_close(&mut self, call: &Call, outcome: &Outcome, out: &mut Out) {
        self.input += 11;
        if let Act::Plan { entries } = &call.act {
            let entries: Vec<Value> = entries
                .iter()
                .map(|entry| {
                    let status = match entry.status {
                        PlanStatus::Pending => "pending",
                        PlanStatus::InProgress => "in_progress",
                        PlanStatus::Completed => "completed",
                    };
                    json!({"content": entry.text, "priority": "medium", "status": status})
                })
                .collect();
            self.update(&json!({"sessionUpdate": "plan", "entries": entries}), out);
            return;
        }
        if let Outcome::Failed(why) = outcome {
            self.failed(call, why, out);
            return;
        }
        let Some(mut update) = self.open_call.take() else { return };
        update["sessionUpdate"] = json!("tool_call_update");
        update["status"] = json!("completed");
        if !matches!(outcome, Outcome::Changed(_)) {
            // Output never reaches the client (facts/agent-clis.md §6c).
            update["content"] = json!([]);
        }
        self.update(&update, out);
    }

    fn structured_by_tool(&self, _prompt: &Prompt) -> bool {
        false
    }

    fn end(&mut self, close: &Close<'_>, out: &mut Out) {
        self.open_call = None;
        match close {
            Close::Completed => {
                let count = json!({"input_tokens": self.input, "output_tokens": self.output});
                let used = json!([{"model": self.model, "token_count": count}]);
                let quota = json!({"token_count": count, "model_usage": used});
                let body = json!({"stopReason": "end_turn", "_meta": {"quota": quota}});
                self.reply("result", &body, out);
            }
            Close::Interrupted => self.reply("result", &json!({"stopReason": "cancelled"}), out),
            Close::Failed(step) => {
                let error = failure::failure(step, &self.model);
                self.reply("error", &error, out);
            }
        }
    }

    fn noise(&self, text: &str) -> Value {
        self.update_line(&wire::chunk("agent_message_chunk", text))
    }

    fn at_eof(&self) -> AtEof {
        AtEof::Finish(json!({"result": {"outcome": {"outcome": "cancelled"}}}))
    }

    fn at_sigint(&self) -> Option<i32> {
        None
    }

    fn at_sigterm(&self) -> Option<i32> {
        Some(0)
    }

    fn exit_code(&self) -> i32 {
        0
    }

    fn remember(&mut self, prompt: &str, answer: &str) {
        if let Some(session) = &mut self.session {
            let exchange = store::Exchange { prompt: prompt.to_owned(), answer: answer.to_owned() };
            session.exchanges.push(exchange);
        }
        self.keep();
    }
}
