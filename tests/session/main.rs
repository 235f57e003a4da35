//! Whole sessions in this process: the real engine, journal, checkpoints and processes, with scripted agents.

mod stage;

use mo_core::settings::Settings;
use serde_json::json;

use stage::{Stage, review, trio};

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
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verdicts_lead_to_decisions() {
    let good = review("approved");
    let somewhere = json!({"review": {"verdict": "concern", "summary": "s", "findings":
        [{"severity": "concern", "file": "nowhere.txt", "line": 3, "title": "t", "evidence": "e"}]}});
    let table = [
        ("log_warning", 10, [&good, &review("concern"), &good]),
        ("pause_and_clarify", 11, [&good, &review("concern"), &review("concern")]),
        ("stop_and_escalate", 13, [&good, &good, &review("blocker")]),
        ("pause_and_clarify", 11, [&good, &json!({"text": "Looks good to me!"}), &good]),
        ("pause_and_clarify", 11, [&good, &good, &somewhere]),
    ];
    let runs = table.map(|(decision, code, [plan, gemini, codex])| {
        let stage = Stage::new(&trio(plan, gemini, codex));
        tokio::spawn(async move {
            let outcome = stage.run(Settings::default()).await.unwrap();
            assert_eq!(outcome.view.decision.as_deref(), Some(decision), "{}", outcome.story());
            assert_eq!(outcome.exit_code(), code);
        })
    });
    for run in runs {
        run.await.unwrap();
    }
}
