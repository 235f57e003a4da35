//! Claude Code: stream-json and its control protocol (facts/agent-clis.md §3, §6a).

mod argv;
mod control;
mod failure;
mod messages;
mod rules;
mod tools;
mod wire;

use std::io::Read;
use std::path::{Path, PathBuf};

use mo_core::ids::AgentKind;
use serde_json::{Value, json};

use crate::call::{Act, Call, Outcome};
use crate::dialect::{AtEof, Close, Dialect, Next, Prompt, Told};
use crate::entry::Early;
use crate::out::Out;
use crate::script::{ErrorStep, Script};
use crate::stamp;
use crate::store::{self, Store};

use argv::{Asked, Printed};
use control::{Allowed, Hook, Question};
use messages::OpenMessage;
use wire::{Session, Tally};

const MODEL: &str = "claude-opus-5-5";

/// A conversation as Claude Code has it.
pub(crate) struct Claude {
    asked: Asked,
    session: Session,
    kept: store::Session,
    store: Store,
    cwd: PathBuf,
    first: Option<Prompt>,
    hooks: Vec<Hook>,
    /// The call in flight, from its announcement to its result.
    open_call: Option<Call>,
    question: Option<Question>,
    /// Who let the call in flight through.
    allowed: Allowed,
    message: Option<OpenMessage>,
    /// What the answer of the turn is.
    last_text: String,
    structured: Option<Value>,
    turn: Tally,
    total: Tally,
    results: u64,
    last_failed: bool,
}

/// Starts Claude Code with these arguments.
pub(crate) fn start(argv: &[String], script: &Script) -> Result<Claude, Early> {
    let asked = argv::read(argv, script)?;
    let store = Store::new(AgentKind::Claude, script.state_dir.clone());
    let cwd = std::env::current_dir().map_err(|why| Early::bad(1, format!("Error: {why}\n")))?;
    let kept = match (&asked.resume, &asked.session_id) {
        (Some(id), _) => store.session(id).ok_or_else(|| unknown_session(id))?,
        (None, Some(id)) if store.session(id).is_some() => {
            return Err(Early::bad(1, format!("Error: Session ID {id} is already in use.\n")));
        }
        (None, given) => store::Session::new(given.clone().unwrap_or_else(stamp::uuid), cwd.clone()),
    };
    let model = asked.model.clone().or_else(|| script.model.clone()).unwrap_or_else(|| MODEL.to_owned());
    let session = Session {
        id: kept.id.clone(),
        model,
        version: script.version.clone().unwrap_or_else(|| argv::VERSION.to_owned()),
        cwd: cwd.display().to_string(),
    };
    let first = if asked.stream_in { None } else { Some(prompt_of_stdin(&asked)?) };
    Ok(Claude {
        asked,
        session,
        kept,
        store,
        cwd,
        first,
        hooks: Vec::new(),
        open_call: None,
        question: None,
        allowed: Allowed::Rules,
        message: None,
        last_text: String::new(),
        structured: None,
        turn: Tally::default(),
        total: Tally::default(),
        results: 0,
        last_failed: false,
    })
}

fn prompt_of_stdin(asked: &Asked) -> Result<Prompt, Early> {
    let mut text = String::new();
    match &asked.prompt {
        Some(prompt) => text.clone_from(prompt),
        None => {
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|why| Early::bad(1, format!("Error: {why}\n")))?;
        }
    }
    if text.trim().is_empty() {
        let why =
            "Error: Input must be provided either through stdin or as a prompt argument when using --print\n";
        return Err(Early::bad(1, why));
    }
    Ok(Prompt { text, reply_to: Value::Null, schema: asked.schema })
}

/// claude-resume-6-unknown.
fn unknown_session(id: &str) -> Early {
    let why = format!("No conversation found with session ID: {id}");
    let result = json!({
        "type": "result", "subtype": "error_during_execution", "duration_ms": 0, "duration_api_ms": 0,
        "is_error": true, "num_turns": 0, "stop_reason": null, "session_id": id, "total_cost_usd": 0,
        "usage": {"input_tokens": 0, "output_tokens": 0}, "modelUsage": {}, "permission_denials": [],
        "uuid": stamp::uuid(), "errors": [why],
    });
    Early { stdout: format!("{result}\n"), stderr: format!("{why}\n"), code: 1 }
}

impl Claude {
    /// Writes a line as far as the output format shows it.
    fn emit(&self, line: &Value, out: &mut Out) {
        match self.asked.printed {
            Printed::Stream => out.line(line),
            Printed::Json if line["type"] == "result" => out.line(line),
            Printed::Text if line["type"] == "result" => {
                let text = line["result"].as_str().unwrap_or("Execution error");
                out.raw(format!("{text}\n").as_bytes());
            }
            Printed::Json | Printed::Text => {}
        }
    }

    fn result(&mut self, more: Value, out: &mut Out) {
        self.total.input += self.turn.input;
        self.total.output += self.turn.output;
        let line = self.session.result(&self.turn, &self.total, self.results, more);
        self.last_failed = line["is_error"] == true;
        self.results += 1;
        self.emit(&line, out);
    }

    fn interrupted(&mut self, out: &mut Out) {
        let mut reason = "aborted_streaming";
        let mut said = "[Request interrupted by user]";
        if let Some(question) = self.question.take() {
            self.emit(&json!({"type": "control_cancel_request", "request_id": question.request}), out);
        }
        if let Some(call) = self.open_call.take() {
            reason = "aborted_tools";
            said = "[Request interrupted by user for tool use]";
            self.rejected_by_user(&call, out);
        }
        self.block_aborted(out);
        let line = self.session.user(&json!({"type": "text", "text": said}));
        self.emit(&line, out);
        self.block_abandoned(out);
        let why = "[ede_diagnostic] result_type=user last_content_type=n/a stop_reason=null";
        self.result(
            json!({
                "stop_reason": null, "terminal_reason": reason, "is_error": true,
                "subtype": "error_during_execution", "errors": [why],
            }),
            out,
        );
    }

    fn failed(&mut self, step: &ErrorStep, out: &mut Out) {
        let failure = failure::failure(step, &self.session.model);
        if let Some(info) = failure.limit {
            let line = json!({
                "type": "rate_limit_event", "rate_limit_info": info, "uuid": stamp::uuid(),
                "session_id": self.session.id,
            });
            self.emit(&line, out);
        }
        if failure.subtype != "success" {
            let more = json!({
                "stop_reason": "tool_use", "terminal_reason": failure.terminal_reason, "is_error": true,
                "subtype": failure.subtype, "errors": [failure.text],
            });
            self.result(more, out);
            return;
        }
        let mut line = self.session.synthetic(&failure.text, failure.error);
        wire::merge(&mut line, failure.both.clone());
        self.emit(&line, out);
        let mut more = json!({
            "stop_reason": "stop_sequence", "terminal_reason": failure.terminal_reason, "is_error": true,
            "subtype": "success", "result": failure.text,
        });
        wire::merge(&mut more, failure.both);
        self.result(more, out);
    }
}

impl Dialect for Claude {
    fn agent(&self) -> AgentKind {
        AgentKind::Claude
    }

    fn first_prompt(&mut self) -> Option<Prompt> {
        self.first.take()
    }

    fn take(&mut self, line: &[u8], out: &mut Out) -> Vec<Told> {
        self.told(line, out)
    }

    fn cwd(&self) -> &Path {
        &self.cwd
    }

    fn begin(&mut self, prompt: &Prompt, out: &mut Out) {
        self.turn =
            Tally { started_ms: stamp::now_ms(), input: stamp::tokens(&prompt.text), ..Tally::default() };
        self.last_text.clear();
        self.structured = None;
        let line = self.session.init(self.asked.tools.as_deref(), self.asked.schema, &self.asked.mode);
        self.emit(&line, out);
        self.keep();
    }

    fn thought(&mut self, text: &str, out: &mut Out) {
        self.thinking(text, out);
    }

    fn message_open(&mut self, out: &mut Out) {
        self.block_open(&json!({"type": "text", "text": ""}), out);
    }

    fn message_piece(&mut self, piece: &str, out: &mut Out) {
        if let Some(message) = &mut self.message {
            message.text.push_str(piece);
        }
        self.block_piece(&json!({"type": "text_delta", "text": piece}), out);
    }

    fn message_close(&mut self, text: &str, out: &mut Out) {
        text.clone_into(&mut self.last_text);
        self.block_whole(&json!({"type": "text", "text": text}), json!({}), out);
        self.block_close("end_turn", out);
    }

    fn call_id(&mut self, _act: &Act) -> String {
        stamp::tagged("toolu_", 20)
    }

    fn call_open(&mut self, call: &Call, out: &mut Out) {
        let (name, input) = tools::name_and_input(&call.act);
        self.tool_use(&call.id, name, &input, out);
        self.open_call = Some(call.clone());
        self.allowed = Allowed::Rules;
    }

    fn call_next(&mut self, call: &mut Call, answer: Option<Value>, out: &mut Out) -> Next {
        self.decide(call, answer, out)
    }

    fn take_back(&mut self, call: &Call, request: &str, out: &mut Out) {
        self.question = None;
        self.emit(&json!({"type": "control_cancel_request", "request_id": request}), out);
        let _ = self.cancelled(call, "Hook cancelled", out);
    }

    fn call_close(&mut self, call: &Call, outcome: &Outcome, out: &mut Out) {
        self.open_call = None;
        if let (Act::Structured { value }, Outcome::Internal) = (&call.act, outcome) {
            self.last_text = value.to_string();
            self.structured = Some(value.clone());
        }
        self.tool_ended(call, outcome, out);
    }

    fn structured_by_tool(&self, prompt: &Prompt) -> bool {
        prompt.schema
    }

    fn end(&mut self, close: &Close<'_>, out: &mut Out) {
        match close {
            Close::Completed => {
                let structured = self.structured.take();
                if self.asked.schema && structured.is_none() {
                    let said = "[structured-output-enforce] You MUST call the StructuredOutput tool to complete this request. Call this tool now.";
                    let line = self.session.user(&json!({"type": "text", "text": said}));
                    self.emit(&line, out);
                }
                let mut more = wire::answered();
                more["result"] = json!(self.last_text);
                if let Some(value) = structured {
                    more["structured_output"] = value;
                    more["stop_reason"] = json!("tool_use");
                }
                self.result(more, out);
            }
            Close::Interrupted => self.interrupted(out),
            Close::Failed(step) => self.failed(step, out),
        }
    }

    fn noise(&self, text: &str) -> Value {
        self.session.assistant("msg_flood", &json!({"type": "text", "text": text}))
    }

    fn at_eof(&self) -> AtEof {
        AtEof::Finish(json!({"subtype": "closed"}))
    }

    fn at_sigint(&self) -> Option<i32> {
        Some(0)
    }

    fn at_sigterm(&self) -> Option<i32> {
        Some(143)
    }

    fn exit_code(&self) -> i32 {
        i32::from(self.last_failed)
    }

    fn remember(&mut self, prompt: &str, answer: &str) {
        let exchange = store::Exchange { prompt: prompt.to_owned(), answer: answer.to_owned() };
        self.kept.exchanges.push(exchange);
        self.keep();
    }
}

impl Claude {
    fn keep(&self) {
        if let Err(why) = self.store.keep(&self.kept) {
            eprintln!("scripted agent: cannot keep the session: {why}");
        }
    }
}
