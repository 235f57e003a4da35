//! Claude Code's wire, spoken by a scripted agent and heard by the real client.

#![allow(clippy::expect_used, clippy::needless_pass_by_value, reason = "tests read better so")]

mod talk;

use mo_agents::launch::Access;
use mo_core::agent_event::AgentEvent;
use mo_core::approval::Answer;
use mo_core::ids::AgentKind;
use mo_core::outcome::{FailureClass, Outcome};
use serde_json::json;
use talk::{Stage, all_understood, allow, asked, completed, deny, end_of, kinds};

fn stage(steps: serde_json::Value) -> Stage {
    Stage::new(AgentKind::Claude, json!({"turns": [{"steps": steps}]}))
}

#[test]
fn a_whole_turn_reads_writes_edits_and_is_seen_through_the_hook() {
    let stage = stage(json!([
        {"think": "Where to begin?"},
        {"plan": [{"text": "read", "status": "in_progress"}, "write"]},
        {"read": "a.txt"}, {"edit": {"path": "a.txt", "find": "one", "replace": "two"}},
        {"write": {"path": "sub/b.txt", "content": "B\n"}}, {"run": "cat a.txt; exit 3"},
        {"milestone": "half"}, {"text": "All done: the file says two."}
    ]));
    stage.put("a.txt", "one\n");
    let mut talk = stage.talk_with(Access::Write);
    let events = talk.turn("please", None, allow);
    let end = completed(&events);
    assert_eq!(end.text.as_deref(), Some("All done: the file says two."));
    assert!(end.usage.is_some() && end.cost_usd.is_some_and(|cost| cost > 0.0));
    let through_hook = ["hook internal", "hook read", "hook write", "hook write", "hook command"];
    assert_eq!(asked(&events), through_hook, "an allowing hook leaves no can_use_tool");
    assert_eq!((stage.file("a.txt").as_str(), stage.file("sub/b.txt").as_str()), ("two\n", "B\n"));
    let has = |kind: &str| kinds(&events).iter().any(|k| k == kind);
    assert!(has("plan") && has("thought") && has("milestone") && has("delta") && has("files_changed"));
    let exit_code = events.iter().find_map(|event| match event {
        AgentEvent::ToolEnded { output, .. } if output.contains("Exit code 3") => Some(output.clone()),
        _ => None,
    });
    assert!(exit_code.is_some_and(|output| output.contains("two")), "{events:?}");
    let (exit, _) = talk.end();
    assert_eq!(exit.code, Some(0));
}

#[test]
fn a_denied_call_is_not_run_and_the_turn_goes_on() {
    let stage = stage(json!([
        {"write": {"path": "a.txt", "content": "A"}}, {"run": "touch b.txt"}, {"text": "I could not."}
    ]));
    let mut talk = stage.talk_with(Access::Write);
    let events = talk.turn("please", None, deny);
    assert_eq!(completed(&events).text.as_deref(), Some("I could not."));
    assert_eq!(std::fs::read_dir(stage.target()).unwrap().count(), 0);
    let result = talk.seen.iter().find(|line| line["type"] == "result").unwrap();
    assert_eq!(result["permission_denials"].as_array().unwrap().len(), 2);
    assert!(talk.seen.iter().any(|line| {
        line["message"]["content"][0]["content"] == "PreToolUse:Write hook error: not today"
    }));
}

#[test]
fn a_schema_is_answered_by_the_tool_of_its_own() {
    let review = json!({"verdict": "concern", "summary": "one thing", "findings": [
        {"severity": "concern", "file": "a.txt", "line": 1, "title": "t", "evidence": "e", "suggestion": "s"}]});
    let stage = stage(json!([{"read": "a.txt"}, {"review": review}]));
    stage.put("a.txt", "x\n");
    let mut spec = stage.spec(Access::ReadOnly);
    spec.schema = Some(json!({"type": "object"}));
    let prompt = "Review.\ncheckpoint: sha256:ab\nnonce: n-1\n";
    let mut talk = stage.talk(&spec);
    let events = talk.turn(prompt, spec.schema.clone(), allow);
    let structured = completed(&events).structured.clone().expect("a structured answer");
    assert_eq!(structured["nonce"], "n-1");
    assert_eq!(structured["checkpoint"], "sha256:ab");
    assert_eq!(structured["findings"][0]["line"], 1);
}

#[test]
fn a_wrapped_review_is_text_without_a_structured_answer() {
    let review = json!({"verdict": "approved", "summary": "fine", "wrap": "fence"});
    let stage = stage(json!([{"review": review}]));
    let mut spec = stage.spec(Access::ReadOnly);
    spec.schema = Some(json!({"type": "object"}));
    let mut talk = stage.talk(&spec);
    let events = talk.turn("nonce: n\ncheckpoint: c", spec.schema.clone(), allow);
    let end = end_of(&events);
    assert_eq!(end.structured, None);
    assert!(talk.seen.iter().any(|line| {
        line["type"] == "result" && line["result"].as_str().is_some_and(|text| text.starts_with("```json"))
    }));
}

#[test]
fn a_read_only_session_has_no_tool_that_writes() {
    let stage = stage(json!([{"write": {"path": "a.txt", "content": "A"}}, {"text": "no"}]));
    let mut talk = stage.talk_with(Access::ReadOnly);
    let events = talk.turn("please", None, allow);
    completed(&events);
    assert_eq!(asked(&events), Vec::<String>::new());
    assert!(!stage.target().join("a.txt").exists());
}

#[test]
fn a_cancel_ends_the_turn_and_the_same_process_takes_the_next() {
    let stage = Stage::with(
        AgentKind::Claude,
        json!({"turns": [
            {"steps": [{"say": "I wait."}, {"wait_ms": 600_000}, {"text": "never"}]},
            {"steps": [{"text": "second turn ok"}]}
        ]}),
        false,
    );
    let mut talk = stage.talk_with(Access::Write);
    talk.prompt("wait", None);
    let before = talk.until(|event| matches!(event, AgentEvent::Message { .. }), allow);
    all_understood(&before);
    talk.cancel();
    let events = talk.until(|event| matches!(event, AgentEvent::TurnEnded { .. }), allow);
    assert_eq!(end_of(&events).outcome, Outcome::Interrupted);
    let events = talk.turn("again", None, allow);
    assert_eq!(completed(&events).text.as_deref(), Some("second turn ok"));
}

#[test]
fn a_cancel_while_a_question_is_open_withdraws_it() {
    let stage = stage(json!([{"write": {"path": "a.txt", "content": "A"}}, {"text": "never"}]));
    let mut talk = stage.talk_with(Access::Write);
    talk.prompt("write", None);
    talk.until(|event| matches!(event, AgentEvent::ApprovalRequested { .. }), |_| None);
    talk.cancel();
    let events = talk.until(|event| matches!(event, AgentEvent::TurnEnded { .. }), allow);
    assert!(kinds(&events).contains(&"approval_withdrawn".to_owned()));
    assert_eq!(end_of(&events).outcome, Outcome::Interrupted);
    assert!(!stage.target().join("a.txt").exists());
}

#[test]
fn a_session_is_resumed_by_its_id_in_another_process_and_goes_on_in_the_script() {
    let stage = Stage::new(
        AgentKind::Claude,
        json!({"turns": [{"steps": [{"text": "first"}]}, {"steps": [{"text": "second"}]}]}),
    );
    let mut talk = stage.talk_with(Access::Write);
    let events = talk.turn("one", None, allow);
    assert_eq!(completed(&events).text.as_deref(), Some("first"));
    let session = session(&events);
    talk.end();
    let mut spec = stage.spec(Access::Write);
    spec.resume = Some(session.clone());
    let mut talk = stage.talk(&spec);
    let events = talk.turn("two", None, allow);
    assert_eq!(completed(&events).text.as_deref(), Some("second"));
    assert_eq!(talk::asked(&events), Vec::<String>::new());
    assert_eq!(self::session(&events), session);
}

#[test]
fn an_unknown_session_is_refused_in_the_real_words() {
    let stage = stage(json!([{"text": "x"}]));
    let mut spec = stage.spec(Access::Write);
    spec.resume = Some("6ca09c08-c8e8-4ef6-84fc-ebe28e4299b6".to_owned());
    let mut talk = stage.talk(&spec);
    let events = talk.turn("hello", None, allow);
    assert_eq!(end_of(&events).class, Some(FailureClass::SessionUnknown));
}

#[test]
fn failures_are_understood_as_their_class() {
    for class in [
        FailureClass::NotLoggedIn,
        FailureClass::AuthInvalid,
        FailureClass::UsageLimit,
        FailureClass::RateLimited,
        FailureClass::Overloaded,
        FailureClass::Network,
        FailureClass::ContextTooLong,
        FailureClass::ModelUnknown,
        FailureClass::OutputTruncated,
        FailureClass::TurnLimit,
        FailureClass::StructuredOutputMissing,
        FailureClass::BudgetExhausted,
    ] {
        let stage = stage(json!([{"say": "hm"}, {"error": {"class": class, "resets_in_s": 60}}]));
        let mut talk = stage.talk_with(Access::Write);
        let events = talk.turn("go", None, allow);
        all_understood(&events);
        let end = end_of(&events);
        assert_eq!((end.outcome, end.class), (Outcome::Failed, Some(class)), "{end:?}");
        assert_eq!(end.resets_at.is_some(), class == FailureClass::UsageLimit, "{end:?}");
        assert_eq!(talk.end().0.code, Some(1), "the exit code follows the last result");
    }
}

#[test]
fn a_request_at_the_closed_door_is_denied_and_the_turn_ends_in_order() {
    let stage = stage(json!([{"run": "touch b"}, {"text": "no one answered"}]));
    let (code, stdout, _) = stage.run(
        &["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose",
          "--permission-prompt-tool", "stdio"],
        "{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"go\"}]}}\n",
    );
    assert_eq!(code, 0);
    assert!(stdout.contains("Tool permission stream closed before response received"), "{stdout}");
    assert!(!stage.target().join("b").exists());
}

#[test]
fn the_command_line_is_checked_as_the_real_one_checks_it() {
    let stage = stage(json!([{"text": "The answer."}]));
    assert_eq!(stage.run(&["--version"], ""), (0, "2.1.330 (Claude Code)\n".to_owned(), String::new()));
    let (code, _, stderr) = stage.run(&["-p", "x", "--nonexistent-flag"], "");
    assert_eq!((code, stderr.as_str()), (1, "error: unknown option '--nonexistent-flag'\n"));
    let (code, _, stderr) = stage.run(&["-p", "--output-format", "stream-json"], "hi");
    assert_eq!(code, 1);
    assert!(stderr.contains("requires --verbose"), "{stderr}");
    let (code, _, stderr) = stage.run(&["-p", "x", "--session-id", "abc"], "");
    assert_eq!((code, stderr.as_str()), (1, "Error: Invalid session ID. Must be a valid UUID.\n"));
    let (code, stdout, _) = stage.run(&["auth", "status"], "");
    assert_eq!(code, 0);
    assert!(stdout.contains("\"loggedIn\": true"));
    let (code, stdout, _) = stage.run(&["-p"], "what?");
    assert_eq!((code, stdout.as_str()), (0, "The answer.\n"), "one prompt as text");
}

#[test]
fn a_line_that_is_no_json_ends_the_process() {
    let stage = stage(json!([{"text": "x"}]));
    let args = ["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"];
    let (code, stdout, stderr) = stage.run(&args, "this is not json\n");
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert_eq!(stderr, "Error parsing streaming input line (type=unknown, 16 chars): SyntaxError\n");
}

#[test]
fn a_hook_that_wants_to_ask_leads_to_the_permission_question_and_its_input_counts() {
    let stage = stage(json!([{"run": "ls"}, {"write": {"path": "a.txt", "content": "A"}}, {"text": "done"}]));
    let target = stage.target();
    let ask = |id: &str| {
        json!({"type": "control_response", "response": {"subtype": "success", "request_id": id, "response":
            {"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": "ask",
                                    "permissionDecisionReason": "the policy says so"}}}})
    };
    let other = target.join("other.txt");
    let mut wire = talk::wire::Wire::start(
        stage.program(),
        &target,
        &[
            "-p",
            "--input-format",
            "stream-json",
            "--output-format",
            "stream-json",
            "--verbose",
            "--permission-prompt-tool",
            "stdio",
        ],
    );
    let hooks = json!({"PreToolUse": [{"matcher": null, "hookCallbackIds": ["h"]}]});
    wire.send(&json!({"type": "control_request", "request_id": "i",
                      "request": {"subtype": "initialize", "hooks": hooks}}));
    wire.send(&json!({"type": "user", "message": {"role": "user", "content": "go"}}));
    let mut doors = Vec::new();
    loop {
        let line = wire.next();
        if line["type"] == "result" {
            break;
        }
        if line["type"] != "control_request" {
            continue;
        }
        let id = line["request_id"].as_str().unwrap();
        let request = &line["request"];
        doors.push(request["subtype"].as_str().unwrap().to_owned());
        if request["subtype"] == "hook_callback" {
            wire.send(&ask(id));
            continue;
        }
        assert_eq!(request["decision_reason"], "the policy says so");
        assert_eq!(request["decision_reason_type"], "hook");
        let mut input = request["input"].clone();
        if request["tool_name"] == "Write" {
            input["file_path"] = json!(other);
        }
        wire.send(&json!({"type": "control_response", "response": {"subtype": "success", "request_id": id,
            "response": {"behavior": "allow", "updatedInput": input}}}));
    }
    assert_eq!(doors, ["hook_callback", "can_use_tool", "hook_callback", "can_use_tool"]);
    assert_eq!(std::fs::read_to_string(other).unwrap(), "A");
    assert!(!target.join("a.txt").exists());
}

fn session(events: &[AgentEvent]) -> String {
    events
        .iter()
        .find_map(|event| match event {
            AgentEvent::SessionStarted { agent_session, .. } => Some(agent_session.clone()),
            _ => None,
        })
        .expect("a session")
}

#[test]
fn an_answer_can_come_late_and_only_its_own_call_waits() {
    let stage = stage(json!([{"write": {"path": "a.txt", "content": "A"}}, {"text": "done"}]));
    let mut talk = stage.talk_with(Access::Write);
    talk.prompt("write", None);
    let events = talk.until(|event| matches!(event, AgentEvent::ApprovalRequested { .. }), |_| None);
    let request = events.iter().find_map(|event| match event {
        AgentEvent::ApprovalRequested { request } => Some(request.request.clone()),
        _ => None,
    });
    assert!(!stage.target().join("a.txt").exists(), "it waits");
    talk.answer(&request.unwrap(), &Answer::Allow);
    let events = talk.until(|event| matches!(event, AgentEvent::TurnEnded { .. }), allow);
    completed(&events);
    assert_eq!(stage.file("a.txt"), "A");
}
