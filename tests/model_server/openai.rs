//! Answers in the shape of `OpenAI`'s Responses API.

use serde_json::{Value, json};

use crate::conversation::Asked;
use crate::frames::{DELTA, Frames, pieces, tokens};
use crate::ids::Ids;
use crate::script::{Step, ToolCall};

/// Renders one step.
pub(crate) fn answer(asked: &Asked, step: &Step, ids: &Ids) -> Frames {
    let id = ids.make("resp_");
    let mut events = vec![(
        Some("response.created"),
        json!({"type": "response.created", "response": {"id": id, "object": "response", "status": "in_progress", "model": asked.model, "output": []}}),
    )];
    let mut output: Vec<Value> = Vec::new();
    let mut add = |item: Value, deltas: Vec<(Option<&'static str>, Value)>, open: Value| {
        let index = output.len();
        events.push((
            Some("response.output_item.added"),
            json!({"type": "response.output_item.added", "output_index": index, "item": open}),
        ));
        events.extend(deltas);
        events.push((
            Some("response.output_item.done"),
            json!({"type": "response.output_item.done", "output_index": index, "item": item}),
        ));
        output.push(item);
    };
    if let Some(thought) = &step.thought {
        let item_id = ids.make("rs_");
        add(
            json!({"type": "reasoning", "id": item_id, "summary": [{"type": "summary_text", "text": thought}]}),
            vec![(
                Some("response.reasoning_summary_text.delta"),
                json!({"type": "response.reasoning_summary_text.delta", "item_id": item_id, "summary_index": 0, "delta": thought}),
            )],
            json!({"type": "reasoning", "id": item_id, "summary": []}),
        );
    }
    let structured = step.structured.as_ref().map(Value::to_string);
    for text in step.text.iter().chain(&structured) {
        let item_id = ids.make("msg_");
        let message = |content: Value, status: &str| json!({"type": "message", "id": item_id, "role": "assistant", "status": status, "content": content});
        let deltas = pieces(text, DELTA)
            .into_iter()
            .map(|delta| {
                (
                    Some("response.output_text.delta"),
                    json!({"type": "response.output_text.delta", "item_id": item_id, "content_index": 0, "delta": delta}),
                )
            })
            .collect();
        add(
            message(json!([{"type": "output_text", "text": text, "annotations": []}]), "completed"),
            deltas,
            message(json!([]), "in_progress"),
        );
    }
    for call in step.calls() {
        let item = call_item(asked, call, ids);
        add(item.clone(), Vec::new(), item);
    }
    let until_cut = events.len();
    let input_tokens = asked.heard().map(tokens).sum::<u64>();
    let output_tokens = output.iter().map(|item| tokens(&item.to_string())).sum::<u64>();
    let whole = json!({"id": id, "object": "response", "status": "completed", "model": asked.model, "output": output, "usage": {
        "input_tokens": input_tokens, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": output_tokens, "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": input_tokens + output_tokens,
    }});
    events.push((Some("response.completed"), json!({"type": "response.completed", "response": whole})));
    Frames { events, until_cut, whole }
}

fn call_item(asked: &Asked, call: &ToolCall, ids: &Ids) -> Value {
    let call_id = ids.make("call_");
    // `apply_patch` is freeform in every model family that Codex offers it to.
    let freeform = asked.offer(&call.name).map_or(call.name == "apply_patch", |offer| offer.freeform);
    if freeform {
        let input = call.input.as_str().map_or_else(|| call.input.to_string(), str::to_owned);
        return json!({"type": "custom_tool_call", "id": ids.make("ctc_"), "call_id": call_id, "name": call.name, "input": input, "status": "completed"});
    }
    json!({"type": "function_call", "id": ids.make("fc_"), "call_id": call_id, "name": call.name, "arguments": call.input.to_string(), "status": "completed"})
}

/// The error body for a plain message.
pub(crate) fn error_body(status: u16, message: &str) -> Value {
    let kind = match status {
        401 => "invalid_api_key",
        429 => "rate_limit_exceeded",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    };
    json!({"error": {"message": message, "type": kind, "code": kind, "param": null}})
}
