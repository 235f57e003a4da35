//! A simulated outside for tests: answers the core's effects from a seed, in any order, with faults.

use std::collections::{BTreeMap, VecDeque};

use serde_json::json;

use super::world_asks::{self, Git};
use crate::agent_event::{AgentEvent, Decoded};
use crate::approval::{Answer, Choice};
use crate::ceiling::Ceiling;
use crate::decide::decide;
use crate::effect::{Effect, effects};
use crate::event::{
    CheckpointPurpose, CheckpointTaken, Envelope, Fault, Prepared, Purpose, SessionCreated, StopCause,
};
use crate::ids::{AgentKind, AttemptNo, Digest, ItemId, Nonce, Role, WorkerName};
use crate::input::{Backing, Edited, Input};
use crate::outcome::{FailureClass, Outcome, TurnEnd};
use crate::policy::Rule;
use crate::recovery::Launched;
use crate::review::check::{CheckRun, CutShort};
use crate::settings::{PermissionMode, RecoverySettings, Settings};
use crate::state::{ReviewProgress, State};
use crate::team::Team;
use crate::time::Timestamp;

/// A small generator; the seed is the whole history.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// What the workers of a world do.
#[derive(Debug, Clone)]
pub(super) struct Habits {
    /// Answers of reviewers, taken one after the other, then `approved`.
    pub(super) verdicts: Vec<&'static str>,
    /// One in so many steps goes wrong; 0 = none.
    pub(super) faults: usize,
    /// Stop after so many inputs.
    pub(super) stop_after: Option<usize>,
    /// Ask for a review, and say something to the implementer, after so many inputs.
    pub(super) speak_after: Option<usize>,
    pub(super) fix_rounds: u32,
    /// Exit codes of the checks, one a command; the same in every round.
    pub(super) checks: Vec<i32>,
    /// Commands that the implementer asks for in each of its turns, one after the other.
    pub(super) asks: Vec<&'static str>,
    /// Whether the session waits where only a person could move it on.
    pub(super) waits: bool,
    /// One in so many turns goes wrong, in any way; 0 = none.
    pub(super) troubles: usize,
    /// How the settings are.
    pub(super) permission: PermissionMode,
    pub(super) recovery: RecoverySettings,
    /// What may be let through without a person.
    pub(super) ceiling: Ceiling,
    pub(super) git: Git,
    /// Only an implementer and a reviewer.
    pub(super) is_pair: bool,
}

const CHECK_RUN: CheckRun = CheckRun {
    exit_code: None,
    signal: None,
    cut_short: None,
    duration_ms: 5,
    output: String::new(),
    output_bytes: 0,
};

pub(super) struct World {
    pub(super) state: State,
    pub(super) journal: Vec<Envelope>,
    pub(super) waiting: VecDeque<Input>,
    pub(super) dice: Dice,
    habits: Habits,
    next_verdict: usize,
    checkpoints: u32,
    /// What each process has still to ask in its turn, and what the turn is for.
    asking: BTreeMap<(WorkerName, u32), (VecDeque<&'static str>, Purpose)>,
    /// The answers that agents were given, in their order.
    pub(super) told: Vec<(String, Answer)>,
    asked: u32,
    /// With what each process was launched.
    pub(super) launches: Vec<(WorkerName, Launched)>,
    pub(super) now: Timestamp,
    /// The person's rules.
    pub(super) rules: Vec<Rule>,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            verdicts: vec![],
            faults: 0,
            stop_after: None,
            speak_after: None,
            fix_rounds: 0,
            checks: vec![],
            asks: vec![],
            waits: true,
            troubles: 0,
            permission: PermissionMode::Ask,
            recovery: RecoverySettings::default(),
            ceiling: Ceiling::ALL,
            git: Git::None,
            is_pair: false,
        }
    }
}

fn pair() -> Team {
    let members = vec![(AgentKind::Claude, Role::Implementer), (AgentKind::Codex, Role::Reviewer)];
    Team::new(members, &[("codex".to_owned(), "claude".to_owned())]).unwrap()
}

impl World {
    /// From its next turn on the implementer asks for these.
    pub(super) fn habits_ask(&mut self, asks: &[&'static str]) {
        self.habits.asks = asks.to_vec();
    }

    /// The owner's process is gone, and with it all that was under way.
    pub(super) fn forget_the_outside(&mut self) {
        self.waiting.clear();
        self.asking.clear();
    }

    pub(super) fn new(seed: u64, habits: Habits) -> Self {
        let created = SessionCreated {
            goal: "add a greeting".into(),
            target: "/work/p".into(),
            team: if habits.is_pair { pair() } else { Team::default_trio() },
            settings: Settings {
                permission: habits.permission,
                ceiling: habits.ceiling,
                recovery: habits.recovery,
                fix_rounds: habits.fix_rounds,
                waits_for_person: habits.waits,
                checks: (0..habits.checks.len()).map(|n| format!("check {n}")).collect(),
                ..Settings::default()
            },
            warnings: vec![],
        };
        let mut world = Self {
            state: State::default(),
            journal: vec![],
            waiting: VecDeque::new(),
            dice: Dice(seed),
            habits,
            next_verdict: 0,
            checkpoints: 0,
            asking: BTreeMap::new(),
            told: vec![],
            rules: world_asks::rules(),
            asked: 0,
            launches: vec![],
            now: Timestamp(1_700_000_000_000),
        };
        world.input(Input::Create(created));
        world
    }

    /// Runs until nothing waits any more; returns how many inputs it took.
    pub(super) fn run(&mut self) -> usize {
        let mut steps = 0;
        while !self.waiting.is_empty() && steps < 10_000 {
            steps += 1;
            if self.habits.stop_after == Some(steps) {
                self.input(Input::Stop { by: StopCause::Person, urgent: false });
            }
            if self.habits.speak_after == Some(steps) {
                self.input(Input::ReviewNow { focus: Some("the edges".into()), waits: None });
                let worker = WorkerName::new("claude-implementer");
                self.input(Input::Message { worker, text: "mind the edges".into() });
            }
            // Outcomes may overtake each other, but not those of one worker.
            let pick = self.dice.roll(self.waiting.len().min(3));
            let first = &self.waiting[pick];
            let pick = (0..pick).find(|i| same_worker(&self.waiting[*i], first)).unwrap_or(pick);
            let Some(next) = self.waiting.remove(pick) else { break };
            self.input(next);
        }
        steps
    }

    /// Takes what waits in its order, until this holds of the state.
    pub(super) fn run_until(&mut self, holds: impl Fn(&State) -> bool) {
        while !holds(&self.state) {
            let Some(next) = self.waiting.pop_front() else { break };
            self.input(next);
        }
    }

    pub(super) fn input(&mut self, input: Input) {
        self.now = self.now.plus_ms(7);
        let until = match &input {
            Input::RecoveryDue { worker, .. } => self.state.held_until(worker),
            Input::QuotaReset { until, .. } => Some(*until),
            _ => None,
        };
        self.now = self.now.max(until.unwrap_or(self.now));
        let Ok(envelopes) = decide(&self.state, input, self.now) else { return };
        for envelope in envelopes {
            assert_eq!(envelope.seq, self.state.last_seq + 1, "seq is dense");
            self.state.apply(&envelope);
            let effects = effects(&self.state, envelope.worker.as_ref(), &envelope.event);
            self.journal.push(envelope);
            for effect in effects {
                self.react(effect);
            }
        }
    }

    fn fault(&mut self) -> bool {
        self.habits.faults > 0 && self.dice.roll(self.habits.faults) == 0
    }

    fn react(&mut self, effect: Effect) {
        let broken = || Fault { code: "io".into(), message: "broken".into(), hint: "mend it".into() };
        match effect {
            Effect::Prepare => {
                // What it is told to be there may not be: then the flags come by recovery.
                let trusted = self.habits.recovery.attempts % 2 == 1;
                let git = self.habits.git != Git::None;
                let found = Prepared { agents: vec![], git, guarantees: vec![], trusted };
                let result = if self.fault() { Err(broken()) } else { Ok(found) };
                self.waiting.push_back(Input::Prepared(result));
            }
            Effect::TakeCheckpoint { checkpoint, purpose } => {
                // Nothing was changed before most turns.
                if purpose != CheckpointPurpose::Turn || self.dice.roll(3) == 0 {
                    self.checkpoints += 1;
                }
                let digest = Digest::parse(&format!("sha256:{:064x}", self.checkpoints)).unwrap();
                let taken = CheckpointTaken {
                    checkpoint,
                    digest,
                    files: 1,
                    bytes: 1,
                    ignored: 0,
                    skipped: vec![],
                    changed: vec![],
                };
                let result = if self.fault() { Err(broken()) } else { Ok(taken) };
                self.waiting.push_back(Input::Checkpoint { checkpoint, result });
            }
            Effect::Spawn { worker, attempt, launched, .. } => {
                self.launches.push((worker.clone(), launched));
                let result = if self.fault() { Err(broken()) } else { Ok((100, u64::from(attempt))) };
                self.waiting.push_back(Input::Spawned { worker, attempt, result });
            }
            Effect::Prompt { worker, attempt, turn } => {
                let purpose = turn.purpose;
                let event = AgentEvent::Message { item: ItemId::new("m"), text: "working".into() };
                let agent = |event| Input::Agent {
                    worker: worker.clone(),
                    attempt,
                    decoded: Decoded { at: None, event },
                    survey: None,
                };
                self.waiting.push_back(agent(event));
                let launched = self.state.was_launched(&worker).unwrap();
                if self.habits.git == Git::DoubtedByCodex
                    && worker.as_str().starts_with("codex")
                    && !launched.skip_git_repo_check
                {
                    let end = TurnEnd::bare(Outcome::Failed, Some(FailureClass::NotAGitRepo));
                    self.waiting.push_back(agent(AgentEvent::TurnEnded { end }));
                    return;
                }
                if self.habits.troubles > 0 && self.dice.roll(self.habits.troubles) == 0 {
                    self.trouble(worker, attempt, turn.turn);
                    return;
                }
                if self.fault() {
                    // The process dies in mid-turn.
                    self.waiting.push_back(killed(&worker, attempt));
                    return;
                }
                let asks = if worker.as_str() == "claude-implementer" { &self.habits.asks[..] } else { &[] };
                self.asking.insert((worker.clone(), attempt), (asks.iter().copied().collect(), purpose));
                self.next_of_turn(&worker, attempt);
            }
            Effect::AnswerApproval { worker, attempt, request, answer } => {
                self.told.push((request.to_string(), answer));
                self.next_of_turn(&worker, attempt);
            }
            Effect::StopWorker { worker, attempt, .. } => {
                self.waiting.push_back(Input::Exited {
                    worker,
                    attempt,
                    code: Some(0),
                    signal: None,
                    tree_empty: true,
                    turn: None,
                });
            }
            Effect::PrepareReview { review, try_no } => {
                let nonce = Nonce::new(format!("{review}-{try_no}"));
                let result = if self.fault() { Err(broken()) } else { Ok((nonce, "/checkout".to_owned())) };
                self.waiting.push_back(Input::ReviewPrepared { review, try_no, result });
            }
            Effect::CheckPlaces { review, try_no, .. } => {
                let missing = self.fault().then(|| "nowhere:1".to_owned());
                self.waiting.push_back(Input::PlacesChecked { review, try_no, missing, tampered: None });
            }
            Effect::StartReviewTimer { review, .. } => {
                if self.fault() {
                    self.waiting.push_back(Input::ReviewTimedOut { review });
                }
            }
            Effect::AnswerAgain { approval } => {
                let kept = self.state.approvals.open(&approval).unwrap().answer.clone().unwrap();
                let Choice::Edit { input } = &kept.choice else { panic!("no edit") };
                let backing = Some(self.edited(input["command"].as_str().unwrap()));
                self.waiting.push_back(Input::Answer { approval, choice: kept.choice, by: kept.by, backing });
            }
            Effect::RunCheck { check } => {
                let index = self.state.checks_of_step().len() - 1;
                let run = CheckRun { exit_code: Some(self.habits.checks[index]), ..CHECK_RUN };
                let result = if self.fault() { Err(broken()) } else { Ok(run) };
                self.waiting.push_back(Input::CheckRan { check, result });
            }
            Effect::StopCheck { check } => {
                let run = CheckRun { cut_short: Some(CutShort::ByStop), ..CHECK_RUN };
                self.waiting.push_back(Input::CheckRan { check, result: Ok(run) });
            }
            Effect::StartRecoveryTimer { worker, turn, .. } => {
                self.waiting.push_back(Input::RecoveryDue { worker, turn });
            }
            Effect::StartQuotaTimer { agent, until } => {
                self.waiting.push_back(Input::QuotaReset { agent, until });
            }
            Effect::WritePlan
            | Effect::StartApprovalTimer { .. }
            | Effect::WriteReceipts
            | Effect::CloseReview { .. }
            | Effect::StartTimeLimit { .. }
            | Effect::CloseSession => {}
        }
    }

    /// A turn goes wrong in one of all ways.
    fn trouble(&mut self, worker: WorkerName, attempt: u32, turn: u32) {
        const CLASSES: [FailureClass; 14] = [
            FailureClass::RateLimited,
            FailureClass::Overloaded,
            FailureClass::Network,
            FailureClass::UsageLimit,
            FailureClass::ContextTooLong,
            FailureClass::SessionUnknown,
            FailureClass::RootRefused,
            FailureClass::PermissionDenied,
            FailureClass::NotAGitRepo,
            FailureClass::UntrustedFolder,
            FailureClass::Internal,
            FailureClass::OutputTruncated,
            FailureClass::AuthExpired,
            FailureClass::Unknown,
        ];
        let agent = |event: AgentEvent| Input::Agent {
            worker: worker.clone(),
            attempt,
            decoded: event.into(),
            survey: None,
        };
        let garbage = || AgentEvent::Malformed { excerpt: "{".into(), reason: "half".into(), bytes: 1 };
        let exited = killed(&worker, attempt);
        match self.dice.roll(8) {
            0 => self.waiting.push_back(exited),
            1 => self.waiting.extend([agent(garbage()), exited]),
            2 => self.waiting.push_back(Input::Stalled {
                worker,
                attempt,
                turn,
                silent_ms: 300_000,
                retrying: (self.dice.roll(2) == 0).then_some(FailureClass::Network),
            }),
            // One that says why, and ends.
            3 => {
                let end = TurnEnd::bare(Outcome::Failed, Some(FailureClass::Internal));
                let Input::Exited { worker, attempt, code, signal, tree_empty, .. } = exited else { return };
                let turn = Some(Box::new(end));
                self.waiting.push_back(Input::Exited { worker, attempt, code, signal, tree_empty, turn });
            }
            _ => {
                let class = CLASSES[self.dice.roll(CLASSES.len())];
                let span = (class == FailureClass::UsageLimit && self.dice.roll(3) > 0)
                    .then(|| self.dice.roll(3) as u64 * 3_600_000);
                // Some agents name an instant, others a span.
                let resets_in_ms = span.filter(|_| self.dice.roll(2) == 0);
                let resets_at = span.filter(|_| resets_in_ms.is_none()).map(|span| self.now.plus_ms(span));
                let end = TurnEnd { resets_at, resets_in_ms, ..TurnEnd::bare(Outcome::Failed, Some(class)) };
                self.waiting.push_back(agent(AgentEvent::TurnEnded { end }));
            }
        }
    }

    /// Takes one input that waits, in the order in which it came; whether there was one.
    pub(super) fn step(&mut self) -> bool {
        let Some(next) = self.waiting.pop_front() else { return false };
        self.input(next);
        true
    }

    /// The next question of a turn, or its end.
    fn next_of_turn(&mut self, worker: &WorkerName, attempt: u32) {
        let Some((asks, purpose)) = self.asking.get_mut(&(worker.clone(), attempt)) else { return };
        let (next, purpose) = (asks.pop_front(), purpose.clone());
        let Some(command) = next else {
            self.asking.remove(&(worker.clone(), attempt));
            let event = AgentEvent::TurnEnded { end: self.turn_end(&purpose) };
            let (worker, decoded) = (worker.clone(), event.into());
            self.waiting.push_back(Input::Agent { worker, attempt, decoded, survey: None });
            return;
        };
        self.asked += 1;
        let request = world_asks::request(self.asked, command);
        let survey = world_asks::survey(format!("a{}", self.asked), &self.rules);
        self.waiting.push_back(Input::Agent {
            worker: worker.clone(),
            attempt,
            decoded: AgentEvent::ApprovalRequested { request }.into(),
            survey: Some(Box::new(survey)),
        });
    }

    /// What the engine finds out about a call that is edited to this command.
    pub(super) fn edited(&self, command: &str) -> Box<Backing> {
        Box::new(Backing::Edited(Edited {
            action: world_asks::action(command),
            survey: world_asks::survey(String::new(), &self.rules),
        }))
    }

    fn turn_end(&mut self, purpose: &Purpose) -> TurnEnd {
        if self.fault() {
            let text = Some("the model is gone".to_owned());
            return TurnEnd { text, ..TurnEnd::bare(Outcome::Failed, Some(FailureClass::Overloaded)) };
        }
        let text = match purpose {
            Purpose::Review { review, .. } => {
                let verdict = self.habits.verdicts.get(self.next_verdict).copied().unwrap_or("approved");
                self.next_verdict += 1;
                let open = self.state.review(review).unwrap();
                let ReviewProgress::Running { nonce, .. } = &open.progress else { panic!("not running") };
                if verdict == "garbage" {
                    "I like it.".to_owned()
                } else {
                    // One that was meant for another request approves.
                    let (verdict, nonce) = match verdict {
                        "stale" => ("approved", "another"),
                        verdict => (verdict, nonce.as_str()),
                    };
                    let findings = if verdict == "approved" {
                        json!([])
                    } else {
                        json!([{"severity": verdict, "title": "t", "evidence": "line 1", "file": null, "line": null}])
                    };
                    json!({"verdict": verdict, "summary": "s", "checkpoint": open.request.digest.as_str(),
                        "nonce": nonce, "findings": findings})
                    .to_string()
                }
            }
            _ => "the plan, or what was done".to_owned(),
        };
        TurnEnd { text: Some(text), cost_usd: Some(0.01), ..TurnEnd::bare(Outcome::Completed, None) }
    }
}

fn same_worker(a: &Input, b: &Input) -> bool {
    let of = |input: &Input| match input {
        Input::Spawned { worker, .. } | Input::Exited { worker, .. } | Input::Agent { worker, .. } => {
            Some(worker.clone())
        }
        _ => None,
    };
    of(a).is_some() && of(a) == of(b)
}

/// The process has died in the middle.
fn killed(worker: &WorkerName, attempt: AttemptNo) -> Input {
    Input::Exited {
        worker: worker.clone(),
        attempt,
        code: None,
        signal: Some(9),
        tree_empty: true,
        turn: None,
    }
}
