use mo_core::agent_event::PlanStatus;
use mo_core::outcome::FailureClass;
use serde_json::json;

use super::{Crash, Garbage, Load, PlanItem, Review, Script, ScriptError, Step, TurnKind, Wrap};

fn script(json: &serde_json::Value) -> Script {
    serde_json::from_value(json.clone()).unwrap()
}

fn steps(json: serde_json::Value) -> Vec<Step> {
    serde_json::from_value(json).unwrap()
}

#[test]
fn every_step_reads_as_the_format_says_and_writes_itself_back() {
    let all = json!([
        {"say": "a"}, {"think": "b"},
        {"plan": ["one", {"text": "two", "status": "in_progress"}]},
        {"read": "p"}, {"write": {"path": "p", "content": "c"}},
        {"edit": {"path": "p", "find": "f", "replace": "r"}}, {"run": "ls"}, {"milestone": "m"},
        {"wait_ms": 5}, {"text": "done"}, {"stderr": "e"},
        {"review": {"verdict": "concern", "summary": "s", "nonce": "stale", "checkpoint": "foreign", "wrap": "fence",
                    "findings": [{"severity": "concern", "file": "a", "line": 3, "title": "t"}]}},
        {"crash": 9}, {"crash": {"signal": 11}}, {"crash": {"code": 3}}, {"exit": 0}, {"hang": true},
        {"flood": {"lines": 2, "bytes": 40}}, {"half_line": true}, {"garbage": "{"},
        {"garbage": {"bytes": [255, 0]}}, {"close_stdout": true}, {"ignore_sigterm": true},
        {"grandchild": {"setsid": true, "holds_stdout": true}}, {"error": {"class": "rate_limited"}},
        {"sneak": {"path": "p", "content": "c"}},
        {"take_back": {"call": {"run": "rm a"}, "after_ms": 5}},
    ]);
    let read = steps(all);
    assert_eq!(read.len(), 27);
    assert_eq!(read[12], Step::Crash(Crash::Signal(9)));
    assert_eq!(read[13], Step::Crash(Crash::NamedSignal { signal: 11 }));
    assert_eq!(read[14], Step::Crash(Crash::Code { code: 3 }));
    assert_eq!(read[20], Step::Garbage(Garbage::Bytes { bytes: vec![255, 0] }));
    let Step::Plan(items) = &read[2] else { panic!("{:?}", read[2]) };
    assert_eq!(items[0].entry().status, PlanStatus::Pending);
    assert_eq!(items[1], PlanItem::new("two", PlanStatus::InProgress));
    let Step::Error(error) = &read[24] else { panic!("{:?}", read[24]) };
    assert_eq!((error.class, error.resets_in_s), (FailureClass::RateLimited, 3600));
    let again = steps(serde_json::to_value(&read).unwrap());
    assert_eq!(again, read);
}

#[test]
fn a_turn_is_chosen_by_kind_text_and_what_is_left_of_it() {
    let script = script(&json!({"turns": [
        {"match": "due dates", "steps": [{"text": "0"}]},
        {"match": ["a", "b"], "times": 2, "steps": [{"text": "1"}]},
        {"kind": "review", "steps": [{"text": "2"}]},
        {"kind": "work", "times": 0, "steps": [{"text": "3"}]},
    ]}));
    assert_eq!(script.choose("add due dates", &[]), Some(0));
    assert_eq!(script.choose("add due dates", &[1]), Some(3), "has an a but no b");
    assert_eq!(script.choose("a b", &[1, 1]), Some(1));
    assert_eq!(script.choose("a b", &[1, 2]), Some(3));
    assert_eq!(script.choose("x\nnonce: 12", &[1, 2]), Some(2));
    assert_eq!(script.choose("x\nnonce: 12", &[1, 2, 1]), None);
    assert_eq!(script.choose("work", &[1, 2, 1, 900]), Some(3), "times 0 is without end");
    assert_eq!(script.load, Load::AsReal);
    assert!(script.logged_in);
}

#[test]
fn only_a_line_that_starts_with_it_makes_a_review_request() {
    assert_eq!(TurnKind::of("please\nnonce: 1"), TurnKind::Review);
    assert_eq!(TurnKind::of("what is a nonce: a number"), TurnKind::Work);
}

#[test]
fn a_bad_script_is_refused_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.json");
    let load = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Script::load(&path).unwrap_err()
    };
    let unknown = load(r#"{"turns":[{"steps":[{"sey":"x"}]}]}"#);
    assert_eq!(unknown.code(), "script_invalid");
    assert!(unknown.to_string().contains("sey") && unknown.to_string().contains("line 1"), "{unknown}");
    assert!(matches!(load(r#"{"turns":[{"steps":[]}]}"#), ScriptError::Empty { turn: 1, .. }));
    assert_eq!(load(r#"{"turns":[],"state":1}"#).code(), "script_invalid");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(Script::load(&path).unwrap_err().code(), "script_unreadable");
}

#[test]
fn the_state_folder_is_beside_the_script() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.json");
    std::fs::write(&path, r#"{"state_dir":"state","turns":[]}"#).unwrap();
    assert_eq!(Script::load(&path).unwrap().state_dir, Some(dir.path().join("state")));
}

const PROMPT: &str = "Review.\ncheckpoint: sha256:aa\nnonce: n1\nagain\ncheckpoint: sha256:bb\nnonce: n2\n";

fn review(json: &serde_json::Value) -> Review {
    let mut whole = json!({"verdict": "approved", "summary": "fine"});
    whole.as_object_mut().unwrap().extend(json.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

#[test]
fn a_review_repeats_the_last_lines_or_gets_them_wrong_as_told() {
    let answer = review(&json!({})).answer(PROMPT);
    assert_eq!((answer["nonce"].as_str(), answer["checkpoint"].as_str()), (Some("n2"), Some("sha256:bb")));
    assert_eq!(answer["findings"], json!([]));
    let wrong = review(&json!({"nonce": "stale", "checkpoint": "foreign"})).answer(PROMPT);
    assert_eq!(wrong["nonce"], "n1");
    assert_ne!(wrong["checkpoint"], "sha256:bb");
    let never = review(&json!({"nonce": "stale"})).answer("nonce: only");
    assert_ne!(never["nonce"], "only");
    let without = review(&json!({"nonce": "missing", "checkpoint": "missing"})).answer(PROMPT);
    assert!(without.get("nonce").is_none() && without.get("checkpoint").is_none());
}

#[test]
fn a_wrapped_answer_is_what_its_name_says() {
    let text = |wrap: &str| review(&json!({"wrap": wrap, "verdict": "concern"})).answer_text(PROMPT);
    let whole = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
    assert!(whole(&text("plain")));
    let fenced = text("fence");
    assert!(whole(fenced.strip_prefix("```json\n").unwrap().strip_suffix("\n```").unwrap()));
    assert!(!whole(&text("prose")) && text("prose").contains("\"verdict\": \"concern\""));
    let twice = text("twice");
    assert_eq!(twice.matches("\"nonce\": \"n2\"").count(), 2);
    assert!(twice.contains("\"verdict\": \"approved\""));
    assert!(!whole(&text("truncated")) && text("truncated").starts_with('{'));
    assert_eq!(review(&json!({})).wrap, Wrap::Plain);
}
