//! Sessions whose workers ask nobody: one-shots, each a process for one prompt, over what a test says is proven.

use mo_core::event::{Event, GoesOn, StopCause};
use mo_core::ids::{AgentKind, Role};
use mo_core::outcome::FailureClass;
use mo_core::recovery::{Remedy, Trouble};
use mo_core::sandbox::{Guarantee, Proven};
use mo_core::settings::{PermissionMode, RecoverySettings, Settings};
use mo_core::team::Team;
use mo_engine::handle::EngineHandle;
use mo_engine::hub::Update;
use mo_engine::premises::Premises;
use mo_engine::start::StartRequest;
use serde_json::{Value, json};

use crate::stage::{LIMIT, Outcome, Stage, review, to_end};

fn bypass() -> Settings {
    let recovery = RecoverySettings { attempts: 3, back_off_ms: 20, back_off_max_ms: 40 };
    Settings { permission: PermissionMode::Bypass, recovery, ..Settings::default() }
}

/// A machine on which all is proven, and on which a preparation finds, or believes to find, a repository and trust.
fn premises(believes: bool) -> Premises {
    Premises { proven: Proven::by_probe(Guarantee::FOR_BYPASS), git: Some(believes), trusted: believes }
}

/// An implementer that does these things first so often, and the reviewer that approves.
struct Play {
    stage: Stage,
    team: Team,
}

impl Play {
    fn new(implementer: &str, root: bool, first: &[(u32, Value)]) -> Self {
        let reviewer = if implementer == "codex" { "claude" } else { "codex" };
        let work = json!([
            {"plan": ["Write the greeting"]},
            {"run": "rm -f none; echo x >> marks.txt"},
            {"write": {"path": "greeting.txt", "content": "hello\n"}},
            {"text": "I wrote greeting.txt."}
        ]);
        let mut turns: Vec<Value> =
            first.iter().map(|(times, steps)| json!({"times": times, "steps": steps})).collect();
        turns.push(json!({"times": 0, "steps": work}));
        let stage = Stage::new(&[
            (implementer, json!({"root": root, "turns": turns})),
            (reviewer, json!({"turns": [{"times": 0, "steps": [review("approved")]}]})),
        ]);
        let kind = |name: &str| name.parse::<AgentKind>().unwrap();
        let members = vec![(kind(implementer), Role::Implementer), (kind(reviewer), Role::Reviewer)];
        let team = Team::new(members, &[(reviewer.to_owned(), implementer.to_owned())]).unwrap();
        Self { stage, team }
    }

    fn request(&self, settings: Settings) -> StartRequest {
        StartRequest { team: self.team.clone(), ..self.stage.request(settings) }
    }

    async fn run(&self, believes: bool, settings: Settings) -> Outcome {
        let engine = self.stage.engine_knowing(premises(believes)).await;
        let id = engine.start(self.request(settings)).await.unwrap();
        let outcome = to_end(&engine, &id).await;
        rest(&engine).await;
        self.stage.assert_nothing_runs();
        outcome
    }

    fn made(&self, name: &str) -> String {
        std::fs::read_to_string(self.stage.path("target").join(name)).unwrap_or_default()
    }
}

async fn rest(engine: &EngineHandle) {
    engine.idle().await;
    engine.shut_down().await;
}

fn remedies(outcome: &Outcome) -> Vec<(Trouble, Remedy, u32, u32)> {
    let tried = outcome.events.iter().filter_map(|e| match &e.event {
        Event::RecoveryAttempted(tried) => Some((tried.class, tried.remedy, tried.try_no, tried.of)),
        _ => None,
    });
    tried.collect()
}

fn count(outcome: &Outcome, kind: &str) -> usize {
    outcome.events.iter().filter(|e| e.event.kind() == kind).count()
}

/// The processes of the implementer: whether each goes on in a session of its agent.
fn launches(outcome: &Outcome) -> Vec<bool> {
    let of = |name: &str| name.ends_with("-implementer");
    let spawned = outcome.events.iter().filter_map(|e| match &e.event {
        Event::WorkerSpawnRequested { resume, .. } if e.worker.as_ref().is_some_and(|w| of(w.as_str())) => {
            Some(resume.is_some())
        }
        _ => None,
    });
    spawned.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_is_done_without_a_question() {
    for agent in ["claude", "codex", "gemini"] {
        let play = Play::new(agent, false, &[]);
        let outcome = play.run(false, bypass()).await;
        let story = outcome.story();
        assert_eq!(outcome.exit_code(), 0, "{agent}: {story}");
        assert_eq!((remedies(&outcome), launches(&outcome)), (vec![], vec![false]), "{agent}: {story}");
        assert_eq!(count(&outcome, "approval_requested"), 0, "{agent}: {story}");
        let made = (play.made("greeting.txt"), play.made("marks.txt"));
        assert_eq!(made, ("hello\n".to_owned(), "x\n".to_owned()), "{agent}: {story}");
        let proven = outcome.events.iter().find_map(|e| match &e.event {
            Event::SessionPrepared(found) => Some(found.guarantees.len()),
            _ => None,
        });
        assert_eq!(proven, Some(Guarantee::FOR_BYPASS.len()), "the journal says on what it rests");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_to_start_has_its_remedy_once() {
    for (agent, class, remedy, asked) in [
        ("gemini", FailureClass::UntrustedFolder, Remedy::AddSkipTrust, 0),
        // Who asks asks about the command that deletes; the rest it may do.
        ("claude", FailureClass::RootRefused, Remedy::AskInstead, 1),
    ] {
        let play = Play::new(agent, true, &[]);
        let settings = Settings { approval_timeout_ms: 50, ..bypass() };
        let outcome = play.run(true, settings).await;
        let story = outcome.story();
        assert_eq!(outcome.exit_code(), 0, "{agent}: {story}");
        assert_eq!(remedies(&outcome), [(Trouble::Failed(class), remedy, 1, 1)], "{agent}: {story}");
        assert_eq!(launches(&outcome), [false, false], "who refused to start has no session: {story}");
        assert_eq!(count(&outcome, "approval_requested"), asked, "{agent}: {story}");
        assert_eq!(count(&outcome, "recovery_succeeded"), 1, "{agent}: {story}");
        assert_eq!(play.made("greeting.txt"), "hello\n", "{agent}: {story}");
        // Nobody answered, which is a no; the other one runs it unasked.
        let marks = if asked == 0 { "x\n" } else { "" };
        assert_eq!(play.made("marks.txt"), marks, "{agent}: {story}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codex_plans_outside_a_repository_that_was_believed_to_be_there() {
    let plan = json!([
        {"write": {"path": "by-a-reader.txt", "content": "x\n"}},
        {"text": "# Plan\n\nWrite greeting.txt.\n"}
    ]);
    let work = json!([{"write": {"path": "greeting.txt", "content": "hello\n"}}, {"text": "Done."}]);
    let turns = |steps: Value| json!({"root": false, "turns": [{"times": 0, "steps": steps}]});
    let stage = Stage::new(&[
        ("codex", turns(plan)),
        ("claude", turns(work)),
        ("gemini", turns(json!([review("approved")]))),
    ]);
    let members = vec![
        (AgentKind::Codex, Role::Architect),
        (AgentKind::Claude, Role::Implementer),
        (AgentKind::Gemini, Role::Reviewer),
    ];
    let team = Team::new(members, &[("gemini".to_owned(), "claude".to_owned())]).unwrap();
    let engine = stage.engine_knowing(premises(true)).await;
    let id = engine.start(StartRequest { team, ..stage.request(bypass()) }).await.unwrap();
    let outcome = to_end(&engine, &id).await;
    rest(&engine).await;
    let story = outcome.story();
    assert_eq!(outcome.exit_code(), 0, "{story}");
    let class = Trouble::Failed(FailureClass::NotAGitRepo);
    assert_eq!(remedies(&outcome), [(class, Remedy::AddSkipGitRepoCheck, 1, 1)], "{story}");
    assert!(!stage.path("target/by-a-reader.txt").exists(), "who plans only reads: {story}");
    stage.assert_nothing_runs();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_recovery_a_refusal_to_start_is_a_blocker() {
    for (agent, action) in [("gemini", "trust"), ("claude", "ask")] {
        let play = Play::new(agent, true, &[]);
        let off = RecoverySettings { attempts: 0, ..RecoverySettings::default() };
        let outcome = play.run(true, Settings { recovery: off, ..bypass() }).await;
        let story = outcome.story();
        assert_eq!((outcome.exit_code(), remedies(&outcome)), (12, vec![]), "{agent}: {story}");
        assert_eq!(launches(&outcome).len(), 1, "{agent}: {story}");
        let need = &outcome.view.needs_you[0];
        assert!(need.required_actions[0].contains(action), "{need:?}");
    }
}

/// What broke off goes on in the agent's own session, Gemini's too: its `--resume` loses nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_broke_off_goes_on_in_the_agents_own_session() {
    let crash = json!([{"say": "I begin."}, {"crash": {"signal": 9}}]);
    let busy = json!([{"say": "I begin."}, {"error": {"class": "overloaded"}}]);
    let overloaded = Trouble::Failed(FailureClass::Overloaded);
    for agent in ["claude", "codex", "gemini"] {
        let play = Play::new(agent, false, &[(1, crash.clone()), (1, busy.clone())]);
        let outcome = play.run(false, bypass()).await;
        let story = outcome.story();
        assert_eq!(outcome.exit_code(), 0, "{agent}: {story}");
        let expected = [(Trouble::Crashed, Remedy::GoOn, 1, 2), (overloaded, Remedy::BackOff, 1, 3)];
        assert_eq!(remedies(&outcome), expected, "{agent}: {story}");
        assert_eq!(launches(&outcome), [false, true, true], "{agent}: {story}");
        let taken_up = outcome.events.iter().filter(|e| {
            matches!(e.event, Event::TurnRequested { recovers: Some(_), goes_on: GoesOn::InItsSession, .. })
        });
        assert_eq!(taken_up.count(), 2, "{agent}: {story}");
        assert_eq!(count(&outcome, "recovery_succeeded"), 1, "{agent}: {story}");
    }
}

async fn stopped_in_the_middle(agent: &str) {
    let play = Play::new(agent, false, &[(0, json!([{"say": "I begin."}, {"hang": true}]))]);
    let engine = play.stage.engine_knowing(premises(false)).await;
    let id = engine.start(play.request(bypass())).await.unwrap();
    let mut live = engine.subscribe(&id, 0);
    let begun = async {
        loop {
            let Update::Events(records) = live.next().await.unwrap().unwrap() else { continue };
            if records.iter().any(|record| record.kind == "agent_item") {
                return;
            }
        }
    };
    tokio::time::timeout(LIMIT, begun).await.expect("it begins");
    engine.stop(&id, StopCause::Person, false).await.unwrap();
    let outcome = to_end(&engine, &id).await;
    rest(&engine).await;
    assert_eq!(outcome.exit_code(), 14, "{agent}: {}", outcome.story());
    assert_eq!(remedies(&outcome), [], "{agent}: {}", outcome.story());
    play.stage.assert_nothing_runs();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_in_the_middle_leaves_nothing() {
    tokio::join!(
        stopped_in_the_middle("claude"),
        stopped_in_the_middle("codex"),
        stopped_in_the_middle("gemini")
    );
}
