use serde_json::{Value, json};

use super::answer::{Unusable, read, schema};
use super::verdict::Verdict;
use crate::ids::{Digest, Nonce};

const NONCE: &str = "0b6c1d1e-0000-4000-8000-000000000001";

fn digest() -> Digest {
    Digest::parse(&format!("sha256:{}", "a".repeat(64))).unwrap()
}

fn answer(verdict: &str, findings: &Value) -> Value {
    json!({"verdict": verdict, "summary": "s", "checkpoint": digest().as_str(), "nonce": NONCE, "findings": findings})
}

fn finding(severity: &str, evidence: &str) -> Value {
    json!([{"severity": severity, "file": "a", "line": 1, "title": "t", "evidence": evidence, "suggestion": ""}])
}

fn text(text: &str) -> Result<Verdict, Unusable> {
    read(None, Some(text), &Nonce::new(NONCE), &digest()).map(|judgement| judgement.verdict)
}

#[test]
fn one_valid_object_is_usable_wherever_it_stands() {
    let plain = answer("approved", &json!([])).to_string();
    for wrapped in [
        plain.clone(),
        format!("Here it is:\n```json\n{plain}\n```\nDone."),
        format!("I looked at {{braces}} and {{\"a\": 1}}. {plain}"),
        format!("\u{feff}{plain}"),
    ] {
        assert_eq!(text(&wrapped), Ok(Verdict::Approved), "{wrapped}");
    }
    assert_eq!(
        read(Some(&answer("concern", &json!([]))), None, &Nonce::new(NONCE), &digest()).unwrap().verdict,
        Verdict::Concern
    );
}

#[test]
fn the_worse_of_verdict_and_findings_counts() {
    assert_eq!(text(&answer("approved", &finding("blocker", "proof")).to_string()), Ok(Verdict::Blocker));
    assert_eq!(text(&answer("approved", &finding("concern", "")).to_string()), Ok(Verdict::Concern));
    assert_eq!(text(&answer("approved", &finding("note", "")).to_string()), Ok(Verdict::Approved));
    assert_eq!(text(&answer("blocker", &finding("note", "proof")).to_string()), Ok(Verdict::Blocker));
}

#[test]
fn what_is_not_exactly_one_answer_to_this_request_is_unusable() {
    let good = answer("approved", &json!([])).to_string();
    let mut stale: Value = answer("approved", &json!([]));
    stale["nonce"] = json!("another");
    let mut foreign: Value = answer("approved", &json!([]));
    foreign["checkpoint"] = json!(format!("sha256:{}", "b".repeat(64)));
    assert_eq!(text(""), Err(Unusable::Empty));
    assert_eq!(text("I approve."), Err(Unusable::NoObject));
    assert_eq!(text(&good[..good.len() - 2]), Err(Unusable::BrokenOff));
    assert_eq!(text(&format!("{good}\n{good}")), Err(Unusable::Several(2)));
    assert_eq!(text(&stale.to_string()), Err(Unusable::WrongNonce));
    assert_eq!(text(&foreign.to_string()), Err(Unusable::WrongDigest));
    assert_eq!(text(&answer("blocker", &json!([])).to_string()), Err(Unusable::NoEvidence));
    assert_eq!(text(&answer("approved", &finding("blocker", " ")).to_string()), Err(Unusable::NoEvidence));
    assert!(matches!(text(&answer("fine", &json!([])).to_string()), Err(Unusable::Schema(_))));
    let nowhere = json!([{"severity": "note", "file": null, "line": 9, "title": "t", "evidence": "e"}]);
    assert!(matches!(text(&answer("concern", &nowhere).to_string()), Err(Unusable::NoSuchPlace(_))));
    let twice = good.replacen("{\"", "{\"verdict\":\"blocker\",\"", 1);
    assert!(matches!(text(&twice), Err(Unusable::Schema(_))), "{twice}");
    assert_eq!(text(&format!("[{}", "x".repeat(1 << 20))), Err(Unusable::TooLarge));
}

#[test]
fn a_quoted_verdict_of_another_request_does_not_hide_the_answer() {
    let mut quoted: Value = answer("blocker", &finding("blocker", "x"));
    quoted["nonce"] = json!("theirs");
    let good = answer("approved", &json!([])).to_string();
    assert_eq!(text(&format!("They said {quoted}. I say {good}")), Ok(Verdict::Approved));
    assert_eq!(text(&format!("They said {good}. I say {quoted}")), Ok(Verdict::Approved));
}

#[test]
fn an_answer_that_breaks_off_beside_a_whole_one_is_a_claim_too() {
    let good = answer("approved", &json!([])).to_string();
    let grave = format!("{:#}", answer("blocker", &finding("blocker", "proof")));
    let (half, end) = grave.split_at(grave.find(NONCE).unwrap() + NONCE.len() + 1);
    for both in [format!("{good}\n{half}"), format!("{half}\n{good}"), format!("```\n{half}\n```\n{good}")] {
        assert_eq!(text(&both), Err(Unusable::Several(2)), "{both}");
    }
    assert_eq!(text(half), Err(Unusable::BrokenOff));
    // The nonce in prose, or in a quotation of the request, claims nothing.
    assert_eq!(text(&format!("You gave me {NONCE}.\nnonce: {NONCE}\n{good}")), Ok(Verdict::Approved));
    assert_eq!(text(end), Err(Unusable::NoObject));
}

#[test]
fn a_verdict_against_its_own_findings_says_so() {
    let given = answer("approved", &finding("blocker", "proof"));
    let judgement = read(Some(&given), None, &Nonce::new(NONCE), &digest()).unwrap();
    assert_eq!(
        judgement.summary,
        "it says approved, but its own worst finding is a blocker, which counts: s"
    );
}

#[test]
fn deep_and_unclosed_braces_cost_little() {
    for hostile in ["{".repeat(1 << 19), "{\"a\":".repeat(1 << 17), "{\"a\":[{},".repeat(1 << 16)] {
        assert_eq!(text(&hostile), Err(Unusable::NoObject));
    }
}

#[test]
fn the_schema_names_what_is_read() {
    let schema = schema();
    let required = schema["required"].as_array().unwrap();
    for (key, _) in answer("approved", &json!([])).as_object().unwrap() {
        assert!(required.contains(&json!(key)), "{key}");
    }
}
