//! The items of a turn: the content blocks of `assistant` lines, and the results of calls in `user` lines.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use mo_core::agent_event::{AgentEvent, Decoded, FileTouch, NoticeLevel, ToolStatus, TouchKind};
use mo_core::ids::ItemId;
use mo_core::time::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;

use super::tools;
use super::wire::{Block, ToolReport, UserLine, not_run, output_text};
use crate::protocol::Exchange;
use crate::shared::clock::time;
use crate::shared::json::cut_value;
use crate::shared::milestone::milestones;
use crate::shared::text::{LONG, cut};

/// How many messages are remembered to number their blocks, and how many open calls to know their files. Bounds
/// the memory against a stream that never closes anything.
const REMEMBERED: usize = 256;

/// No system opens a longer path.
const MAX_PATH: usize = 8 * 1024;

/// What earlier lines told about messages and calls.
#[derive(Debug, Default)]
pub(super) struct Items {
    blocks: Blocks,
    /// The file of each open call of an edit tool.
    edits: HashMap<ItemId, String>,
}

impl Items {
    /// Takes a block of an answer. `main` says that the agent itself speaks, not a subagent: a subagent's todo list
    /// is not the worker's plan.
    pub(super) fn assistant_block(
        &mut self,
        block: Block<'_>,
        message: &str,
        main: bool,
        at: Option<Timestamp>,
        out: &mut Exchange,
    ) {
        let number = self.blocks.next(message);
        match block.kind.as_str() {
            "text" => {
                let Some(text) = block.text.filter(|text| !text.is_empty()) else { return };
                let reached: Vec<String> =
                    if main { milestones(&text).map(str::to_owned).collect() } else { Vec::new() };
                let item = block_item(message, number);
                push(out, at, AgentEvent::Message { item, text: text.into_string() });
                for text in reached {
                    push(out, at, AgentEvent::Milestone { text });
                }
            }
            "thinking" => {
                let Some(text) = block.thinking.filter(|text| !text.is_empty()) else { return };
                let item = block_item(message, number);
                push(out, at, AgentEvent::Thought { item, text: text.into_string() });
            }
            "redacted_thinking" => {}
            "tool_use" | "server_tool_use" | "mcp_tool_use" => {
                let name = block.name.as_deref().unwrap_or("tool");
                let input = block.input.unwrap_or(Value::Null);
                let item = block.id.as_deref().map_or_else(|| block_item(message, number), ItemId::new);
                let plan = if main { tools::plan(name, &input) } else { None };
                if let Some(path) = tools::edited_file(name, &input)
                    && path.len() <= MAX_PATH
                    && self.edits.len() < REMEMBERED
                {
                    self.edits.insert(item.clone(), path.to_owned());
                }
                let title = tools::title(name, &input);
                let input = cut_value(input);
                push(out, at, AgentEvent::ToolStarted { item, tool: tools::kind(name), title, input });
                if let Some(entries) = plan {
                    push(out, at, AgentEvent::Plan { entries });
                }
            }
            kind if kind.ends_with("_tool_result") => self.tool_result(&block, None, None, at, out),
            other => {
                let kind = format!("assistant/{}", cut(other, 100));
                push(out, at, AgentEvent::Unrecognized { kind });
            }
        }
    }

    /// Takes what the CLI put into the conversation.
    pub(super) fn user(&mut self, line: UserLine<'_>, out: &mut Exchange) {
        let at = time(line.timestamp.as_deref());
        for block in line.message.content.0 {
            match block.kind.as_str() {
                "tool_result" => {
                    self.tool_result(&block, line.tool_use_result, line.tool_result_meta, at, out);
                }
                // A subagent's prompt repeats the input of the call that started it.
                "text" if line.parent_tool_use_id.is_none() => {
                    let text = block.text.as_deref().map(|text| cut(text, LONG)).unwrap_or_default();
                    let (level, code) = (NoticeLevel::Info, "user_text".to_owned());
                    push(out, at, AgentEvent::Notice { level, code, text });
                }
                "text" | "image" | "document" => {}
                other => {
                    let kind = format!("user/{}", cut(other, 100));
                    push(out, at, AgentEvent::Unrecognized { kind });
                }
            }
        }
    }

    fn tool_result(
        &mut self,
        block: &Block<'_>,
        report: Option<&RawValue>,
        meta: Option<&RawValue>,
        at: Option<Timestamp>,
        out: &mut Exchange,
    ) {
        let call = block.tool_use_id.as_deref().unwrap_or_default();
        let item = ItemId::new(call);
        let failed = block.is_error == Some(true);
        let output = block.content.map(output_text).unwrap_or_default();
        let report = ToolReport::read(report);
        let status = not_run(meta, call).unwrap_or(match failed {
            _ if report.interrupted() => ToolStatus::Cancelled,
            true => ToolStatus::Failed,
            false => ToolStatus::Completed,
        });
        let exit_code = if failed { said_exit_code(&output) } else { None };
        let edited = self.edits.remove(&item);
        let ended =
            AgentEvent::ToolEnded { item: item.clone(), status, exit_code, output: cut(&output, LONG) };
        push(out, at, ended);
        if let (Some(path), ToolStatus::Completed) = (edited, status) {
            let change = if report.created() { TouchKind::Added } else { TouchKind::Changed };
            let changes = vec![FileTouch { path, change }];
            push(out, at, AgentEvent::FilesChanged { item, changes, status });
        }
    }

    /// The turn is over; no open call will end any more.
    pub(super) fn close_calls(&mut self) {
        self.edits.clear();
    }
}

/// The number of the next block of each of the last messages. A flood of messages looks each of them up, so neither a
/// search nor a message that is let go of costs more the more are remembered.
#[derive(Debug, Default)]
struct Blocks {
    next: HashMap<Arc<str>, u64>,
    /// In the order in which they began.
    order: VecDeque<Arc<str>>,
}

impl Blocks {
    fn next(&mut self, message: &str) -> u64 {
        if let Some(next) = self.next.get_mut(message) {
            *next += 1;
            return *next - 1;
        }
        if self.order.len() >= REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.next.remove(&oldest);
        }
        let message: Arc<str> = message.into();
        self.order.push_back(Arc::clone(&message));
        self.next.insert(message, 1);
        0
    }
}

/// The id of a message's block, the same for its deltas and its whole.
pub(super) fn block_item(message: &str, number: u64) -> ItemId {
    ItemId::new(format!("{message}:{number}"))
}

/// Adds an event with the time of its line.
pub(super) fn push(out: &mut Exchange, at: Option<Timestamp>, event: AgentEvent) {
    out.events.push(Decoded { at, event });
}

/// The code in `Exit code N`, with which the output of a failed command begins.
fn said_exit_code(output: &str) -> Option<i32> {
    output.strip_prefix("Exit code ")?.lines().next()?.trim().parse().ok()
}
