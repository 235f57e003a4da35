//! The model service's own stream inside `stream_event` lines: pieces of text while they are written.

use mo_core::agent_event::{AgentEvent, DeltaOf};
use mo_core::ids::ItemId;
use mo_core::outcome::Usage;

use super::items::block_item;
use super::wire::{StreamDelta, StreamEvent, StreamLine};
use crate::protocol::Exchange;
use crate::shared::text::cut;

/// How many blocks may be open at once; a stream that closes none is not remembered beyond.
const OPEN: usize = 64;

/// Which blocks are being written.
#[derive(Debug, Default)]
pub(super) struct Streaming {
    message: String,
    open: Vec<OpenBlock>,
}

#[derive(Debug)]
struct OpenBlock {
    message: String,
    index: u64,
    item: ItemId,
}

impl Streaming {
    /// Takes a line; returns the tokens of a message that is complete.
    pub(super) fn take(&mut self, line: &StreamLine<'_>, out: &mut Exchange) -> Option<Usage> {
        let event = &line.event;
        match event.kind.as_str() {
            "content_block_delta" => self.delta(line, out),
            "content_block_start" => self.start(line),
            "content_block_stop" => {
                let index = event.index.unwrap_or(0);
                let message = self.message_of(line).to_owned();
                self.open.retain(|block| block.index != index || block.message != message);
            }
            "message_start" => {
                let id = event.message.as_ref().and_then(|message| message.id.as_deref());
                id.unwrap_or_default().clone_into(&mut self.message);
            }
            "message_delta" => return event.usage.map(super::wire::TokenCounts::usage),
            "message_stop" => {
                let message = self.message_of(line).to_owned();
                self.open.retain(|block| block.message != message);
            }
            "ping" | "error" => {}
            other => {
                let kind = format!("stream_event/{}", cut(other, 100));
                out.event(AgentEvent::Unrecognized { kind });
            }
        }
        None
    }

    fn message_of<'a>(&'a self, line: &'a StreamLine<'_>) -> &'a str {
        line.api_message_id.as_deref().unwrap_or(&self.message)
    }

    fn start(&mut self, line: &StreamLine<'_>) {
        let StreamEvent { index, content_block: Some(block), .. } = &line.event else { return };
        let index = index.unwrap_or(0);
        let message = self.message_of(line).to_owned();
        let is_call = block.kind.ends_with("tool_use");
        let item = match block.id.as_deref() {
            Some(id) if is_call => ItemId::new(id),
            _ => block_item(&message, index),
        };
        if self.open.len() >= OPEN {
            self.open.remove(0);
        }
        self.open.push(OpenBlock { message, index, item });
    }

    fn delta(&mut self, line: &StreamLine<'_>, out: &mut Exchange) {
        let Some((of, text)) = line.event.delta.as_ref().and_then(piece) else {
            let kind = line.event.delta.as_ref().and_then(|delta| delta.kind.as_deref()).unwrap_or("none");
            // A signature and citations are no text.
            if !matches!(kind, "signature_delta" | "citations_delta") {
                let kind = format!("stream_event/content_block_delta/{}", cut(kind, 100));
                out.event(AgentEvent::Unrecognized { kind });
            }
            return;
        };
        if text.is_empty() {
            return;
        }
        let (message, index) = (self.message_of(line), line.event.index.unwrap_or(0));
        let open = self.open.iter().rev().find(|block| block.index == index && block.message == message);
        let item = open.map_or_else(|| block_item(message, index), |block| block.item.clone());
        out.event(AgentEvent::Delta { item, of, text: text.to_owned() });
    }
}

fn piece<'a>(delta: &'a StreamDelta<'_>) -> Option<(DeltaOf, &'a str)> {
    match delta.kind.as_deref()? {
        "text_delta" => Some((DeltaOf::Message, delta.text.as_deref()?)),
        "thinking_delta" => Some((DeltaOf::Thought, delta.thinking.as_deref()?)),
        "input_json_delta" => Some((DeltaOf::ToolInput, delta.partial_json.as_deref()?)),
        _ => None,
    }
}
