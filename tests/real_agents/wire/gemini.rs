//! Gemini CLI over ACP.

use mo_tests::{Agent, Duplex, Sandbox};
use serde_json::{Value, json};

use crate::{check_script_was_kept, end, said, text};

struct Session {
    cli: Duplex,
    id: String,
}

fn start(sandbox: &Sandbox, args: &[&str]) -> Session {
    let mut cli = sandbox.converse(Agent::Gemini, &[&["--acp", "--skip-trust"], args].concat()).unwrap();
    let capabilities = json!({"fs": {"readTextFile": false, "writeTextFile": false}, "terminal": false});
    let client = json!({"name": "meta-orchestrator", "version": "0.1.0"});
    call(
        &mut cli,
        1,
        "initialize",
        &json!({"protocolVersion": 1, "clientCapabilities": capabilities, "clientInfo": client}),
    );
    let new = call(&mut cli, 2, "session/new", &json!({"cwd": sandbox.target(), "mcpServers": []}));
    let id = text(&new, "/result/sessionId").to_owned();
    Session { cli, id }
}

fn call(cli: &mut Duplex, id: u64, method: &str, params: &Value) -> Value {
    cli.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).unwrap();
    answer_to(cli, id, |_| "cancel")
}

/// Waits for the answer to our request `id`, choosing an option for each permission that is asked for.
fn answer_to(cli: &mut Duplex, id: u64, choose: impl Fn(&Value) -> &'static str) -> Value {
    let answer = cli
        .until(
            |message| message["id"] == id && message.get("method").is_none(),
            |message| {
                (message["method"] == "session/request_permission").then(|| {
                    let outcome = json!({"outcome": {"outcome": "selected", "optionId": choose(message)}});
                    json!({"jsonrpc": "2.0", "id": message["id"], "result": outcome})
                })
            },
        )
        .unwrap();
    assert!(answer.get("error").is_none(), "{answer}");
    answer
}

fn prompt(session: &mut Session, id: u64, content: &str) {
    let params = json!({"sessionId": session.id, "prompt": [{"type": "text", "text": content}]});
    session
        .cli
        .send(json!({"jsonrpc": "2.0", "id": id, "method": "session/prompt", "params": params}))
        .unwrap();
}

fn updates(cli: &Duplex, kind: &str) -> Vec<Value> {
    said(cli, |message| text(message, "/params/update/sessionUpdate") == kind)
        .into_iter()
        .map(|message| message["params"]["update"].clone())
        .collect()
}

/// What was asked about: the kind of each tool call.
fn asked(cli: &Duplex) -> Vec<String> {
    said(cli, |message| message["method"] == "session/request_permission")
        .iter()
        .map(|message| text(message, "/params/toolCall/kind").to_owned())
        .collect()
}

fn implementer() -> Sandbox {
    let sandbox = Sandbox::new(&json!({"rules": [
        {"name": "build", "when": {"contains": "build it"}, "capture": {"outside": "outside is (\\S+)"}, "steps": [
            {"tool": {"name": "read_file", "input": {"file_path": "${cwd}/a.txt"}}},
            {"thought": "**Plan**\na thought", "text": "Writing now.",
             "tool": {"name": "write_file", "input": {"file_path": "${cwd}/new.txt", "content": "A\n"}}},
            {"tool": {"name": "run_shell_command", "input": {"command": "touch made.txt && echo ok", "description": "touch"}}},
            {"tool": {"name": "write_file", "input": {"file_path": "${outside}/outside.txt", "content": "A\n"}}},
            {"text": "all done"}]},
        {"name": "again", "when": {"contains": "once more"}, "steps": [{"text": "second turn"}]},
    ]}))
    .unwrap();
    sandbox.write("a.txt", "hello\n").unwrap();
    sandbox
}

fn build(session: &mut Session, sandbox: &Sandbox, option: &'static str) -> Value {
    let content = format!("build it\noutside is {}", sandbox.root().join("config").display());
    prompt(session, 10, &content);
    answer_to(&mut session.cli, 10, |_| option)
}

#[test]
fn a_write_is_asked_for_once_and_done_when_allowed() {
    let sandbox = implementer();
    // The default model: its router makes a call of its own, which no rule speaks about.
    let mut session = start(&sandbox, &[]);
    let done = build(&mut session, &sandbox, "proceed_once");
    assert_eq!(text(&done, "/result/stopReason"), "end_turn");
    assert_eq!(asked(&session.cli), ["edit", "execute"]);
    assert!(sandbox.target().join("new.txt").exists() && sandbox.target().join("made.txt").exists());
    // A path outside the workspace is refused by Gemini itself, without a question.
    assert!(!sandbox.root().join("config/outside.txt").exists());
    let failed: Vec<_> = updates(&session.cli, "tool_call_update")
        .into_iter()
        .filter(|update| update["status"] == "failed")
        .collect();
    assert_eq!(failed.len(), 1);
    assert!(
        text(&failed[0], "/content/0/content/text").starts_with("Path not in workspace"),
        "{}",
        failed[0]
    );
    // Only what was not asked about is announced; an asked call is first seen in the question.
    assert_eq!(updates(&session.cli, "tool_call").len(), 1);

    prompt(&mut session, 11, "once more");
    answer_to(&mut session.cli, 11, |_| "cancel");
    end(&mut session.cli, &sandbox, "gemini-allow");
    let side: Vec<_> = sandbox
        .requests()
        .unwrap()
        .iter()
        .filter_map(|line| line["side"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(side, ["schema_side_call", "schema_side_call"]);
    check_script_was_kept(&sandbox);
}

#[test]
fn a_rejected_write_is_not_done_and_leaves_no_update() {
    let sandbox = implementer();
    let mut session = start(&sandbox, &["-m", "gemini-2.5-flash"]);
    let done = build(&mut session, &sandbox, "cancel");
    assert_eq!(text(&done, "/result/stopReason"), "end_turn");
    assert_eq!(asked(&session.cli), ["edit", "execute"]);
    assert!(!sandbox.target().join("new.txt").exists() && !sandbox.target().join("made.txt").exists());
    let ids = |path: &str, lines: Vec<Value>| {
        lines.iter().map(|line| text(line, path).to_owned()).collect::<Vec<_>>()
    };
    let questions = said(&session.cli, |message| message["method"] == "session/request_permission");
    let updated = ids("/toolCallId", updates(&session.cli, "tool_call_update"));
    for id in ids("/params/toolCall/toolCallId", questions) {
        assert!(!updated.contains(&id), "{id} was updated after its rejection");
    }
    end(&mut session.cli, &sandbox, "gemini-reject");
    check_script_was_kept(&sandbox);
}

#[test]
fn plan_mode_writes_nothing_and_asks_nothing() {
    let sandbox = implementer();
    let mut session = start(&sandbox, &["-m", "gemini-2.5-flash"]);
    let params = json!({"sessionId": session.id, "modeId": "plan"});
    call(&mut session.cli, 3, "session/set_mode", &params);
    // A chunk that no model said.
    assert_eq!(text(&updates(&session.cli, "agent_message_chunk")[0], "/content/text"), "[MODE_UPDATE] plan");
    build(&mut session, &sandbox, "proceed_once");
    assert_eq!(asked(&session.cli), [""; 0]);
    assert!(!sandbox.target().join("new.txt").exists() && !sandbox.target().join("made.txt").exists());
    end(&mut session.cli, &sandbox, "gemini-plan");
    check_script_was_kept(&sandbox);
}

#[test]
fn auto_edit_writes_unasked_and_asks_for_commands() {
    let sandbox = implementer();
    let mut session = start(&sandbox, &["-m", "gemini-2.5-flash"]);
    let params = json!({"sessionId": session.id, "modeId": "autoEdit"});
    call(&mut session.cli, 3, "session/set_mode", &params);
    build(&mut session, &sandbox, "cancel");
    assert_eq!(asked(&session.cli), ["execute"]);
    assert!(sandbox.target().join("new.txt").exists() && !sandbox.target().join("made.txt").exists());
    end(&mut session.cli, &sandbox, "gemini-auto-edit");
}

#[test]
fn a_cancel_ends_the_turn() {
    let sandbox = Sandbox::new(&json!({"rules": [
        {"when": {"contains": "hang"}, "steps": [{"text": "start", "hang": true}]},
        {"when": {"contains": "after"}, "steps": [{"text": "still here"}]}]}))
    .unwrap();
    let mut session = start(&sandbox, &["-m", "gemini-2.5-flash"]);
    prompt(&mut session, 10, "hang");
    let chunk = |message: &Value| text(message, "/params/update/sessionUpdate") == "agent_message_chunk";
    session.cli.until(chunk, |_| None).unwrap();
    let params = json!({"sessionId": session.id});
    session.cli.send(json!({"jsonrpc": "2.0", "method": "session/cancel", "params": params})).unwrap();
    assert_eq!(text(&answer_to(&mut session.cli, 10, |_| "cancel"), "/result/stopReason"), "cancelled");
    prompt(&mut session, 11, "after");
    assert_eq!(text(&answer_to(&mut session.cli, 11, |_| "cancel"), "/result/stopReason"), "end_turn");
    // The same conversation went on: the model is told what was said in the interrupted turn.
    let last = sandbox.requests().unwrap().pop().unwrap();
    let told = last["body"].to_string();
    assert!(told.contains("hang") && told.contains("after"), "{told}");
    end(&mut session.cli, &sandbox, "gemini-cancel");
}
