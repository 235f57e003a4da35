//! How long Claude Code waits for the answer of a hook, and what it does when it got none that it can use.

use mo_tests::{Agent, Duplex, Sandbox};
use serde_json::{Value, json};

use crate::{check_script_was_kept, end, said, text};

/// Begins a turn whose one call our hook sees, where the person allows all commands.
fn begin(hook: &Value) -> (Sandbox, Duplex) {
    let call = json!({"tool": {"name": "Bash", "input": {"command": "touch made.txt", "description": "x"}}});
    let script =
        json!({"rules": [{"name": "go", "when": {"contains": "go on"}, "steps": [call, {"text": "done"}]}]});
    let sandbox = Sandbox::new(&script).unwrap();
    std::fs::create_dir(sandbox.home().join(".claude")).unwrap();
    let settings = json!({"permissions": {"allow": ["Bash"]}});
    std::fs::write(sandbox.home().join(".claude/settings.json"), settings.to_string()).unwrap();
    let mut cli = sandbox.converse(Agent::Claude, &crate::claude::ASK).unwrap();
    cli.send(json!({"type": "control_request", "request_id": "init-1",
        "request": {"subtype": "initialize", "hooks": {"PreToolUse": [hook]}}}))
        .unwrap();
    cli.until(|message| message["type"] == "control_response", |_| None).unwrap();
    cli.send(json!({"type": "user", "message": {"role": "user", "content": "go on"}})).unwrap();
    (sandbox, cli)
}

/// The default is ten minutes, which the product sets far higher.
#[test]
fn a_hook_that_is_not_answered_in_time_is_taken_back_and_its_call_refused() {
    let (sandbox, mut cli) =
        begin(&json!({"matcher": "*", "hookCallbackIds": ["pre_tool_use"], "timeout": 1}));
    let result = cli.until(|message| message["type"] == "result", |_| None).unwrap();
    assert_eq!(
        (text(&result, "/subtype"), text(&result, "/result")),
        ("success", "done"),
        "the turn goes on"
    );
    let hook = &said(&cli, |message| text(message, "/request/subtype") == "hook_callback")[0];
    let void = said(&cli, |message| text(message, "/type") == "control_cancel_request");
    assert_eq!(void.len(), 1);
    assert_eq!(void[0]["request_id"], hook["request_id"]);
    assert!(!sandbox.target().join("made.txt").exists());
    end(&mut cli, &sandbox, "claude-hook-timeout");
    check_script_was_kept(&sandbox);
}

#[test]
fn a_failing_hook_that_is_to_block_blocks() {
    let hook = json!({"matcher": "*", "hookCallbackIds": ["pre_tool_use"], "timeout": 2_000_000, "onFailure": "block"});
    let (sandbox, mut cli) = begin(&hook);
    cli.until(
        |message| message["type"] == "result",
        |message| {
            (text(message, "/request/subtype") == "hook_callback").then(|| {
                json!({"type": "control_response", "response": {"subtype": "error",
                    "request_id": message["request_id"], "error": "broken"}})
            })
        },
    )
    .unwrap();
    assert!(!sandbox.target().join("made.txt").exists(), "{}", cli.transcript);
    end(&mut cli, &sandbox, "claude-hook-error-blocks");
    check_script_was_kept(&sandbox);
}
