use proptest::prelude::*;

use super::world::{Habits, World};
use super::{Observed, reconcile};
use crate::event::{CheckpointPurpose, Envelope, Event, Purpose, RestState, StopCause};
use crate::ids::SessionId;
use crate::input::{Input, Rejection};
use crate::outcome::{FailureClass, Outcome};
use crate::review::check::CheckOutcome;
use crate::review::decision::{Decision, Fired};
use crate::review::verdict::Verdict;
use crate::state::State;

fn habits(verdicts: &[&'static str], fix_rounds: u32) -> Habits {
    Habits {
        verdicts: verdicts.to_vec(),
        faults: 0,
        stop_after: None,
        speak_after: None,
        fix_rounds,
        ..Habits::default()
    }
}

fn ran(verdicts: &[&'static str], fix_rounds: u32) -> World {
    let mut world = World::new(1, habits(verdicts, fix_rounds));
    world.run();
    world
}

fn rest(world: &World) -> (RestState, u8) {
    assert!(world.state.is_over(), "it came to rest");
    let ending = world.state.ending.as_ref().unwrap();
    (ending.state, ending.exit_code)
}

fn decisions(world: &World) -> Vec<(Decision, bool)> {
    world.state.decisions.iter().map(|(_, made)| (made.decision, made.takes_effect)).collect()
}

#[test]
fn verdicts_lead_to_the_contracted_states_and_exit_codes() {
    // The order of answers: the plan's review, then the two of the implementation.
    let table: [(&[&str], RestState, u8); 7] = [
        (&["approved", "approved", "approved"], RestState::Finished, 0),
        (&["approved", "concern", "approved"], RestState::Finished, 10),
        (&["concern", "approved", "approved"], RestState::Finished, 10),
        (&["concern", "concern", "approved"], RestState::Paused, 11),
        (&["approved", "blocker", "approved"], RestState::Stopped, 13),
        (&["blocker"], RestState::Stopped, 13),
        (&["approved", "garbage", "garbage", "garbage", "garbage"], RestState::Paused, 11),
    ];
    for (verdicts, state, code) in table {
        assert_eq!(rest(&ran(verdicts, 0)), (state, code), "{verdicts:?}");
    }
}

#[test]
fn a_stalled_turn_fails_by_what_its_agent_tries_again() {
    for (retrying, class) in
        [(None, FailureClass::Unknown), (Some(FailureClass::Network), FailureClass::Network)]
    {
        let mut world = World::new(1, habits(&[], 0));
        world.run_until(|state| state.unended().any(|(_, _, attempt)| attempt.turn.is_some()));
        let (worker, attempt, turn) = {
            let (worker, attempt, open) = world.state.unended().next().unwrap();
            (worker.clone(), attempt, open.turn.as_ref().unwrap().turn)
        };
        world.input(Input::Stalled { worker, attempt, turn, silent_ms: 300_000, retrying });
        let ended = world.journal.iter().find_map(|envelope| match &envelope.event {
            Event::TurnEnded { end, .. } => Some(end),
            _ => None,
        });
        let end = ended.unwrap();
        assert_eq!((end.outcome, end.class), (Outcome::Failed, Some(class)));
        let text = end.text.as_deref().unwrap();
        assert_eq!(text.contains("further tries"), retrying.is_some(), "{text}");
    }
}

#[test]
fn one_unusable_answer_is_asked_for_again() {
    let world = ran(&["garbage", "approved", "approved", "approved"], 0);
    assert_eq!(rest(&world), (RestState::Finished, 0));
    let again =
        world.journal.iter().filter(|e| matches!(e.event, Event::ReviewAnswerUnusable { .. })).count();
    assert_eq!(again, 1);
}

#[test]
fn an_inconclusive_review_names_both_answers() {
    let words = |verdicts: [&'static str; 2]| {
        let world = ran(&["approved", verdicts[0], verdicts[1]], 0);
        assert_eq!(rest(&world), (RestState::Paused, 11));
        let said = world.journal.iter().find_map(|e| match &e.event {
            Event::VerdictRecorded { judgement, .. } if judgement.verdict == Verdict::Inconclusive => {
                Some(judgement.summary.clone())
            }
            _ => None,
        });
        let said = said.unwrap();
        said[said.find("'s ").unwrap()..].to_owned()
    };
    let (garbage, stale) = ("has no JSON object with a verdict", "carries another nonce than the request");
    assert_eq!(words(["garbage", "garbage"]), format!("'s answer {garbage}, twice"));
    assert_eq!(words(["garbage", "stale"]), format!("'s first answer {garbage}, its second one {stale}"));
    assert_eq!(words(["stale", "garbage"]), format!("'s first answer {stale}, its second one {garbage}"));
}

#[test]
fn a_fix_round_comes_before_a_decision_takes_effect() {
    let world = ran(&["approved", "approved", "concern", "approved", "approved"], 1);
    assert_eq!(rest(&world), (RestState::Finished, 0));
    let expected =
        vec![(Decision::Continue, true), (Decision::LogWarning, false), (Decision::Continue, true)];
    assert_eq!(decisions(&world), expected);
    // Without findings that last, the rounds are spent and the decision stands.
    let spent = ran(&["approved", "approved", "concern", "approved", "concern"], 1);
    assert_eq!(rest(&spent), (RestState::Finished, 10));
    // An inconclusive review rests on no finding: no fix round.
    let garbage = ran(&["approved", "garbage", "garbage", "garbage", "garbage"], 1);
    assert_eq!(decisions(&garbage).len(), 2);
    assert_eq!(rest(&garbage), (RestState::Paused, 11));
}

#[test]
fn checks_run_before_the_reviews_and_count() {
    let with = |checks: &[i32], fix_rounds| {
        let mut world = World::new(1, Habits { checks: checks.to_vec(), ..habits(&[], fix_rounds) });
        world.run();
        world
    };
    assert_eq!(rest(&with(&[0, 0], 0)), (RestState::Finished, 0));
    let failing = with(&[0, 1], 0);
    assert_eq!(rest(&failing), (RestState::Paused, 11));
    assert_eq!(failing.state.decisions.last().unwrap().1.fired, Fired::FailedCheck);
    let at = |kind: &str| {
        let of_kind = |e: &&Envelope| e.event.kind() == kind;
        failing.journal.iter().filter(of_kind).map(|e| e.seq).collect::<Vec<_>>()
    };
    // One after the other, and the reviews of the implementation after both; that of the plan before.
    let (started, finished, reviews) = (at("check_started"), at("check_finished"), at("review_requested"));
    assert!(reviews[0] < started[0] && started[0] < finished[0] && finished[0] < started[1]);
    assert!(started[1] < finished[1] && finished[1] < reviews[1] && reviews.len() == 3);
    // What a check found goes back like a finding.
    let mended = with(&[1], 1);
    assert_eq!(decisions(&mended)[1], (Decision::PauseAndClarify, false));
    assert_eq!((mended.state.checks.len(), rest(&mended)), (2, (RestState::Paused, 11)));
}

#[test]
fn a_check_in_doubt_has_not_passed() {
    let mut world = World::new(1, Habits { checks: vec![0], ..habits(&[], 0) });
    world.run();
    let cut = world.journal.iter().position(|e| e.event.kind() == "check_started").unwrap() + 1;
    let mut state = State::default();
    world.journal[..cut].iter().for_each(|e| state.apply(e));
    for input in reconcile(&state, &Observed::default()) {
        for envelope in super::decide(&state, input, world.now).unwrap_or_default() {
            state.apply(&envelope);
        }
    }
    let finished = state.checks[0].finished.clone().unwrap();
    assert_eq!(finished.outcome, CheckOutcome::NotRun);
    assert!(state.is_over() && !state.checks[0].passed(), "{finished:?}");
}

#[test]
fn a_decision_stands_until_a_turn_begins_anew() {
    let mut world = World::new(1, habits(&["approved"], 0));
    world.run();
    let mut state = State::default();
    let mut stood = Vec::new();
    for envelope in &world.journal {
        state.apply(envelope);
        let stands = state.standing_decision().map(|made| made.decision.as_str());
        if stood.last() != Some(&stands) {
            stood.push(stands);
        }
    }
    assert_eq!(stood, [None, Some("continue"), None, Some("continue")], "the plan's, then the work's");
}

#[test]
fn inputs_that_change_nothing_are_rejected() {
    let mut world = World::new(1, habits(&[], 0));
    let stop = || Input::Stop { by: StopCause::Person, urgent: false };
    assert_eq!(super::decide(&State::default(), stop(), world.now), Err(Rejection::Unknown));
    world.run();
    assert_eq!(super::decide(&world.state, stop(), world.now), Err(Rejection::Ended));
}

#[test]
fn replay_at_every_cut_equals_live() {
    let verdicts = ["approved", "concern", "garbage", "concern"];
    let mut world = World::new(3, Habits { checks: vec![0, 1], ..habits(&verdicts, 1) });
    world.run();
    let id = SessionId::new("orch_20261122_000000_0000");
    let mut state = State::default();
    for (cut, envelope) in world.journal.iter().enumerate() {
        let stored = envelope.to_record(&id);
        let read = Envelope::from_record(&stored).unwrap();
        assert_eq!(&read, envelope, "event {cut} survives storage");
        state.apply(&read);
        let mut again = State::default();
        world.journal[..=cut].iter().for_each(|e| again.apply(e));
        assert_eq!(state, again, "cut at {cut}");
    }
    assert_eq!(state, world.state);
}

#[test]
fn a_crash_at_every_cut_is_settled() {
    let habits = Habits { checks: vec![0, 1], ..habits(&["approved", "concern", "approved"], 1) };
    let mut world = World::new(5, habits);
    world.run();
    for cut in 1..world.journal.len() {
        let mut state = State::default();
        world.journal[..cut].iter().for_each(|e| state.apply(e));
        let over = state.is_over();
        let mut rounds = 0;
        while !state.is_over() {
            rounds += 1;
            assert!(rounds < 4, "cut at {cut}: {:?}", reconcile(&state, &Observed::default()));
            for input in reconcile(&state, &Observed::default()) {
                let Ok(envelopes) = super::decide(&state, input, world.now) else { continue };
                for envelope in &envelopes {
                    state.apply(envelope);
                }
            }
        }
        assert!(state.unended().next().is_none(), "cut at {cut}");
        if !over {
            let rest = state.ending.as_ref().unwrap().state;
            let ended_before =
                world.journal[..cut].iter().any(|e| matches!(e.event, Event::SessionEnding(_)));
            assert!(rest == RestState::Crashed || ended_before, "cut at {cut}: {rest:?}");
        }
    }
}

fn any_habits() -> impl Strategy<Value = Habits> {
    let verdict =
        prop_oneof![4 => Just("approved"), 2 => Just("concern"), 1 => Just("blocker"), 1 => Just("garbage")];
    (
        prop::collection::vec(verdict, 0..8),
        prop_oneof![Just(0), 3_usize..60],
        prop::option::of(1_usize..60),
        prop::option::of(1_usize..60),
        0_u32..3,
        prop::collection::vec(prop_oneof![3 => Just(0), 1 => Just(1)], 0..3),
    )
        .prop_map(|(verdicts, faults, stop_after, speak_after, fix_rounds, checks)| Habits {
            verdicts,
            faults,
            stop_after,
            speak_after,
            fix_rounds,
            checks,
            ..Habits::default()
        })
}

/// Between a turn that may write and the one before it, or the session's start, the target was looked at.
fn every_writing_turn_has_its_checkpoint(world: &World) -> Result<(), TestCaseError> {
    let mut saved = false;
    for envelope in &world.journal {
        match &envelope.event {
            Event::CheckpointRequested { purpose, .. } if *purpose == CheckpointPurpose::Turn => {
                saved = false;
            }
            Event::CheckpointTaken(_) | Event::CheckpointUnchanged { .. } => saved = true,
            Event::TurnRequested { purpose: Purpose::Plan | Purpose::Review { .. }, .. } => {}
            Event::TurnRequested { .. } => {
                prop_assert!(saved, "seq {}", envelope.seq);
                saved = false;
            }
            _ => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn every_world_comes_to_rest_with_nothing_left(seed in any::<u64>(), habits in any_habits()) {
        let mut world = World::new(seed, habits);
        let steps = world.run();
        prop_assert!(world.state.is_over(), "seed {seed}: not over after {steps} steps: {:?}", world.state.step);
        prop_assert!(world.state.unended().next().is_none());
        let ending = world.state.ending.clone().unwrap();
        if ending.exit_code == 0 {
            let last = world.state.decisions.last().unwrap();
            prop_assert_eq!(last.1.decision, Decision::Continue);
            prop_assert_eq!(last.1.verdicts.len(), 3);
            prop_assert!(last.1.verdicts.iter().all(|v| v.verdict == Verdict::Approved));
            prop_assert!(last.1.checks.iter().all(|check| check.passed));
            prop_assert_eq!(last.1.checks.len(), world.state.settings().checks.len());
            prop_assert_eq!(last.1.checkpoint, world.state.newest_checkpoint().map(|c| c.checkpoint));
        }
        prop_assert!(world.state.running_check().is_none());
        every_writing_turn_has_its_checkpoint(&world)?;
        let mut replayed = State::default();
        world.journal.iter().for_each(|e| replayed.apply(e));
        prop_assert_eq!(replayed, world.state);
    }

    #[test]
    fn what_rests_can_go_on_and_comes_to_rest_again(
        seed in any::<u64>(),
        habits in any_habits(),
        messages in prop::collection::vec(prop::option::of("[a-z]{0,5}"), 1..4),
    ) {
        let mut world = World::new(seed, habits);
        world.run();
        for message in messages {
            let before = world.state.clone();
            world.input(if message.as_deref() == Some("") {
                Input::ReviewNow { focus: None, waits: None }
            } else {
                Input::Resume { message, waits: None }
            });
            if world.state == before {
                continue;
            }
            world.run();
            prop_assert!(world.state.is_over(), "seed {seed}: {:?} {:?}", world.state.step, world.state.at_step);
            prop_assert!(world.state.unended().next().is_none());
            let ending = world.state.ending.clone().unwrap();
            if ending.exit_code == 0 {
                prop_assert_eq!(world.state.decisions.last().unwrap().1.decision, Decision::Continue);
            }
        }
        let mut replayed = State::default();
        world.journal.iter().for_each(|e| replayed.apply(e));
        prop_assert_eq!(replayed, world.state);
    }

    #[test]
    fn the_same_seed_gives_the_same_journal(seed in any::<u64>(), habits in any_habits()) {
        let run = || { let mut world = World::new(seed, habits.clone()); world.run(); world.journal };
        prop_assert_eq!(run(), run());
    }
}
