//! Sessions that rest and go on: pause, resume, words of the person.

use mo_core::event::{Event, GoesOn, Purpose, StopCause};
use mo_core::ids::WorkerName;
use mo_core::settings::Settings;
use mo_engine::hub::Update;
use serde_json::json;

use crate::stage::{Stage, review, to_rest, trio};

fn implementer() -> WorkerName {
    WorkerName::new("claude-implementer")
}

/// A team whose implementer falls silent in its first turn and does the work in the next.
fn interrupted() -> Stage {
    let good = review("approved");
    let mut scripts = trio(&good, &good, &good);
    for (agent, script) in &mut scripts {
        if *agent == "claude" {
            let turns = script["turns"].as_array_mut().unwrap();
            turns.insert(0, json!({"times": 1, "steps": [{"say": "I begin."}, {"wait_ms": 3_600_000}]}));
        }
    }
    Stage::new(&scripts).paced()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_session_goes_on_in_the_agents_own_session() {
    let stage = interrupted();
    let engine = stage.engine().await;
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    let mut live = engine.subscribe(&id, 0);
    let said = |records: &[mo_core::record::Record]| records.iter().any(|r| r.data.contains("I begin."));
    loop {
        let Some(Ok(Update::Events(records))) = live.next().await else { continue };
        if said(&records) {
            break;
        }
    }
    let begun = std::time::Instant::now();
    engine.stop(&id, StopCause::Pause, false).await.unwrap();
    assert!(begun.elapsed() < std::time::Duration::from_secs(1), "{:?}", begun.elapsed());
    let paused = to_rest(&engine, &id, 1).await;
    assert_eq!((paused.exit_code(), paused.view.state.as_str()), (11, "paused"), "{}", paused.story());
    engine.idle().await;
    stage.assert_nothing_runs();

    engine.resume(&id, Some("Say hello to the world.".into())).await.unwrap();
    assert!(engine.resume(&id, None).await.is_err(), "it runs already");
    let outcome = to_rest(&engine, &id, 2).await;
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    let again = outcome.events.iter().rev().find_map(|e| match &e.event {
        Event::TurnRequested { purpose: Purpose::Implement, message, goes_on, .. } => {
            Some((message.clone(), *goes_on))
        }
        _ => None,
    });
    assert_eq!(again, Some((Some("Say hello to the world.".to_owned()), GoesOn::InItsSession)));
    engine.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finished_session_takes_a_follow_up_and_is_reviewed_again() {
    let good = review("approved");
    let stage = Stage::new(&trio(&good, &good, &good));
    let engine = stage.engine().await;
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    assert_eq!(to_rest(&engine, &id, 1).await.exit_code(), 0);
    engine.idle().await;
    assert!(engine.resume(&id, None).await.is_err(), "there is nothing to do without words");
    engine.resume(&id, Some("Greet in French, too.".into())).await.unwrap();
    let outcome = to_rest(&engine, &id, 2).await;
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    assert_eq!(outcome.view.reviews.len(), 5, "the plan once, the implementation twice by two");
    engine.idle().await;
}

/// Between the last event of a session and its being put away there is a moment, and between a pause and its end
/// there is the ladder: who asks then waits, and is not refused or lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_coming_to_rest_goes_on_when_it_has() {
    let stage = interrupted();
    let engine = stage.engine().await;
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    let mut live = engine.subscribe(&id, 0);
    while let Some(Ok(update)) = live.next().await {
        if matches!(update, Update::Events(records) if records.iter().any(|r| r.data.contains("I begin."))) {
            break;
        }
    }
    engine.stop(&id, StopCause::Pause, false).await.unwrap();
    engine.resume(&id, None).await.unwrap();
    let mut rests = 2;
    assert_eq!(to_rest(&engine, &id, rests).await.exit_code(), 0);
    for round in 0..10 {
        if round % 2 == 0 {
            engine.resume(&id, Some("Once more.".into())).await.unwrap();
        } else {
            engine.review_now(&id, None, None).await.unwrap();
        }
        rests += 1;
        assert_eq!(to_rest(&engine, &id, rests).await.exit_code(), 0);
    }
    engine.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_told_after_the_turn_in_flight() {
    let good = review("approved");
    let stage = Stage::new(&trio(&good, &good, &good));
    let engine = stage.engine().await;
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    // The core hears it at any time before the implementation ends.
    engine.message(&id, &implementer(), "Mind the umlauts.").await.unwrap();
    let outcome = to_rest(&engine, &id, 1).await;
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    let told = outcome.events.iter().any(|e| match &e.event {
        Event::TurnRequested { message, .. } => message.as_deref() == Some("Mind the umlauts."),
        _ => false,
    });
    assert!(told, "{}", outcome.story());
    assert!(engine.message(&id, &implementer(), "Too late.").await.is_err());
    engine.idle().await;
}
