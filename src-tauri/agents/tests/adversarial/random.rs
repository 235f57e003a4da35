//! Random bytes, random lines of all CLIs, and random pieces.

use mo_agents::decode::Decode;
use mo_agents::protocol::Exit;
use mo_core::ids::AgentKind;
use mo_core::outcome::Outcome;
use proptest::prelude::*;

use crate::support::{self, captures, lines};

const AGENTS: [&str; 4] = ["claude", "codex", "gemini", "acp"];

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
        prop_assert!(crate::ends(&events).count() >= 1);
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
        prop_assert!(crate::ends(&events).count() >= 1);
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
