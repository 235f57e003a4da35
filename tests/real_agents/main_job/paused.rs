//! Paused in the middle of a turn, and gone on with: in the agent's own session, or with a handover where the agent's
//! protocol cannot take one up without harm (Gemini).

use mo_tests::finish;
use serde_json::{Value, json};

use super::job::{Job, LIMIT, Ran};
use super::play::{rule, verdict};
use super::project::Kind;
use super::teams::{api, file};

/// What the agent says before the pause, found again in the requests where its session goes on.
const BEGAN: &str = "I begin with the greeting.";
const SAID: &str = "Leave the tests alone.";

/// A read before the pause and a write after it, in the agent's own tools.
fn tools(agent: &str) -> (Value, Value) {
    match agent {
        "claude" => (
            json!({"name": "Read", "input": {"file_path": "${cwd}/greet.py"}}),
            json!({"name": "Write", "input": {"file_path": "${cwd}/done.txt", "content": "done\n"}}),
        ),
        "codex" => (
            json!({"name": "exec_command", "input": {"cmd": "cat greet.py"}}),
            json!({"name": "apply_patch", "input": "*** Begin Patch\n*** Add File: done.txt\n+done\n*** End Patch"}),
        ),
        _ => (
            json!({"name": "read_file", "input": {"file_path": "${cwd}/greet.py"}}),
            json!({"name": "write_file", "input": {"file_path": "${cwd}/done.txt", "content": "done\n"}}),
        ),
    }
}

/// Runs a session whose implementer is paused in its first turn, then resumed with words of the person. `again` is
/// what the prompt says by which it goes on.
fn paused(agent: &'static str, reviewer: &'static str, again: &str) -> Ran {
    let (read, write) = tools(agent);
    let of_work = format!("You review {agent}-implementer's work");
    let router = json!([{"structured": {"reasoning": "It is small.", "model_choice": "flash"}}]);
    let script = json!({"rules": [
        {"name": "router", "when": {"api": "gemini", "body_contains": "Task Routing AI"}, "steps": router},
        rule("again", api(agent), &[again, SAID], &json!([{"tool": write}, {"text": "It is done."}])),
        rule("work", api(agent), &["You are the implementer"], &json!([{"text": BEGAN, "tool": read}, {"text": "Let me think", "hang": true}])),
        rule("review", api(reviewer), &[&of_work], &verdict("approved")),
    ]});
    let team = file(&[(agent, "implementer"), (reviewer, "reviewer")], &[(reviewer, agent)]);
    let job = Job::with_script(agent, Kind::Folder, "target", script).with_team(&team);
    let mut cli = job.start(&[]);
    // The model says nothing after the tool's result, so the turn cannot end by itself; the pause may come before the
    // CLI has asked it.
    cli.until(|event| event["data"]["item"]["type"] == "tool_ended", |_| None).unwrap();
    let done = finish(job.orchestrate(&["pause"]), LIMIT).unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    let ran = job.finish(cli);
    let story = ran.check(None, "paused", 11);
    assert_eq!(ran.of_kind("turn_ended")[0].1["end"]["outcome"], "interrupted", "{story}");
    for (worker, end) in ran.of_kind("worker_exited") {
        assert_eq!((&end["signal"], &end["tree_empty"]), (&Value::Null, &json!(true)), "{worker}\n{story}");
    }
    assert_eq!(ran.job.sandbox.processes().unwrap(), [], "{story}");

    let ran = ran.resume(&["-m", SAID]);
    ran.check(Some("continue"), "finished", 0);
    for request in ran.job.sandbox.requests().unwrap() {
        assert!(request["refused"].is_null(), "{request}");
    }
    assert_eq!(ran.summary["files_changed"], json!(["done.txt"]));
    ran.check_what_is_left(&["done.txt"]);
    ran
}

/// The agent's own sessions that the implementer has worked in.
fn sessions<'a>(ran: &'a Ran, agent: &str) -> Vec<&'a str> {
    let started = |(worker, data): &(&str, &Value)| {
        *worker == format!("{agent}-implementer") && data["item"]["type"] == "session_started"
    };
    let found = ran.of_kind("agent_item").into_iter().filter(started);
    found.map(|(_, data)| data["item"]["agent_session"].as_str().unwrap()).collect()
}

/// Whether the model was told, after the pause, what the agent had said before it.
fn remembers(ran: &Ran) -> bool {
    let requests = ran.job.sandbox.requests().unwrap();
    let again = requests.iter().find(|request| request["rule"] == "again").unwrap();
    again["body"].to_string().contains(BEGAN)
}

fn goes_on_in_its_session(agent: &'static str, reviewer: &'static str) {
    let ran = paused(agent, reviewer, "You were interrupted in the middle of your work");
    let sessions = sessions(&ran, agent);
    assert!(sessions.len() >= 2 && sessions.iter().all(|id| *id == sessions[0]), "{sessions:?}");
    assert!(remembers(&ran), "{}", ran.story());
}

#[test]
fn claude_goes_on_in_its_own_session() {
    goes_on_in_its_session("claude", "codex");
}

#[test]
fn codex_goes_on_in_its_own_session() {
    goes_on_in_its_session("codex", "claude");
}

#[test]
fn gemini_gets_a_handover_and_loads_no_session() {
    let ran = paused("gemini", "codex", "Somebody began this before you and was interrupted");
    let sessions = sessions(&ran, "gemini");
    assert!(sessions.len() == 2 && sessions[0] != sessions[1], "{sessions:?}");
    assert!(!remembers(&ran), "{}", ran.story());
}
