//! How turns end: every capture of the real CLIs, and texts that no capture has.

#![allow(clippy::unwrap_used, reason = "a broken capture fails the test")]

mod captures;
mod shapes;
#[path = "../support/mod.rs"]
mod support;
mod variants;
mod words;

use std::collections::BTreeMap;

use captures::{COMPLETED, ENDED_BADLY};
use mo_core::agent_event::{AgentEvent, Decoded};
use mo_core::outcome::{FailureClass, Outcome, TurnEnd};
use shapes::Run;

fn ends(events: &[Decoded]) -> Vec<&TurnEnd> {
    events
        .iter()
        .filter_map(|decoded| match &decoded.event {
            AgentEvent::TurnEnded { end } => Some(end),
            _ => None,
        })
        .collect()
}

/// `failed usage_limit @2026-11-22T11:05:07.000Z`
fn shown(end: &TurnEnd) -> String {
    let class = end.class.map(|class| serde_json::to_value(class).unwrap().as_str().unwrap().to_owned());
    let class = class.map(|class| format!(" {class}")).unwrap_or_default();
    let resets = end.resets_at.map(|at| format!(" @{at}")).unwrap_or_default();
    format!("{}{class}{resets}", end.outcome.as_str())
}

#[test]
fn every_capture_ends_as_the_table_says() {
    let mut expected: BTreeMap<&str, String> = BTreeMap::new();
    for (name, turns) in COMPLETED {
        expected.insert(name, vec!["completed"; turns].join(", "));
    }
    for (name, ends, _) in ENDED_BADLY {
        assert!(expected.insert(name, ends.to_owned()).is_none(), "{name} stands twice");
    }
    let mut seen = 0;
    for capture in support::captures() {
        let (events, summary) = capture.decode();
        let shown: Vec<String> = ends(&events).into_iter().map(shown).collect();
        let expected = expected.get(capture.name.as_str());
        let expected = expected.unwrap_or_else(|| panic!("{} is not in the table: {shown:?}", capture.name));
        assert_eq!(&shown.join(", "), expected, "{}", capture.name);
        let last = ends(&events).last().map(|end| (end.outcome, end.class));
        assert_eq!(last, Some((summary.outcome, summary.class)), "{}", capture.name);
        seen += 1;
    }
    assert_eq!((seen, expected.len()), (207, 207));
}

#[test]
fn every_class_but_unknown_is_the_end_of_some_capture_or_variant() {
    let mut missing: Vec<String> = Vec::new();
    for class in FailureClass::ALL.into_iter().filter(|class| *class != FailureClass::Unknown) {
        let word = serde_json::to_value(class).unwrap().as_str().unwrap().to_owned();
        let captured = ENDED_BADLY.iter().filter(|row| row.1.contains(&format!("failed {word}"))).count();
        let invented = variants::all().iter().filter(|variant| variant.class == class).count();
        if captured + invented == 0 {
            missing.push(word);
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

fn check(run: &Run) -> TurnEnd {
    let (events, _) = support::decode(&run.agent, run.stdout.as_bytes(), run.exit, run.stderr.as_bytes());
    let ends = ends(&events);
    assert_eq!(ends.len(), 1, "{run:?}");
    ends[0].clone()
}

/// All that are wrong at once: a table is mended as a whole.
#[test]
fn texts_that_no_capture_has_are_classified() {
    let variants = variants::all();
    assert!(variants.len() >= 60, "{}", variants.len());
    let mut wrong = Vec::new();
    for variant in &variants {
        let end = check(&variant.run);
        if (end.outcome, end.class) != (Outcome::Failed, Some(variant.class)) {
            wrong.push(format!("{}: {}, expected {:?}", variant.text, shown(&end), variant.class));
        }
    }
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), variants.len(), wrong.join("\n"));
}
