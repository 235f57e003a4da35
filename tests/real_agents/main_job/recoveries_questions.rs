//! Questions of the real CLIs that come to nothing: taken back while the turn goes on, left by a review that is over, and
//! allowed without an effect.

use std::path::Path;

use mo_tests::{Agent, Duplex, finish};
use serde_json::{Value, json};

use super::job::{Job, LIMIT, Ran};
use super::play::{rule, verdict};
use super::project::Kind;
use super::teams::{api, file};

/// An implementer with these steps, and the other's review.
fn job(implementer: &str, steps: &Value, reviewer: &str, review: &Value, config: &str) -> Job {
    let of_work = format!("You review {implementer}-implementer's work");
    let script = json!({"rules": [
        rule("work", api(implementer), &["You are the implementer"], steps),
        rule("review", api(reviewer), &[&of_work], review),
    ]});
    let team = file(&[(implementer, "implementer"), (reviewer, "reviewer")], &[(reviewer, implementer)]);
    Job::with_script("questions that come to nothing", Kind::Folder, "target", script)
        .with_team(&team)
        .with_config(config)
}

fn asked(cli: &mut Duplex) -> String {
    let asked = cli
        .until(|event| event["kind"] == "approval_requested" || event.get("summary").is_some(), |_| None)
        .unwrap();
    asked["data"]["approval"].as_str().unwrap_or_else(|| panic!("{}", cli.transcript)).to_owned()
}

/// The only question of the session.
fn listed(ran: &Ran) -> Value {
    let session = ran.summary["session"].as_str().unwrap();
    let listed: Value = serde_json::from_str(&ran.ask(&["approvals", session]).stdout).unwrap();
    let approvals = listed["approvals"].as_array().unwrap();
    assert_eq!(approvals.len(), 1, "{listed}");
    approvals[0].clone()
}

/// An answer to what nobody waits for is refused, and says why.
fn check_void(ran: &Ran, why: &str) {
    let story = ran.story();
    let question = listed(ran);
    assert_eq!(question["state"], "void", "{story}");
    assert_eq!(ran.of_kind("approval_voided")[0].1["why"], why, "{story}");
    let late = finish(ran.job.orchestrate(&["approve", question["id"].as_str().unwrap()]), LIMIT).unwrap();
    assert_eq!(late.status.code(), Some(4), "{}{}", late.stdout, late.stderr);
    let open: Value = serde_json::from_str(&ran.ask(&["approvals"]).stdout).unwrap();
    assert_eq!(open["approvals"], json!([]), "nothing is asked any more");
}

/// Claude Code takes a question back when its own time for a hook is over. It is told to wait for 23 days; here what we tell
/// it is changed on its way to two seconds.
#[test]
fn claude_takes_a_question_back_and_goes_on() {
    let bash = json!({"name": "Bash", "input": {"command": "rm greet.py", "description": "x"}});
    let write = json!({"name": "Write", "input": {"file_path": "${cwd}/done.txt", "content": "done\n"}});
    let steps = json!([{"tool": bash}, {"tool": write}, {"text": "I could not remove it."}]);
    let claude = Agent::Claude.program().unwrap();
    let hasty = format!(
        "#!/bin/sh\n[ \"$1\" = -p ] || exec {0} \"$@\"\nsed -u 's/\"timeout\":2000000/\"timeout\":2/' | {0} \"$@\"\n",
        claude.display()
    );
    let job = job("claude", &steps, "codex", &verdict("approved"), "").with_program("hasty", &hasty);
    let path = job.sandbox.root().join("bin/hasty");
    let job = job.with_replaced(&path_line(&claude), &path_line(&path));
    let ran = job.run(&["--wait"]);
    ran.check(Some("continue"), "finished", 0);
    check_void(&ran, "the agent took it back");
    assert_eq!(ran.of_kind("approval_answered").len(), 0, "{}", ran.story());
    ran.check_what_is_left(&["done.txt"]);
}

fn path_line(path: &Path) -> String {
    format!("path = \"{}\"\n", path.display())
}

/// Who reviews, asks, and gets no answer in the time that the review has, leaves no question behind.
#[test]
fn a_review_that_is_over_leaves_no_question() {
    let read = json!({"tool": {"name": "Read", "input": {"file_path": "/etc/hostname"}}});
    let review = json!([read, {"text": "not reached"}]);
    let work = json!([{"text": "Nothing is to be done."}]);
    let job = job("codex", &work, "claude", &review, "[review]\ntimeout = \"4s\"\n");
    let ran = job.run(&["--wait"]);
    let story = ran.check(Some("pause_and_clarify"), "paused", 11);
    assert_eq!(listed(&ran)["worker"], "claude-reviewer", "{story}");
    check_void(&ran, "the review that it was asked in is over");
    ran.check_what_is_left(&[]);
}

/// Codex asks about some commands that do not ask to leave its sandbox, and runs them inside it when they are allowed:
/// what is allowed is not done, and the person is told so.
#[test]
fn codex_does_not_do_what_it_was_allowed_and_it_is_said() {
    let remove = |more: Value| {
        let mut input = json!({"cmd": "rm -f README.md"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"tool": {"name": "exec_command", "input": input}})
    };
    let escalated = json!({"sandbox_permissions": "require_escalated", "justification": "to clean up"});
    let steps = json!([remove(json!({})), remove(escalated), {"text": "Done."}]);
    let job = job("codex", &steps, "claude", &verdict("approved"), "");
    let mut cli = job.start(&["--wait"]);
    for there in [true, true] {
        let question = asked(&mut cli);
        assert_eq!(job.sandbox.target().join("README.md").exists(), there);
        let done = finish(job.orchestrate(&["approve", &question]), LIMIT).unwrap();
        assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    }
    let ran = job.finish(cli);
    let story = ran.check(Some("continue"), "finished", 0);
    assert!(!ran.job.sandbox.target().join("README.md").exists(), "the one that asked to leave it was done");
    let session = ran.summary["session"].as_str().unwrap();
    let listed: Value = serde_json::from_str(&ran.ask(&["approvals", session]).stdout).unwrap();
    let calls: Vec<&Value> = listed["approvals"].as_array().unwrap().iter().map(|one| &one["call"]).collect();
    assert_eq!(calls[1], "ended", "{story}");
    let items = ran.of_kind("agent_item");
    let items: Vec<&Value> = items.iter().map(|(_, data)| &data["item"]).collect();
    let log = ran.ask(&["logs", session, "codex"]).stdout;
    if calls[0] == "ended" {
        // Where the command takes its time, Codex tells its end after all.
        let refused = |item: &&&Value| {
            item["status"] == "failed" && item["output"].to_string().contains("Read-only file system")
        };
        assert_eq!(items.iter().filter(refused).count(), 1, "{story}");
        return;
    }
    assert_eq!(calls[0], "unreported", "{story}");
    let told: Vec<&&Value> = items.iter().filter(|item| item["code"] == "command_without_end").collect();
    assert_eq!(told.len(), 1, "{story}");
    assert!(
        told[0]["text"].as_str().unwrap().starts_with("`rm -f README.md` was allowed, but"),
        "{}",
        told[0]
    );
    assert!(log.contains("its own sandbox refused it"), "{log}");
}
