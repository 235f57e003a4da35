//! Every prefix and every small change of the captures up to 10 kB, and wilder ones.

use std::ops::Range;

use mo_agents::decode::{Decode, Summary};
use mo_agents::protocol::{Exit, Line};
use mo_core::agent_event::Decoded;
use mo_core::outcome::Outcome;

use crate::mutator::{Change, Dice, havoc, seed};
use crate::support::{Capture, captures, lines};
use crate::{closings_are_sound, completed, ends, long};

/// How many changes are tried in the normal run, of about 1.5 million.
const SAMPLE: usize = 3_000;

fn short() -> Vec<&'static Capture> {
    captures().iter().filter(|capture| capture.stdout.len() <= 10 * 1024).collect()
}

fn decode(capture: &Capture, stdout: &[u8]) -> (Vec<Decoded>, Summary) {
    let (events, summary) = crate::support::decode(&capture.agent, stdout, capture.exit, &capture.stderr);
    assert!(ends(&events).count() >= 1, "{}", capture.name);
    closings_are_sound(&events);
    (events, summary)
}

/// The places of what the CLI wrote: all of a raw capture, the lines received of a recording.
fn written_by_the_cli(stdout: &[u8]) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    let mut start = 0;
    for line in stdout.split_inclusive(|&b| b == b'\n') {
        let ours = line.starts_with(b"{\"dir\": \"send\"");
        if !ours {
            // The frame of a recording's line is not the CLI's either.
            let frame = b"{\"dir\": \"recv\", \"msg\": ";
            let skipped = if line.starts_with(frame) { frame.len() } else { 0 };
            places.push(start + skipped..start + line.len());
        }
        start += line.len();
    }
    places
}

/// One change anywhere in what the CLI wrote: never a panic, always an end, and never a better one. A turn that ended
/// badly is not completed by a broken byte, however its line falls apart.
#[test]
fn three_changes_at_every_byte_make_nothing_better() {
    let seed = seed();
    let mut dice = Dice::new(seed);
    let captures = short();
    let places: usize = captures.iter().map(|c| c.stdout.len()).sum();
    let mut tried = 0;
    for capture in &captures {
        let (_, whole) = decode(capture, &capture.stdout);
        for place in written_by_the_cli(&capture.stdout).into_iter().flatten() {
            for change in Change::at(place) {
                // A turn that ended badly has more to lose.
                let weight = if whole.outcome == Outcome::Completed { 1 } else { 4 };
                if !long() && dice.below(places * 3) >= SAMPLE * weight {
                    continue;
                }
                let changed = change.make(&capture.stdout, place);
                let (_, summary) = decode(capture, &changed);
                tried += 1;
                assert!(
                    whole.outcome == Outcome::Completed || summary.outcome != Outcome::Completed,
                    "{} {change:?} at {place}: {:?} became completed (MO_SEED={seed})",
                    capture.name,
                    whole.outcome
                );
            }
        }
    }
    assert!(tried > SAMPLE / 2, "{tried}");
}

/// Where each line ends, and whether a turn was completed by then.
fn completed_from(capture: &Capture) -> Option<usize> {
    let mut decode = Decode::new(&capture.agent);
    let (mut events, mut end) = (Vec::new(), 0);
    for line in capture.stdout.split_inclusive(|&b| b == b'\n') {
        end += line.len();
        decode.feed_line(Line::Whole(line.strip_suffix(b"\n").unwrap_or(line)), &mut events);
        if completed(&events) > 0 {
            // Without its newline, the line is whole as well.
            return Some(end - 1);
        }
    }
    None
}

/// What a killed process leaves: as long as no closing is whole, nothing is completed. Cuts around the ends of lines
/// and a part of the others; with `MO_LONG` all.
#[test]
fn no_prefix_is_completed_before_its_closing_is_whole() {
    for (number, capture) in short().into_iter().enumerate() {
        let text = &capture.stdout;
        let whole = completed_from(capture);
        for end in 0..=text.len() {
            let around = &text[end.saturating_sub(4)..(end + 4).min(text.len())];
            if !long() && !around.contains(&b'\n') && end % 127 != number % 127 {
                continue;
            }
            let mut decode = Decode::new(&capture.agent);
            let mut events = Vec::new();
            for line in lines(&text[..end]) {
                decode.feed_line(Line::Whole(line), &mut events);
            }
            decode.finish(Exit::from_number(-9), b"", &mut events);
            assert!(ends(&events).count() >= 1, "{} cut at {end}", capture.name);
            closings_are_sound(&events);
            let early = whole.is_none_or(|whole| end < whole);
            assert!(!early || completed(&events) == 0, "{} cut at {end}", capture.name);
        }
    }
}

/// What a fuzzer would do, with lines of other CLIs among it.
#[test]
fn havoc_is_survived() {
    let seed = seed();
    let mut dice = Dice::new(seed);
    let captures = short();
    for round in 0..if long() { 300_000 } else { 1_500 } {
        let capture = captures[dice.below(captures.len())];
        let other = captures[dice.below(captures.len())];
        let text = havoc(&capture.stdout, &other.stdout, &mut dice);
        let stderr = havoc(&capture.stderr, &other.stderr, &mut dice);
        let (events, summary) = crate::support::decode(&capture.agent, &text, capture.exit, &stderr);
        assert!(ends(&events).count() >= 1, "round {round} of MO_SEED={seed}");
        assert_eq!(
            summary.class.is_some(),
            summary.outcome == Outcome::Failed,
            "round {round} of MO_SEED={seed}"
        );
        closings_are_sound(&events);
    }
}
