//! Usage limits: a state of the agent that holds for all sessions, with the time at which it ends by itself.

use std::sync::Arc;

use mo_core::event::{Event, StopCause};
use mo_core::ids::SessionId;
use mo_core::settings::Settings;
use mo_core::time::Timestamp;
use mo_engine::handle::EngineHandle;
use mo_engine::hub::Update;
use mo_engine::ports::Clock;
use mo_journal::{DataDir, SqliteJournal};
use mo_tests::Simulated;
use serde_json::json;

use crate::stage::{LIMIT, Stage, review, to_end, to_rest, trio};

const HOUR: i64 = 3_600_000;

/// A team whose implementer's usage limit is reached in its first turn, for an hour.
fn limited() -> Stage {
    let good = review("approved");
    let mut scripts = trio(&good, &good, &good);
    for (agent, script) in &mut scripts {
        if *agent == "claude" {
            let limit = json!({"error": {"class": "usage_limit", "resets_in_s": 3_600}});
            let turns = script["turns"].as_array_mut().unwrap();
            turns.insert(0, json!({"times": 1, "steps": [{"say": "I begin."}, limit]}));
        }
    }
    Stage::new(&scripts)
}

async fn open(stage: &Stage, clock: &Arc<Simulated>) -> EngineHandle {
    let data = DataDir::create(stage.path("data")).unwrap();
    let journal = Arc::new(SqliteJournal::open(&data).unwrap());
    stage.engine_at(journal, Arc::clone(clock) as Arc<dyn Clock>).await
}

/// Follows a session until an event of that kind, and gives its data.
pub(crate) async fn until_kind(engine: &EngineHandle, id: &SessionId, kind: &str) -> String {
    let mut live = engine.subscribe(id, 0);
    let found = async {
        loop {
            let Update::Events(records) = live.next().await.unwrap().unwrap() else { continue };
            if let Some(found) = records.iter().find(|record| record.kind == kind) {
                return found.data.clone();
            }
        }
    };
    tokio::time::timeout(LIMIT, found).await.unwrap_or_else(|_| panic!("no {kind}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_usage_limit_is_waited_for_and_is_no_failure() {
    let (stage, clock) = (limited(), Simulated::new());
    let engine = open(&stage, &clock).await;
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    until_kind(&engine, &id, "recovery_attempted").await;
    let view = engine.view(&id).await.unwrap().unwrap();
    assert_eq!((view.state.as_str(), view.recoveries, view.quotas.len()), ("running", 0, 1));
    assert_eq!(view.quotas[0].agent, "claude");
    let until = Timestamp::parse(&view.quotas[0].until).unwrap();
    let left = until.0 - clock.now().0;
    assert!((HOUR - 60_000..HOUR + 60_000).contains(&left), "{left}");
    let claude = view.workers.iter().find(|worker| worker.agent == "claude").unwrap();
    assert_eq!(claude.state, "waiting", "{claude:?}");
    assert!(claude.doing.contains("usage limit is over at"), "{claude:?}");
    clock.put_forward(HOUR / 2);
    let half = engine.view(&id).await.unwrap().unwrap();
    assert_eq!(half.seq, view.seq, "nothing happens before its time");
    clock.put_forward(HOUR / 2 + 60_000);
    let outcome = to_end(&engine, &id).await;
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    assert!(outcome.view.quotas.is_empty());
    assert!(outcome.story().contains("Claude's usage limit is over"), "{}", outcome.story());
    engine.idle().await;
    stage.assert_nothing_runs();
}

/// The second session has not asked yet and is held all the same; its other agents go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_usage_limit_holds_in_all_sessions() {
    let (stage, clock) = (limited(), Simulated::new());
    let engine = open(&stage, &clock).await;
    let first = engine.start(stage.request(Settings::default())).await.unwrap();
    until_kind(&engine, &first, "quota_reached").await;
    let other = stage.path("other");
    std::fs::create_dir(&other).unwrap();
    let mut request = stage.request(Settings::default());
    request.target = other;
    let second = engine.start(request).await.unwrap();
    let told = until_kind(&engine, &second, "quota_reached").await;
    assert!(told.contains("\"elsewhere\":true"), "{told}");
    // Gemini plans and Codex reviews the plan meanwhile.
    until_kind(&engine, &second, "decision_made").await;
    clock.put_forward(HOUR + 60_000);
    for id in [&first, &second] {
        let outcome = to_end(&engine, id).await;
        assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    }
    let outcome = to_end(&engine, &second).await;
    let at = |kind: &str, worker: &str| {
        let of = |e: &&mo_core::event::Envelope| {
            e.event.kind() == kind && e.worker.as_ref().is_none_or(|w| w.as_str() == worker)
        };
        outcome.events.iter().find(of).map(|e| e.seq)
    };
    let claude = "claude-implementer";
    assert!(at("quota_reset", claude) < at("worker_spawn_requested", claude), "{}", outcome.story());
    let failed = outcome.events.iter().any(|e| matches!(&e.event, Event::RecoveryAttempted(_)));
    assert!(!failed, "it was never asked in vain");
    engine.idle().await;
}

/// What is waited for is in the journal: a restart waits for what is left of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_survives_a_restart() {
    let (stage, clock) = (limited(), Simulated::new());
    let engine = open(&stage, &clock).await;
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    until_kind(&engine, &id, "recovery_attempted").await;
    engine.stop(&id, StopCause::Pause, false).await.unwrap();
    to_rest(&engine, &id, 1).await;
    engine.idle().await;
    engine.shut_down().await;
    drop(engine);
    clock.put_forward(HOUR / 2);
    let engine = open(&stage, &clock).await;
    engine.resume(&id, None).await.unwrap();
    until_kind(&engine, &id, "session_resumed").await;
    let view = engine.view(&id).await.unwrap().unwrap();
    assert_eq!((view.state.as_str(), view.quotas.len()), ("running", 1));
    let claude = view.workers.iter().find(|worker| worker.agent == "claude").unwrap();
    assert_eq!((claude.state.as_str(), claude.attempt), ("waiting", 1), "{claude:?}");
    clock.put_forward(HOUR / 2 + 60_000);
    let outcome = to_rest(&engine, &id, 2).await;
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    engine.idle().await;
    stage.assert_nothing_runs();
}

/// As Gemini CLI says it with a Google login, over ACP: no instant, but how long the limit goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_that_names_a_span_is_waited_for_over_acp() {
    let good = review("approved");
    let mut scripts = trio(&good, &good, &good);
    for (agent, script) in &mut scripts {
        if *agent == "gemini" {
            let said = "You have exhausted your capacity on this model. Your quota will reset after 1h0m0s.";
            let limit = json!({"error": {"class": "usage_limit", "message": said}});
            script["turns"].as_array_mut().unwrap().insert(0, json!({"times": 1, "steps": [limit]}));
        }
    }
    let (stage, clock) = (Stage::new(&scripts), Simulated::new());
    let engine = open(&stage, &clock).await;
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    until_kind(&engine, &id, "recovery_attempted").await;
    let view = engine.view(&id).await.unwrap().unwrap();
    assert_eq!((view.state.as_str(), view.quotas[0].agent.as_str()), ("running", "gemini"));
    let left = Timestamp::parse(&view.quotas[0].until).unwrap().0 - clock.now().0;
    assert!((HOUR - 60_000..HOUR + 60_000).contains(&left), "{left}");
    clock.put_forward(HOUR + 60_000);
    let outcome = to_end(&engine, &id).await;
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    let span = outcome
        .events
        .iter()
        .any(|event| matches!(&event.event, Event::TurnEnded { end, .. } if end.resets_in_ms.is_some()));
    assert!(!span, "the journal has the instant");
    engine.idle().await;
    stage.assert_nothing_runs();
}

/// A person who knows better (a raised plan) has it tried now, in all sessions; what fails again waits again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_lifts_a_limit_before_its_time() {
    let (stage, clock) = (limited(), Simulated::new());
    let engine = open(&stage, &clock).await;
    let claude = "claude".parse().unwrap();
    assert_eq!(engine.lift(&claude).await.unwrap_err().code(), "blocker_unknown");
    let first = engine.start(stage.request(Settings::default())).await.unwrap();
    until_kind(&engine, &first, "recovery_attempted").await;
    let other = stage.path("other");
    std::fs::create_dir(&other).unwrap();
    let mut request = stage.request(Settings::default());
    request.target = other;
    let second = engine.start(request).await.unwrap();
    until_kind(&engine, &second, "quota_reached").await;
    engine.lift(&claude).await.unwrap();
    for id in [&first, &second] {
        let outcome = to_end(&engine, id).await;
        assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
        assert!(outcome.view.quotas.is_empty());
        let lifted = |event: &Event| matches!(event, Event::QuotaReset { lifted: true, .. });
        assert_eq!(outcome.events.iter().filter(|e| lifted(&e.event)).count(), 1, "{}", outcome.story());
        let reached = |event: &Event| matches!(event, Event::QuotaReached { .. });
        assert_eq!(outcome.events.iter().filter(|e| reached(&e.event)).count(), 1, "{}", outcome.story());
    }
    assert!(engine.lift(&claude).await.is_err(), "nobody waits any more");
    engine.idle().await;
    stage.assert_nothing_runs();
}
