//! Codex's app-server.

use std::path::{Path, PathBuf};

use mo_tests::{Agent, Duplex, Sandbox, listing};
use serde_json::{Value, json};

use crate::{check_script_was_kept, end, said, text};

struct Thread {
    cli: Duplex,
    id: String,
}

fn start(sandbox: &Sandbox, policy: &str) -> Thread {
    let mut cli = sandbox.converse(Agent::Codex, &["app-server"]).unwrap();
    let client = json!({"name": "meta-orchestrator", "title": "Meta-Orchestrator", "version": "0.1.0"});
    cli.send(
        json!({"method": "initialize", "id": 1, "params": {"clientInfo": client, "capabilities": null}}),
    )
    .unwrap();
    answer_to(&mut cli, 1);
    cli.send(json!({"method": "initialized"})).unwrap();
    let params = json!({"cwd": sandbox.target(), "approvalPolicy": policy, "sandbox": "read-only"});
    cli.send(json!({"method": "thread/start", "id": 2, "params": params})).unwrap();
    let started = answer_to(&mut cli, 2);
    let id = text(&started, "/result/thread/id").to_owned();
    Thread { cli, id }
}

/// Waits for the answer to one of our requests; the server's own requests have a method.
fn answer_to(cli: &mut Duplex, id: u64) -> Value {
    let answer =
        cli.until(|message| message["id"] == id && message.get("method").is_none(), |_| None).unwrap();
    assert!(answer.get("error").is_none(), "{answer}");
    answer
}

fn prompt(thread: &mut Thread, content: &str, schema: Option<Value>) -> String {
    let mut params = json!({"threadId": thread.id, "input": [{"type": "text", "text": content}]});
    if let Some(schema) = schema {
        params["outputSchema"] = schema;
    }
    thread.cli.send(json!({"method": "turn/start", "id": 3, "params": params})).unwrap();
    text(&answer_to(&mut thread.cli, 3), "/result/turn/id").to_owned()
}

/// Plays the turn to its end, answering each approval by the method it came by.
fn turn(cli: &mut Duplex, decide: impl Fn(&Value) -> &'static str) -> Value {
    cli.until(
        |message| message["method"] == "turn/completed",
        |message| {
            (message.get("id").is_some() && text(message, "/method").ends_with("/requestApproval"))
                .then(|| json!({"id": message["id"], "result": {"decision": decide(message)}}))
        },
    )
    .unwrap()
}

fn methods(cli: &Duplex, suffix: &str) -> Vec<Value> {
    said(cli, |message| text(message, "/method").ends_with(suffix))
}

fn patch(path: &str) -> Value {
    let text = format!("*** Begin Patch\n*** Add File: {path}\n+hello\n*** End Patch");
    json!({"tool": {"name": "apply_patch", "input": text}})
}

fn implementer() -> Sandbox {
    let sandbox = Sandbox::new(&json!({"rules": [{"name": "build", "when": {"contains": "build it"},
        "capture": {"outside": "outside is (\\S+)"}, "steps": [
            {"tool": {"name": "exec_command", "input": {"cmd": "cat a.txt"}}},
            patch("new.txt"),
            {"tool": {"name": "exec_command", "input": {"cmd": "touch made.txt && echo ok"}}},
            patch("${outside}/outside.txt"),
            {"text": "all done"}]}]}))
    .unwrap();
    sandbox.write("a.txt", "hello\n").unwrap();
    sandbox
}

/// Accepts what stays inside the target. A patch's paths are in the item that was started before the question.
fn build(thread: &mut Thread, sandbox: &Sandbox, refuse: &'static str) -> Value {
    // Outside the target and outside what the sandbox keeps writable.
    let outside = sandbox.root().join("config");
    prompt(thread, &format!("build it\noutside is {}", outside.display()), None);
    let mut outside_items = Vec::new();
    loop {
        let message = thread.cli.take().unwrap();
        if message["method"] == "item/started" {
            let changes = message.pointer("/params/item/changes").and_then(Value::as_array);
            if changes
                .into_iter()
                .flatten()
                .any(|change| !Path::new(text(change, "/path")).starts_with(sandbox.target()))
            {
                outside_items.push(text(&message, "/params/item/id").to_owned());
            }
        }
        if text(&message, "/method").ends_with("/requestApproval") {
            let item = text(&message, "/params/itemId");
            let decision =
                if outside_items.iter().any(|outside| outside == item) { refuse } else { "accept" };
            thread.cli.send(json!({"id": message["id"], "result": {"decision": decision}})).unwrap();
        }
        if message["method"] == "turn/completed" {
            return message;
        }
    }
}

#[test]
fn a_read_only_review_is_asked_nothing_and_writes_nothing() {
    let sandbox = Sandbox::new(&json!({"rules": [{"when": {"contains": "review it"}, "steps": [
        {"tool": {"name": "exec_command", "input": {"cmd": "cat a.txt"}}},
        {"tool": {"name": "exec_command", "input": {"cmd": "touch evil.txt"}}},
        patch("evil.txt"),
        {"thought": "a thought", "structured": {"verdict": "approved", "nonce": "${nonce}"}}]}]}))
    .unwrap();
    sandbox.write("a.txt", "hello\n").unwrap();
    let before = listing(sandbox.target()).unwrap();
    let mut thread = start(&sandbox, "never");
    let schema = json!({"type": "object", "additionalProperties": false, "required": ["verdict", "nonce"],
        "properties": {"verdict": {"type": "string"}, "nonce": {"type": "string"}}});
    prompt(&mut thread, "review it\nnonce: one", Some(schema.clone()));
    let done = turn(&mut thread.cli, |_| "decline");
    assert_eq!(text(&done, "/params/turn/status"), "completed");
    let answer: Value = serde_json::from_str(text(&done, "/params/turn/items/0/text")).unwrap();
    assert_eq!(answer, json!({"verdict": "approved", "nonce": "one"}));
    assert_eq!(methods(&thread.cli, "/requestApproval").len(), 0);
    // The denied patch leaves no item at all, and the denied command only where it took its time.
    let commands = said(&thread.cli, |message| text(message, "/params/item/type") == "commandExecution");
    let (cat, other): (Vec<_>, Vec<_>) =
        commands.iter().partition(|message| text(message, "/params/item/command").contains("cat a.txt"));
    assert_eq!(cat.len(), 2, "started and completed of `cat`: {commands:?}");
    assert!(other.iter().all(|m| text(m, "/params/item/status") != "completed"), "{commands:?}");
    assert_eq!(said(&thread.cli, |message| text(message, "/params/item/type") == "fileChange").len(), 0);
    let stderr = end(&mut thread.cli, &sandbox, "codex-review-read-only");
    assert!(stderr.contains("patch rejected: writing is blocked by read-only sandbox"), "{stderr}");
    assert_eq!(listing(sandbox.target()).unwrap(), before);
    assert_eq!(sandbox.requests().unwrap()[0].pointer("/body/text/format/schema"), Some(&schema));
    check_script_was_kept(&sandbox);
    check_home(&sandbox);
}

/// Codex's own state and nothing that changes how it runs the next time.
fn check_home(sandbox: &Sandbox) {
    let home = listing(&sandbox.home().join(".codex")).unwrap();
    let state = |path: &PathBuf| {
        let text = path.to_string_lossy();
        ["skills", "sessions", "thread-writer-locks", "shell_snapshots", "tmp", "cache", "log"]
            .iter()
            .any(|folder| path.starts_with(folder))
            || text.contains(".sqlite")
            || ["installation_id", ".sandbox_migration", "version.json"].contains(&text.as_ref())
    };
    let unknown: Vec<_> = home.keys().filter(|path| !state(path)).collect();
    assert!(unknown.is_empty(), "Codex wrote {unknown:?}");
}

#[test]
fn untrusted_asks_for_every_command_and_patch() {
    let sandbox = implementer();
    let mut thread = start(&sandbox, "untrusted");
    let done = build(&mut thread, &sandbox, "decline");
    assert_eq!(text(&done, "/params/turn/status"), "completed");
    assert_eq!(methods(&thread.cli, "commandExecution/requestApproval").len(), 2, "even `cat` is asked");
    assert_eq!(methods(&thread.cli, "fileChange/requestApproval").len(), 2);
    let declined = said(&thread.cli, |message| text(message, "/params/item/status") == "declined");
    assert_eq!(declined.len(), 1);
    assert!(sandbox.target().join("new.txt").exists() && sandbox.target().join("made.txt").exists());
    assert!(!sandbox.root().join("config/outside.txt").exists());
    end(&mut thread.cli, &sandbox, "codex-untrusted");
    check_script_was_kept(&sandbox);
    check_home(&sandbox);
}

#[test]
fn on_request_asks_for_patches_and_hides_denied_commands() {
    let sandbox = implementer();
    let mut thread = start(&sandbox, "on-request");
    build(&mut thread, &sandbox, "decline");
    assert_eq!(methods(&thread.cli, "commandExecution/requestApproval").len(), 0);
    assert_eq!(methods(&thread.cli, "fileChange/requestApproval").len(), 2);
    assert!(
        sandbox.target().join("new.txt").exists(),
        "an accepted patch is written through the read-only sandbox"
    );
    assert!(
        !sandbox.target().join("made.txt").exists() && !sandbox.root().join("config/outside.txt").exists()
    );
    end(&mut thread.cli, &sandbox, "codex-on-request");
    check_script_was_kept(&sandbox);
}

#[test]
fn a_cancel_answer_interrupts_the_turn() {
    let sandbox = implementer();
    let mut thread = start(&sandbox, "on-request");
    let done = build(&mut thread, &sandbox, "cancel");
    assert_eq!(text(&done, "/params/turn/status"), "interrupted");
    end(&mut thread.cli, &sandbox, "codex-cancel");
}

#[test]
fn an_interrupt_ends_the_turn() {
    let sandbox = Sandbox::new(&json!({"rules": [
        {"when": {"contains": "hang"}, "steps": [{"text": "start", "hang": true}]},
        {"when": {"contains": "after"}, "steps": [{"text": "still here"}]}]}))
    .unwrap();
    let mut thread = start(&sandbox, "never");
    let turn_id = prompt(&mut thread, "hang", None);
    thread.cli.until(|message| message["method"] == "item/agentMessage/delta", |_| None).unwrap();
    let params = json!({"threadId": thread.id, "turnId": turn_id});
    thread.cli.send(json!({"method": "turn/interrupt", "id": 4, "params": params})).unwrap();
    let done = turn(&mut thread.cli, |_| "decline");
    assert_eq!(text(&done, "/params/turn/status"), "interrupted");
    // The thread takes the next turn.
    prompt(&mut thread, "after", None);
    let done = turn(&mut thread.cli, |_| "decline");
    assert_eq!(text(&done, "/params/turn/items/0/text"), "still here");
    end(&mut thread.cli, &sandbox, "codex-interrupt");
}
