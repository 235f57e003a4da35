//! The tool calls of a turn: ACP tells of them in pieces (call, updates, permission request), and some agents send
//! only some of the pieces.

use std::collections::HashMap;

use mo_core::agent_event::{AgentEvent, FileTouch, ToolKind, ToolStatus, TouchKind};
use mo_core::approval::Action;
use mo_core::ids::ItemId;
use serde_json::{Value, json};

use super::diff::diff_text;
use super::wire::{ToolContent, ToolFields};
use crate::protocol::Exchange;
use crate::shared::json::cut_value;
use crate::shared::text::{LONG, cut};

/// The most calls of one turn that are kept in mind; ended ones are forgotten first.
const MAX_CALLS: usize = 512;
/// The most files and places of one call, and the longest name that any system opens. A call that goes beyond is
/// kept as a tool of which nobody can tell what it would touch.
const MAX_FILES: usize = 1000;
const MAX_PATH: usize = 8 * 1024;

/// What Gemini puts before a command's description, in the content of the call (facts: gemini-acp-allow).
const CWD_NOTE: &str = "[current working directory ";

/// What is known of a call so far.
#[derive(Debug, Default)]
pub(super) struct Call {
    title: String,
    name: String,
    kind: String,
    input: Option<Value>,
    files: Vec<FileTouch>,
    places: Vec<String>,
    diff: String,
    text: String,
    started: bool,
    ended: bool,
    /// Whether more was said of it than is kept.
    beyond: bool,
}

/// The calls of the turn in flight.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: HashMap<String, Call>,
}

impl Calls {
    /// Takes a `tool_call` or `tool_call_update`.
    pub(super) fn update(&mut self, fields: ToolFields<'_>, out: &mut Exchange) {
        let id = fields.tool_call_id.as_str().to_owned();
        let status = fields.status.as_ref().map(|s| s.as_str().to_owned());
        let exit_code = exit_code(&fields);
        let result = fields.raw_output.as_ref().and_then(output_of);
        let Some(call) = self.merge(fields) else { return };
        if call.ended {
            return;
        }
        // A pending call without input is announced before the model has written its input; the update tells more.
        let told = call.input.is_some() || !call.files.is_empty() || !call.text.is_empty();
        if !call.started && (told || status.as_deref() != Some("pending")) {
            call.start(&id, out);
        }
        let status = match status.as_deref() {
            Some("completed") => ToolStatus::Completed,
            Some("failed") => ToolStatus::Failed,
            _ => return,
        };
        call.end(&id, status, exit_code, result, out);
    }

    /// Takes the call of a permission request; what it would do comes back.
    pub(super) fn asked(&mut self, fields: ToolFields<'_>, out: &mut Exchange) -> Action {
        let id = fields.tool_call_id.as_str().to_owned();
        match self.merge(fields) {
            Some(call) => {
                if !call.started && !call.ended {
                    call.start(&id, out);
                }
                call.action()
            }
            None => Action::Tool { tool: "unknown".to_owned(), input: json!({ "toolCallId": id }) },
        }
    }

    /// The person or the policy has refused the call; some agents say nothing more of it.
    pub(super) fn denied(&mut self, id: &str, out: &mut Exchange) {
        if let Some(call) = self.calls.get_mut(id)
            && !call.ended
        {
            call.end(id, ToolStatus::Declined, None, None, out);
        }
    }

    /// The turn is over: what is still open was cancelled with it.
    pub(super) fn close(&mut self, out: &mut Exchange) {
        let mut open: Vec<(String, Call)> =
            self.calls.drain().filter(|(_, call)| call.started && !call.ended).collect();
        open.sort_by(|a, b| a.0.cmp(&b.0));
        for (id, mut call) in open {
            call.end(&id, ToolStatus::Cancelled, None, None, out);
        }
    }

    fn merge(&mut self, fields: ToolFields<'_>) -> Option<&mut Call> {
        let id = fields.tool_call_id.as_str();
        if !self.calls.contains_key(id) {
            if self.calls.len() >= MAX_CALLS {
                self.calls.retain(|_, call| !call.ended);
            }
            if self.calls.len() >= MAX_CALLS {
                return None;
            }
        }
        let call = self.calls.entry(id.to_owned()).or_default();
        call.merge(fields);
        Some(call)
    }
}

impl Call {
    fn merge(&mut self, fields: ToolFields<'_>) {
        if let Some(title) = fields.title {
            self.title = cut(&title, LONG);
            self.beyond |= title.len() > LONG;
        }
        if let Some(name) = fields.name {
            self.name = cut(&name, LONG);
        }
        if let Some(kind) = fields.kind {
            self.kind = cut(&kind, 100);
        }
        if let Some(input) = fields.raw_input.filter(|v| !is_empty(v)) {
            // What is cut here runs whole: it is not judged by its beginning.
            let judged = ["command", "cwd"].map(|name| input.get(name).cloned());
            let input = cut_value(input);
            self.beyond |= ["command", "cwd"].map(|name| input.get(name).cloned()) != judged;
            self.input = Some(input);
        }
        if let Some(places) = fields.locations {
            for path in places.into_iter().filter_map(|place| place.path) {
                if self.places.iter().any(|known| known == path.as_str()) {
                    continue;
                }
                if self.places.len() >= MAX_FILES || path.len() > MAX_PATH {
                    self.beyond = true;
                    break;
                }
                self.places.push(path.into_string());
            }
        }
        if let Some(content) = fields.content {
            self.take_content(content);
        }
    }

    fn take_content(&mut self, content: Vec<ToolContent<'_>>) {
        let mut fresh = true;
        for piece in content {
            if let (Some(path), Some(new)) = (&piece.path, &piece.new_text) {
                if fresh {
                    self.diff.clear();
                    self.files.clear();
                    fresh = false;
                }
                if self.files.len() >= MAX_FILES || path.len() > MAX_PATH {
                    self.beyond = true;
                } else {
                    let change = touch(&piece, new);
                    self.files.push(FileTouch { path: path.as_str().to_owned(), change });
                }
                if self.diff.len() < LONG {
                    self.diff.push_str(&diff_text(path, piece.old_text.as_deref(), new));
                }
            } else if let Some(text) = piece.content.and_then(|c| c.text.or(c.uri)) {
                self.text = cut(&text, LONG);
            }
        }
    }

    fn start(&mut self, id: &str, out: &mut Exchange) {
        self.started = true;
        let input = self.input.clone().unwrap_or_else(|| match self.kind.as_str() {
            "execute" => json!({ "command": self.title }),
            _ if !self.diff.is_empty() => json!({ "diff": self.diff }),
            _ if !self.places.is_empty() => json!({ "paths": self.places }),
            _ => Value::Null,
        });
        // Gemini names a call that its policy refused nowhere but in the id: `write_file__fc_1b4ccab4`.
        let by_id = id.split_once("__").map_or("", |(name, _)| name);
        let title = [self.title.as_str(), &self.name, by_id, &self.kind].into_iter().find(|s| !s.is_empty());
        out.event(AgentEvent::ToolStarted {
            item: ItemId::new(id),
            tool: tool_kind(&self.kind),
            title: title.unwrap_or_default().to_owned(),
            input,
        });
    }

    fn end(
        &mut self,
        id: &str,
        status: ToolStatus,
        exit_code: Option<i32>,
        result: Option<String>,
        out: &mut Exchange,
    ) {
        self.ended = true;
        let item = ItemId::new(id);
        // What a call said before it ran (Gemini: the folder and the model's words) is no output of it.
        let said = std::mem::take(&mut self.text);
        let said =
            if status == ToolStatus::Declined || said.starts_with(CWD_NOTE) { String::new() } else { said };
        let output = cut(&result.unwrap_or(said), LONG);
        out.event(AgentEvent::ToolEnded { item: item.clone(), status, exit_code, output });
        let changes = self.changes();
        if status == ToolStatus::Completed && !changes.is_empty() {
            out.event(AgentEvent::FilesChanged { item, changes, status });
        }
        (self.diff, self.input) = (String::new(), None);
    }

    /// The files that the call changes: those of its diffs, else, for a kind that changes files, its places.
    fn changes(&self) -> Vec<FileTouch> {
        let by_place = match self.kind.as_str() {
            _ if !self.files.is_empty() => return self.files.clone(),
            "delete" => TouchKind::Deleted,
            "edit" | "move" => TouchKind::Changed,
            _ => return Vec::new(),
        };
        self.places.iter().map(|path| FileTouch { path: path.clone(), change: by_place }).collect()
    }

    /// What the call would do. A kind that needs a place or a command and names none is a plain tool: nobody can
    /// tell what it would touch.
    fn action(&self) -> Action {
        let input = self.input.as_ref();
        let field = |names: &[&str]| names.iter().find_map(|n| input?.get(n)?.as_str().map(str::to_owned));
        let mut paths: Vec<String> = self.files.iter().map(|f| f.path.clone()).collect();
        for place in &self.places {
            if !paths.contains(place) {
                paths.push(place.clone());
            }
        }
        match self.kind.as_str() {
            _ if self.beyond => self.plain(),
            "edit" | "delete" | "move" if !paths.is_empty() => {
                let diff = (!self.diff.is_empty()).then(|| cut(&self.diff, LONG));
                Action::Write { paths, diff }
            }
            // A diff is a write, whatever the agent calls it.
            _ if !self.files.is_empty() => {
                Action::Write { paths, diff: (!self.diff.is_empty()).then(|| cut(&self.diff, LONG)) }
            }
            "read" | "search" if !paths.is_empty() => Action::Read { paths },
            "execute" => match self.command() {
                Some(command) => {
                    Action::Command { command, cwd: field(&["cwd"]).or_else(|| self.noted_cwd()) }
                }
                None => self.plain(),
            },
            "fetch" => match field(&["url", "uri"]) {
                Some(url) => Action::Fetch { url },
                None => self.plain(),
            },
            "think" => Action::Internal { tool: self.tool_name() },
            _ => self.plain(),
        }
    }

    fn plain(&self) -> Action {
        let input =
            self.input.clone().unwrap_or_else(|| json!({ "title": self.title, "paths": self.places }));
        Action::Tool { tool: self.tool_name(), input }
    }

    fn tool_name(&self) -> String {
        [&self.name, &self.title, &self.kind].into_iter().find(|s| !s.is_empty()).cloned().unwrap_or_default()
    }

    /// The command: from the input where given, else the title, which Gemini sets to the command itself.
    fn command(&self) -> Option<String> {
        match self.input.as_ref().and_then(|input| input.get("command")) {
            Some(Value::String(line)) => Some(line.clone()),
            Some(Value::Array(args)) => {
                Some(crate::shared::command::quote(args.iter().filter_map(Value::as_str)))
            }
            _ => (!self.title.is_empty()).then(|| self.title.clone()),
        }
    }

    fn noted_cwd(&self) -> Option<String> {
        let rest = self.text.strip_prefix(CWD_NOTE)?;
        Some(rest.split_once(']')?.0.to_owned())
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn tool_kind(kind: &str) -> ToolKind {
    match kind {
        "read" => ToolKind::Read,
        "search" => ToolKind::Search,
        "edit" | "delete" | "move" => ToolKind::Edit,
        "execute" => ToolKind::Command,
        "fetch" => ToolKind::Fetch,
        "think" | "switch_mode" => ToolKind::Plan,
        _ => ToolKind::Other,
    }
}

fn touch(piece: &ToolContent<'_>, new: &str) -> TouchKind {
    let said = piece.meta.as_ref().and_then(|m| m.get("kind")).and_then(Value::as_str);
    match (said, piece.old_text.as_deref()) {
        (Some("delete"), _) => TouchKind::Deleted,
        (Some("add"), _) | (None, None) => TouchKind::Added,
        (None, Some("")) if !new.is_empty() => TouchKind::Added,
        _ => TouchKind::Changed,
    }
}

/// A command's exit code, where the agent tells it (codex-acp in `_meta`, others in the raw output).
fn exit_code(fields: &ToolFields<'_>) -> Option<i32> {
    let told = fields.meta.as_ref().and_then(|m| m.pointer("/terminal_exit/exit_code"));
    let raw = fields.raw_output.as_ref();
    let raw = raw.and_then(|r| r.get("exit_code").or_else(|| r.get("exitCode")));
    told.or(raw).and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok())
}

/// The text of a raw output: itself, or the field that agents put it in.
fn output_of(raw: &Value) -> Option<String> {
    let text = raw.as_str().or_else(|| {
        ["formatted_output", "output", "stdout", "error"].iter().find_map(|name| raw.get(name)?.as_str())
    });
    text.map(|t| cut(t, LONG))
}
