//! The JSON body of a model service inside an error text: `[API Error: {"error":{"code":429,…}}]`,
//! `API Error: 400 {"type":"error",…}`, a bare body. Some are nested, one as a string in the other's message.

use serde_json::Value;

/// How deep bodies may be nested in each other's message.
const NESTED: usize = 4;
/// How much of a text may be JSON.
const MAX: usize = 64 * 1024;

/// What a service's error body says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// The HTTP status in it.
    pub status: Option<u64>,
    /// Its words for programs, the finest first: reasons, codes, types, statuses.
    pub words: Vec<String>,
    /// Which quotas were violated (Google), such as `GenerateRequestsPerDayPerProjectPerModel`.
    pub quotas: Vec<String>,
    /// How long to wait (Google), such as `17s`.
    pub retry_delay: Option<String>,
    /// Its words for people.
    pub message: Option<String>,
}

/// The innermost body in a text, with the words of all those around it.
pub fn read(text: &str) -> Option<Body> {
    let mut body = Body::default();
    let found = read_into(text, &mut body, NESTED);
    found.then_some(body)
}

fn read_into(text: &str, body: &mut Body, depth: usize) -> bool {
    let Some(start) = text.find('{').filter(|_| depth > 0) else { return false };
    let rest = text.get(start..).unwrap_or_default();
    let rest = rest.get(..rest.floor_char_boundary(MAX)).unwrap_or_default();
    // What follows the object (`]`, a hint) is no part of it.
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    let Some(Ok(value)) = values.next() else { return false };
    // `{"error":{…}}`, `[{"error":{…}}]`, `{"detail":"…"}` (ChatGPT), or the error itself.
    let error = value.get("error").filter(|error| error.is_object()).unwrap_or(&value);
    let text_at = |name: &str| error.get(name).and_then(Value::as_str);
    let message = text_at("message").or_else(|| text_at("detail")).or_else(|| value.get("error")?.as_str());
    let nested = message.is_some_and(|message| read_into(message, body, depth - 1));
    for detail in error.get("details").and_then(Value::as_array).into_iter().flatten().take(20) {
        let at = |name: &str| detail.get(name).and_then(Value::as_str).map(short);
        body.words.extend(at("reason"));
        body.retry_delay = at("retryDelay").or_else(|| body.retry_delay.take());
        let violations = detail.get("violations").and_then(Value::as_array);
        let quota = |violation: &Value| violation.get("quotaId").and_then(Value::as_str).map(short);
        body.quotas.extend(violations.into_iter().flatten().take(20).filter_map(quota));
    }
    for name in ["code", "type", "status"] {
        body.words.extend(text_at(name).map(short));
    }
    let numbers = ["code", "status", "statusCode", "http_status"];
    let status = numbers.iter().find_map(|name| error.get(name)?.as_u64().filter(|n| (400..600).contains(n)));
    body.status = body.status.or(status);
    if !nested {
        body.message = message.map(str::to_owned);
    }
    nested || message.is_some() || body.status.is_some() || !body.words.is_empty()
}

fn short(text: &str) -> String {
    text.get(..text.floor_char_boundary(120)).unwrap_or_default().to_owned()
}
