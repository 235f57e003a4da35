//! Codex's one-shot: `codex exec --json -` (0.169.0; codex-orig-flags, codex-exec-nogit, codex-resume-6-flags).

use std::path::{Path, PathBuf};

use mo_core::agent_event::PlanStatus;
use mo_core::ids::AgentKind;
use serde_json::{Value, json};

use super::{argv, failure};
use crate::call::{Act, Call, Outcome};
use crate::dialect::{AtEof, Close, Dialect, Next, Prompt, Told};
use crate::entry::Early;
use crate::one_shot::{Shot, only_reads};
use crate::out::Out;
use crate::script::Script;
use crate::stamp;

/// One `codex exec`.
pub(crate) struct CodexExec {
    shot: Shot,
    cwd: PathBuf,
    model: String,
    may_write: bool,
    failed: bool,
    open_item: Option<Value>,
}

/// Starts `codex exec` with these arguments, the word `exec` among them.
pub(crate) fn start(argv: &[String], script: &Script) -> Result<CodexExec, Early> {
    let asked = argv::read_exec(argv)?;
    let here = std::env::current_dir().map_err(|why| Early::bad(1, format!("Error: {why}\n")))?;
    let cwd = asked.cwd.map_or(here.clone(), |folder| here.join(folder));
    if !cwd.is_dir() {
        return Err(Early::bad(1, "Error: No such file or directory (os error 2)\n"));
    }
    let in_git = || cwd.ancestors().any(|folder| folder.join(".git").exists());
    // Bypass waives it too (measured on 0.169.0).
    if !asked.skip_git_repo_check && !asked.bypass && !in_git() {
        let why = "Not inside a trusted directory and --skip-git-repo-check was not specified.\n";
        return Err(Early::bad(1, why));
    }
    let unknown = |id: &str| {
        let why = format!(
            "Error: thread/resume: thread/resume failed: no rollout found for thread id {id} (code -32600)\n"
        );
        Early::bad(1, why)
    };
    let (state, resume) = (script.state_dir.clone(), asked.resume.as_deref());
    let shot = Shot::open(AgentKind::Codex, &cwd, state, resume, unknown)?;
    let model = asked.model.or_else(|| script.model.clone()).unwrap_or_else(|| super::MODEL.to_owned());
    Ok(CodexExec { shot, cwd, model, may_write: asked.bypass, failed: false, open_item: None })
}

impl CodexExec {
    fn item(when: &str, item: &Value, out: &mut Out) {
        out.line(&json!({"type": when, "item": item}));
    }

    fn next_id(&mut self) -> String {
        format!("item_{}", self.shot.next_item())
    }

    fn command(id: &str, command: &str) -> Value {
        json!({
            "id": id, "type": "command_execution", "command": format!("/bin/bash -lc '{command}'"),
            "aggregated_output": "", "exit_code": null, "status": "in_progress",
        })
    }
}

impl Dialect for CodexExec {
    fn agent(&self) -> AgentKind {
        AgentKind::Codex
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
        out.line(&json!({"type": "thread.started", "thread_id": self.shot.session.id}));
        out.line(&json!({"type": "turn.started"}));
    }

    fn thought(&mut self, text: &str, out: &mut Out) {
        let item = json!({"id": self.next_id(), "type": "reasoning", "text": text});
        Self::item("item.completed", &item, out);
    }

    fn message_open(&mut self, _out: &mut Out) {}

    /// There are no pieces on this wire.
    fn message_piece(&mut self, _piece: &str, _out: &mut Out) {}

    fn message_close(&mut self, text: &str, out: &mut Out) {
        self.shot.output += stamp::tokens(text);
        let item = json!({"id": self.next_id(), "type": "agent_message", "text": text});
        Self::item("item.completed", &item, out);
    }

    fn call_id(&mut self, _act: &Act) -> String {
        self.next_id()
    }

    fn call_open(&mut self, _call: &Call, _out: &mut Out) {}

    fn call_next(&mut self, call: &mut Call, _answer: Option<Value>, out: &mut Out) -> Next {
        if !self.may_write && !only_reads(&call.act) {
            // What its sandbox denies is shown nowhere (facts/agent-clis.md §0.4). Which commands only read is not
            // judged here: none runs.
            eprintln!(
                "ERROR codex_core::tools::router: error=patch rejected: writing is blocked by read-only sandbox"
            );
            return Next::Refused;
        }
        let item = match &call.act {
            Act::Run { command } => Self::command(&call.id, command),
            Act::Read { path } => Self::command(&call.id, &format!("cat {}", path.display())),
            Act::Write { path, .. } | Act::Edit { path, .. } => {
                let kind = if path.exists() { "update" } else { "add" };
                json!({"id": call.id, "type": "file_change", "changes": [{"path": path, "kind": kind}],
                    "status": "in_progress"})
            }
            Act::Plan { .. } | Act::Structured { .. } => return Next::Go,
        };
        Self::item("item.started", &item, out);
        self.open_item = Some(item);
        Next::Go
    }

    fn call_close(&mut self, call: &Call, outcome: &Outcome, out: &mut Out) {
        if let Act::Plan { entries } = &call.act {
            let done = |status| status == PlanStatus::Completed;
            let items: Vec<Value> = entries
                .iter()
                .map(|entry| json!({"text": entry.text, "completed": done(entry.status)}))
                .collect();
            let item = json!({"id": call.id, "type": "todo_list", "items": items});
            Self::item("item.completed", &item, out);
            return;
        }
        let Some(mut item) = self.open_item.take() else { return };
        let (output, code) = match outcome {
            Outcome::Read(text) => (text.clone(), 0),
            Outcome::Ran(ran) => (ran.output(), ran.code),
            Outcome::Failed(why) => (format!("{why}\n"), 1),
            Outcome::Changed(_) | Outcome::Internal => (String::new(), 0),
        };
        item["status"] = json!(if code == 0 { "completed" } else { "failed" });
        if item["type"] == "command_execution" {
            item["aggregated_output"] = json!(output);
            item["exit_code"] = json!(code);
        }
        Self::item("item.completed", &item, out);
    }

    fn structured_by_tool(&self, _prompt: &Prompt) -> bool {
        false
    }

    fn end(&mut self, close: &Close<'_>, out: &mut Out) {
        match close {
            Close::Completed => {
                let usage = json!({
                    "input_tokens": self.shot.input, "cached_input_tokens": 0, "cache_write_input_tokens": 0,
                    "output_tokens": self.shot.output, "reasoning_output_tokens": 0,
                });
                out.line(&json!({"type": "turn.completed", "usage": usage}));
            }
            // It just stops (facts/agent-clis.md §3).
            Close::Interrupted => {}
            Close::Failed(step) => {
                self.failed = true;
                let (message, _) = failure::failure(step, &self.model);
                out.line(&json!({"type": "error", "message": message}));
                out.line(&json!({"type": "turn.failed", "error": {"message": message}}));
            }
        }
    }

    fn noise(&self, text: &str) -> Value {
        json!({"type": "item.completed", "item": {"id": "item_flood", "type": "reasoning", "text": text}})
    }

    fn at_eof(&self) -> AtEof {
        AtEof::Finish(Value::Null)
    }

    fn at_sigint(&self) -> Option<i32> {
        Some(1)
    }

    fn at_sigterm(&self) -> Option<i32> {
        None
    }

    fn exit_code(&self) -> i32 {
        i32::from(self.failed)
    }

    fn remember(&mut self, prompt: &str, answer: &str) {
        self.shot.remember(prompt, answer);
    }
}
