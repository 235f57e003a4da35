//! A model service that is not there, or that never answers: the watchdog ends the turn, typed, in a bounded time.

use serde_json::{Value, json};

use super::job::{Job, Ran};
use super::play::rule;
use super::project::Kind;
use super::teams::{api, file};

/// The first turn of a session whose architect is the agent.
fn first_turn(agent: &'static str, answer: &Value, reachable: bool, stall: &str) -> Ran {
    let script = json!({"rules": [rule("plan", api(agent), &["You are the architect"], answer)]});
    let others: Vec<&str> =
        ["claude", "codex", "gemini"].into_iter().filter(|other| *other != agent).collect();
    let members = [(agent, "architect"), (others[0], "implementer"), (others[1], "reviewer")];
    let mut job = Job::with_script(agent, Kind::Folder, "target", script)
        .with_team(&file(&members, &[(others[1], others[0])]))
        .with_config(&format!("[session]\nstall_timeout = \"{stall}\"\n[recovery]\nattempts = 0\n"));
    if !reachable {
        job = job.without_model();
    }
    let ran = job.run(&[]);
    let story = ran.check(None, "blocked", 12);
    let exits = ran.of_kind("worker_exited");
    assert_eq!(exits.len(), 1, "{story}");
    assert_eq!(exits[0].1["tree_empty"], true, "{story}");
    ran.check_what_is_left(&[]);
    ran
}

fn end(ran: &Ran) -> &Value {
    let ends = ran.of_kind("turn_ended");
    assert_eq!(ends.len(), 1, "{}", ran.story());
    &ends[0].1["end"]
}

fn refused(agent: &'static str) {
    // Far more than the CLI needs for its first try; Gemini gives up by itself, after half a minute.
    let stall = if agent == "gemini" { "1m" } else { "6s" };
    let ran = first_turn(agent, &json!([{"text": "never said"}]), false, stall);
    let end = end(&ran);
    assert_eq!((&end["outcome"], &end["class"]), (&json!("failed"), &json!("network")), "{}", ran.story());
}

fn silent(agent: &'static str) {
    let ran = first_turn(agent, &json!([{"delay_ms": 3_600_000, "text": "too late"}]), true, "3s");
    let end = end(&ran);
    assert_eq!((&end["outcome"], &end["class"]), (&json!("failed"), &json!("unknown")), "{}", ran.story());
    assert_eq!(ran.of_kind("worker_stalled").len(), 1);
}

#[test]
fn claude_finds_nobody() {
    refused("claude");
}

#[test]
fn codex_finds_nobody() {
    refused("codex");
}

#[test]
fn gemini_finds_nobody() {
    refused("gemini");
}

#[test]
fn claude_hears_nothing() {
    silent("claude");
}

#[test]
fn codex_hears_nothing() {
    silent("codex");
}

#[test]
fn gemini_hears_nothing() {
    silent("gemini");
}
