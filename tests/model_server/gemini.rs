//! Answers in the shape of Gemini's `generateContent`, and a sample for its schema-bound side calls.

use serde_json::{Value, json};

use crate::conversation::Asked;
use crate::frames::{DELTA, Frames, pieces, tokens};
use crate::ids::Ids;
use crate::script::Step;

/// Renders one step.
pub(crate) fn answer(asked: &Asked, step: &Step, ids: &Ids) -> Frames {
    let mut parts: Vec<Value> = Vec::new();
    if let Some(thought) = &step.thought {
        parts.push(json!({"text": thought, "thought": true}));
    }
    let structured = step.structured.as_ref().map(Value::to_string);
    for text in step.text.iter().chain(&structured) {
        parts.extend(pieces(text, DELTA).into_iter().map(|text| json!({"text": text})));
    }
    for call in step.calls() {
        parts.push(json!({"functionCall": {"id": ids.make("fc_"), "name": call.name, "args": call.input}, "thoughtSignature": "c2NyaXB0ZWQ="}));
    }
    let prompt = asked.heard().map(tokens).sum::<u64>();
    let output = parts.iter().map(|part| tokens(&part.to_string())).sum::<u64>();
    let usage = json!({"promptTokenCount": prompt, "candidatesTokenCount": output, "totalTokenCount": prompt + output});
    let response = |parts: Value, finish: Option<&str>| {
        let mut candidate = json!({"index": 0, "content": {"role": "model", "parts": parts}});
        if let (Some(finish), Some(fields)) = (finish, candidate.as_object_mut()) {
            fields.insert("finishReason".to_owned(), json!(finish));
        }
        json!({"candidates": [candidate], "usageMetadata": usage, "modelVersion": asked.model, "responseId": ids.make("")})
    };
    let mut events: Vec<(Option<&'static str>, Value)> =
        parts.iter().map(|part| (None, response(json!([part]), None))).collect();
    let until_cut = events.len();
    events.push((None, response(json!([{"text": ""}]), Some("STOP"))));
    Frames { events, until_cut, whole: response(json!(parts), Some("STOP")) }
}

/// The smallest value that keeps a JSON schema: the answer to the router's side call and its like, which no
/// script speaks about.
pub(crate) fn sample(schema: &Value) -> Value {
    if let Some(first) = schema.get("enum").and_then(Value::as_array).and_then(|values| values.first()) {
        return first.clone();
    }
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    match kind.as_str() {
        "object" => Value::Object(
            schema
                .get("properties")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .map(|(name, inner)| (name.clone(), sample(inner)))
                .collect(),
        ),
        "array" => json!([]),
        "integer" | "number" => json!(schema.get("minimum").and_then(Value::as_i64).unwrap_or(1)),
        "boolean" => json!(false),
        "null" => Value::Null,
        _ => json!("scripted"),
    }
}

/// The error body for a plain message.
pub(crate) fn error_body(status: u16, message: &str) -> Value {
    let kind = match status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        _ => "INTERNAL",
    };
    json!({"error": {"code": status, "message": message, "status": kind}})
}
