//! Claude Code's control protocol over stream-json.

use mo_tests::{Agent, Duplex, Sandbox};
use serde_json::{Value, json};

use crate::{check_script_was_kept, end, said, text};

/// The argv of the engine's `ask` mode.
pub(crate) const ASK: [&str; 8] = [
    "-p",
    "--input-format",
    "stream-json",
    "--output-format",
    "stream-json",
    "--verbose",
    "--permission-prompt-tool",
    "stdio",
];

fn start(sandbox: &Sandbox, more: &[&str]) -> Duplex {
    let mut cli = sandbox.converse(Agent::Claude, &[&ASK, more].concat()).unwrap();
    let hooks = json!({"PreToolUse": [{"matcher": "*", "hookCallbackIds": ["pre_tool_use"]}]});
    cli.send(json!({"type": "control_request", "request_id": "init-1", "request": {"subtype": "initialize", "hooks": hooks}}))
        .unwrap();
    let answered = cli.until(|message| message["type"] == "control_response", |_| None).unwrap();
    assert_eq!(answered["response"]["subtype"], "success");
    cli
}

fn prompt(cli: &mut Duplex, content: &str) {
    cli.send(json!({"type": "user", "message": {"role": "user", "content": content}})).unwrap();
}

/// Plays a turn to its `result`; `hook` decides on each tool's name, `can` answers `can_use_tool`.
fn turn(cli: &mut Duplex, hook: impl Fn(&str) -> Value, can: impl Fn(&Value) -> Value) -> Value {
    cli.until(|message| message["type"] == "result", |message| {
        let request = &message["request"];
        let response = match (text(message, "/type"), text(request, "/subtype")) {
            ("control_request", "hook_callback") => hook(text(request, "/input/tool_name")),
            ("control_request", "can_use_tool") => can(request),
            _ => return None,
        };
        let id = message["request_id"].clone();
        Some(json!({"type": "control_response", "response": {"subtype": "success", "request_id": id, "response": response}}))
    })
    .unwrap()
}

fn decide(decision: &str) -> Value {
    let why = "the policy says so";
    json!({"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": decision, "permissionDecisionReason": why}})
}

fn allow(request: &Value) -> Value {
    json!({"behavior": "allow", "updatedInput": request["input"]})
}

/// The tools that were asked about by a control request of that kind, in order.
fn asked(cli: &Duplex, subtype: &str) -> Vec<String> {
    let tool = if subtype == "hook_callback" { "/request/input/tool_name" } else { "/request/tool_name" };
    said(cli, |message| text(message, "/request/subtype") == subtype)
        .iter()
        .map(|message| text(message, tool).to_owned())
        .collect()
}

fn implementer() -> Sandbox {
    let sandbox = Sandbox::new(&json!({"rules": [
        {"name": "build", "when": {"api": "anthropic", "contains": "build it"}, "steps": [
            {"tool": {"name": "Bash", "input": {"command": "ls", "description": "list"}}},
            {"thought": "a thought", "text": "Writing now.",
             "tool": {"name": "Write", "input": {"file_path": "${cwd}/new.txt", "content": "A\n"}}},
            {"tool": {"name": "Bash", "input": {"command": "touch made.txt && echo ok", "description": "touch"}}},
            {"tool": {"name": "Write", "input": {"file_path": "${outside}/outside.txt", "content": "A\n"}}},
            {"tool": {"name": "Write", "input": {"file_path": "${cwd}/.claude/settings.json", "content": "{}"}}},
            {"text": "all done"}],
         "capture": {"outside": "outside is (\\S+)"}},
        {"name": "again", "when": {"contains": "once more"}, "steps": [{"text": "second turn"}]},
    ]}))
    .unwrap();
    sandbox.write("a.txt", "hello\n").unwrap();
    sandbox
}

fn build(
    cli: &mut Duplex,
    sandbox: &Sandbox,
    hook: impl Fn(&str) -> Value,
    can: impl Fn(&Value) -> Value,
) -> Value {
    prompt(cli, &format!("build it\noutside is {}", sandbox.tmp().display()));
    turn(cli, hook, can)
}

#[test]
fn an_allowing_hook_replaces_the_question_but_for_claude_s_own_settings() {
    let sandbox = implementer();
    let mut cli = start(&sandbox, &[]);
    let result = build(&mut cli, &sandbox, |_| decide("allow"), allow);
    assert_eq!((text(&result, "/subtype"), text(&result, "/result")), ("success", "all done"));
    assert_eq!(asked(&cli, "hook_callback"), ["Bash", "Write", "Bash", "Write", "Write"]);
    // Even the write outside the working directory is not asked about any more; only the settings file is.
    assert_eq!(asked(&cli, "can_use_tool"), ["Write"]);
    let question = &said(&cli, |message| text(message, "/request/subtype") == "can_use_tool")[0];
    assert_eq!(text(question, "/request/decision_reason_type"), "safetyCheck");
    assert!(sandbox.target().join("new.txt").exists() && sandbox.tmp().join("outside.txt").exists());

    // The same process takes the next turn, in the same session.
    prompt(&mut cli, "once more");
    let second = turn(&mut cli, |_| decide("allow"), allow);
    assert_eq!(text(&second, "/result"), "second turn");
    assert_eq!(text(&second, "/session_id"), text(&result, "/session_id"));
    end(&mut cli, &sandbox, "claude-hook-allow");
    check_script_was_kept(&sandbox);
}

/// What a command is judged in is where it runs: a `cd` does not last to the next one.
#[test]
fn every_command_begins_in_the_folder_that_the_hook_names() {
    let bash =
        |command: &str| json!({"tool": {"name": "Bash", "input": {"command": command, "description": "x"}}});
    let sandbox = Sandbox::new(&json!({"rules": [
        {"name": "go", "when": {"api": "anthropic", "contains": "go down"}, "steps": [
            bash("cd sub && touch first"), bash("touch second"), {"text": "done"}]},
    ]}))
    .unwrap();
    sandbox.write("sub/a.txt", "hello\n").unwrap();
    let mut cli = start(&sandbox, &[]);
    prompt(&mut cli, "go down");
    turn(&mut cli, |_| decide("allow"), allow);
    let asked = said(&cli, |message| text(message, "/request/subtype") == "hook_callback");
    let folders: Vec<&str> = asked.iter().map(|message| text(message, "/request/input/cwd")).collect();
    let target = sandbox.target();
    assert_eq!(folders, [target.to_str().unwrap(); 2]);
    assert!(target.join("sub/first").exists() && target.join("second").exists());
    end(&mut cli, &sandbox, "claude-folder");
    check_script_was_kept(&sandbox);
}

/// What `orchestrate approve --edit` rests on: a hook that allows can put another input in the place of the call's, and
/// nothing but that is done.
#[test]
fn an_allowing_hook_rewrites_the_input() {
    let sandbox = Sandbox::new(&json!({"rules": [
        {"name": "go", "when": {"api": "anthropic", "contains": "go on"}, "steps": [
            {"tool": {"name": "Bash", "input": {"command": "touch asked", "description": "x"}}},
            {"tool": {"name": "Write", "input": {"file_path": "${cwd}/asked.txt", "content": "A\n"}}},
            {"text": "done"}]},
    ]}))
    .unwrap();
    let target = sandbox.target();
    let mut cli = start(&sandbox, &[]);
    prompt(&mut cli, "go on");
    let other = target.join("allowed.txt").display().to_string();
    let rewrite = |tool: &str| {
        let input = match tool {
            "Bash" => json!({"command": "touch allowed", "description": "x"}),
            _ => json!({"file_path": other, "content": "B\n"}),
        };
        json!({"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": "allow", "updatedInput": input}})
    };
    turn(&mut cli, rewrite, allow);
    assert_eq!(asked(&cli, "can_use_tool"), [""; 0], "it is not asked again");
    assert!(!target.join("asked").exists() && !target.join("asked.txt").exists(), "{}", cli.transcript);
    assert!(target.join("allowed").exists(), "{}", cli.transcript);
    assert_eq!(std::fs::read_to_string(target.join("allowed.txt")).unwrap(), "B\n");
    end(&mut cli, &sandbox, "claude-hook-rewrite");
    check_script_was_kept(&sandbox);
}

#[test]
fn a_denying_hook_stops_every_tool() {
    let sandbox = implementer();
    let mut cli = start(&sandbox, &[]);
    let result = build(&mut cli, &sandbox, |_| decide("deny"), allow);
    assert_eq!(asked(&cli, "can_use_tool"), [""; 0]);
    assert_eq!(result["permission_denials"].as_array().map(Vec::len), Some(5));
    let refused =
        said(&cli, |message| text(message, "/tool_result_meta/0/permission_decision/source") == "hook");
    assert_eq!(refused.len(), 5);
    assert!(text(&refused[1], "/message/content/0/content").contains("the policy says so"));
    assert!(!sandbox.target().join("new.txt").exists() && !sandbox.tmp().join("outside.txt").exists());
    end(&mut cli, &sandbox, "claude-hook-deny");
    check_script_was_kept(&sandbox);
}

#[test]
fn an_asking_hook_sends_every_tool_to_can_use_tool() {
    let sandbox = implementer();
    let mut cli = start(&sandbox, &[]);
    let deny_outside = |request: &Value| {
        if text(request, "/input/file_path").ends_with("outside.txt") {
            json!({"behavior": "deny", "message": "Denied by the operator", "interrupt": false})
        } else {
            allow(request)
        }
    };
    build(&mut cli, &sandbox, |_| decide("ask"), deny_outside);
    assert_eq!(asked(&cli, "can_use_tool"), asked(&cli, "hook_callback"));
    let first = &said(&cli, |message| text(message, "/request/subtype") == "can_use_tool")[0];
    assert_eq!(text(first, "/request/decision_reason_type"), "hook");
    assert_eq!(text(first, "/request/decision_reason"), "the policy says so");
    assert!(sandbox.target().join("new.txt").exists() && !sandbox.tmp().join("outside.txt").exists());
    end(&mut cli, &sandbox, "claude-hook-ask");
    check_script_was_kept(&sandbox);
}

#[test]
fn an_empty_hook_answer_leaves_claude_s_own_flow() {
    let sandbox = implementer();
    let mut cli = start(&sandbox, &[]);
    build(&mut cli, &sandbox, |_| json!({}), allow);
    assert_eq!(asked(&cli, "hook_callback").len(), 5);
    // `ls` is allowed by Claude itself and never asked.
    assert_eq!(asked(&cli, "can_use_tool"), ["Write", "Bash", "Write", "Write"]);
    end(&mut cli, &sandbox, "claude-hook-none");
    check_script_was_kept(&sandbox);
}

#[test]
fn a_failing_hook_fails_open() {
    let sandbox = implementer();
    let mut cli = start(&sandbox, &[]);
    prompt(&mut cli, &format!("build it\noutside is {}", sandbox.tmp().display()));
    cli.until(|message| message["type"] == "result", |message| {
        let id = message["request_id"].clone();
        match text(message, "/request/subtype") {
            "hook_callback" => {
                Some(json!({"type": "control_response", "response": {"subtype": "error", "request_id": id, "error": "broken"}}))
            }
            "can_use_tool" => Some(json!({"type": "control_response", "response": {"subtype": "success", "request_id": id,
                "response": {"behavior": "deny", "message": "no"}}})),
            _ => None,
        }
    })
    .unwrap();
    // Why the engine must answer a hook by a deny and never by an error: `ls` ran.
    let ran = said(&cli, |message| text(message, "/tool_use_result/stdout").contains("a.txt"));
    assert_eq!(ran.len(), 1, "{}", cli.transcript);
    end(&mut cli, &sandbox, "claude-hook-error");
}

#[test]
fn a_read_only_reviewer_answers_a_schema_turn_after_turn() {
    let sandbox = Sandbox::new(&json!({"rules": [
        {"name": "first", "when": {"contains": "review it"}, "steps": [
            {"tool": {"name": "Read", "input": {"file_path": "${cwd}/a.txt"}}},
            {"tool": {"name": "Write", "input": {"file_path": "${cwd}/evil.txt", "content": "x"}}},
            {"structured": {"verdict": "approved", "nonce": "${nonce}"}}]},
        {"name": "second", "when": {"contains": "again"}, "steps": [{"structured": {"verdict": "concern", "nonce": "${nonce}"}}]},
        {"name": "third", "when": {"contains": "garbage"}, "steps": [{"text": "I like it."}, {"text": "I still like it."}]},
    ]}))
    .unwrap();
    sandbox.write("a.txt", "hello\n").unwrap();
    let schema = json!({"type": "object", "additionalProperties": false, "required": ["verdict", "nonce"],
        "properties": {"verdict": {"type": "string", "enum": ["approved", "concern", "blocker"]}, "nonce": {"type": "string"}}});
    let mut cli = start(&sandbox, &["--tools", "Read,Grep,Glob", "--json-schema", &schema.to_string()]);
    let mut results = Vec::new();
    for content in ["review it\nnonce: one", "again\nnonce: two", "garbage"] {
        prompt(&mut cli, content);
        results.push(turn(&mut cli, |_| decide("allow"), allow));
    }
    assert_eq!(results[0]["structured_output"], json!({"verdict": "approved", "nonce": "one"}));
    assert_eq!(results[1]["structured_output"], json!({"verdict": "concern", "nonce": "two"}));
    // Success without the structured answer: its presence is what counts.
    assert_eq!((text(&results[2], "/subtype"), results[2].get("structured_output")), ("success", None));
    let init = &said(&cli, |message| text(message, "/subtype") == "init")[0];
    assert_eq!(init["tools"], json!(["Glob", "Grep", "Read", "StructuredOutput"]));
    // The schema's own tool goes through the hook too.
    assert_eq!(asked(&cli, "hook_callback"), ["Read", "StructuredOutput", "StructuredOutput"]);
    assert!(!sandbox.target().join("evil.txt").exists());
    end(&mut cli, &sandbox, "claude-review-schema");
    check_script_was_kept(&sandbox);
}

#[test]
fn an_interrupt_ends_the_turn_and_voids_a_pending_question() {
    let sandbox = Sandbox::new(&json!({"rules": [
        {"when": {"contains": "hang"}, "steps": [{"text": "start", "hang": true}]},
        {"when": {"contains": "tool"}, "steps": [{"tool": {"name": "Bash", "input": {"command": "ls", "description": "list"}}}]},
        {"when": {"contains": "after"}, "steps": [{"text": "still here"}]},
    ]}))
    .unwrap();
    let mut cli = start(&sandbox, &["--include-partial-messages"]);
    let interrupt =
        |id: &str| json!({"type": "control_request", "request_id": id, "request": {"subtype": "interrupt"}});

    prompt(&mut cli, "hang");
    cli.until(|message| text(message, "/event/delta/type") == "text_delta", |_| None).unwrap();
    cli.send(interrupt("int-1")).unwrap();
    let result = turn(&mut cli, |_| json!({}), allow);
    assert_eq!(
        (text(&result, "/subtype"), text(&result, "/terminal_reason")),
        ("error_during_execution", "aborted_streaming")
    );

    prompt(&mut cli, "tool");
    let hook = cli.until(|message| text(message, "/request/subtype") == "hook_callback", |_| None).unwrap();
    cli.send(interrupt("int-2")).unwrap();
    let result = turn(&mut cli, |_| json!({}), allow);
    assert_eq!(text(&result, "/terminal_reason"), "aborted_tools");
    let void = said(&cli, |message| text(message, "/type") == "control_cancel_request");
    assert_eq!(void.len(), 1);
    assert_eq!(void[0]["request_id"], hook["request_id"]);

    prompt(&mut cli, "after");
    assert_eq!(text(&turn(&mut cli, |_| json!({}), allow), "/result"), "still here");
    end(&mut cli, &sandbox, "claude-interrupt");
}

#[test]
fn a_subagent_runs_inside_the_turn_when_background_tasks_are_off() {
    let sandbox = Sandbox::new(&json!({"rules": [
        {"when": {"contains": "SUBTASK"}, "steps": [
            {"delay_ms": 200, "tool": {"name": "Bash", "input": {"command": "ls -la", "description": "list"}}},
            {"text": "sub done"}]},
        {"when": {"contains": "delegate"}, "steps": [
            {"tool": {"name": "Task", "input": {"description": "sub", "prompt": "SUBTASK look", "subagent_type": "general-purpose"}}},
            {"text": "all done"}]},
    ]}))
    .unwrap();
    let mut cli = start(&sandbox, &[]);
    prompt(&mut cli, "delegate");
    assert_eq!(text(&turn(&mut cli, |_| decide("allow"), allow), "/result"), "all done");
    assert_eq!(asked(&cli, "hook_callback"), ["Agent", "Bash"]);
    end(&mut cli, &sandbox, "claude-subagent");
    assert_eq!(said(&cli, |message| message["type"] == "result").len(), 1);
    check_script_was_kept(&sandbox);
}
