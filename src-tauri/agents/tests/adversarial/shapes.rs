//! Lines that are wrong in one particular way, among a turn's good ones.

use std::fmt::Write as _;

use mo_agents::protocol::Exit;
use mo_core::agent_event::AgentEvent;
use mo_core::outcome::Outcome;
use serde_json::{Value, json};

use crate::support::{captures, conversations};
use crate::{asked, closings_are_sound, completed, ends};

/// A bad line for any protocol.
fn bad_lines() -> Vec<(&'static str, Vec<u8>)> {
    let deep = |open: &str, close: &str| (open.repeat(10_000) + &close.repeat(10_000)).into_bytes();
    let mut bad: Vec<(&'static str, Vec<u8>)> = vec![
        ("half", br#"{"type":"assistant","message":{"id":"m","content":[{"type":"te"#.to_vec()),
        ("not UTF-8", b"{\"type\":\"assistant\",\"message\":{\"content\":\"\xff\xfe\xc3\x28\"}}".to_vec()),
        ("NUL", b"{\"type\":\"result\",\"sub\0type\":\"success\"}".to_vec()),
        ("only NULs", vec![0; 4096]),
        ("deep lists", deep("[", "]")),
        ("deep objects", deep("{\"a\":", "}")),
        ("deep and open", deep("[", "")),
        ("deep in a known field", deep("{\"type\":\"assistant\",\"message\":", "}")),
        ("deep params", format!("{{\"method\":\"item/started\",\"params\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes()),
        ("byte order mark", b"\xef\xbb\xbf{\"type\":\"result\"}".to_vec()),
        ("half of a pair", br#"{"type":"message","role":"assistant","content":"\ud83d","delta":true}"#.to_vec()),
        ("a number too large", br#"{"type":"result","subtype":"success","is_error":false,"total_cost_usd":1e400,"usage":{"input_tokens":1e400}}"#.to_vec()),
        ("a number too long", format!("{{\"type\":\"result\",\"n\":{}}}", "9".repeat(100_000)).into_bytes()),
        ("a list", b"[1,2,3]".to_vec()),
        ("a string", br#""result""#.to_vec()),
        ("a number", b"5".to_vec()),
        ("two values", br#"{"type":"result"}{"type":"result"}"#.to_vec()),
        ("carriage returns", b"{\"type\":\"result\"}\r\r\r".to_vec()),
    ];
    let keys = ["type", "method", "id", "params", "result", "error", "dir", "msg"];
    for key in keys {
        bad.push(("a repeated key", format!(r#"{{"{key}":"x","{key}":"result"}}"#).into_bytes()));
    }
    bad
}

/// A bad line at any place in a good run of any CLI: nothing is lost but what the line itself would have said.
#[test]
fn a_bad_line_spoils_nothing_around_it() {
    let runs = [
        "claude-text-streamjson",
        "codex-app-accept",
        "codex-resume-1",
        "gemini-text-streamjson-skiptrust",
        "gemini-acp-allow",
        "acp-codex-allow",
    ];
    for capture in captures().iter().filter(|capture| runs.contains(&capture.name.as_str())) {
        let duplex = capture.stdout.starts_with(b"{\"dir\"");
        let (good, whole) = capture.decode();
        let lines: Vec<&[u8]> = capture.lines().collect();
        for (what, bad) in bad_lines() {
            let bad = if duplex { frame(&bad) } else { bad };
            for at in [1, lines.len() / 2, lines.len() - 1] {
                let mut all = lines.clone();
                all.insert(at, &bad);
                let text = all.join(&b'\n');
                let (events, summary) =
                    crate::support::decode(&capture.agent, &text, capture.exit, &capture.stderr);
                let name = format!("{}: {what} at line {at}", capture.name);
                closings_are_sound(&events);
                assert_eq!(asked(&events), asked(&good), "{name}");
                // A `result` that is there and cannot be read ends the turn; the good one after it is then too late or a further one.
                let reads_as_closing = String::from_utf8_lossy(&bad).contains("\"result\"");
                assert!(
                    reads_as_closing || summary.outcome == whole.outcome,
                    "{name}: {:?}",
                    summary.outcome
                );
                assert!(completed(&events) <= completed(&good), "{name}");
            }
        }
    }
}

/// A line as a recorder writes it that could not read it.
fn frame(line: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(line);
    format!("{{\"dir\": \"recv\", \"msg\": {}}}", Value::from(text.as_ref())).into_bytes()
}

/// Every value of every message, replaced by a value of another kind: an array where an object was, and so on.
#[test]
fn a_value_of_another_kind_is_survived() {
    let others =
        [json!([]), json!({}), json!("x"), json!(7), json!(-1.5), json!(true), Value::Null, json!([[{}]])];
    let mut tried = 0;
    for capture in captures().iter().filter(|capture| capture.stdout.len() <= 10 * 1024) {
        let lines: Vec<&[u8]> = capture.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let Ok(message) = serde_json::from_slice::<Value>(line) else { continue };
            if message["dir"] == "send" {
                continue;
            }
            for (count, pointer) in pointers(&message).into_iter().enumerate() {
                if !crate::long() && (count + number) % 9 != 0 {
                    continue;
                }
                let other = &others[(count + number) % others.len()];
                let mut changed = message.clone();
                *changed.pointer_mut(&pointer).unwrap() = other.clone();
                let changed = changed.to_string();
                let mut all = lines.clone();
                all[number] = changed.as_bytes();
                let text = all.join(&b'\n');
                let (events, summary) =
                    crate::support::decode(&capture.agent, &text, capture.exit, &capture.stderr);
                closings_are_sound(&events);
                let (_, whole) = capture.decode();
                let fair = whole.outcome == Outcome::Completed || summary.outcome != Outcome::Completed;
                assert!(fair, "{} line {number} {pointer} = {other}", capture.name);
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "{tried}");
}

/// The pointers of all values in a message but the frame of a recording.
fn pointers(message: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, all: &mut Vec<String>) {
        let mut into = |key: &str, value: &Value| {
            let mut at = at.to_owned();
            write!(at, "/{}", key.replace('~', "~0").replace('/', "~1")).unwrap();
            all.push(at.clone());
            walk(value, &at, all);
        };
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| into(key, value)),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(i, value)| into(&i.to_string(), value));
            }
            _ => {}
        }
    }
    let mut all = Vec::new();
    walk(message, "", &mut all);
    all.retain(|pointer| message.get("dir").is_none() || pointer.starts_with("/msg/"));
    all
}

/// Two keys that contradict each other never make a closing that is a success.
#[test]
fn a_closing_that_contradicts_itself_is_no_success() {
    let table = [
        ("claude", r#"{"type":"result","subtype":"success","is_error":true,"is_error":false,"result":"x"}"#),
        ("claude", r#"{"is_error":false,"type":"result","subtype":"error_max_turns","subtype":"success"}"#),
        ("codex", r#"{"type":"turn.completed","type":"turn.failed"}"#),
        ("gemini", r#"{"type":"result","status":"error","status":"success","stats":{}}"#),
        (
            "acp",
            r#"{"jsonrpc":"2.0","id":2,"error":{"code":1,"message":"x"},"error":null,"result":{"stopReason":"end_turn"}}"#,
        ),
    ];
    for (agent, closing) in table {
        let agent = agent.parse().unwrap();
        let (events, summary) = crate::support::decode(&agent, closing.as_bytes(), Exit::from_number(1), b"");
        assert_ne!(summary.outcome, Outcome::Completed, "{closing}: {events:?}");
    }
}

/// All that the CLIs have ever sent is told apart by the decoder of its own CLI alone: another's lines end nothing well.
#[test]
fn another_protocols_lines_complete_nothing() {
    for capture in captures().iter().chain(conversations()).filter(|c| c.stdout.len() < 100_000) {
        for agent in ["claude", "codex", "gemini"] {
            if agent == capture.cli || capture.cli == "acp" {
                continue;
            }
            let raw: Vec<&[u8]> = capture.lines().filter(|line| !line.starts_with(b"{\"dir\"")).collect();
            let agent = agent.parse().unwrap();
            let (events, _) = crate::support::decode(&agent, &raw.join(&b'\n'), Exit::default(), b"");
            assert_eq!(completed(&events), 0, "{} read as {agent:?}", capture.name);
            assert_eq!(ends(&events).count(), 1, "{} read as {agent:?}", capture.name);
        }
    }
    let nothing = crate::support::decode(&"claude".parse().unwrap(), b"", Exit::default(), b"").0;
    assert!(matches!(nothing.as_slice(), [only] if matches!(only.event, AgentEvent::TurnEnded { .. })));
}
