//! Grants of rules and recoveries, the ceiling that bounds them, and what becomes of them when they are taken back.

use super::world::{Habits, World};
use super::world_asks::{Git, RULED};
use crate::approval::{AllowFor, Answer, AnsweredBy, Choice};
use crate::ceiling::{Ceiling, Freedom};
use crate::event::{Envelope, Event};
use crate::grant::{Grant, GrantedBy, Scope};
use crate::ids::{ApprovalId, SessionId, WorkerName};
use crate::input::{Input, Rejection};
use crate::recovery::Remedy;
use crate::view::session_view;
use crate::view::status::GrantView;

fn asking(asks: &[&'static str], ceiling: Ceiling) -> World {
    let mut world = World::new(1, Habits { asks: asks.to_vec(), ceiling, ..Habits::default() });
    world.run();
    world
}

fn without(freedom: Freedom) -> Ceiling {
    Ceiling::of(Freedom::ALL.into_iter().filter(|other| *other != freedom))
}

impl World {
    fn questions(&self) -> usize {
        self.journal.iter().filter(|e| matches!(e.event, Event::ApprovalRequested(_))).count()
    }

    fn grants(&self) -> Vec<GrantView> {
        session_view(&SessionId::new("orch_1"), &self.state).unwrap().grants
    }

    fn given(&self) -> Vec<(GrantedBy, String)> {
        let given = self.journal.iter().filter_map(|envelope| match &envelope.event {
            Event::GrantGiven(grant) => Some((grant.by, grant.grant.to_string())),
            _ => None,
        });
        given.collect()
    }
}

#[test]
fn a_rule_lets_through_only_what_is_within_the_ceiling() {
    for (asked, rule, freedom) in RULED {
        let world = asking(&[asked], Ceiling::ALL);
        assert_eq!((world.questions(), world.told.len()), (0, 1), "{asked}");
        let world = asking(&[asked], Ceiling::of([freedom]));
        assert_eq!(world.questions(), 0, "{asked}: that alone is enough");
        let world = asking(&[asked], without(freedom));
        let asks = world.journal.iter().find_map(|envelope| match &envelope.event {
            Event::ApprovalRequested(asked) => Some((asked.rule.clone(), asked.why.clone())),
            _ => None,
        });
        let (by, why) = asks.unwrap();
        assert_eq!(by, "above_ceiling", "{asked}");
        assert!(why.contains(rule) && why.contains(freedom.as_str()), "{why}");
    }
    let inside = "write /work/p/a";
    assert_eq!(asking(&[inside], Ceiling::of([Freedom::Write])).questions(), 0);
    assert_eq!(
        asking(&[inside], Ceiling::of([])).questions(),
        1,
        "writing inside is within the ceiling or asked"
    );
    assert_eq!(asking(&["read /work/p/a", "ls"], Ceiling::of([])).questions(), 0);
}

#[test]
fn a_rule_is_listed_once_it_has_let_something_through_and_can_be_taken_back() {
    let mut world =
        asking(&["mytool a", "mytool b", "make", "mytool c && mytool d", "mytool e"], Ceiling::ALL);
    let grants = world.grants();
    let [grant] = grants.as_slice() else { panic!("{grants:?}") };
    assert_eq!((grant.by.as_str(), grant.worker.as_str()), ("rule", "claude-implementer"));
    assert_eq!((grant.what.as_str(), grant.rule.as_deref()), ("run `mytool **`", Some("tool-of-mine")));
    assert!(grant.ends.contains("rules.toml") && !grant.given_at.is_empty(), "{grant:?}");
    world.input(Input::Revoke { grant: ApprovalId::new(grant.id.as_str()) });
    // At once: the rest of the turn is asked.
    let no = || Choice::Deny { message: "no".into() };
    let open = |world: &World| Some(world.state.approvals.unanswered().next()?.asked.approval.clone());
    while let Some(approval) = open(&world) {
        world.input(Input::Answer { approval, choice: no(), by: AnsweredBy::Person, backing: None });
        world.run();
    }
    assert_eq!(world.questions(), 3);
    assert_eq!(world.told.iter().filter(|(_, answer)| *answer == Answer::Allow).count(), 2);
    assert!(world.grants().is_empty());
}

#[test]
fn each_rule_that_a_line_rests_on_is_a_grant() {
    let world = asking(&["mytool a && othertool b", "ls"], Ceiling::ALL);
    let rule = |envelope: &Envelope| match &envelope.event {
        Event::GrantGiven(Grant { scope: Scope::Rule { rule }, .. }) => Some(rule.name.clone()),
        _ => None,
    };
    let names: Vec<_> = world.journal.iter().filter_map(rule).collect();
    assert_eq!(names, ["tool-of-mine", "other"]);
    let ids: Vec<_> = world.given().into_iter().map(|(_, id)| id).collect();
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn what_answers_in_a_persons_place_stays_below_the_ceiling() {
    let yes = Choice::Allow { allowed: AllowFor::Once };
    for (ceiling, taken) in [(Ceiling::ALL, true), (without(Freedom::Programs), false)] {
        let mut world = asking(&["cargo test"], ceiling);
        let approval = world.state.approvals.unanswered().next().unwrap().asked.approval.clone();
        let answer =
            |by| Input::Answer { approval: approval.clone(), choice: yes.clone(), by, backing: None };
        let demo = super::decide(&world.state, answer(AnsweredBy::Demo), world.now);
        assert_eq!(demo.err(), (!taken).then_some(Rejection::AboveCeiling));
        world.input(answer(AnsweredBy::Person));
        assert_eq!(world.told.len(), 1, "a person stands above it");
    }
}

#[test]
fn grants_end_with_the_work_they_were_given_for() {
    let mut world = asking(&["mytool a"], Ceiling::ALL);
    assert!(world.state.is_over() && world.given().len() == 1);
    assert!(world.grants().is_empty(), "the session has finished");
    world.input(Input::Resume { message: Some("go on".into()), waits: None });
    world.run();
    assert_eq!(world.given().len(), 2, "given anew");
}

/// A pair whose reviewer, Codex, fails for want of a git repository until it is told to do without.
fn codex_wants_git(ceiling: Ceiling) -> World {
    let habits = Habits { is_pair: true, git: Git::DoubtedByCodex, ceiling, ..Habits::default() };
    let mut world = World::new(1, habits);
    world.run_until(|state| state.workers.values().any(|known| known.recovery.launch.skip_git_repo_check));
    world
}

#[test]
fn a_remedy_that_permits_more_is_a_grant_and_stays_below_the_ceiling() {
    let mut world = codex_wants_git(Ceiling::ALL);
    let grants = world.grants();
    let [grant] = grants.as_slice() else { panic!("{grants:?}") };
    assert_eq!((grant.by.as_str(), grant.worker.as_str()), ("recovery", "codex-reviewer"));
    assert_eq!(grant.what, "be started without its check for a git repository");
    world.run();
    assert!(world.launches.iter().any(|(_, launched)| launched.skip_git_repo_check));
    assert_eq!(world.state.ending.as_ref().unwrap().exit_code, 0);

    let mut world = codex_wants_git(without(Freedom::Flags));
    world.run();
    assert!(world.given().is_empty());
    assert!(world.launches.iter().all(|(_, launched)| !launched.skip_git_repo_check && !launched.skip_trust));
    assert_eq!(world.state.ending.as_ref().unwrap().exit_code, 11, "its review is inconclusive");
}

#[test]
fn what_was_started_with_more_than_is_granted_is_ended() {
    let mut world = codex_wants_git(Ceiling::ALL);
    let codex = WorkerName::new("codex-reviewer");
    world.run_until(|state| {
        state.workers[&codex].attempts.values().any(|attempt| !attempt.is_over() && attempt.turn.is_some())
            && state.was_launched(&codex).unwrap().skip_git_repo_check
    });
    let id = world.grants().remove(0).id;
    world.input(Input::Revoke { grant: ApprovalId::new(id) });
    assert!(
        world.state.workers[&codex]
            .attempts
            .values()
            .all(|attempt| attempt.is_over() || attempt.stopping.is_some())
    );
    let launched = world.launches.len();
    world.run();
    assert!(world.state.is_over());
    assert!(world.launches[launched..].iter().all(|(_, launched)| !launched.skip_git_repo_check));
    assert!(!super::grants::may_try(&world.state, &codex, Remedy::AddSkipGitRepoCheck));
}
