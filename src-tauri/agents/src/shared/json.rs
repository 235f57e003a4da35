//! JSON read with care.

use std::collections::HashSet;
use std::fmt;

use mo_core::agent_event::AgentEvent;
use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::text::{LONG, cut, excerpt};
use super::wire_text::Text;

/// The most strings, numbers and containers that a cut value keeps.
const MAX_NODES: usize = 2_000;

/// The event for a line that is not what the protocol allows.
pub fn malformed(line: &[u8], reason: impl Into<String>) -> AgentEvent {
    AgentEvent::Malformed { excerpt: excerpt(line), reason: reason.into(), bytes: line.len() as u64 }
}

/// The event for a line of which only the beginning was kept.
pub fn too_long(start: &[u8], bytes: u64) -> AgentEvent {
    AgentEvent::Malformed { excerpt: excerpt(start), reason: "the line is too long".to_owned(), bytes }
}

/// A line that says nothing: empty or white space.
pub fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// What is left of the room for one value.
struct Room {
    nodes: usize,
    bytes: usize,
}

/// A value cut for an event that is kept for good: each string at most [`LONG`] bytes, all strings together about
/// four times that, and no more than a generous number of nodes.
pub fn cut_value(value: Value) -> Value {
    cut_nodes(value, &mut Room { nodes: MAX_NODES, bytes: 4 * LONG })
}

fn cut_nodes(value: Value, room: &mut Room) -> Value {
    if room.nodes == 0 || room.bytes == 0 {
        return Value::String("…".to_owned());
    }
    room.nodes -= 1;
    match value {
        Value::String(text) => Value::String(cut_text(text, room)),
        Value::Array(items) => {
            let mut kept = Vec::new();
            for item in items {
                let full = room.nodes == 0 || room.bytes == 0;
                kept.push(cut_nodes(item, room));
                if full {
                    break;
                }
            }
            Value::Array(kept)
        }
        Value::Object(fields) => {
            let mut kept = serde_json::Map::new();
            for (key, item) in fields {
                let full = room.nodes == 0 || room.bytes == 0;
                kept.insert(cut_text(key, room), cut_nodes(item, room));
                if full {
                    break;
                }
            }
            Value::Object(kept)
        }
        other => other,
    }
}

fn cut_text(text: String, room: &mut Room) -> String {
    let allowed = LONG.min(room.bytes);
    room.bytes = room.bytes.saturating_sub(text.len());
    if text.len() <= allowed { text } else { cut(&text, allowed) }
}

/// The string at a JSON pointer such as `/params/item/id`.
pub fn str_at<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// The first key that stands twice in the outer object of a line. Readers disagree on which of the two counts, so
/// what closes a turn must have none.
pub fn repeated_key(line: &[u8]) -> Option<String> {
    struct Keys;
    impl<'de> Visitor<'de> for Keys {
        type Value = Option<String>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut seen = HashSet::new();
            let mut repeated = None;
            while let Some((key, IgnoredAny)) = map.next_entry::<Text<'de>, IgnoredAny>()? {
                if let Some(key) = seen.replace(key) {
                    repeated.get_or_insert(key.into_string());
                }
            }
            Ok(repeated)
        }
    }
    serde_json::Deserializer::from_slice(line).deserialize_map(Keys).ok().flatten()
}

/// Reads a line into a wire type. A line that only half of a surrogate pair makes unreadable is repaired into
/// `buffer` and read from there.
pub fn parse<'a, T: serde::Deserialize<'a>>(
    line: &'a [u8],
    buffer: &'a mut Vec<u8>,
) -> Result<T, serde_json::Error> {
    serde_json::from_slice(line).or_else(|error| match super::surrogates::repaired(line) {
        Some(fixed) => {
            *buffer = fixed;
            serde_json::from_slice(buffer)
        }
        None => Err(error),
    })
}

/// The value of a leading `"type"` key, without parsing the line: most lines of most CLIs start with it.
pub fn leading_type(line: &[u8]) -> Option<&str> {
    let rest = line.strip_prefix(b"{\"type\":").map(|rest| rest.strip_prefix(b" ").unwrap_or(rest))?;
    let rest = rest.strip_prefix(b"\"")?;
    let end = rest.iter().take(64).position(|&b| b == b'"' || b == b'\\')?;
    if rest.get(end) == Some(&b'\\') {
        return None;
    }
    std::str::from_utf8(rest.get(..end)?).ok()
}
