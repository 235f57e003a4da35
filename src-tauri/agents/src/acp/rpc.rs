//! JSON-RPC messages, one a line: read with borrowed data, written as values. ACP has the `"jsonrpc": "2.0"` field,
//! Codex's app-server does not (facts/agent-clis.md §6).

use std::fmt;

use mo_core::ids::RequestId;
use mo_core::time::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::shared::resets::instant;
use crate::shared::wire_text::Text;

/// "Method not found": what a request gets that we offer no answer to.
pub(crate) const METHOD_NOT_FOUND: i64 = -32601;

/// The id of a request: a number or a string, as its sender chose.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, serde::Serialize)]
#[serde(untagged)]
pub(crate) enum RpcId {
    Number(i64),
    Text(String),
}

impl RpcId {
    /// The id as an approval request carries it; numbers and strings of digits stay apart.
    pub(crate) fn as_request(&self) -> RequestId {
        match self {
            Self::Number(n) => RequestId::new(n.to_string()),
            Self::Text(text) if text.parse::<i64>().is_ok() => RequestId::new(format!("\"{text}\"")),
            Self::Text(text) => RequestId::new(text.as_str()),
        }
    }
}

impl fmt::Display for RpcId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => n.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// The `error` member of a response.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct RpcError {
    #[serde(default)]
    pub(crate) code: i64,
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) data: Option<Value>,
}

impl RpcError {
    /// What happened, in the most telling words of the error. Agents put them into `data.details`,
    /// `data.message` or, as Gemini does with its API's answer, as a JSON object into `message`.
    pub(crate) fn text(&self) -> String {
        let detail = self.data.as_ref().and_then(|data| {
            ["/details", "/message"].iter().find_map(|at| data.pointer(at).and_then(Value::as_str))
        });
        if let Some(detail) = detail {
            return detail.to_owned();
        }
        let nested = self.message.starts_with('{').then(|| serde_json::from_str::<Value>(&self.message).ok());
        let nested = nested.flatten().and_then(|v| v.pointer("/error/message")?.as_str().map(str::to_owned));
        match nested {
            Some(text) => text,
            None if self.message.is_empty() => format!("error {}", self.code),
            None => self.message.clone(),
        }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    method: Option<Text<'a>>,
    #[serde(default)]
    id: Option<RpcId>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<RpcError>,
    #[serde(default, rename = "emittedAtMs")]
    emitted_at_ms: Option<serde_json::Number>,
}

/// A message of the other side.
#[derive(Debug)]
pub(crate) enum Message<'a> {
    Request { id: RpcId, method: Text<'a>, params: &'a str },
    Notification { method: Text<'a>, params: &'a str, at: Option<Timestamp> },
    Response { id: RpcId, result: Result<&'a str, RpcError> },
}

/// Reads a line; the error says what is wrong with it. Absent `params` and `result` read as `null`.
pub(crate) fn parse(line: &[u8]) -> Result<Message<'_>, String> {
    let read: Envelope<'_> = serde_json::from_slice(line).map_err(|e| e.to_string())?;
    let params = read.params.map_or("null", RawValue::get);
    match (read.method, read.id) {
        (Some(method), Some(id)) => Ok(Message::Request { id, method, params }),
        (Some(method), None) => Ok(Message::Notification {
            method,
            params,
            at: read.emitted_at_ms.and_then(|ms| ms.as_i64()).and_then(instant),
        }),
        (None, Some(id)) => {
            let result = read.error.map_or(Ok(read.result.map_or("null", RawValue::get)), Err);
            Ok(Message::Response { id, result })
        }
        (None, None) => Err("neither a request, a notification nor a response".to_owned()),
    }
}

/// Builds our messages.
#[derive(Debug)]
pub(crate) struct Writer {
    jsonrpc: bool,
    next: i64,
}

impl Writer {
    /// Messages with `"jsonrpc": "2.0"`.
    pub(crate) fn acp() -> Self {
        Self { jsonrpc: true, next: 1 }
    }

    /// Messages without a `jsonrpc` field.
    pub(crate) fn bare() -> Self {
        Self { jsonrpc: false, next: 1 }
    }

    fn finish(&self, mut message: Value) -> Value {
        if self.jsonrpc
            && let Some(fields) = message.as_object_mut()
        {
            fields.insert("jsonrpc".to_owned(), Value::from("2.0"));
        }
        message
    }

    /// A request with an id of its own.
    pub(crate) fn request(&mut self, method: &str, params: &Value) -> (RpcId, Value) {
        let id = self.next;
        self.next += 1;
        (RpcId::Number(id), self.finish(json!({ "id": id, "method": method, "params": params })))
    }

    /// A notification; `null` params are left out.
    pub(crate) fn notification(&self, method: &str, params: &Value) -> Value {
        let message = if params.is_null() {
            json!({ "method": method })
        } else {
            json!({ "method": method, "params": params })
        };
        self.finish(message)
    }

    /// The answer to a request of the other side.
    pub(crate) fn reply(&self, id: &RpcId, result: &Value) -> Value {
        self.finish(json!({ "id": id, "result": result }))
    }

    /// The refusal of a request that we do not serve.
    pub(crate) fn not_found(&self, id: &RpcId, method: &str) -> Value {
        let message = format!("method not found: {method}");
        self.finish(json!({ "id": id, "error": { "code": METHOD_NOT_FOUND, "message": message } }))
    }
}
