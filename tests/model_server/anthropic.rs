//! Answers in the shape of Anthropic's Messages API.

use serde_json::{Value, json};

use crate::conversation::Asked;
use crate::frames::{DELTA, Frames, pieces, tokens};
use crate::ids::Ids;
use crate::script::Step;

/// The tool by which Claude Code takes an answer to `--json-schema`.
const STRUCTURED_OUTPUT: &str = "StructuredOutput";

/// Renders one step.
pub(crate) fn answer(asked: &Asked, step: &Step, ids: &Ids) -> Frames {
    let mut blocks: Vec<Value> = Vec::new();
    let mut text = step.text.clone();
    let mut calls: Vec<(String, Value)> =
        step.calls().map(|call| (call.name.clone(), call.input.clone())).collect();
    if let Some(structured) = &step.structured {
        if asked.offer(STRUCTURED_OUTPUT).is_some() {
            calls.push((STRUCTURED_OUTPUT.to_owned(), structured.clone()));
        } else {
            text = Some(format!("{}{structured}", text.unwrap_or_default()));
        }
    }
    if let Some(thought) = &step.thought {
        blocks.push(json!({"type": "thinking", "thinking": thought, "signature": "c2NyaXB0ZWQ="}));
    }
    if let Some(text) = &text {
        blocks.push(json!({"type": "text", "text": text}));
    }
    let reason = if calls.is_empty() { "end_turn" } else { "tool_use" };
    for (name, input) in calls {
        blocks.push(json!({"type": "tool_use", "id": ids.make("toolu_"), "name": name, "input": input}));
    }
    let input_tokens = asked.heard().map(tokens).sum::<u64>();
    let output_tokens = blocks.iter().map(|block| tokens(&block.to_string())).sum::<u64>();
    let usage = |output: u64| json!({"input_tokens": input_tokens, "output_tokens": output, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0});
    let message = |content: Vec<Value>, stop: Value, output: u64| json!({"id": ids.make("msg_"), "type": "message", "role": "assistant", "model": asked.model, "content": content, "stop_reason": stop, "stop_sequence": null, "usage": usage(output)});

    let mut events = vec![(
        Some("message_start"),
        json!({"type": "message_start", "message": message(Vec::new(), Value::Null, 1)}),
    )];
    for (index, block) in blocks.iter().enumerate() {
        events.extend(block_events(index, block));
    }
    let until_cut = events.len();
    events.push((
        Some("message_delta"),
        json!({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null}, "usage": {"output_tokens": output_tokens}}),
    ));
    events.push((Some("message_stop"), json!({"type": "message_stop"})));
    Frames { events, until_cut, whole: message(blocks.clone(), json!(reason), output_tokens) }
}

fn block_events(index: usize, block: &Value) -> Vec<(Option<&'static str>, Value)> {
    let field = |key: &str| block.get(key).and_then(Value::as_str).unwrap_or_default();
    let (empty, deltas) = match field("type") {
        "text" => (
            json!({"type": "text", "text": ""}),
            pieces(field("text"), DELTA)
                .into_iter()
                .map(|text| json!({"type": "text_delta", "text": text}))
                .collect(),
        ),
        "thinking" => (
            json!({"type": "thinking", "thinking": "", "signature": ""}),
            vec![
                json!({"type": "thinking_delta", "thinking": field("thinking")}),
                json!({"type": "signature_delta", "signature": field("signature")}),
            ],
        ),
        _ => (
            json!({"type": "tool_use", "id": field("id"), "name": field("name"), "input": {}}),
            pieces(&block.get("input").map(Value::to_string).unwrap_or_default(), DELTA * 8)
                .into_iter()
                .map(|json| json!({"type": "input_json_delta", "partial_json": json}))
                .collect::<Vec<_>>(),
        ),
    };
    let mut events = vec![(
        Some("content_block_start"),
        json!({"type": "content_block_start", "index": index, "content_block": empty}),
    )];
    events.extend(deltas.into_iter().map(|delta| {
        (Some("content_block_delta"), json!({"type": "content_block_delta", "index": index, "delta": delta}))
    }));
    events.push((Some("content_block_stop"), json!({"type": "content_block_stop", "index": index})));
    events
}

/// The error body for a plain message.
pub(crate) fn error_body(status: u16, message: &str) -> Value {
    let kind = match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    json!({"type": "error", "error": {"type": kind, "message": message}})
}
