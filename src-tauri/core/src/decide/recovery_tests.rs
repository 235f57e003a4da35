//! No sequence of failures and recoveries permits more than the person did, grants what is denied, tries more often than
//! it may, or leaves a worker with nothing to come.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{Dice, Habits, World};
use super::world_asks::{Git, RULED};
use super::{Observed, decide, reconcile};
use crate::approval::{Action, AllowFor, Answer, AnsweredBy, Choice};
use crate::ceiling::{Ceiling, Freedom};
use crate::event::{Event, Place, Prepared, RestState, StopCause};
use crate::grant::{Grant, GrantedBy, Scope};
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
    granted: BTreeMap<ApprovalId, Grant>,
    barred: BTreeSet<(WorkerName, String)>,
    recovered: u32,
    exhausted: u32,
    denied: u32,
    /// Grants of rules and recoveries.
    by_nobody: u32,
    /// Yeses in a person's place that were above the ceiling.
    too_high: u32,
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
                Event::GrantGiven(grant) => self.given(grant, settings.ceiling, seed),
                Event::GrantRevoked { grant } => self.revoked(grant, seed),
                // Nothing is granted beyond the work.
                Event::SessionEnded(ending) => {
                    let goes_on = [RestState::Paused, RestState::Blocked, RestState::Crashed];
                    self.granted.retain(|_, _| goes_on.contains(&ending.state));
                }
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
                    if ruling.answer == Answer::Allow {
                        let worker = worker.as_ref().unwrap();
                        self.let_through(worker, &ruling.rule, settings.ceiling, seed);
                    }
                }
                _ => {}
            }
        }
        self.seen = world.journal.len();
        for (worker, launched) in &world.launches[self.launches..] {
            let asks = settings.permission == PermissionMode::Ask || self.asks.contains(worker);
            if asks || settings.ceiling != Ceiling::ALL {
                assert_eq!(launched.permission, PermissionMode::Ask, "seed {seed}: above the ceiling");
            }
        }
        for (worker, launched) in &world.launches[self.launches..] {
            let may = |remedy: Remedy| {
                settings.ceiling.has(Freedom::Flags)
                    && !self.barred.contains(&(worker.clone(), remedy.as_str().into()))
            };
            assert!(may(Remedy::AddSkipTrust) || !launched.skip_trust, "seed {seed}");
            assert!(may(Remedy::AddSkipGitRepoCheck) || !launched.skip_git_repo_check, "seed {seed}");
        }
        self.launches = world.launches.len();
    }

    /// A yes in a person's place is taken only within the ceiling.
    fn asked_for(
        &mut self,
        world: &World,
        approval: &ApprovalId,
        choice: &Choice,
        by: AnsweredBy,
        seed: u64,
    ) {
        let action = &world.state.approvals.open(approval).unwrap().asked.request.action;
        let above = by == AnsweredBy::Demo
            && matches!(choice, Choice::Allow { .. })
            && !world.state.settings().ceiling.covers(action);
        if above {
            self.too_high += 1;
            let answer =
                Input::Answer { approval: approval.clone(), choice: choice.clone(), by, backing: None };
            assert!(decide(&world.state, answer, world.now).is_err(), "seed {seed}: above the ceiling");
        }
    }

    /// Only ever after a yes of a person's, by a rule of theirs, or by a recovery within the ceiling.
    fn given(&mut self, grant: &Grant, ceiling: Ceiling, seed: u64) {
        let what = match &grant.scope {
            Scope::Action { .. } => {
                assert!(self.allowed.contains(&grant.grant), "seed {seed} {}", grant.grant);
                assert!(matches!(grant.by, GrantedBy::Person | GrantedBy::Demo), "seed {seed}");
                String::new()
            }
            Scope::Rule { rule } => {
                assert_eq!(grant.by, GrantedBy::Rule);
                rule.name.clone()
            }
            Scope::Remedy { remedy } => {
                assert_eq!(grant.by, GrantedBy::Recovery);
                assert!(ceiling.has(Freedom::Flags), "seed {seed}: above the ceiling");
                remedy.as_str().to_owned()
            }
        };
        assert!(!self.barred.contains(&(grant.worker.clone(), what)), "seed {seed}: it was taken back");
        let before = self.granted.insert(grant.grant.clone(), grant.clone());
        assert!(before.is_none(), "seed {seed}: two grants of one name");
        self.by_nobody += u32::from(!matches!(grant.scope, Scope::Action { .. }));
    }

    fn revoked(&mut self, grant: &ApprovalId, seed: u64) {
        let taken = self.granted.remove(grant).unwrap_or_else(|| panic!("seed {seed}: {grant} is none"));
        let what = match taken.scope {
            Scope::Action { .. } => return,
            Scope::Rule { rule } => rule.name,
            Scope::Remedy { remedy } => remedy.as_str().to_owned(),
        };
        self.barred.insert((taken.worker, what));
    }

    /// What no person was asked about is within the ceiling, and what rests on a grant has one that is in force.
    fn let_through(&self, worker: &WorkerName, by: &str, ceiling: Ceiling, seed: u64) {
        if by == "write_inside" {
            assert!(ceiling.has(Freedom::Write), "seed {seed}: above the ceiling");
        }
        if let Some(grant) = by.strip_prefix("granted ") {
            assert!(self.granted.contains_key(&ApprovalId::new(grant)), "seed {seed} {grant}");
        }
        if let Some((_, rule, freedom)) = RULED.iter().find(|(_, rule, _)| *rule == by) {
            assert!(ceiling.has(*freedom), "seed {seed}: {rule} is above the ceiling");
            assert!(self.granted.values().any(|grant| grant.is_of_rule(worker, rule)), "seed {seed}: {rule}");
        }
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
        // Of a review that is asked for anew, its checkout comes first.
        let prepares = comes(&|i| matches!(i, Input::ReviewPrepared { .. }));
        assert!(
            waits || quota || ends || prepares || reviewed || saved,
            "seed {seed}: {name} has nothing to come: {underway:?}"
        );
    }
}

fn habits(dice: &mut Dice) -> Habits {
    let permission = if dice.roll(2) == 0 { PermissionMode::Ask } else { PermissionMode::Bypass };
    let attempts = u32::try_from(dice.roll(4)).unwrap();
    let mut asks = vec![vec![], vec![DENIED], vec!["make", DENIED]].swap_remove(dice.roll(3));
    for _ in 0..dice.roll(4) {
        asks.push(RULED.get(dice.roll(RULED.len() + 1)).map_or("write /work/p/a", |(asked, ..)| asked));
    }
    let ceiling = match dice.roll(3) {
        0 => Ceiling::ALL,
        _ => Ceiling::of(Freedom::ALL.into_iter().filter(|_| dice.roll(2) == 0)),
    };
    Habits {
        faults: if dice.roll(4) == 0 { 20 } else { 0 },
        asks,
        ceiling,
        git: [Git::None, Git::Found, Git::DoubtedByCodex][dice.roll(3)],
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
            let by = if dice.roll(3) == 0 { AnsweredBy::Demo } else { AnsweredBy::Person };
            watch.asked_for(&world, &approval, &choice, by, seed);
            world.input(Input::Answer { approval: approval.clone(), choice, by, backing: None });
            if world.state.last_seq == before {
                let choice = Choice::Deny { message: "no".into() };
                world.input(Input::Answer { approval, choice, by: AnsweredBy::Person, backing: None });
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
    match dice.roll(7) {
        5 | 6 => {
            let given = &world.state.approvals.grants.given;
            if let Some(given) = given.get(dice.roll(given.len().max(1))) {
                let grant = given.grant.grant.clone();
                world.input(Input::Revoke { grant });
            }
        }
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
fn many(from: u64, to: u64) -> [u32; 5] {
    let id = crate::ids::SessionId::new("orch_1");
    let mut seen = [0; 5];
    for seed in from..to {
        let (world, watch) = live(seed);
        let of_one = [watch.recovered, watch.exhausted, watch.denied, watch.by_nobody, watch.too_high];
        seen.iter_mut().zip(of_one).for_each(|(sum, one)| *sum += one);
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
    seen
}

#[test]
fn no_sequence_of_failures_and_recoveries_goes_past_what_it_may() {
    let halves = std::thread::scope(|scope| {
        let other = scope.spawn(|| many(SEEDS / 2, SEEDS));
        [many(0, SEEDS / 2), other.join().unwrap()]
    });
    // The worlds do what they are for.
    let seen: Vec<u32> = halves[0].iter().zip(halves[1]).map(|(one, other)| one + other).collect();
    assert!(
        seen.iter().zip([1_000, 1_000, 1_000, 1_000, 100]).all(|(count, least)| *count > least),
        "{seen:?}"
    );
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
