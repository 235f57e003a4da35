//! Gemini CLI's one-shot: `gemini --output-format stream-json`, the prompt from stdin (0.61.0;
//! gemini-text-streamjson-skiptrust, gemini-tools-plan, gemini-yolo-untrusted-stream).

use std::path::{Path, PathBuf};

use mo_core::ids::AgentKind;
use serde_json::{Value, json};

use super::{argv, failure, wire};
use crate::call::{Act, Call, Outcome};
use crate::dialect::{AtEof, Close, Dialect, Next, Prompt, Told};
use crate::entry::Early;
use crate::one_shot::{Shot, only_reads};
use crate::out::Out;
use crate::script::Script;
use crate::stamp;

/// One run of it.
pub(crate) struct GeminiStream {
    shot: Shot,
    cwd: PathBuf,
    model: String,
    may_write: bool,
    calls: u64,
    code: i32,
}

/// Starts Gemini CLI with these arguments.
pub(crate) fn start(argv: &[String], script: &Script) -> Result<GeminiStream, Early> {
    let asked = argv::read(argv, script)?;
    if !asked.stream {
        return Err(crate::entry::unknown_shape("gemini without `--acp` or `--output-format stream-json`"));
    }
    if !asked.trusts {
        // The home of a scripted agent trusts no folder.
        let mode = if asked.mode == "yolo" {
            "YOLO mode is enabled. All tool calls will be automatically approved.\n"
        } else {
            ""
        };
        let overridden = format!(
            "{mode}Approval mode overridden to \"default\" because the current folder is not trusted.\n"
        );
        let why = "Gemini CLI is not running in a trusted directory. To proceed, either use `--skip-trust`, set the `GEMINI_CLI_TRUST_WORKSPACE=true` environment variable, or trust this directory in interactive mode. For more details, see https://geminicli.com/docs/cli/trusted-folders/#headless-and-automated-environments";
        return Err(Early::bad(55, format!("{overridden}{overridden}\u{1b}[31m{why}\u{1b}[0m\n")));
    }
    let cwd = std::env::current_dir().map_err(|why| Early::bad(1, format!("Error: {why}\n")))?;
    let unknown = |id: &str| {
        let why = format!("Error resuming session: Invalid session identifier \"{id}\".\n");
        Early::bad(42, why)
    };
    let (state, resume) = (script.state_dir.clone(), asked.resume.as_deref());
    let shot = Shot::open(AgentKind::Gemini, &cwd, state, resume, unknown)?;
    let model = asked.model.or_else(|| script.model.clone()).unwrap_or_else(|| super::MODEL.to_owned());
    Ok(GeminiStream { shot, cwd, model, may_write: asked.mode == "yolo", calls: 0, code: 0 })
}

impl GeminiStream {
    fn line(kind: &str, mut body: Value, out: &mut Out) {
        body["type"] = json!(kind);
        body["timestamp"] = json!(stamp::now_text());
        out.line(&body);
    }

    fn stats(&self) -> Value {
        let (input, output) = (self.shot.input, self.shot.output);
        json!({
            "total_tokens": input + output, "input_tokens": input, "output_tokens": output, "cached": 0,
            "input": input, "duration_ms": 1, "tool_calls": self.calls, "models": {},
        })
    }

    fn refused(id: &str, kind: &str, why: &str, out: &mut Out) {
        let body = json!({
            "tool_id": id, "status": "error", "output": why, "error": {"type": kind, "message": why},
        });
        Self::line("tool_result", body, out);
    }
}

impl Dialect for GeminiStream {
    fn agent(&self) -> AgentKind {
        AgentKind::Gemini
    }

    fn first_prompt(&mut self) -> Option<Prompt> {
        self.shot.first_prompt()
    }

    fn take(&mut self, _line: &[u8], _out: &mut Out) -> Vec<Told> {
        Vec::new()
    }

    fn cwd(&self) -> &Path {
        &self.cwd
    }

    fn begin(&mut self, prompt: &Prompt, out: &mut Out) {
        self.shot.begin(prompt);
        Self::line("init", json!({"session_id": self.shot.session.id, "model": self.model}), out);
        Self::line("message", json!({"role": "user", "content": prompt.text}), out);
    }

    /// Thoughts are not on this wire.
    fn thought(&mut self, text: &str, _out: &mut Out) {
        self.shot.output += stamp::tokens(text);
    }

    fn message_open(&mut self, out: &mut Out) {
        if self.shot.next_item() > 0 {
            // Chunks have no message of their own: an empty line keeps two messages apart.
            self.message_piece("\n\n", out);
        }
    }

    fn message_piece(&mut self, piece: &str, out: &mut Out) {
        Self::line("message", json!({"role": "assistant", "content": piece, "delta": true}), out);
    }

    fn message_close(&mut self, text: &str, _out: &mut Out) {
        self.shot.output += stamp::tokens(text);
    }

    fn call_id(&mut self, act: &Act) -> String {
        stamp::tagged(&format!("{}__fc_", wire::tool(act)), 8)
    }

    fn call_open(&mut self, call: &Call, out: &mut Out) {
        self.shot.items = 0;
        self.calls += 1;
        let parameters = match &call.act {
            Act::Read { path } => json!({"file_path": path}),
            Act::Write { path, content } => json!({"file_path": path, "content": content}),
            Act::Edit { path, find, replace } => {
                json!({"file_path": path, "old_string": find, "new_string": replace})
            }
            Act::Run { command } => json!({"command": command, "description": "run"}),
            Act::Plan { entries } => {
                let todo = |entry: &mo_core::agent_event::PlanEntry| json!({"description": entry.text, "status": entry.status});
                json!({"todos": entries.iter().map(todo).collect::<Vec<_>>()})
            }
            Act::Structured { value } => value.clone(),
        };
        let body = json!({"tool_name": wire::tool(&call.act), "tool_id": call.id, "parameters": parameters});
        Self::line("tool_use", body, out);
    }

    fn call_next(&mut self, call: &mut Call, _answer: Option<Value>, out: &mut Out) -> Next {
        if self.may_write || only_reads(&call.act) {
            return Next::Go;
        }
        Self::refused(&call.id, "policy_violation", "Tool execution denied by policy.", out);
        Next::Refused
    }

    fn call_close(&mut self, call: &Call, outcome: &Outcome, out: &mut Out) {
        let output = match outcome {
            Outcome::Failed(why) => return Self::refused(&call.id, "execution_failed", why, out),
            Outcome::Ran(ran) => ran.output(),
            Outcome::Read(_) | Outcome::Changed(_) | Outcome::Internal => String::new(),
        };
        Self::line("tool_result", json!({"tool_id": call.id, "status": "success", "output": output}), out);
    }

    fn structured_by_tool(&self, _prompt: &Prompt) -> bool {
        false
    }

    fn end(&mut self, close: &Close<'_>, out: &mut Out) {
        match close {
            Close::Completed => {
                Self::line("result", json!({"status": "success", "stats": self.stats()}), out);
            }
            // It ends with code 0 and without a result (facts/agent-clis.md §0.1).
            Close::Interrupted => {}
            Close::Failed(step) => {
                let error = failure::failure(step, &self.model);
                let status = error["code"].as_i64().and_then(|code| i32::try_from(code).ok()).unwrap_or(0);
                // A process's exit code has one byte of the HTTP status.
                self.code = if (400..600).contains(&status) { status & 0xff } else { 1 };
                let message = format!("[API Error: {}]", error["message"].as_str().unwrap_or_default());
                let body = json!({
                    "status": "error", "error": {"type": "unknown", "message": message},
                    "stats": self.stats(),
                });
                Self::line("result", body, out);
            }
        }
    }

    fn noise(&self, text: &str) -> Value {
        json!({"type": "message", "timestamp": stamp::now_text(), "role": "assistant", "content": text,
            "delta": true})
    }

    fn at_eof(&self) -> AtEof {
        AtEof::Finish(Value::Null)
    }

    fn at_sigint(&self) -> Option<i32> {
        Some(0)
    }

    fn at_sigterm(&self) -> Option<i32> {
        Some(0)
    }

    fn exit_code(&self) -> i32 {
        self.code
    }

    fn remember(&mut self, prompt: &str, answer: &str) {
        self.shot.remember(prompt, answer);
    }
}
