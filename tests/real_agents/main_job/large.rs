//! An answer of 3 MB: each CLI passes it on, and nothing of it is lost on the way to the events and the summary.

use serde_json::json;

use super::job::Job;
use super::play::{rule, verdict};
use super::project::Kind;
use super::teams::{api, file};

const BYTES: usize = 3_000_000;

/// Lines of words that do not recur, since Gemini CLI breaks off what repeats itself, with what is easily lost: quotes,
/// backslashes, letters of two, three and four bytes.
fn long_answer() -> String {
    let mut text = String::with_capacity(BYTES + 1_000);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    while text.len() < BYTES {
        for _ in 0..12 {
            // xorshift64
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text.extend([&state.to_string(), " "]);
        }
        text.push_str(["größer\n", "\"quoted\"\n", "C:\\n\n", "日本\n", "𝄞\n"][(state % 5) as usize]);
    }
    text.push_str("This is the end.");
    text
}

fn implements(agent: &'static str, reviewer: &'static str) {
    let answer = long_answer();
    let of_work = format!("You review {agent}-implementer's work");
    let router = json!([{"structured": {"reasoning": "It is small.", "model_choice": "flash"}}]);
    let script = json!({"rules": [
        {"name": "router", "when": {"api": "gemini", "body_contains": "Task Routing AI"}, "steps": router},
        rule("work", api(agent), &["You are the implementer"], &json!([{"text": answer}])),
        rule("review", api(reviewer), &[&of_work], &verdict("approved")),
    ]});
    let team = file(&[(agent, "implementer"), (reviewer, "reviewer")], &[(reviewer, agent)]);
    let ran = Job::with_script(agent, Kind::Folder, "target", script).with_team(&team).run(&[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    // `assert!`, since nobody wants to read 3 MB.
    let ends = ran.of_kind("turn_ended");
    assert!(ends[0].1["end"]["text"] == answer, "the end of the turn");
    let said: Vec<&str> = ran
        .of_kind("agent_item")
        .iter()
        .filter(|(worker, data)| worker.starts_with(agent) && data["item"]["type"] == "message")
        .map(|(_, data)| data["item"]["text"].as_str().unwrap())
        .collect();
    assert!(said.concat() == answer, "{} messages of {} bytes", said.len(), said.concat().len());
    assert!(ran.summary["results"][0]["text"] == answer, "the summary's result");
    // The story is for reading: it says how much it leaves out.
    let logs = ran.ask(&["logs", ran.summary["session"].as_str().unwrap(), agent]).stdout;
    assert!(logs.contains("more bytes; `orchestrate events` has all of it]"), "{}", logs.len());
    ran.check_what_is_left(&[]);
}

#[test]
fn claude_answers_3_mb() {
    implements("claude", "codex");
}

#[test]
fn codex_answers_3_mb() {
    implements("codex", "claude");
}

#[test]
fn gemini_answers_3_mb() {
    implements("gemini", "codex");
}
