//! The built-in policy, as the agents meet it.

use mo_core::approval::Answer;
use mo_core::event::Event;
use mo_core::settings::Settings;
use serde_json::{Value, json};

use crate::stage::{Outcome, Stage, review, trio};

/// Nobody is there to ask: what is asked is a no at once.
fn unattended() -> Settings {
    Settings { approval_timeout_ms: 1, ..Settings::default() }
}

/// The rules that answered or asked, and whether that came to a yes.
fn rulings(outcome: &Outcome) -> Vec<(String, bool)> {
    outcome
        .events
        .iter()
        .filter_map(|e| match &e.event {
            Event::ApprovalDecided { ruling, .. } => {
                Some((ruling.rule.clone(), ruling.answer == Answer::Allow))
            }
            Event::ApprovalRequested(asked) => Some((asked.rule.clone(), false)),
            _ => None,
        })
        .collect()
}

async fn implementer(steps: Value) -> (Stage, Outcome) {
    let good = review("approved");
    let mut scripts = trio(&good, &good, &good);
    for (name, script) in &mut scripts {
        if *name == "claude" {
            *script = json!({"turns": [{"times": 0, "steps": steps}]});
        }
    }
    let stage = Stage::new(&scripts);
    std::os::unix::fs::symlink(stage.path("home"), stage.path("target/link")).unwrap();
    let outcome = stage.run(unattended()).await.unwrap();
    (stage, outcome)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_implementer_writes_inside_and_nowhere_else() {
    let steps = json!([
        {"write": {"path": "greeting.txt", "content": "hello\n"}},
        {"write": {"path": "../outside.txt", "content": "x"}},
        {"write": {"path": "link/through.txt", "content": "x"}},
        {"write": {"path": ".git/hooks/pre-commit", "content": "x"}},
        {"run": "touch ran.txt"},
        {"run": "rm greeting.txt"},
        {"text": "Done."}
    ]);
    let (stage, outcome) = implementer(steps).await;
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    for written in ["target/greeting.txt", "target/ran.txt"] {
        assert!(stage.path(written).exists(), "{written}");
    }
    for none in ["outside.txt", "home/through.txt", "target/.git"] {
        assert!(!stage.path(none).exists(), "{none}");
    }
    let rulings = rulings(&outcome);
    for expected in
        [("write_inside", true), ("write_outside", false), ("protected", false), ("delete", false)]
    {
        let expected = (expected.0.to_owned(), expected.1);
        assert!(rulings.contains(&expected), "{expected:?} in {rulings:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_architect_and_a_reviewer_write_nothing() {
    let write = json!({"write": {"path": "sneaky.txt", "content": "x"}});
    let good = review("approved");
    let mut scripts = trio(&good, &good, &good);
    for (name, script) in &mut scripts {
        if *name != "claude" {
            for turn in script["turns"].as_array_mut().unwrap() {
                turn["steps"].as_array_mut().unwrap().insert(0, write.clone());
            }
        }
    }
    let stage = Stage::new(&scripts);
    let outcome = stage.run(unattended()).await.unwrap();
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    assert!(!stage.path("target/sneaky.txt").exists());
    assert!(!rulings(&outcome).iter().any(|(rule, allowed)| rule == "write_inside" && !*allowed));
}
