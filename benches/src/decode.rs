//! How fast lines decode, beside serde_json reading them into the same borrowed types and nothing more.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Result, ensure};
use mo_agents::decode::{Decode, read_bare};
use mo_agents::protocol::Line;
use mo_core::ids::AgentKind;

use crate::figures::median;
use crate::goals;
use crate::options::Options;
use crate::report::Claim;

/// How many lines are read in each round.
const LINES: u32 = 200_000;
const ROUNDS: usize = 7;
const LENGTH: usize = 300;

/// The CLIs and what is said of each.
const AGENTS: [(&str, &str); 4] = [
    ("claude", "Claude Code's lines decoded"),
    ("codex", "Codex's lines decoded"),
    ("gemini", "Gemini CLI's lines decoded"),
    ("acp", "ACP lines decoded"),
];

/// A kind of frequent line: the agent, what it is, what stands before and behind its text.
type Frequent = (&'static str, &'static str, &'static str, &'static str);
const FREQUENT: [Frequent; 8] = [
    (
        "claude",
        "piece",
        r#"{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""#,
        r#""}},"session_id":"ba766aa4-c37d-4eeb-ab0c-0ad630bfc787","parent_tool_use_id":null,"api_message_id":"m"}"#,
    ),
    (
        "claude",
        "message",
        r#"{"type":"assistant","message":{"id":"m","role":"assistant","content":[{"type":"text","text":""#,
        r#""}],"usage":{"input_tokens":11,"output_tokens":1}},"parent_tool_use_id":null,"session_id":"ba766aa4","timestamp":"2026-11-22T08:41:29.717Z"}"#,
    ),
    (
        "claude",
        "call",
        r#"{"type":"assistant","message":{"id":"m","role":"assistant","content":[{"type":"tool_use","id":"t","name":"Bash","input":{"command":""#,
        r#"","description":"d"}}]},"parent_tool_use_id":null,"session_id":"ba766aa4","timestamp":"2026-11-22T08:41:29.717Z"}"#,
    ),
    (
        "codex",
        "piece",
        r#"{"method":"item/agentMessage/delta","params":{"threadId":"01a20271-612f","turnId":"01a20271-614e","itemId":"i","delta":""#,
        r#""},"emittedAtMs":1795337314678}"#,
    ),
    (
        "codex",
        "message",
        r#"{"method":"item/completed","params":{"item":{"type":"agentMessage","id":"i","text":""#,
        r#"","phase":"final_answer"},"threadId":"01a20271-612f","turnId":"01a20271-614e"},"emittedAtMs":1795337314678}"#,
    ),
    (
        "codex",
        "exec message",
        r#"{"type":"item.completed","item":{"id":"item_0","type":"agent_message","text":""#,
        r#""}}"#,
    ),
    (
        "gemini",
        "piece",
        r#"{"type":"message","timestamp":"2026-11-22T08:53:58.386Z","role":"assistant","content":""#,
        r#"","delta":true}"#,
    ),
    (
        "acp",
        "piece",
        r#"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"edd090f4-5502","update":{"sessionUpdate":"agent_message_chunk","messageId":"m","content":{"type":"text","text":""#,
        r#""}}}}"#,
    ),
];

/// About 300 bytes.
fn line((_, _, head, tail): Frequent) -> String {
    const TEXT: &str =
        "The reader takes one piece at a time, and what is left of a line waits for the next one to come. ";
    let room = LENGTH.saturating_sub(head.len() + tail.len()).max(TEXT.len());
    let text: String = TEXT.chars().cycle().take(room).collect();
    format!("{head}{text}{tail}")
}

/// One claim a CLI: its slowest kind of line counts.
pub(crate) fn decode(_: &Options) -> Result<Vec<Claim>> {
    let mut claims = Vec::new();
    for (agent, what) in AGENTS {
        let kind: AgentKind = agent.parse()?;
        let (mut worst, mut rates, mut bare_rates) = (f64::INFINITY, Vec::new(), Vec::new());
        for frequent in FREQUENT.into_iter().filter(|(of, ..)| *of == agent) {
            let (ratio, rate, bare) = ratio(&kind, &line(frequent))?;
            worst = worst.min(ratio);
            rates.push(format!("{} {:.1} ({ratio:.2}×)", frequent.1, rate / 1e6));
            bare_rates.push(format!("{:.1}", bare / 1e6));
        }
        claims.push(Claim {
            name: "decode",
            what,
            value: worst,
            unit: "×",
            bound: goals::DECODE_RATIO,
            at_least: true,
            baseline: format!("serde_json alone: {} M lines/s", bare_rates.join(", ")),
            detail: format!("M lines/s of {LENGTH} B: {}", rates.join(", ")),
        });
    }
    Ok(claims)
}

/// The bare reading's time over ours, and both rates; taken alternately.
fn ratio(kind: &AgentKind, line: &str) -> Result<(f64, f64, f64)> {
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..LINES {
            ensure!(read_bare(kind, black_box(line.as_bytes())), "the bare reading does not know {line}");
        }
        bare.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        let seen = events(kind, line, LINES);
        ours.push(start.elapsed().as_secs_f64());
        ensure!(seen >= LINES as usize, "{seen} events of {LINES} lines: {line}");
    }
    let (bare, ours) = (median(&bare)?, median(&ours)?);
    Ok((bare / ours, f64::from(LINES) / ours, f64::from(LINES) / bare))
}

/// How many events the line gives, read so often. A long message of pieces is folded into one; a new one begins with
/// each round.
fn events(kind: &AgentKind, line: &str, lines: u32) -> usize {
    let mut decode = Decode::new(kind);
    let mut events = Vec::new();
    let mut seen = 0;
    for _ in 0..lines {
        decode.feed_line(Line::Whole(black_box(line.as_bytes())), &mut events);
        seen += events.len();
        events.clear();
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measured_line_is_known_to_both_readings() {
        for frequent in FREQUENT {
            let (agent, what, ..) = frequent;
            let (kind, line) = (agent.parse().unwrap(), line(frequent));
            assert!(read_bare(&kind, line.as_bytes()), "{agent} {what}: {line}");
            assert!(events(&kind, &line, 3) >= 3, "{agent} {what}: {line}");
            assert!(AGENTS.iter().any(|(known, _)| *known == agent));
        }
    }
}
