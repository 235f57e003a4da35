//! No sequence of failures and recoveries permits more than the person did, grants what is denied, tries more often than
//! it may, or leaves a worker with nothing to come.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{Dice, Habits, World};
use super::{Observed, reconcile};
use crate::approval::{Action, AllowFor, Answer, AnsweredBy, Choice};
use crate::event::{Event, Place, Prepared, StopCause};
use crate::ids::{ApprovalId, ReviewId, WorkerName};
use crate::input::Input;
use crate::recovery::{LaunchChanges, Remedy, Trouble};
use crate::settings::{PermissionMode, RecoverySettings};
use crate::state::State;
use crate::view::session_view;

const SEEDS: u64 = 10_000;
/// A policy that lets it through would be found by its own tests; here it is what must stay denied.
const DENIED: &str = "cat .env";

/// What has been seen of a journal so far.
#[derive(Default)]
struct Watch {
    seen: usize,
    launches: usize,
    tries: BTreeMap<(WorkerName, Trouble), u32>,
    asks: BTreeSet<WorkerName>,
    allowed: BTreeSet<ApprovalId>,
    granted: BTreeSet<ApprovalId>,
    recovered: u32,
    exhausted: u32,
    denied: u32,
}

impl Watch {
    fn look(&mut self, world: &World, seed: u64) {
        let settings = world.state.settings();
        for envelope in &world.journal[self.seen..] {
            let worker = envelope.worker.clone();
            match &envelope.event {
                Event::RecoveryAttempted(tried) => {
                    let worker = worker.unwrap();
                    let count = self.tries.entry((worker.clone(), tried.class)).or_default();
                    *count += 1;
                    assert_eq!(*count, tried.try_no, "seed {seed} seq {}", envelope.seq);
                    assert!(tried.try_no <= tried.of, "seed {seed} seq {}", envelope.seq);
                    let most = settings.recovery.attempts;
                    assert!(tried.remedy == Remedy::WaitForReset || tried.of <= most, "seed {seed}");
                    if tried.remedy == Remedy::AskInstead {
                        self.asks.insert(worker);
                    }
                }
                Event::RecoverySucceeded(_) | Event::RecoveryExhausted(_) | Event::VerdictRecorded { .. } => {
                    self.recovered += u32::from(matches!(envelope.event, Event::RecoverySucceeded(_)));
                    self.exhausted += u32::from(matches!(envelope.event, Event::RecoveryExhausted(_)));
                    self.tries.retain(|(of, _), _| Some(of) != worker.as_ref());
                }
                Event::SessionResumed { .. } => self.tries.clear(),
                Event::ApprovalAnswered(answered) => match answered.choice {
                    Choice::Allow { .. } => _ = self.allowed.insert(answered.approval.clone()),
                    Choice::Edit { .. } => panic!("nothing is edited here"),
                    Choice::Deny { .. } => {}
                },
                // Only ever after a person's yes.
                Event::GrantGiven(grant) => {
                    assert!(self.allowed.contains(&grant.grant), "seed {seed} seq {}", envelope.seq);
                    self.granted.insert(grant.grant.clone());
                }
                Event::GrantRevoked { grant } => _ = self.granted.remove(grant),
                Event::ApprovalDecided { request, ruling, .. }
                | Event::ApprovalHeld { request, ruling, .. } => {
                    let denied =
                        matches!(&request.action, Action::Command { command, .. } if command == DENIED);
                    if denied {
                        self.denied += 1;
                        assert!(
                            matches!(ruling.answer, Answer::Deny { .. }),
                            "seed {seed} seq {}",
                            envelope.seq
                        );
                    }
                    if let (Answer::Allow, Some(grant)) =
                        (&ruling.answer, ruling.rule.strip_prefix("granted "))
                    {
                        assert!(self.granted.contains(&ApprovalId::new(grant)), "seed {seed} {grant}");
                    }
                }
                _ => {}
            }
        }
        self.seen = world.journal.len();
        for (worker, launched) in &world.launches[self.launches..] {
            if settings.permission == PermissionMode::Ask || self.asks.contains(worker) {
                assert_eq!(launched.permission, PermissionMode::Ask, "seed {seed}: above the ceiling");
            }
        }
        self.launches = world.launches.len();
    }
}

/// Every worker that is to be taken up again has something to come.
fn nobody_is_stranded(world: &World, seed: u64) {
    let state = &world.state;
    if state.is_over() || state.ending.is_some() {
        return;
    }
    for (name, known) in &state.workers {
        let Some(underway) = known.recovery.to_begin() else { continue };
        let comes = |wanted: &dyn Fn(&Input) -> bool| world.waiting.iter().any(wanted);
        let waits = underway.until.is_some()
            && comes(&|i| matches!(i, Input::RecoveryDue { worker, .. } if worker == name));
        let quota = state.quotas.contains_key(&known.member.agent)
            && comes(&|i| matches!(i, Input::QuotaReset { agent, .. } if *agent == known.member.agent));
        let ends = known.attempts.values().any(|a| !a.is_over() && a.stopping.is_some())
            && comes(&|i| matches!(i, Input::Exited { worker, .. } if worker == name));
        let reviewed = state.parked.as_ref().is_some_and(|turn| turn.worker == *name);
        let saved = state.pending_checkpoint.is_some();
        assert!(
            waits || quota || ends || reviewed || saved,
            "seed {seed}: {name} has nothing to come: {underway:?}"
        );
    }
}

fn habits(dice: &mut Dice) -> Habits {
    let permission = if dice.roll(2) == 0 { PermissionMode::Ask } else { PermissionMode::Bypass };
    let attempts = u32::try_from(dice.roll(4)).unwrap();
    Habits {
        faults: if dice.roll(4) == 0 { 20 } else { 0 },
        asks: vec![vec![], vec![DENIED], vec!["make", DENIED]].swap_remove(dice.roll(3)),
        speak_after: None,
        troubles: 1 + dice.roll(3),
        permission,
        recovery: RecoverySettings { attempts, back_off_ms: 1_000, back_off_max_ms: 5_000 },
        waits: dice.roll(3) > 0,
        is_pair: dice.roll(4) > 0,
        ..Habits::default()
    }
}

/// One session with its failures, its person and its crashes; what was seen of it.
fn live(seed: u64) -> (World, Watch) {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d);
    let mut world = World::new(seed, habits(&mut dice));
    let mut watch = Watch::default();
    // What a person, a restart or a further session does, and how often in all.
    let mut deeds = dice.roll(4);
    for step in 0.. {
        assert!(step < 3_000, "seed {seed}: it does not come to rest: {:?}", world.state.step);
        watch.look(&world, seed);
        nobody_is_stranded(&world, seed);
        if deeds > 0 && dice.roll(12) == 0 {
            deeds -= 1;
            deed(&mut world, &mut dice);
            continue;
        }
        if world.step() {
            continue;
        }
        let question = world.state.approvals.unanswered().next().map(|open| open.asked.approval.clone());
        if let (Some(approval), false) = (question, world.state.is_over()) {
            let choice = match dice.roll(3) {
                0 => Choice::Allow { allowed: AllowFor::Once },
                1 => Choice::Allow { allowed: AllowFor::Session },
                _ => Choice::Deny { message: "no".into() },
            };
            let before = world.state.last_seq;
            world.input(Input::Answer {
                approval: approval.clone(),
                choice,
                by: AnsweredBy::Person,
                edited: None,
            });
            if world.state.last_seq == before {
                let choice = Choice::Deny { message: "no".into() };
                world.input(Input::Answer { approval, choice, by: AnsweredBy::Person, edited: None });
            }
            continue;
        }
        assert!(world.state.is_over(), "seed {seed}: nothing is to come: {:?}", world.state.at_step);
        if deeds == 0 {
            break;
        }
        deeds -= 1;
        world.input(Input::Resume { message: None, waits: None });
    }
    watch.look(&world, seed);
    (world, watch)
}

fn deed(world: &mut World, dice: &mut Dice) {
    match dice.roll(5) {
        0 => world.input(Input::Stop { by: StopCause::Pause, urgent: false }),
        1 => {
            world.forget_the_outside();
            for input in reconcile(&world.state, &Observed::default()) {
                world.input(input);
            }
            while world.step() {}
            world.now = world.now.plus_ms(dice.roll(4) as u64 * 1_800_000);
            world.input(Input::Resume { message: None, waits: None });
        }
        2 => world.input(Input::ReviewNow { focus: None, waits: None }),
        3 => {
            let worker = WorkerName::new("claude-implementer");
            world.input(Input::Message { worker, text: "mind the edges".into() });
        }
        _ => {
            let (agent, until) = (crate::ids::AgentKind::Codex, world.now.plus_ms(60_000));
            world.input(Input::QuotaReached { agent, until });
        }
    }
}

/// That many seeds from one on; what was seen in all.
fn many(from: u64, to: u64) -> (u32, u32, u32) {
    let id = crate::ids::SessionId::new("orch_1");
    let (mut recovered, mut exhausted, mut denied) = (0, 0, 0);
    for seed in from..to {
        let (world, watch) = live(seed);
        (recovered, exhausted) = (recovered + watch.recovered, exhausted + watch.exhausted);
        denied += watch.denied;
        assert!(world.state.unended().next().is_none(), "seed {seed}: something runs");
        let view = session_view(&id, &world.state).unwrap();
        for worker in &view.workers {
            let at_rest = ["idle", "blocked", "done", "stopped", "failed"].contains(&worker.state.as_str());
            assert!(at_rest, "seed {seed}: {} is {}", worker.name, worker.state);
        }
        if seed % 50 == 0 {
            let mut replayed = State::default();
            world.journal.iter().for_each(|envelope| replayed.apply(envelope));
            assert_eq!(replayed, world.state, "seed {seed}");
        }
    }
    (recovered, exhausted, denied)
}

#[test]
fn no_sequence_of_failures_and_recoveries_goes_past_what_it_may() {
    let halves = std::thread::scope(|scope| {
        let other = scope.spawn(|| many(SEEDS / 2, SEEDS));
        [many(0, SEEDS / 2), other.join().unwrap()]
    });
    let [recovered, exhausted, denied] =
        [halves[0].0 + halves[1].0, halves[0].1 + halves[1].1, halves[0].2 + halves[1].2];
    // The worlds do what they are for.
    assert!(recovered > 1_000 && exhausted > 1_000 && denied > 1_000, "{recovered} {exhausted} {denied}");
}

#[test]
fn only_who_works_on_the_target_is_launched_so_that_it_asks_nobody() {
    let mut state = World::new(1, Habits { permission: PermissionMode::Bypass, ..Habits::default() }).state;
    let found = |told| Prepared { agents: vec![], git: told, guarantees: vec![], trusted: told };
    let (claude, gemini) = (WorkerName::new("claude-implementer"), WorkerName::new("gemini-architect"));
    let (target, checkout) =
        (Place::Target { write: true }, Place::Checkout { review: ReviewId::new("a review") });
    for told in [true, false] {
        state.prepared = Some(found(told).into());
        for worker in [&claude, &gemini] {
            let launched = state.launched(worker, &target);
            assert_eq!(launched.permission, PermissionMode::Bypass, "{worker}");
            assert_eq!((launched.skip_git_repo_check, launched.skip_trust), (!told, !told), "{worker}");
            assert_eq!(state.launched(worker, &checkout).permission, PermissionMode::Ask, "{worker}");
        }
    }
    state.prepared = Some(found(true).into());
    let known = state.workers.get_mut(&claude).unwrap();
    known.recovery.launch = LaunchChanges { asks: true, skip_git_repo_check: true, skip_trust: true };
    let launched = state.launched(&claude, &target);
    assert_eq!(launched.permission, PermissionMode::Ask);
    assert!(launched.skip_git_repo_check && launched.skip_trust);
    assert!(!state.launched(&gemini, &target).skip_trust, "a remedy is its worker's alone");
}
