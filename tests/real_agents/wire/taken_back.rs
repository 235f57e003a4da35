//! When the real CLIs let go of a question by themselves: Codex with its turn and not before, Gemini CLI never.

use mo_tests::{Agent, Duplex, Sandbox};
use serde_json::{Value, json};

use crate::{check_script_was_kept, end, said, text};

/// A turn whose one call is asked about, cut off by the service or not, and what is said to a second prompt.
fn sandbox(call: &Value, disconnect: bool) -> Sandbox {
    let mut asks = json!({"tool": call});
    if disconnect {
        asks["disconnect"] = json!(true);
    }
    let steps = json!([asks, {"text": "done"}]);
    Sandbox::new(&json!({"rules": [
        {"name": "go", "when": {"contains": "go on"}, "steps": steps},
        {"name": "second", "when": {"contains": "a second thing"}, "steps": [{"text": "second done"}]},
        {"name": "compact", "when": {"body_contains": "summary"}, "steps": [{"text": "a summary"}]},
    ]}))
    .unwrap()
}

/// Codex with a question open; its thread and the question.
fn codex(sandbox: &Sandbox) -> (Duplex, String, Value) {
    let mut cli = sandbox.converse(Agent::Codex, &["app-server"]).unwrap();
    let client = json!({"name": "meta-orchestrator", "title": "Meta-Orchestrator", "version": "0.1.0"});
    ask(&mut cli, 1, "initialize", &json!({"clientInfo": client, "capabilities": null}));
    cli.send(json!({"method": "initialized"})).unwrap();
    let start = json!({"cwd": sandbox.target(), "approvalPolicy": "untrusted", "sandbox": "workspace-write"});
    let started = ask(&mut cli, 2, "thread/start", &start);
    let thread = text(&started, "/result/thread/id").to_owned();
    ask(
        &mut cli,
        3,
        "turn/start",
        &json!({"threadId": thread, "input": [{"type": "text", "text": "go on"}]}),
    );
    let asked =
        cli.until(|message| text(message, "/method").ends_with("/requestApproval"), |_| None).unwrap();
    (cli, thread, asked)
}

fn ask(cli: &mut Duplex, id: u64, method: &str, params: &Value) -> Value {
    cli.send(json!({"method": method, "id": id, "params": params})).unwrap();
    let answer =
        cli.until(|message| message["id"] == id && message.get("method").is_none(), |_| None).unwrap();
    assert!(answer.get("error").is_none(), "{answer}");
    answer
}

fn touch() -> Value {
    json!({"name": "exec_command", "input": {"cmd": "touch made.txt"}})
}

/// A broken stream of the model's, more words for the turn and a second prompt leave the question as it was.
#[test]
fn codex_keeps_a_question_over_everything_but_the_end_of_its_turn() {
    for (more, disconnect) in [("nothing", true), ("turn/steer", false), ("turn/start", false)] {
        let sandbox = sandbox(&touch(), disconnect);
        let (mut cli, thread, asked) = codex(&sandbox);
        if more != "nothing" {
            let input = json!([{"type": "text", "text": "a second thing"}]);
            let mut params = json!({"threadId": thread, "input": input});
            if more == "turn/steer" {
                params["expectedTurnId"] = asked["params"]["turnId"].clone();
            }
            ask(&mut cli, 9, more, &params);
        }
        cli.send(json!({"id": asked["id"], "result": {"decision": "accept"}})).unwrap();
        let ended = cli.until(|message| message["method"] == "turn/completed", |_| None).unwrap();
        assert_eq!(text(&ended, "/params/turn/status"), "completed", "{more}\n{}", cli.transcript);
        let resolved = said(&cli, |message| message["method"] == "serverRequest/resolved");
        assert_eq!(resolved.len(), 1, "{more}: after our answer, and not before\n{}", cli.transcript);
        assert!(sandbox.target().join("made.txt").exists(), "{more}: what was allowed is done");
        end(&mut cli, &sandbox, &format!("codex-keeps-{}", more.replace('/', "-")));
    }
}

/// A turn that another task replaces ends, and with it its question, without a word about the question itself.
#[test]
fn codex_lets_go_of_a_question_with_its_turn() {
    let sandbox = sandbox(&touch(), false);
    let (mut cli, thread, asked) = codex(&sandbox);
    cli.send(json!({"method": "thread/compact/start", "id": 9, "params": {"threadId": thread}})).unwrap();
    let turn = asked["params"]["turnId"].clone();
    let ended = cli
        .until(
            |message| message["method"] == "turn/completed" && message["params"]["turn"]["id"] == turn,
            |_| None,
        )
        .unwrap();
    assert_eq!(text(&ended, "/params/turn/status"), "interrupted", "{}", cli.transcript);
    assert!(!sandbox.target().join("made.txt").exists());
    cli.close().unwrap();
}

/// A second prompt ends Gemini's first turn without a word, and leaves its question on the wire.
#[test]
fn gemini_never_takes_a_question_back() {
    let call =
        json!({"name": "run_shell_command", "input": {"command": "touch made.txt", "description": "x"}});
    let sandbox = sandbox(&call, false);
    let mut cli =
        sandbox.converse(Agent::Gemini, &["--acp", "--skip-trust", "-m", "gemini-2.5-flash"]).unwrap();
    let capabilities = json!({"fs": {"readTextFile": false, "writeTextFile": false}, "terminal": false});
    ask(&mut cli, 1, "initialize", &json!({"protocolVersion": 1, "clientCapabilities": capabilities}));
    let new = ask(&mut cli, 2, "session/new", &json!({"cwd": sandbox.target(), "mcpServers": []}));
    let session = new["result"]["sessionId"].clone();
    let prompt = |text: &str| json!({"sessionId": session, "prompt": [{"type": "text", "text": text}]});
    cli.send(json!({"id": 3, "method": "session/prompt", "params": prompt("go on")})).unwrap();
    cli.until(|message| message["method"] == "session/request_permission", |_| None).unwrap();
    let second = ask(&mut cli, 4, "session/prompt", &prompt("a second thing"));
    assert_eq!(text(&second, "/result/stopReason"), "end_turn");
    let about_it = said(&cli, |message| {
        text(message, "/method") == "$/cancel_request"
            || text(message, "/params/update/sessionUpdate") == "tool_call_update"
    });
    assert_eq!(about_it, [Value::Null; 0], "{}", cli.transcript);
    assert!(!sandbox.target().join("made.txt").exists());
    end(&mut cli, &sandbox, "gemini-keeps");
    check_script_was_kept(&sandbox);
}
