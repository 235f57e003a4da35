//! Questions to a person, from the request to the answer, over ends and restarts.

use proptest::prelude::*;
use serde_json::json;

use super::world::{Dice, Habits, World};
use super::{Observed, reconcile};
use crate::agent_event::{AgentEvent, ToolStatus};
use crate::approval::{Action, AllowFor, Answer, AnsweredBy, ApprovalAsked, Choice};
use crate::event::{Event, RestState, StopCause};
use crate::ids::{ApprovalId, ItemId, WorkerName};
use crate::input::{Backing, Input, Rejection};
use crate::policy::Rule;
use crate::state::{CallState, Settling};

const ONCE: Choice = Choice::Allow { allowed: AllowFor::Once };
const SESSION: Choice = Choice::Allow { allowed: AllowFor::Session };

fn no() -> Choice {
    Choice::Deny { message: "not now".into() }
}

fn asking(asks: &[&'static str], waits: bool) -> World {
    let habits = Habits { asks: asks.to_vec(), waits, ..Habits::default() };
    let mut world = World::new(1, habits);
    world.run();
    world
}

impl World {
    fn open(&self) -> Vec<String> {
        self.state.approvals.unanswered().map(|open| open.asked.approval.to_string()).collect()
    }

    fn answer(&mut self, approval: &str, choice: Choice) {
        self.input(Input::Answer {
            approval: ApprovalId::new(approval),
            choice,
            by: AnsweredBy::Person,
            backing: None,
        });
        self.run();
    }

    fn refused(&self, approval: &str, choice: Choice) -> Rejection {
        let input = Input::Answer {
            approval: ApprovalId::new(approval),
            choice,
            by: AnsweredBy::Person,
            backing: None,
        };
        super::decide(&self.state, input, self.now).unwrap_err()
    }

    fn allowed(&self) -> usize {
        self.told.iter().filter(|(_, answer)| *answer == Answer::Allow).count()
    }

    fn code(&self) -> Option<u8> {
        self.state.is_over().then(|| self.state.ending.as_ref().unwrap().exit_code)
    }

    fn crash(&mut self) {
        self.forget_the_outside();
        for input in reconcile(&self.state, &Observed::default()) {
            self.input(input);
        }
        self.run();
    }

    fn resume(&mut self) {
        self.input(Input::Resume { message: None, waits: None });
        self.run();
    }
}

#[test]
fn a_question_waits_and_its_answer_goes_to_the_agent() {
    let mut world = asking(&["cargo test"], true);
    assert_eq!((world.open().len(), world.told.len(), world.code()), (1, 0, None));
    let id = world.open().remove(0);
    world.answer(&id, ONCE);
    assert_eq!((world.allowed(), world.code()), (1, Some(0)));
    assert_eq!(world.refused(&id, ONCE), Rejection::ApprovalSettled);
    assert_eq!(world.refused("a99", no()), Rejection::ApprovalUnknown);
}

#[test]
fn what_is_allowed_for_the_session_is_not_asked_again_and_what_is_allowed_once_is() {
    for (choice, questions) in [(SESSION, 1), (ONCE, 2)] {
        let mut world = asking(&["cargo test", "cargo test"], true);
        for _ in 0..questions {
            let id = world.open().remove(0);
            world.answer(&id, choice.clone());
        }
        assert_eq!((world.allowed(), world.code()), (2, Some(0)), "{choice:?}");
        let asked = world.journal.iter().filter(|e| matches!(e.event, Event::ApprovalRequested(_))).count();
        assert_eq!(asked, questions);
    }
    // The grant is for the very same.
    let mut world = asking(&["cargo test", "cargo test -p x"], true);
    let id = world.open().remove(0);
    world.answer(&id, SESSION);
    assert_eq!(world.open().len(), 1);
}

#[test]
fn a_grant_can_be_taken_back() {
    let mut world = asking(&["cargo test", "make", "cargo test"], true);
    let first = world.open().remove(0);
    world.answer(&first, SESSION);
    world.input(Input::Revoke { grant: ApprovalId::new(first.as_str()) });
    let second = world.open().remove(0);
    world.answer(&second, ONCE);
    assert_eq!(world.open().len(), 1, "asked again");
}

#[test]
fn a_no_is_told_and_the_agent_goes_on() {
    let mut world = asking(&["cargo test"], true);
    let id = world.open().remove(0);
    world.answer(&id, no());
    assert_eq!(world.told[0].1, Answer::Deny { message: "not now".into() });
    assert_eq!(world.code(), Some(0));
}

#[test]
fn what_does_great_harm_is_allowed_once_at_most() {
    let world = asking(&["rm -rf src"], true);
    let id = world.open().remove(0);
    assert_eq!(world.refused(&id, SESSION), Rejection::NotAnOption);
}

#[test]
fn a_session_that_does_not_wait_rests_with_its_questions_and_takes_their_answers() {
    for (choice, allowed) in [(ONCE, 1), (no(), 0)] {
        let mut world = asking(&["cargo test"], false);
        assert_eq!(world.code(), Some(12));
        assert_eq!(world.state.ending.as_ref().unwrap().state, RestState::Blocked);
        let id = world.open().remove(0);
        world.answer(&id, choice.clone());
        assert_eq!((world.open().len(), world.code()), (0, Some(12)), "an answer does not start it");
        assert_eq!(world.refused(&id, choice), Rejection::ApprovalSettled);
        world.resume();
        assert_eq!((world.allowed(), world.told.len(), world.code()), (allowed, 1, Some(0)));
    }
    // Without an answer it comes to the same question, under the same name.
    let mut world = asking(&["cargo test"], false);
    let before = world.open();
    world.resume();
    assert_eq!((world.open(), world.code()), (before, Some(12)));
}

#[test]
fn a_question_outlives_a_crash_and_is_void_when_it_is_not_asked_again() {
    let mut world = asking(&["cargo test"], true);
    let id = world.open().remove(0);
    world.crash();
    assert_eq!((world.open(), world.code()), (vec![id.clone()], Some(1)));
    world.habits_ask(&["make"]);
    world.resume();
    assert_eq!(world.open().len(), 2, "the old one may still come");
    let other = world.open().remove(1);
    world.answer(&other, ONCE);
    assert_eq!((world.open().len(), world.code()), (0, Some(0)));
    assert!(
        world
            .journal
            .iter()
            .any(|e| matches!(&e.event, Event::ApprovalVoided { approval, .. } if approval.as_str() == id))
    );
    assert_eq!(world.refused(&id, ONCE), Rejection::ApprovalSettled);
}

/// The answer is on its way to the agent, or was given, and the program ends: whether the call was made is not known,
/// unless the agent had said so.
#[test]
fn what_was_allowed_before_a_crash_is_never_done_again_without_a_question_that_says_so() {
    for reported in [None, Some(ToolStatus::Cancelled), Some(ToolStatus::Completed), Some(ToolStatus::Failed)]
    {
        let mut world = asking(&["cargo test"], true);
        let first = ApprovalId::new(world.open().remove(0));
        world.input(Input::Answer {
            approval: first.clone(),
            choice: ONCE,
            by: AnsweredBy::Person,
            backing: None,
        });
        let state_of = |world: &World| {
            let found = world.state.approvals.settled.iter().find(|settled| settled.approval == first);
            found.and_then(|settled| settled.call)
        };
        assert_eq!(state_of(&world), Some(CallState::UnderWay));
        if let Some(status) = reported {
            let item = ItemId::new("c1");
            let event = AgentEvent::ToolEnded { item, status, exit_code: None, output: String::new() };
            let (worker, decoded) = (WorkerName::new("claude-implementer"), event.into());
            world.input(Input::Agent { worker, attempt: 1, decoded, survey: None });
        }
        let known = matches!(reported, Some(ToolStatus::Completed | ToolStatus::Failed));
        world.crash();
        let expected = if known { CallState::Ended } else { CallState::Unknown };
        assert_eq!(state_of(&world), Some(expected), "{reported:?}");
        // Denied, it is still not known; allowed and made, it is.
        for choice in [no(), ONCE] {
            world.resume();
            assert_eq!(world.allowed(), 1, "{reported:?}: not again without a question");
            let open = world.state.approvals.unanswered().next().unwrap();
            let says_so = open.asked.why.contains("may have been done already");
            assert_eq!(says_so, !known, "{reported:?}: {}", open.asked.why);
            let id = open.asked.approval.clone();
            world.input(Input::Answer {
                approval: id,
                choice: choice.clone(),
                by: AnsweredBy::Person,
                backing: None,
            });
            if choice != ONCE {
                world.crash();
            }
        }
        world.run();
        assert_eq!((world.allowed(), world.code()), (2, Some(0)), "{reported:?}");
    }
}

fn edit(command: &str) -> Choice {
    Choice::Edit { input: json!({ "command": command }) }
}

impl World {
    fn edits(&mut self, approval: &str, command: &str) -> Result<(), Rejection> {
        let (approval, by) = (ApprovalId::new(approval), AnsweredBy::Person);
        let input =
            Input::Answer { approval, choice: edit(command), by, backing: Some(self.edited(command)) };
        super::decide(&self.state, input.clone(), self.now)?;
        self.input(input);
        Ok(())
    }

    fn instead(&self) -> Vec<&str> {
        let told = self.told.iter().filter_map(|(_, answer)| match answer {
            Answer::Instead { action: Action::Command { command, .. }, .. } => Some(command.as_str()),
            _ => None,
        });
        told.collect()
    }
}

fn denying(name: &str, command: &str) -> Rule {
    serde_json::from_value(json!({ "name": name, "verdict": "deny", "command": command })).unwrap()
}

#[test]
fn an_edited_call_is_told_instead_and_the_journal_has_both() {
    let mut world = asking(&["cargo test"], true);
    let id = world.open().remove(0);
    world.edits(&id, "cargo check").unwrap();
    world.run();
    assert_eq!((world.instead(), world.allowed(), world.code()), (vec!["cargo check"], 0, Some(0)));
    let settled = world.state.approvals.settled.back().unwrap();
    assert_eq!(settled.outcome, Settling::Allowed(AnsweredBy::Person));
    assert_eq!(
        (settled.what.as_ref(), settled.instead.as_deref()),
        ("run `cargo test`", Some("run `cargo check`"))
    );
    let decided = world.journal.iter().find_map(|e| match &e.event {
        Event::ApprovalDecided { request, ruling, .. } => Some((request.clone(), ruling.clone())),
        _ => None,
    });
    let (request, ruling) = decided.unwrap();
    assert_eq!(request.action.in_words(), "run `cargo test`");
    assert!(request.call.is_none(), "the input is kept with the question alone");
    assert!(
        matches!(ruling.answer, Answer::Instead { action, .. } if action.in_words() == "run `cargo check`")
    );
    assert_eq!(world.refused(&id, ONCE), Rejection::ApprovalSettled);
}

#[test]
fn what_a_rule_denies_no_edit_allows_and_the_question_stands() {
    let mut world = asking(&["cargo test"], true);
    world.rules = vec![denying("no publishing", "cargo publish **")];
    let id = world.open().remove(0);
    for denied in ["cargo publish", "true && cargo publish --token x", "cat /work/p/.env", "$(cargo publish)"]
    {
        assert_eq!(world.edits(&id, denied), Err(Rejection::EditDenied), "{denied}");
    }
    let unknown = world.refused(&id, edit("cargo check"));
    assert_eq!(unknown, Rejection::NotEditable, "what it does is not known");
    assert_eq!(world.open(), [id.as_str()]);
    world.edits(&id, "cargo publish-not").unwrap();
    // A protocol that takes no other input.
    let mut world = asking(&["cargo test"], true);
    let open = &mut world.state.approvals.open[0];
    let mut asked = ApprovalAsked::clone(&open.asked);
    asked.request.call = None;
    open.asked = asked.into();
    let id = world.open().remove(0);
    assert_eq!(world.edits(&id, "cargo check"), Err(Rejection::NotEditable));
}

/// At rest an edit is kept; what it does is judged again, with the rules of then, when its worker asks again.
#[test]
fn an_edit_that_was_given_at_rest_is_judged_again_when_it_is_applied() {
    for denied in [false, true] {
        let mut world = asking(&["cargo test"], false);
        let id = world.open().remove(0);
        world.edits(&id, "cargo check").unwrap();
        assert_eq!((world.open().len(), world.told.len(), world.code()), (0, 0, Some(12)));
        assert_eq!(world.refused(&id, ONCE), Rejection::ApprovalSettled);
        if denied {
            world.rules = vec![denying("not today", "cargo check")];
        }
        // An owner that dies before it was judged again changes nothing.
        world.input(Input::Resume { message: None, waits: None });
        while world.state.approvals.open.iter().all(|open| open.waiting.is_none()) && world.step() {}
        world.crash();
        assert_eq!(world.told.len(), 0);
        world.resume();
        let state = world.state.approvals.settled.back().unwrap().outcome;
        if denied {
            assert_eq!((world.instead().len(), world.allowed()), (0, 0));
            assert!(matches!(&world.told[0].1, Answer::Deny { message } if message.contains("not today")));
            assert_eq!(state, Settling::Denied(AnsweredBy::Person));
        } else {
            assert_eq!((world.instead(), world.allowed()), (vec!["cargo check"], 0));
            assert_eq!(state, Settling::Allowed(AnsweredBy::Person));
        }
        assert_eq!((world.told.len(), world.code()), (1, Some(0)));
        let answers = world.journal.iter().filter(|e| matches!(e.event, Event::ApprovalAnswered(_))).count();
        assert_eq!(answers, 1, "answered once");
    }
}

/// The rule stands before the answer is taken, and the journal says which it is. No grant is needed beside it.
#[test]
fn what_is_allowed_always_rests_on_a_rule_that_was_saved() {
    const ALWAYS: Choice = Choice::Allow { allowed: AllowFor::Always };
    let rule = denying("always cargo test", "cargo test");
    let mut world = asking(&["cargo test"], true);
    let id = world.open().remove(0);
    assert_eq!(world.refused(&id, ALWAYS), Rejection::NotAnOption, "no rule was saved");
    let backing = Some(Box::new(Backing::Saved(rule.clone())));
    let (approval, by) = (ApprovalId::new(id.as_str()), AnsweredBy::Person);
    world.input(Input::Answer { approval, choice: ALWAYS, by, backing: backing.clone() });
    world.run();
    assert_eq!((world.allowed(), world.code(), world.state.approvals.grants.given.len()), (1, Some(0), 0));
    let saved = world.journal.iter().find_map(|e| match &e.event {
        Event::ApprovalAnswered(answered) => answered.saved.clone(),
        _ => None,
    });
    assert_eq!(saved, Some(rule));
    // What does great harm is never offered so.
    for asks in ["rm -rf src", "cargo test; make"] {
        let world = asking(&[asks], true);
        let (approval, by) = (ApprovalId::new(world.open().remove(0)), AnsweredBy::Person);
        let input = Input::Answer { approval, choice: ALWAYS, by, backing: backing.clone() };
        assert_eq!(super::decide(&world.state, input, world.now).unwrap_err(), Rejection::NotAnOption);
    }
}

#[test]
fn an_edited_call_that_may_have_been_made_is_said_so_when_either_is_asked_again() {
    for again in ["cargo test", "cargo check"] {
        let mut world = asking(&["cargo test"], true);
        let id = world.open().remove(0);
        world.edits(&id, "cargo check").unwrap();
        world.crash();
        world.habits_ask(&[again]);
        world.resume();
        let open = world.state.approvals.unanswered().next().unwrap();
        let words = match again {
            "cargo test" => "to run `cargo check` was allowed instead of it before the program ended",
            _ => "it was allowed before the program ended",
        };
        assert!(open.asked.why.contains(words), "{}", open.asked.why);
    }
}

#[test]
fn a_stop_ends_the_questions_of_its_processes_without_an_answer() {
    let mut world = asking(&["cargo test"], true);
    world.input(Input::Stop { by: StopCause::Person, urgent: false });
    world.run();
    assert_eq!((world.code(), world.told.len()), (Some(14), 0));
    assert_eq!(world.open().len(), 1, "it can be answered before the session is resumed");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Whatever a person does and whenever the owner crashes: no answer is applied twice, none is made up, and the
    /// session always comes to rest or waits for a person.
    #[test]
    fn no_answer_is_applied_twice_or_made_up(seed: u64) {
        let mut dice = Dice(seed);
        let mut world = asking(&["cargo test", "make", "cargo test", "rm -rf x"], dice.roll(2) == 0);
        let mut yes = 0;
        let mut grants = 0;
        for _ in 0..40 {
            match dice.roll(6) {
                0 => world.crash(),
                1 => world.resume(),
                _ => {
                    let Some(id) = world.open().into_iter().next() else { continue };
                    let choice = [ONCE, SESSION, no(), edit("cargo check")][dice.roll(4)].clone();
                    let before = world.state.approvals.unanswered().count();
                    if matches!(choice, Choice::Edit { .. }) {
                        world.edits(&id, "cargo check").unwrap();
                        world.run();
                    } else {
                        world.answer(&id, choice.clone());
                    }
                    let taken = world.state.approvals.is_settled(&ApprovalId::new(id.as_str()))
                        || world.state.approvals.unanswered().count() < before;
                    if taken && choice != no() {
                        yes += 1;
                        grants += usize::from(choice == SESSION);
                    }
                }
            }
            let allowed = world.allowed() + world.instead().len();
            prop_assert!(grants > 0 || allowed <= yes, "{allowed} allowed by {yes} answers");
            let mut told: Vec<&String> = world.told.iter().map(|(request, _)| request).collect();
            let all = told.len();
            told.sort();
            told.dedup();
            prop_assert_eq!(told.len(), all, "a request was answered twice");
            prop_assert!(world.state.is_over() || !world.open().is_empty(), "neither at rest nor waiting");
        }
    }
}
