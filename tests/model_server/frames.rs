//! What one answer is made of on the wire, the same for the three APIs.

use serde_json::Value;

/// A whole answer, ready to be sent as a stream or as one body.
#[derive(Debug)]
pub(crate) struct Frames {
    /// Server-sent events: name (none for Gemini) and data.
    pub(crate) events: Vec<(Option<&'static str>, Value)>,
    /// How many of `events` come before the point at which a hanging or broken stream stops.
    pub(crate) until_cut: usize,
    /// The same answer for a client that did not ask for a stream.
    pub(crate) whole: Value,
}

/// One event as bytes of a `text/event-stream`.
pub(crate) fn event_bytes(name: Option<&str>, data: &Value) -> String {
    name.map_or_else(|| format!("data: {data}\n\n"), |name| format!("event: {name}\ndata: {data}\n\n"))
}

/// Splits a text into pieces of about `size` characters, so that clients see more than one delta; a long one into
/// larger pieces, about a thousand.
pub(crate) fn pieces(text: &str, size: usize) -> Vec<String> {
    if text.is_empty() {
        return vec![String::new()];
    }
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(size.max(chars.len() / 1_000).max(1)).map(|chunk| chunk.iter().collect()).collect()
}

/// Characters of a delta.
pub(crate) const DELTA: usize = 48;

/// A rough count of tokens, so that usage is not always the same number.
pub(crate) fn tokens(text: &str) -> u64 {
    (text.len() as u64 / 4).max(1)
}
