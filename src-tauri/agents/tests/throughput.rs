//! How fast lines decode. Run optimised: `cargo test --release -p mo-agents --test throughput -- --ignored --nocapture`.

use std::time::Instant;

use mo_agents::decode::Decode;
use mo_agents::protocol::Line;
use mo_core::ids::AgentKind;

/// One streamed piece and one message, 300 bytes each.
fn claude_lines() -> Vec<String> {
    let piece = |text: &str| {
        format!(
            r#"{{"type":"stream_event","event":{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}},"session_id":"ba766aa4-c37d-4eeb-ab0c-0ad630bfc787","parent_tool_use_id":null,"uuid":"8ad93c93-84f5-425e-9b3e-dc175b670cf8","api_message_id":"m"}}"#
        )
    };
    let message = |text: &str| {
        format!(
            r#"{{"type":"assistant","message":{{"id":"m","role":"assistant","content":[{{"type":"text","text":"{text}"}}],"usage":{{"input_tokens":11,"output_tokens":1}}}},"parent_tool_use_id":null,"session_id":"ba766aa4-c37d-4eeb-ab0c-0ad630bfc787","timestamp":"2026-11-22T08:41:29.717Z"}}"#
        )
    };
    let filled = |make: &dyn Fn(&str) -> String| make(&"x".repeat(300 - make("").len()));
    vec![filled(&piece), filled(&message)]
}

#[test]
#[ignore = "a measurement"]
fn claude_lines_a_second() {
    const LINES: u32 = 1_000_000;
    for line in claude_lines() {
        assert_eq!(line.len(), 300);
        let mut decode = Decode::new(&AgentKind::Claude);
        let mut events = Vec::new();
        let mut seen = 0;
        let start = Instant::now();
        for _ in 0..LINES {
            decode.feed_line(Line::Whole(line.as_bytes()), &mut events);
            seen += events.len();
            events.clear();
        }
        let rate = f64::from(LINES) / start.elapsed().as_secs_f64();
        assert!(seen >= LINES as usize);
        println!("{rate:.0} lines/s: {}…", &line[..60]);
        assert!(cfg!(debug_assertions) || rate > 300_000.0, "{rate:.0} lines/s");
    }
}
