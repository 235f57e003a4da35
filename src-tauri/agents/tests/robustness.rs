//! Whatever comes, however it is cut: a decoder neither panics nor loses the end of the turn.

mod support;

use mo_agents::decode::Decode;
use mo_agents::protocol::{Exit, Line};
use mo_core::agent_event::{AgentEvent, Decoded};
use mo_core::ids::AgentKind;
use mo_core::outcome::Outcome;
use proptest::prelude::*;
use support::{captures, lines};

const AGENTS: [&str; 4] = ["claude", "codex", "gemini", "acp"];

fn turn_ends(events: &[Decoded]) -> usize {
    events.iter().filter(|decoded| matches!(decoded.event, AgentEvent::TurnEnded { .. })).count()
}

/// Bytes that look like a protocol's lines often enough to get past the first test.
fn almost_a_line() -> impl Strategy<Value = Vec<u8>> {
    let all: Vec<&'static [u8]> =
        captures().iter().flat_map(|c| lines(&c.stdout)).filter(|l| l.len() < 3_000).collect();
    let line = proptest::sample::select(all);
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0u8..4);
    (line, proptest::collection::vec(edit, 0..4)).prop_map(|(line, edits)| {
        let mut line = line.to_vec();
        for (place, byte, what) in edits {
            let at = place.index(line.len() + 1);
            match what {
                0 => line.truncate(at),
                1 => line.insert(at, byte),
                2 if at < line.len() => line[at] = byte,
                _ if at < line.len() => {
                    line.remove(at);
                }
                _ => {}
            }
        }
        line
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_decode(agent in proptest::sample::select(&AGENTS[..]),
                        text in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'{'), any::<u8>()], 0..400)) {
        let agent: AgentKind = agent.parse().unwrap();
        let (events, summary) = support::decode(&agent, &text, Exit::default(), &text);
        prop_assert!(turn_ends(&events) >= 1);
        prop_assert!(summary.outcome != Outcome::Completed);
    }

    #[test]
    fn lines_of_other_protocols_and_broken_ones_decode(
        agent in proptest::sample::select(&AGENTS[..]),
        lines in proptest::collection::vec(almost_a_line(), 0..12),
        number in -20i32..200,
    ) {
        let agent: AgentKind = agent.parse().unwrap();
        let (events, summary) = support::decode(&agent, &lines.join(&b'\n'), Exit::from_number(number), b"");
        prop_assert!(turn_ends(&events) >= 1);
        prop_assert!(summary.class.is_some() == (summary.outcome == Outcome::Failed));
    }

    #[test]
    fn how_a_capture_is_split_does_not_matter(index in any::<prop::sample::Index>(), size in 1usize..5_000) {
        let capture = index.get(captures());
        let mut decode = Decode::new(&capture.agent);
        let mut events = Vec::new();
        for piece in capture.stdout.chunks(size) {
            decode.feed(piece, &mut events);
        }
        let summary = decode.finish(capture.exit, &capture.stderr, &mut events);
        prop_assert_eq!((events, summary), capture.decode());
    }
}

/// Decodes what a process had written when it was cut off after `end` bytes.
fn decode_prefix(capture: &support::Capture, end: usize) {
    let mut decode = Decode::new(&capture.agent);
    let mut events = Vec::new();
    for line in lines(&capture.stdout[..end]) {
        decode.feed_line(Line::Whole(line), &mut events);
    }
    decode.finish(Exit::from_number(-9), b"", &mut events);
    assert!(turn_ends(&events) >= 1, "{} cut at {end}", capture.name);
}

fn short() -> impl Iterator<Item = &'static support::Capture> {
    captures().iter().filter(|capture| capture.stdout.len() <= 10 * 1024)
}

/// All cuts near the ends of lines, where the state changes, and a part of those inside of them, another part for
/// each capture.
#[test]
fn prefixes_of_the_short_captures_decode() {
    for (number, capture) in short().enumerate() {
        let text = &capture.stdout;
        for end in 0..=text.len() {
            let around = &text[end.saturating_sub(8)..(end + 8).min(text.len())];
            if around.contains(&b'\n') || end % 31 == number % 31 {
                decode_prefix(capture, end);
            }
        }
    }
}

/// Takes about a minute unoptimised.
#[test]
#[ignore = "the whole of what `prefixes_of_the_short_captures_decode` samples"]
fn every_prefix_of_the_short_captures_decodes() {
    for capture in short() {
        for end in 0..=capture.stdout.len() {
            decode_prefix(capture, end);
        }
    }
}
