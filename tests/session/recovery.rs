//! Agents that fail and come back by themselves: the table of remedies, end to end.

use mo_core::event::{Event, GoesOn};
use mo_core::outcome::FailureClass;
use mo_core::recovery::{Remedy, Trouble};
use mo_core::settings::{RecoverySettings, Settings};
use serde_json::{Value, json};

use crate::stage::{Outcome, Stage, review, trio};

/// Waits that a test does not notice.
fn quick() -> Settings {
    let recovery = RecoverySettings { attempts: 3, back_off_ms: 20, back_off_max_ms: 40 };
    Settings { recovery, ..Settings::default() }
}

/// A team in which one agent's first turn goes wrong so often.
fn failing(agent: &str, times: u32, steps: &Value) -> Stage {
    let good = review("approved");
    let mut scripts = trio(&good, &good, &good);
    for (name, script) in &mut scripts {
        if *name == agent {
            let turns = script["turns"].as_array_mut().unwrap();
            turns.insert(0, json!({"times": times, "steps": steps}));
        }
    }
    Stage::new(&scripts)
}

fn error(class: &str) -> Value {
    json!([{"say": "I begin."}, {"error": {"class": class}}])
}

/// Every remedy that was tried, in order.
fn attempts(outcome: &Outcome) -> Vec<(Trouble, Remedy, u32, u32)> {
    let attempted = outcome.events.iter().filter_map(|e| match &e.event {
        Event::RecoveryAttempted(tried) => Some((tried.class, tried.remedy, tried.try_no, tried.of)),
        _ => None,
    });
    attempted.collect()
}

fn kinds(outcome: &Outcome, kind: &str) -> usize {
    outcome.events.iter().filter(|e| e.event.kind() == kind).count()
}

/// How the turns that were taken up again went on.
fn goes_on(outcome: &Outcome) -> Vec<GoesOn> {
    let taken_up = outcome.events.iter().filter_map(|e| match &e.event {
        Event::TurnRequested { goes_on, recovers: Some(_), .. } => Some(*goes_on),
        _ => None,
    });
    taken_up.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_model_service_is_asked_again_after_a_while() {
    for agent in ["claude", "codex", "gemini"] {
        for (word, class) in [
            ("rate_limited", FailureClass::RateLimited),
            ("overloaded", FailureClass::Overloaded),
            ("network", FailureClass::Network),
        ] {
            let stage = failing(agent, 2, &error(word));
            let outcome = stage.run(quick()).await.unwrap();
            stage.assert_nothing_runs();
            let story = outcome.story();
            assert_eq!(outcome.exit_code(), 0, "{agent} {word}: {story}");
            let class = Trouble::Failed(class);
            let expected = [(class, Remedy::BackOff, 1, 3), (class, Remedy::BackOff, 2, 3)];
            assert_eq!(attempts(&outcome), expected, "{agent} {word}: {story}");
            assert_eq!(kinds(&outcome, "recovery_due"), 2);
            assert_eq!(kinds(&outcome, "recovery_succeeded"), 1);
            assert_eq!(outcome.view.recoveries, 2);
            assert_eq!(goes_on(&outcome), [GoesOn::InItsSession; 2], "{agent} {word}: {story}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stays_busy_becomes_a_blocker() {
    let stage = failing("claude", 0, &error("overloaded"));
    let outcome = stage.run(quick()).await.unwrap();
    assert_eq!((outcome.exit_code(), outcome.view.state.as_str()), (12, "blocked"), "{}", outcome.story());
    assert_eq!((attempts(&outcome).len(), kinds(&outcome, "recovery_exhausted")), (3, 1));
    let [need] = outcome.view.needs_you.as_slice() else { panic!("{:?}", outcome.view.needs_you) };
    assert!(need.title.contains("overloaded") && need.title.contains("3 times more"), "{}", need.title);
    assert!(need.required_actions.last().unwrap().starts_with("orchestrate resume orch_"), "{need:?}");
    stage.assert_nothing_runs();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_in_mid_turn_goes_on_in_the_agents_own_session() {
    let crash = json!([{"say": "I begin."}, {"crash": {"signal": 9}}]);
    for (agent, on) in
        [("claude", GoesOn::InItsSession), ("codex", GoesOn::ByHandover), ("gemini", GoesOn::ByHandover)]
    {
        let stage = failing(agent, 1, &crash);
        let outcome = stage.run(quick()).await.unwrap();
        stage.assert_nothing_runs();
        assert_eq!(outcome.exit_code(), 0, "{agent}: {}", outcome.story());
        assert_eq!(attempts(&outcome), [(Trouble::Crashed, Remedy::GoOn, 1, 2)], "{}", outcome.story());
        // Codex reviews here, and a review never goes on in another's session.
        assert_eq!(goes_on(&outcome), [on], "{agent}: {}", outcome.story());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_logged_in_gets_the_command_that_logs_in() {
    for (agent, class, login) in [
        ("claude", "not_logged_in", "claude auth login"),
        ("claude", "auth_expired", "claude auth login"),
        ("gemini", "auth_invalid", "gemini "),
    ] {
        let stage = failing(agent, 0, &error(class));
        let outcome = stage.run(quick()).await.unwrap();
        assert_eq!(outcome.exit_code(), 12, "{}", outcome.story());
        assert_eq!(attempts(&outcome), [], "nothing is tried that cannot help");
        let need = &outcome.view.needs_you[0];
        assert!(need.required_actions[0].starts_with(login), "{need:?}");
        assert!(need.title.contains(class) && !need.details.is_empty(), "{need:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_that_became_too_long_goes_on_in_a_new_session() {
    for agent in ["claude", "gemini"] {
        let stage = failing(agent, 1, &error("context_too_long"));
        let outcome = stage.run(quick()).await.unwrap();
        stage.assert_nothing_runs();
        assert_eq!(outcome.exit_code(), 0, "{agent}: {}", outcome.story());
        let class = Trouble::Failed(FailureClass::ContextTooLong);
        assert_eq!(attempts(&outcome), [(class, Remedy::NewSession, 1, 1)], "{agent}");
        assert_eq!(goes_on(&outcome), [GoesOn::ByHandover], "{agent}");
        let resumed = outcome
            .events
            .iter()
            .filter(|e| matches!(&e.event, Event::WorkerSpawnRequested { resume: Some(_), .. }));
        assert_eq!(resumed.count(), 0, "{agent}: the old session is left");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_turn_goes_on() {
    for agent in ["claude", "codex"] {
        let stage = failing(agent, 1, &json!([{"say": "I begin."}, {"hang": true}]));
        let outcome = stage.run(Settings { stall_timeout_ms: 500, ..quick() }).await.unwrap();
        stage.assert_nothing_runs();
        assert_eq!(outcome.exit_code(), 0, "{agent}: {}", outcome.story());
        assert_eq!(attempts(&outcome), [(Trouble::Stalled, Remedy::GoOn, 1, 2)], "{agent}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_stream_goes_on() {
    let stage = failing("claude", 1, &json!([{"say": "I begin."}, {"garbage": "{\"type\":"}, {"exit": 0}]));
    let outcome = stage.run(quick()).await.unwrap();
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    assert_eq!(attempts(&outcome), [(Trouble::MalformedStream, Remedy::GoOn, 1, 2)], "{}", outcome.story());
}

/// Codex reviews both the plan and the work: what it was asked first and what was tried for it counts for that alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_is_asked_for_again_in_what_is_left_of_its_time() {
    let stage = failing("codex", 0, &error("overloaded"));
    let recovery = RecoverySettings { attempts: 20, back_off_ms: 200, back_off_max_ms: 200 };
    let outcome = stage.run(Settings { review_timeout_ms: 1_500, recovery, ..quick() }).await.unwrap();
    stage.assert_nothing_runs();
    assert_eq!((outcome.exit_code(), outcome.view.reviews.len()), (11, 1), "{}", outcome.story());
    let summary = outcome.view.reviews[0].summary.clone().unwrap();
    assert!(summary.contains("gave no answer within 1.5 s"), "{summary}");
    assert!((2..12).contains(&attempts(&outcome).len()), "{:?}", attempts(&outcome));
}
