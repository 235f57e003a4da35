//! Bytes that no agent should send. The normal run takes samples; `MO_LONG=1` takes all. A failure names its seed,
//! and `MO_SEED=N` begins with another.

#![allow(clippy::unwrap_used, reason = "a broken capture fails the test")]

mod bytes;
mod live;
mod mutator;
mod quoted;
mod random;
mod shapes;
#[path = "../support/mod.rs"]
mod support;

use mo_core::agent_event::{AgentEvent, Decoded};
use mo_core::outcome::{Outcome, TurnEnd};

/// Whether everything is to be tried.
fn long() -> bool {
    std::env::var_os("MO_LONG").is_some()
}

fn ends(events: &[Decoded]) -> impl Iterator<Item = &TurnEnd> {
    events.iter().filter_map(|decoded| match &decoded.event {
        AgentEvent::TurnEnded { end } => Some(end),
        _ => None,
    })
}

fn completed(events: &[Decoded]) -> usize {
    ends(events).filter(|end| end.outcome == Outcome::Completed).count()
}

fn asked(events: &[Decoded]) -> usize {
    events.iter().filter(|decoded| matches!(decoded.event, AgentEvent::ApprovalRequested { .. })).count()
}

/// What must hold of the closings of any run: a class where it failed and nowhere else, a time only for a limit.
fn closings_are_sound(events: &[Decoded]) {
    for end in ends(events) {
        assert_eq!(end.class.is_some(), end.outcome == Outcome::Failed, "{end:?}");
        let limit = end.class == Some(mo_core::outcome::FailureClass::UsageLimit);
        assert!(end.resets_at.is_none() || limit, "{end:?}");
        assert!(end.cost_usd.is_none_or(f64::is_finite), "{end:?}");
        let again: TurnEnd = serde_json::from_str(&serde_json::to_string(end).unwrap()).unwrap();
        // The last of 17 digits is not always read back.
        let close = |a: f64, b: f64| (a - b).abs() <= a * 1e-15;
        assert_eq!(again.cost_usd.is_some(), end.cost_usd.is_some());
        assert!(again.cost_usd.zip(end.cost_usd).is_none_or(|(again, cost)| close(again, cost)), "{end:?}");
        assert_eq!(TurnEnd { cost_usd: end.cost_usd, ..again }, *end, "a closing survives the journal");
    }
}
