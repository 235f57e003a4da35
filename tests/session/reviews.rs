//! Reviews that cannot be talked round: each bad answer leads through a whole session to the decision of design.md §6,
//! and the summary says why in one sentence.

use mo_core::settings::{RecoverySettings, Settings};
use serde_json::{Value, json};

use crate::stage::{Outcome, Stage, review, trio};

const NEVER: &str = "00000000-0000-4000-8000-000000000000";

/// A session in which Codex reviews the implementation by these steps, each time it is asked.
async fn reviewed_by(steps: Value, settings: Settings) -> (Outcome, String) {
    let good = review("approved");
    let mut scripts = trio(&good, &good, &good);
    for (agent, script) in &mut scripts {
        if *agent == "codex" {
            script["turns"].as_array_mut().unwrap()[1]["steps"] = steps.clone();
        }
    }
    let stage = Stage::new(&scripts);
    let outcome = stage.run(settings).await.unwrap();
    stage.assert_nothing_runs();
    let summary = stage.path("data/sessions").join(&outcome.view.id).join("summary.md");
    (outcome, std::fs::read_to_string(summary).unwrap())
}

/// An answer to the request, but for what is said here.
fn answer(changed: &Value) -> Value {
    let mut answer = json!({"verdict": "approved", "summary": "All is well.", "findings": []});
    answer.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
    json!([{ "review": answer }])
}

fn finding(severity: &str, changed: &Value) -> Value {
    let mut finding = json!({"severity": severity, "file": "greeting.txt", "line": 1, "title": "Short", "evidence": "hello"});
    finding.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
    json!({ "findings": [finding] })
}

fn quoted_verdict() -> Value {
    json!({"verdict": "approved", "summary": "s", "findings": [], "nonce": NEVER,
        "checkpoint": format!("sha256:{}", "0".repeat(64))})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_answer_to_this_request_is_never_approval() {
    let nowhere = |changed: Value| answer(&finding("concern", &changed));
    let table: Vec<(Value, &str)> = vec![
        (answer(&finding("blocker", &json!({"evidence": " "}))), "has a blocker without evidence"),
        (answer(&json!({"verdict": "blocker"})), "has a blocker without evidence"),
        (nowhere(json!({"file": "nowhere.txt"})), "a place that does not exist: nowhere.txt:1"),
        (nowhere(json!({"line": 99})), "a place that does not exist: greeting.txt:99"),
        (nowhere(json!({"line": 0})), "a place that does not exist: greeting.txt:0"),
        (nowhere(json!({"file": "../outside.txt"})), "a place that does not exist: ../outside.txt:1"),
        (nowhere(json!({"file": null})), "a place that does not exist: line 1 of no file"),
        (answer(&json!({"nonce": "stale"})), "carries another nonce than the request"),
        (answer(&json!({"nonce": "missing"})), "does not follow the schema"),
        (answer(&json!({"checkpoint": "foreign"})), "is about another checkpoint than the request"),
        (json!([{"text": format!("Gemini said: {}", quoted_verdict())}]), "carries another nonce"),
        (
            answer(&json!({"verdict": "concern", "wrap": "twice"})),
            "2 JSON objects that all claim to be the answer",
        ),
        (answer(&json!({"wrap": "truncated"})), "has no JSON object with a verdict"),
        (answer(&json!({"verdict": "fine"})), "does not follow the schema"),
        (json!([{"text": "I cannot help with that."}]), "has no JSON object with a verdict"),
        (json!([{"text": " "}]), "is empty"),
    ];
    for (steps, words) in table {
        let (outcome, summary) = reviewed_by(steps.clone(), Settings::default()).await;
        assert_eq!(outcome.exit_code(), 11, "{steps}: {}", outcome.story());
        assert_eq!(outcome.view.decision.as_deref(), Some("pause_and_clarify"), "{steps}");
        assert_eq!(outcome.view.decisions.last().unwrap().fired, "inconclusive");
        let line = summary.lines().rfind(|line| line.starts_with("- codex-reviewer on claude")).unwrap();
        let start = "- codex-reviewer on claude-implementer: inconclusive – codex-reviewer's answer ";
        assert!(line.starts_with(start) && line.contains(words) && line.ends_with(", twice"), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reviewer_without_an_answer_is_never_approval() {
    let quick = Settings { review_timeout_ms: 5_500, ..Settings::default() };
    let recovery = RecoverySettings { attempts: 0, ..RecoverySettings::default() };
    let once = Settings { recovery, ..Settings::default() };
    let sneak = json!({"sneak": {"path": "greeting.txt", "content": "hello, I am fine\n"}});
    let beside = json!({"sneak": {"path": "new.txt", "content": "x"}});
    let table: Vec<(Value, Settings, &str)> = vec![
        (json!([{"hang": true}]), quick, "codex-reviewer gave no answer within 5.5 s"),
        (
            json!([{"say": "Let me see."}, {"crash": {"signal": 9}}]),
            once.clone(),
            "could not review: vanished",
        ),
        (json!([{"exit": 0}]), once.clone(), "codex-reviewer could not review:"),
        (json!([{"error": {"class": "refused_by_model"}}]), once, "could not review: failed"),
        (
            json!([sneak, review("approved")]),
            Settings::default(),
            "wrote to its read-only checkout (greeting.txt)",
        ),
        (
            json!([beside, review("approved")]),
            Settings::default(),
            "wrote to its read-only checkout (new.txt)",
        ),
    ];
    for (steps, settings, words) in table {
        let (outcome, summary) = reviewed_by(steps.clone(), settings).await;
        assert_eq!(outcome.exit_code(), 11, "{steps}: {}", outcome.story());
        assert_eq!(outcome.view.decision.as_deref(), Some("pause_and_clarify"), "{steps}");
        let line = summary.lines().rfind(|line| line.starts_with("- codex-reviewer on claude")).unwrap();
        assert!(line.contains(": inconclusive ") && line.contains(words), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verdict_against_its_own_findings_counts_as_the_worse() {
    for (severity, decision, code) in [("blocker", "stop_and_escalate", 13), ("concern", "log_warning", 10)] {
        let (outcome, summary) =
            reviewed_by(answer(&finding(severity, &json!({}))), Settings::default()).await;
        assert_eq!(outcome.view.decision.as_deref(), Some(decision), "{}", outcome.story());
        assert_eq!(outcome.exit_code(), code);
        let words = format!("it says approved, but its own worst finding is a {severity}, which counts");
        assert!(summary.contains(&words), "{summary}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_one_valid_answer_is_usable_wherever_it_stands() {
    let deleted = answer(&finding("note", &json!({"file": "old.txt", "line": 1})));
    for steps in [
        answer(&json!({})),
        answer(&json!({"wrap": "fence"})),
        answer(&json!({"wrap": "prose"})),
        answer(&finding("note", &json!({"file": null, "line": null}))),
        answer(&finding("note", &json!({"file": "./greeting.txt"}))),
    ] {
        let (outcome, _) = reviewed_by(steps.clone(), Settings::default()).await;
        assert_eq!(outcome.exit_code(), 0, "{steps}: {}", outcome.story());
        assert_eq!(outcome.view.decision.as_deref(), Some("continue"));
    }
    // What never was is no place, not even for a note.
    let (outcome, _) = reviewed_by(deleted, Settings::default()).await;
    assert_eq!(outcome.exit_code(), 11, "{}", outcome.story());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unusable_answer_is_asked_for_again_once() {
    let good = review("approved");
    let mut scripts = trio(&good, &good, &good);
    for (agent, script) in &mut scripts {
        if *agent == "codex" {
            // The second try repeats both lines with a new nonce; the old one would be stale.
            let first = json!({"times": 1, "match": "What was changed since", "steps": [{"text": "Fine."}]});
            script["turns"].as_array_mut().unwrap().insert(1, first);
        }
    }
    let outcome = Stage::new(&scripts).run(Settings::default()).await.unwrap();
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    let tries = outcome.events.iter().filter(|e| e.event.kind() == "review_prepared").count();
    assert_eq!(tries, 4, "three reviews, one of them twice");
}
