//! Verdicts lead to decisions, and decisions to the state that a session rests in.

use mo_core::event::Event;
use mo_core::settings::Settings;
use serde_json::json;

use crate::stage::{Stage, review, trio};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_approved_continues() {
    let stage = Stage::new(&trio(&review("approved"), &review("approved"), &review("approved")));
    let outcome = stage.run(Settings::default()).await.unwrap();
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    assert_eq!(outcome.view.decision.as_deref(), Some("continue"));
    assert_eq!(outcome.view.files_changed, ["greeting.txt"]);
    assert_eq!(std::fs::read_to_string(stage.path("target/greeting.txt")).unwrap(), "hello\n");
    let folder = stage.path("data/sessions").join(&outcome.view.id);
    assert!(std::fs::read_to_string(folder.join("plan.md")).unwrap().contains("Write greeting.txt."));
    assert!(std::fs::read_to_string(folder.join("summary.md")).unwrap().contains("decision: continue"));
    assert!(!folder.join("checkouts").exists(), "checkouts are removed");
    let pairs: Vec<(String, String)> =
        outcome.view.reviews.iter().map(|r| (r.reviewer.clone(), r.subject.clone())).collect();
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(
        pairs,
        [
            pair("codex-reviewer", "gemini-architect"),
            pair("gemini-architect", "claude-implementer"),
            pair("codex-reviewer", "claude-implementer"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verdicts_lead_to_decisions() {
    let good = review("approved");
    let somewhere = json!({"review": {"verdict": "concern", "summary": "s", "findings":
        [{"severity": "concern", "file": "nowhere.txt", "line": 3, "title": "t", "evidence": "e"}]}});
    let of = |extra: serde_json::Value| {
        let mut answer = json!({"verdict": "approved", "summary": "s", "findings": []});
        answer.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "review": answer })
    };
    let table = [
        ("log_warning", 10, [&good, &review("concern"), &good]),
        ("pause_and_clarify", 11, [&good, &review("concern"), &review("concern")]),
        ("stop_and_escalate", 13, [&good, &good, &review("blocker")]),
        ("pause_and_clarify", 11, [&good, &json!({"text": "Looks good to me!"}), &good]),
        ("pause_and_clarify", 11, [&good, &good, &somewhere]),
        ("pause_and_clarify", 11, [&good, &of(json!({"nonce": "stale"})), &good]),
        ("pause_and_clarify", 11, [&good, &good, &of(json!({"checkpoint": "foreign"}))]),
        ("pause_and_clarify", 11, [&good, &of(json!({"wrap": "twice"})), &good]),
        ("continue", 0, [&good, &of(json!({"wrap": "prose"})), &good]),
    ];
    for (decision, code, [plan, gemini, codex]) in table {
        let stage = Stage::new(&trio(plan, gemini, codex));
        let outcome = stage.run(Settings::default()).await.unwrap();
        assert_eq!(outcome.view.decision.as_deref(), Some(decision), "{}", outcome.story());
        assert_eq!(outcome.exit_code(), code, "{}", outcome.story());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fix_round_mends_what_a_review_found() {
    let fixed = json!({"match": "fix round", "steps": [
        {"write": {"path": "greeting.txt", "content": "hello, world\n"}}, {"text": "Mended."}]});
    let mut scripts = trio(&review("approved"), &review("approved"), &review("approved"));
    for (agent, script) in &mut scripts {
        let turns = script["turns"].as_array_mut().unwrap();
        match *agent {
            "claude" => turns.insert(0, fixed.clone()),
            "codex" => turns.insert(1, json!({"times": 1, "steps": [review("concern")]})),
            _ => {}
        }
    }
    let stage = Stage::new(&scripts);
    let outcome = stage.run(Settings { fix_rounds: 1, ..Settings::default() }).await.unwrap();
    let decisions: Vec<(&str, bool)> = outcome
        .events
        .iter()
        .filter_map(|e| match &e.event {
            Event::DecisionMade(made) => Some((made.decision.as_str(), made.takes_effect)),
            _ => None,
        })
        .collect();
    assert_eq!(
        decisions,
        [("continue", true), ("log_warning", false), ("continue", true)],
        "{}",
        outcome.story()
    );
    assert_eq!(outcome.exit_code(), 0);
    assert_eq!(std::fs::read_to_string(stage.path("target/greeting.txt")).unwrap(), "hello, world\n");
    let spawns = outcome.events.iter().filter(|e| {
        matches!(e.event, Event::WorkerSpawnRequested { .. })
            && e.worker.as_ref().is_some_and(|w| w.as_str() == "claude-implementer")
    });
    assert_eq!(spawns.count(), 1, "the fix goes on in the same process");
}
