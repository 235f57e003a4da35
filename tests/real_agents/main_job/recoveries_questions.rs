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

/// Stands between the product and a CLI and interrupts the turn of the first question, as another client of it could.
const MEDDLER: &str = r"#!/usr/bin/env node
const { spawn } = require('node:child_process');
const cli = spawn('${cli}', process.argv.slice(2), { stdio: ['pipe', 'pipe', 'inherit'] });
cli.stdin.on('error', () => {});
process.stdin.pipe(cli.stdin);
const tell = (message) => cli.stdin.write(JSON.stringify(message) + '\n');
let rest = '', done = false;
cli.stdout.on('data', (bytes) => {
  const lines = (rest + bytes).split('\n');
  rest = lines.pop();
  for (const line of lines) {
    let said = {};
    try { said = JSON.parse(line); } catch {}
    if (said.id === 'meddler') continue;
    process.stdout.write(line + '\n');
    const { threadId, turnId, sessionId } = said.params ?? {};
    if (done || !/requestApproval$|request_permission$/.test(said.method ?? '')) continue;
    done = true;
    tell(threadId ? { id: 'meddler', method: 'turn/interrupt', params: { threadId, turnId } }
      : { jsonrpc: '2.0', method: 'session/cancel', params: { sessionId } });
  }
});
cli.on('close', (code) => { process.stdout.write(rest); process.exitCode = code ?? 1; });
";

/// A job whose implementer's first question meets the meddler.
fn meddled_with(agent: Agent, call: &Value) -> Job {
    let begun = rule(
        "work",
        api(agent.name()),
        &["You are the implementer"],
        &json!([{"tool": call}, {"text": "not reached"}]),
    );
    let again = rule("again", api(agent.name()), &["was interrupted"], &json!([{"text": "I leave it."}]));
    let mut taken_up = again.clone();
    taken_up["when"]["contains"] = json!(["You were interrupted in the middle of your work"]);
    let router = json!({"name": "router", "when": {"api": "gemini", "body_contains": "Task Routing AI"},
        "steps": [{"structured": {"reasoning": "It is small.", "model_choice": "flash"}}]});
    let reviewer = if agent == Agent::Codex { "claude" } else { "codex" };
    let of_work = format!("You review {}-implementer's work", agent.name());
    let review = rule("review", api(reviewer), &[&of_work], &verdict("approved"));
    let script = json!({"rules": [router, taken_up, again, begun, review]});
    let team = file(&[(agent.name(), "implementer"), (reviewer, "reviewer")], &[(reviewer, agent.name())]);
    let program = agent.program().unwrap();
    let meddler = MEDDLER.replace("${cli}", &program.display().to_string());
    let job = Job::with_script("another client of the same CLI", Kind::Folder, "target", script)
        .with_team(&team)
        .with_config("")
        .with_program("meddler", &meddler);
    let path = job.sandbox.root().join("bin/meddler");
    job.with_replaced(&path_line(&program), &path_line(&path))
}

/// A turn that somebody else interrupts takes Codex's question with it; the session can be taken up.
#[test]
fn codex_drops_a_question_with_a_turn_that_another_client_interrupts() {
    let job = meddled_with(
        Agent::Codex,
        &json!({"name": "exec_command", "input": {"cmd": "rm greet.py",
        "sandbox_permissions": "require_escalated", "justification": "x"}}),
    );
    let ran = job.run(&["--wait"]);
    let story = ran.check(None, "blocked", 12);
    check_void(&ran, "the agent took it back");
    assert!(ran.job.sandbox.target().join("greet.py").exists(), "{story}");
    let session = ran.summary["session"].as_str().unwrap().to_owned();
    let job = ran.job;
    let cli = Duplex::start(job.orchestrate(&["resume", &session, "--wait"])).unwrap();
    let ran = job.finish(cli);
    assert_eq!((ran.code, &ran.summary["state"]), (Some(0), &json!("finished")), "{}", ran.story());
    assert_eq!(listed(&ran)["state"], "void", "{}", ran.story());
    ran.check_what_is_left(&[]);
}

/// Gemini CLI waits for the answer of its question also when its turn was cancelled. What is allowed then is not done.
#[test]
fn gemini_keeps_a_question_of_a_turn_that_another_client_cancels() {
    let job = meddled_with(
        Agent::Gemini,
        &json!({"name": "run_shell_command",
        "input": {"command": "rm greet.py", "description": "x"}}),
    );
    let mut cli = job.start(&["--wait"]);
    let question = asked(&mut cli);
    let done = finish(job.orchestrate(&["approve", &question]), LIMIT).unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    let ran = job.finish(cli);
    let story = ran.check(None, "blocked", 12);
    assert_eq!(listed(&ran)["state"], "allowed", "{story}");
    let items = ran.of_kind("agent_item");
    let cancelled = |data: &Value| data["item"]["output"] == "Command cancelled by user.";
    assert_eq!(items.iter().filter(|(_, data)| cancelled(data)).count(), 1, "{story}");
    assert!(ran.job.sandbox.target().join("greet.py").exists(), "{story}");
    ran.check_what_is_left(&[]);
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
