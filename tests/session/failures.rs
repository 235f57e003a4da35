//! Agents that fail: each ends typed, within its limit, and never as an approval.

use std::sync::Arc;

use mo_core::event::StopCause;
use mo_core::settings::{RecoverySettings, Settings};
use mo_engine::handle::CommandError;
use mo_engine::hub::{Health, Update};
use mo_journal::MemoryJournal;
use serde_json::{Value, json};

use crate::stage::{Outcome, Stage, review, trio};

/// What is wrong is tried again at once, as often as it may be.
const RECOVERY: RecoverySettings = RecoverySettings { attempts: 2, back_off_ms: 1, back_off_max_ms: 1 };

async fn with(agent: &str, steps: Value, settings: Settings) -> (Stage, Outcome) {
    let good = review("approved");
    let mut scripts = trio(&good, &good, &good);
    for (name, script) in &mut scripts {
        if *name == agent {
            *script = json!({"turns": [{"times": 0, "steps": steps}]});
        }
    }
    let stage = Stage::new(&scripts);
    let outcome = stage.run(settings).await.unwrap();
    stage.assert_nothing_runs();
    (stage, outcome)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_implementer_that_fails_blocks_the_session() {
    let quick = || Settings { stall_timeout_ms: 400, recovery: RECOVERY, ..Settings::default() };
    let table = [
        (json!([{"say": "on it"}, {"crash": {"signal": 9}}]), "broke off"),
        (json!([{"say": "on it"}, {"exit": 0}]), "broke off"),
        (json!([{"stderr": "nope"}, {"exit": 7}]), ""),
        (json!([{"error": {"class": "not_logged_in"}}]), "not_logged_in"),
        (json!([{"say": "on it"}, {"hang": true}]), "failed"),
        (json!([{"say": "on it"}, {"half_line": true}, {"close_stdout": true}]), "failed"),
    ];
    for (steps, words) in table {
        let (_, outcome) = with("claude", steps.clone(), quick()).await;
        assert_eq!(outcome.exit_code(), 12, "{steps}: {}", outcome.story());
        assert_eq!(outcome.view.state, "blocked");
        let [need] = outcome.view.needs_you.as_slice() else { panic!("{:?}", outcome.view.needs_you) };
        assert!(need.title.contains(words), "{steps}: {}", need.title);
        assert_eq!(need.kind, "permission_blocker");
        assert!(!need.details.trim().is_empty(), "{steps}: there is evidence");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reviewer_that_fails_is_inconclusive() {
    let quick = || Settings { recovery: RECOVERY, ..Settings::default() };
    let table = [
        (json!([{"crash": {"signal": 9}}]), quick(), "could not review"),
        (json!([{"error": {"class": "overloaded"}}]), quick(), "could not review"),
        (
            json!([{"hang": true}]),
            Settings { review_timeout_ms: 400, ..Settings::default() },
            "gave no answer",
        ),
        (json!([{"hang": true}]), Settings { stall_timeout_ms: 400, ..quick() }, "could not review"),
    ];
    for (steps, settings, words) in table {
        let (_, outcome) = with("codex", steps.clone(), settings).await;
        assert_eq!(outcome.exit_code(), 11, "{steps}: {}", outcome.story());
        let review = &outcome.view.reviews[0];
        assert_eq!(review.verdict.as_deref(), Some("inconclusive"));
        assert!(review.summary.as_deref().unwrap().contains(words), "{steps}: {review:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_architect_without_a_plan_blocks_the_session() {
    let (stage, outcome) = with("gemini", json!([{"text": "   "}]), Settings::default()).await;
    assert_eq!(outcome.exit_code(), 12, "{}", outcome.story());
    assert!(!stage.path("target/greeting.txt").exists(), "nobody began to implement");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_limit_pauses_the_session() {
    let settings = Settings { time_limit_ms: 500, ..Settings::default() };
    let (_, outcome) = with("claude", json!([{"say": "slow"}, {"hang": true}]), settings).await;
    assert_eq!((outcome.exit_code(), outcome.view.state.as_str()), (11, "paused"), "{}", outcome.story());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_and_floods_are_counted_and_survived() {
    let steps = json!([
        {"garbage": "not json at all"},
        {"garbage": {"bytes": [0, 255, 254, 10, 123]}},
        {"flood": {"lines": 20_000, "bytes": 300}},
        {"write": {"path": "greeting.txt", "content": "hello\n"}},
        {"text": "Done."}
    ]);
    let (_, outcome) = with("claude", steps, Settings::default()).await;
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story().chars().take(4000).collect::<String>());
    let malformed =
        outcome.events.iter().filter(|e| e.event.data_json().contains("\"type\":\"malformed\"")).count();
    assert!(malformed >= 2, "{malformed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_takes_nothing_stops_everything_and_a_stop_still_kills() {
    let hang = json!({"turns": [{"times": 0, "steps": [{"say": "thinking"}, {"hang": true}]}]});
    let stage = Stage::new(&[("gemini", hang.clone()), ("claude", hang.clone()), ("codex", hang)]);
    let journal = Arc::new(MemoryJournal::new());
    let engine = stage.engine_with(journal.clone()).await;
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    let mut live = engine.subscribe(&id, 0);
    while let Some(Ok(Update::Events(records))) = live.next().await {
        if records.iter().any(|r| r.kind == "worker_spawned") {
            break;
        }
    }
    journal.fail_commits(1_000_000);
    let mut health = engine.health();
    let (asking, asked) = (engine.clone(), id.clone());
    // It is heard, but cannot be written, so it does not come back.
    tokio::spawn(async move { asking.stop(&asked, StopCause::Sigint, false).await });
    health.wait_for(|health| matches!(health, Health::JournalDown(_))).await.unwrap();
    let refused = engine.stop(&id, StopCause::Sigint, false).await;
    assert!(matches!(refused, Err(CommandError::JournalDown(_))), "{refused:?}");
    let ended = engine.shut_down();
    tokio::time::timeout(crate::stage::LIMIT, ended).await.expect("it ends all the same");
    stage.until_nothing_runs().await;
}
