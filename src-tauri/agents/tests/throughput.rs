//! How fast lines decode, beside serde_json reading them into the same borrowed types and nothing more. Run optimised:
//! `cargo test --release -p mo-agents --test throughput -- --ignored --nocapture`.

#![allow(clippy::print_stdout, reason = "a measurement is read by a person")]

use std::time::Instant;

use mo_agents::decode::{Decode, read_bare};
use mo_agents::protocol::Line;
use mo_core::ids::AgentKind;

/// The slowest that a decode may be, as a share of the bare reading (issue: at least half as fast).
const LEAST: f64 = 0.5;
/// How many lines are read in each of the rounds.
const LINES: u32 = 200_000;
const ROUNDS: usize = 5;

/// The frequent lines of each CLI, about 300 bytes each: a streamed piece and a whole message or call.
fn frequent() -> Vec<(&'static str, &'static str, String)> {
    let text =
        "The reader takes one piece at a time, and what is left of a line waits for the next one to come. ";
    let filled = |head: &str, tail: &str| {
        let room = 300_usize.saturating_sub(head.len() + tail.len()).max(text.len());
        let text: String = text.chars().cycle().take(room).collect();
        format!("{head}{text}{tail}")
    };
    vec![
        (
            "claude",
            "piece",
            filled(
                r#"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""#,
                r#""}},"session_id":"ba766aa4-c37d-4eeb-ab0c-0ad630bfc787","parent_tool_use_id":null,"api_message_id":"m"}"#,
            ),
        ),
        (
            "claude",
            "message",
            filled(
                r#"{"type":"assistant","message":{"id":"m","role":"assistant","content":[{"type":"text","text":""#,
                r#""}],"usage":{"input_tokens":11,"output_tokens":1}},"parent_tool_use_id":null,"session_id":"ba766aa4","timestamp":"2026-11-22T08:41:29.717Z"}"#,
            ),
        ),
        (
            "claude",
            "call",
            filled(
                r#"{"type":"assistant","message":{"id":"m","role":"assistant","content":[{"type":"tool_use","id":"t","name":"Bash","input":{"command":""#,
                r#"","description":"d"}}]},"parent_tool_use_id":null,"session_id":"ba766aa4","timestamp":"2026-11-22T08:41:29.717Z"}"#,
            ),
        ),
        (
            "codex",
            "piece",
            filled(
                r#"{"method":"item/agentMessage/delta","params":{"threadId":"01a20271-612f","turnId":"01a20271-614e","itemId":"i","delta":""#,
                r#""},"emittedAtMs":1795337314678}"#,
            ),
        ),
        (
            "codex",
            "message",
            filled(
                r#"{"method":"item/completed","params":{"item":{"type":"agentMessage","id":"i","text":""#,
                r#"","phase":"final_answer"},"threadId":"01a20271-612f","turnId":"01a20271-614e"},"emittedAtMs":1795337314678}"#,
            ),
        ),
        (
            "codex",
            "exec message",
            filled(
                r#"{"type":"item.completed","item":{"id":"item_0","type":"agent_message","text":""#,
                r#""}}"#,
            ),
        ),
        (
            "gemini",
            "piece",
            filled(
                r#"{"type":"message","timestamp":"2026-11-22T08:53:58.386Z","role":"assistant","content":""#,
                r#"","delta":true}"#,
            ),
        ),
        (
            "acp",
            "piece",
            filled(
                r#"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"edd090f4-5502","update":{"sessionUpdate":"agent_message_chunk","messageId":"m","content":{"type":"text","text":""#,
                r#""}}}}"#,
            ),
        ),
    ]
}

/// The time of the fastest round: the least disturbed one.
fn fastest(mut round: impl FnMut()) -> f64 {
    let time = |round: &mut dyn FnMut()| {
        let start = Instant::now();
        round();
        start.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(|_| time(&mut round)).fold(f64::INFINITY, f64::min)
}

#[test]
#[ignore = "a measurement"]
fn a_decode_is_at_least_half_as_fast_as_the_bare_reading() {
    let mut slow = Vec::new();
    for (agent, what, line) in frequent() {
        let kind: AgentKind = agent.parse().expect("a known agent");
        assert!(read_bare(&kind, line.as_bytes()), "{agent} {what}: {line}");
        let bare = fastest(|| {
            for _ in 0..LINES {
                assert!(read_bare(&kind, std::hint::black_box(line.as_bytes())));
            }
        });
        let decoded = fastest(|| {
            // A long message of pieces is folded into one; a new one begins with each round.
            let mut decode = Decode::new(&kind);
            let mut events = Vec::new();
            let mut seen = 0;
            for _ in 0..LINES {
                decode.feed_line(Line::Whole(std::hint::black_box(line.as_bytes())), &mut events);
                seen += events.len();
                events.clear();
            }
            assert!(seen >= LINES as usize, "{agent} {what}: {seen} events");
        });
        let ratio = bare / decoded;
        let rate = f64::from(LINES) / decoded;
        println!(
            "{agent:7} {what:13} {:4} B: {rate:9.0} lines/s, {ratio:.2} of the bare reading",
            line.len()
        );
        if ratio < LEAST {
            slow.push(format!("{agent} {what}: {ratio:.2}"));
        }
    }
    assert!(cfg!(debug_assertions) || slow.is_empty(), "less than {LEAST} of the bare reading: {slow:?}");
}
