//! The real CLIs as reviewers whose answers cannot be used, all three at once: none continues, and each says why.

use std::fs;

use mo_tests::finish;
use serde_json::{Value, json};

use super::job::{Job, LIMIT};
use super::play::{GREET_BY_NAME, rule};
use super::project::Kind;
use super::teams::{api, file};

const REVIEWERS: [&str; 3] = ["claude-reviewer", "codex-reviewer", "gemini-reviewer"];

/// An approval with this checkpoint, nonce and findings.
fn approval(checkpoint: &str, nonce: &str, findings: &Value) -> Value {
    json!([{"structured": {"verdict": "approved", "summary": "It is fine.", "checkpoint": checkpoint,
        "nonce": nonce, "findings": findings}}])
}

/// Runs a session in which each reviewer answers so, as often as it is asked, and of which `why` is said.
fn unusable(name: &'static str, answer: &Value, why: &str, tries: u64) {
    let work = json!([
        {"tool": {"name": "Write", "input": {"file_path": "${cwd}/new.py", "content": GREET_BY_NAME}}},
        {"text": "I wrote new.py."}
    ]);
    let mut rules = vec![rule("work", "anthropic", &["You are the implementer"], &work)];
    for agent in ["claude", "codex", "gemini"] {
        let asked_again = "Your last answer could not be used";
        rules.push(rule("again", api(agent), &[asked_again], answer));
        rules.push(rule("review", api(agent), &["You review claude-implementer's work"], answer));
    }
    let mut members = vec![("claude", "implementer")];
    members.extend(["claude", "codex", "gemini"].map(|agent| (agent, "reviewer")));
    let pairs = REVIEWERS.map(|reviewer| (reviewer, "claude-implementer"));
    let job = Job::with_script(name, Kind::Folder, "target", json!({ "rules": rules }))
        .with_team(&file(&members, &pairs))
        .with_config(if tries == 1 { "[review]\ntimeout = \"4s\"\n" } else { "" });
    let ran = job.run(&[]);
    let story = ran.check(Some("pause_and_clarify"), "paused", 11);
    ran.check_what_is_left(&["new.py"]);

    let session = ran.summary["session"].as_str().unwrap();
    let status: Value = serde_json::from_str(&ran.ask(&["status", session]).stdout).unwrap();
    let paper = fs::read_to_string(ran.folder().join("summary.md")).unwrap();
    let reviews = status["sessions"][0]["reviews"].as_array().unwrap();
    for reviewer in REVIEWERS {
        let asked = ran.of_kind("review_prepared").iter().filter(|(who, _)| *who == reviewer).count() as u64;
        assert_eq!(asked, tries, "{reviewer}\n{story}");
        let review = reviews.iter().find(|review| review["reviewer"] == reviewer).unwrap();
        assert_eq!(review["verdict"], "inconclusive", "{story}");
        let said = format!("{reviewer}{why}");
        assert_eq!(review["summary"], *said, "{story}");
        let line = format!("- {reviewer} on claude-implementer: inconclusive – {said}\n");
        assert!(paper.contains(&line), "{line}{paper}");
    }
    // What a person sees.
    let told = finish(ran.job.in_words(&["status", session]), LIMIT).unwrap().stdout;
    for reviewer in REVIEWERS {
        assert!(told.contains(&format!("inconclusive – {reviewer}{why}")), "{told}");
    }
}

#[test]
fn garbage() {
    // Claude asks once more by itself for an answer in its schema.
    let answer = json!([{"text": "Looks good to me!"}, {"text": "I like it."}]);
    unusable("garbage", &answer, "'s answer has no JSON object with a verdict, twice", 2);
}

#[test]
fn a_stale_nonce() {
    let answer = approval("${checkpoint}", "00000000-0000-4000-8000-000000000000", &json!([]));
    unusable("stale nonce", &answer, "'s answer carries another nonce than the request, twice", 2);
}

#[test]
fn a_foreign_digest() {
    // Of an empty text; Gemini CLI breaks off what repeats itself.
    let digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let answer = approval(digest, "${nonce}", &json!([]));
    unusable("foreign digest", &answer, "'s answer is about another checkpoint than the request, twice", 2);
}

#[test]
fn a_finding_nowhere() {
    let finding = json!({"severity": "note", "file": "nowhere.py", "line": 7, "title": "It is odd",
        "evidence": "line 7", "suggestion": ""});
    let answer = approval("${checkpoint}", "${nonce}", &json!([finding]));
    let why = "'s answer has a finding at a place that does not exist: nowhere.py:7, twice";
    unusable("finding nowhere", &answer, why, 2);
}

#[test]
fn silence() {
    unusable("silence", &json!([{"text": "Let me think", "hang": true}]), " gave no answer within 4 s", 1);
}
