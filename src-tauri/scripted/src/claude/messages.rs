//! Content blocks: whole, and before that in pieces with `--include-partial-messages` (claude-partial-*,
//! wire/claude-interrupt).

use serde_json::{Value, json};

use super::{Claude, wire};
use crate::out::Out;
use crate::stamp;

/// A message of the model with one content block, while it is being streamed.
pub(super) struct OpenMessage {
    id: String,
    /// What there is of a text.
    pub(super) text: String,
}

impl Claude {
    /// A message begins; `empty` is its block before any piece of it.
    pub(super) fn block_open(&mut self, empty: &Value, out: &mut Out) {
        let id = stamp::tagged("msg_", 20);
        self.message = Some(OpenMessage { id: id.clone(), text: String::new() });
        if !self.asked.partial {
            return;
        }
        self.turn.begun.push(id.clone());
        self.emit(&self.session.system("status", json!({"status": "requesting"})), out);
        let usage = json!({
            "input_tokens": 11, "output_tokens": 1, "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
        });
        let message = json!({
            "id": id, "type": "message", "role": "assistant", "model": self.session.model, "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": usage,
        });
        self.partial(&json!({"type": "message_start", "message": message}), out);
        self.partial(&json!({"type": "content_block_start", "index": 0, "content_block": empty}), out);
    }

    /// A piece of the block.
    pub(super) fn block_piece(&self, delta: &Value, out: &mut Out) {
        self.partial(&json!({"type": "content_block_delta", "index": 0, "delta": delta}), out);
    }

    /// The block as a whole; `more` are further fields of its line.
    pub(super) fn block_whole(&mut self, block: &Value, more: Value, out: &mut Out) {
        self.turn.count(&block.to_string());
        if let Some(message) = &self.message {
            let mut line = self.session.assistant(&message.id, block);
            wire::merge(&mut line, more);
            self.emit(&line, out);
        }
    }

    /// The message is over.
    pub(super) fn block_close(&mut self, stop_reason: &str, out: &mut Out) {
        self.partial(&json!({"type": "content_block_stop", "index": 0}), out);
        let delta = json!({"stop_reason": stop_reason, "stop_sequence": null});
        self.partial(&json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 7}}), out);
        self.partial(&json!({"type": "message_stop"}), out);
        self.message = None;
    }

    /// What an interrupt leaves of a message: its text so far, as a whole block.
    pub(super) fn block_aborted(&mut self, out: &mut Out) {
        let Some(text) = self.message.as_ref().map(|message| message.text.clone()) else { return };
        if !text.is_empty() {
            let more = if self.asked.partial { json!({}) } else { json!({"aborted": true}) };
            self.block_whole(&json!({"type": "text", "text": text}), more, out);
        }
        self.partial(&json!({"type": "content_block_stop", "index": 0}), out);
    }

    /// The end of a message that an interrupt cut off.
    pub(super) fn block_abandoned(&mut self, out: &mut Out) {
        let delta = json!({
            "container": null, "stop_details": null, "stop_reason": null, "stop_sequence": null,
        });
        self.partial(
            &json!({"type": "message_delta", "context_management": null, "delta": delta, "usage": {"output_tokens": 1}}),
            out,
        );
        if let (true, Some(message)) = (self.asked.partial, &self.message) {
            let mut line = self.session.partial(&json!({"type": "message_stop"}), &message.id);
            line["abandoned_blocks"] = json!({"api_message_id": message.id, "from_block_index": 1});
            self.emit(&line, out);
        }
        self.message = None;
    }

    /// A whole thought.
    pub(super) fn thinking(&mut self, text: &str, out: &mut Out) {
        let signature = "c2NyaXB0ZWQ=";
        self.block_open(&json!({"type": "thinking", "thinking": "", "signature": ""}), out);
        let tokens = stamp::tokens(text);
        let estimate = json!({"estimated_tokens": tokens, "estimated_tokens_delta": tokens});
        self.emit(&self.session.system("thinking_tokens", estimate), out);
        self.block_piece(&json!({"type": "thinking_delta", "thinking": text}), out);
        self.block_piece(&json!({"type": "signature_delta", "signature": signature}), out);
        let block = json!({"type": "thinking", "thinking": text, "signature": signature});
        let more = json!({"thinking_duration_ms": 1, "thinking_display": "updates"});
        self.block_whole(&block, more, out);
        self.block_close("end_turn", out);
    }

    /// A tool call, as the model makes it.
    pub(super) fn tool_use(&mut self, id: &str, name: &str, input: &Value, out: &mut Out) {
        self.block_open(&json!({"type": "tool_use", "id": id, "name": name, "input": {}}), out);
        self.block_piece(&json!({"type": "input_json_delta", "partial_json": input.to_string()}), out);
        let block = json!({"type": "tool_use", "id": id, "name": name, "input": input});
        self.block_whole(&block, json!({}), out);
        self.block_close("tool_use", out);
    }

    fn partial(&self, event: &Value, out: &mut Out) {
        if let (true, Some(message)) = (self.asked.partial, &self.message) {
            self.emit(&self.session.partial(event, &message.id), out);
        }
    }
}
