//! Stops at any moment leave nothing behind.

use std::time::Duration;

use mo_core::event::{Event, StopCause};
use mo_core::settings::Settings;
use serde_json::{Value, json};

use crate::stage::{Stage, to_end};

/// A team that takes its time and starts what outlives an agent.
fn busy() -> Vec<(&'static str, Value)> {
    let answer = json!({"review": {"verdict": "approved", "summary": "ok", "findings": []}});
    let work = |end: Value| {
        json!([
            {"grandchild": {"setsid": true, "double_fork": true}},
            {"grandchild": {"hydra": true, "setsid": true}},
            {"ignore_sigterm": true},
            {"say": "one"}, {"say": "two"}, {"write": {"path": "a.txt", "content": "a\n"}}, end
        ])
    };
    let script = json!({"turns": [
        {"times": 0, "kind": "work", "steps": work(json!({"text": "done"}))},
        {"times": 0, "steps": work(answer)}
    ]});
    vec![("gemini", script.clone()), ("claude", script.clone()), ("codex", script)]
}

/// A small generator, so that a failing moment can be had again.
fn moments(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_stops_at_random_moments_leave_no_process() {
    let trials = if std::env::var_os("MO_LONG").is_some() { 500 } else { 50 };
    let seed = 20_261_122;
    println!("seed {seed}, {trials} trials");
    let mut at = moments(seed);
    let stage = Stage::new(&busy());
    let engine = stage.engine().await;
    for trial in 0..trials {
        let id = engine.start(stage.request(Settings::default())).await.unwrap();
        let (after, urgent) = (at.next().unwrap() % 30, at.next().unwrap().is_multiple_of(2));
        // The moment is counted in events, so that a fast machine and a slow one stop at the same step.
        let mut live = engine.subscribe(&id, 0);
        let mut count = 0;
        while count < after {
            let next = tokio::time::timeout(Duration::from_secs(30), live.next()).await.expect("an event");
            if let Some(Ok(mo_engine::hub::Update::Events(records))) = next {
                count += records.len() as u64;
                if records.iter().any(|r| r.kind == "session_ended") {
                    break;
                }
            }
        }
        let stopped = engine.stop(&id, StopCause::Person, urgent).await;
        let outcome = to_end(&engine, &id).await;
        if stopped.is_ok() {
            assert_eq!(outcome.exit_code(), 14, "trial {trial} after {after} events: {}", outcome.story());
        }
        let left =
            outcome.events.iter().any(|e| matches!(e.event, Event::WorkerExited { tree_empty: false, .. }));
        assert!(!left, "trial {trial} after {after} events, urgent {urgent}");
        engine.idle().await;
    }
    stage.assert_nothing_runs();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_is_effective_at_once_and_nothing_is_admitted_after_it() {
    let hang = json!({"turns": [{"times": 0, "steps": [{"say": "thinking"}, {"hang": true}]}]});
    let stage = Stage::new(&[("gemini", hang.clone()), ("claude", hang.clone()), ("codex", hang)]);
    let engine = stage.engine().await;
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    let begun = std::time::Instant::now();
    engine.stop(&id, StopCause::Sigint, false).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(engine.view(&id).await.unwrap().unwrap().state, "stopped");
    let outcome = to_end(&engine, &id).await;
    assert_eq!(outcome.exit_code(), 130);
    let stop = outcome.events.iter().position(|e| matches!(e.event, Event::StopRequested { .. })).unwrap();
    assert!(
        !outcome.events[stop..]
            .iter()
            .any(|e| matches!(e.event, Event::TurnRequested { .. } | Event::WorkerSpawnRequested { .. }))
    );
}
