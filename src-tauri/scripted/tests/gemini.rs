//! Gemini CLI's wire, spoken by a scripted agent and heard by the real client.

#![allow(clippy::expect_used, clippy::needless_pass_by_value, reason = "tests read better so")]

mod talk;

use mo_agents::launch::Access;
use mo_core::agent_event::AgentEvent;
use mo_core::ids::AgentKind;
use mo_core::outcome::{FailureClass, Outcome};
use serde_json::{Value, json};
use talk::wire::Wire;
use talk::{Stage, all_understood, allow, asked, completed, deny, end_of, kinds};

fn stage(steps: Value) -> Stage {
    Stage::new(AgentKind::Gemini, json!({"turns": [{"steps": steps}]}))
}

#[test]
fn a_whole_turn_reads_writes_edits_and_asks_before_each_change() {
    let stage = stage(json!([
        {"think": "Where to begin?"},
        {"plan": [{"text": "read", "status": "completed"}, "write"]},
        {"read": "a.txt"}, {"edit": {"path": "a.txt", "find": "one", "replace": "two"}},
        {"write": {"path": "sub/b.txt", "content": "B\n"}}, {"run": "echo hi > c.txt"}, {"run": "cat a.txt"},
        {"milestone": "half"}, {"think": "…"}, {"text": "All done: the file says two."}
    ]));
    stage.put("a.txt", "one\n");
    let mut talk = stage.talk_with(Access::Write);
    let events = talk.turn("please", None, allow);
    let end = completed(&events);
    assert_eq!(end.text.as_deref(), Some("All done: the file says two."));
    assert!(end.usage.is_some());
    assert_eq!(asked(&events), ["permission write", "permission write", "permission command"]);
    assert_eq!((stage.file("a.txt").as_str(), stage.file("sub/b.txt").as_str()), ("two\n", "B\n"));
    assert_eq!(stage.file("c.txt"), "hi\n");
    let has = |kind: &str| kinds(&events).iter().any(|k| k == kind);
    assert!(has("plan") && has("thought") && has("milestone") && has("delta") && has("files_changed"));
    assert_eq!(talk.end().0.code, Some(0));
}

#[test]
fn a_rejected_change_is_not_made_and_the_turn_goes_on() {
    let stage = stage(json!([
        {"write": {"path": "a.txt", "content": "A"}}, {"run": "touch b.txt"}, {"text": "I could not."}
    ]));
    let mut talk = stage.talk_with(Access::Write);
    let events = talk.turn("please", None, deny);
    assert_eq!(completed(&events).text.as_deref(), Some("I could not."));
    assert_eq!(std::fs::read_dir(stage.target()).unwrap().count(), 0);
}

#[test]
fn read_only_work_is_in_plan_mode_where_nothing_is_written_or_asked() {
    let review = json!({"verdict": "approved", "summary": "fine", "wrap": "fence"});
    let stage = stage(json!([
        {"read": "a.txt"}, {"write": {"path": "b.txt", "content": "B"}}, {"run": "touch c"}, {"review": review}
    ]));
    stage.put("a.txt", "x\n");
    let mut talk = stage.talk_with(Access::ReadOnly);
    let events = talk.turn("Review.\ncheckpoint: sha256:ab\nnonce: n-1", None, allow);
    let text = completed(&events).text.clone().unwrap();
    assert!(text.starts_with("```json") && text.contains("\"nonce\": \"n-1\""), "{text}");
    assert_eq!(asked(&events), Vec::<String>::new());
    assert_eq!(std::fs::read_dir(stage.target()).unwrap().count(), 1);
}

#[test]
fn two_messages_in_a_row_are_kept_apart() {
    let stage = stage(json!([{"say": "First."}, {"milestone": "half"}, {"text": "Last."}]));
    let mut talk = stage.talk_with(Access::Write);
    let events = talk.turn("go", None, allow);
    completed(&events);
    let milestones: Vec<&AgentEvent> =
        events.iter().filter(|event| matches!(event, AgentEvent::Milestone { .. })).collect();
    assert_eq!(milestones.len(), 1, "{events:?}");
}

#[test]
fn a_cancel_ends_the_turn_and_the_same_process_takes_the_next() {
    let stage = Stage::with(
        AgentKind::Gemini,
        json!({"turns": [
            {"steps": [{"say": "I wait."}, {"wait_ms": 600_000}, {"text": "never"}]},
            {"steps": [{"text": "second ok"}]}
        ]}),
        false,
    );
    let mut talk = stage.talk_with(Access::Write);
    talk.prompt("wait", None);
    talk.until(|event| matches!(event, AgentEvent::Delta { .. }), allow);
    talk.cancel();
    let events = talk.until(|event| matches!(event, AgentEvent::TurnEnded { .. }), allow);
    assert_eq!(end_of(&events).outcome, Outcome::Interrupted);
    let events = talk.turn("again", None, allow);
    assert_eq!(completed(&events).text.as_deref(), Some("second ok"));
}

#[test]
fn a_cancel_while_a_question_is_open_ends_the_turn() {
    let stage = stage(json!([{"write": {"path": "a.txt", "content": "A"}}, {"text": "never"}]));
    let mut talk = stage.talk_with(Access::Write);
    talk.prompt("write", None);
    talk.until(|event| matches!(event, AgentEvent::ApprovalRequested { .. }), |_| None);
    talk.cancel();
    let events = talk.until(|event| matches!(event, AgentEvent::TurnEnded { .. }), |_| None);
    assert_eq!(end_of(&events).outcome, Outcome::Interrupted);
    assert!(!stage.target().join("a.txt").exists());
}

#[test]
fn failures_are_understood_as_their_class() {
    for class in [
        FailureClass::AuthInvalid,
        FailureClass::UsageLimit,
        FailureClass::RateLimited,
        FailureClass::Overloaded,
        FailureClass::ModelUnknown,
    ] {
        let stage = stage(json!([{"say": "hm"}, {"error": {"class": class}}]));
        let mut talk = stage.talk_with(Access::Write);
        let events = talk.turn("go", None, allow);
        all_understood(&events);
        let end = end_of(&events);
        assert_eq!((end.outcome, end.class), (Outcome::Failed, Some(class)), "{end:?}");
    }
}

#[test]
fn without_a_login_no_session_opens() {
    let stage = Stage::new(AgentKind::Gemini, json!({"logged_in": false, "turns": []}));
    let mut talk = stage.talk_with(Access::Write);
    let events = talk.turn("go", None, allow);
    assert_eq!(end_of(&events).class, Some(FailureClass::NotLoggedIn));
}

fn opened(stage: &Stage, load: Option<&str>) -> (Wire, Value) {
    let mut wire = Wire::start(stage.program(), &stage.target(), &["--acp", "--skip-trust"]);
    wire.send(&json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": 1}}));
    assert_eq!(wire.next()["result"]["agentInfo"]["version"], "0.61.0");
    let mut params = json!({"cwd": stage.target(), "mcpServers": []});
    let method = match load {
        Some(id) => {
            params["sessionId"] = json!(id);
            "session/load"
        }
        None => "session/new",
    };
    wire.send(&json!({"jsonrpc": "2.0", "id": 2, "method": method, "params": params}));
    let answer = wire.next_where(|line| line["id"] == 2);
    (wire, answer)
}

#[test]
fn a_load_in_the_minute_of_creation_destroys_the_session_as_it_really_does() {
    let script = json!({"turns": [{"times": 0, "steps": [{"text": "noted 42"}]}]});
    let stage = Stage::new(AgentKind::Gemini, script.clone());
    let (wire, answer) = opened(&stage, None);
    let id = answer["result"]["sessionId"].as_str().unwrap().to_owned();
    assert_eq!(wire.end(), Some(0));
    let (_wire, answer) = opened(&stage, Some(&id));
    // The minute may have passed in between; then the load works.
    if let Some(error) = answer.get("error") {
        assert_eq!(error["code"], -32603);
        assert!(error["data"]["details"].as_str().unwrap().starts_with("Invalid session identifier"));
        let (_wire, again) = opened(&stage, Some(&id));
        assert_eq!(again["error"]["code"], -32603, "it is gone for good");
    }
}

#[test]
fn a_load_replays_what_was_said() {
    let script = json!({"load": "works", "turns": [{"times": 0, "steps": [{"text": "noted 42"}]}]});
    let stage = Stage::new(AgentKind::Gemini, script);
    let (mut wire, answer) = opened(&stage, None);
    let id = answer["result"]["sessionId"].as_str().unwrap().to_owned();
    wire.send(&json!({"jsonrpc": "2.0", "id": 3, "method": "session/prompt",
                      "params": {"sessionId": id, "prompt": [{"type": "text", "text": "remember 42"}]}}));
    let end = wire.next_where(|line| line["id"] == 3);
    assert_eq!(end["result"]["stopReason"], "end_turn");
    assert_eq!(wire.end(), Some(0));
    let (mut wire, answer) = opened(&stage, Some(&id));
    assert!(answer.get("result").is_some(), "{answer}");
    let mut said = Vec::new();
    while said.len() < 2 {
        let update = wire.next()["params"]["update"].clone();
        said.push((update["sessionUpdate"].clone(), update["content"]["text"].clone()));
    }
    assert_eq!(
        said,
        [
            (json!("user_message_chunk"), json!("remember 42")),
            (json!("agent_message_chunk"), json!("noted 42")),
        ]
    );
}

#[test]
fn the_command_line_is_checked_as_the_real_one_checks_it() {
    let stage = stage(json!([{"text": "x"}]));
    let (code, stdout, _) = stage.run(&["--version"], "");
    assert_eq!((code, stdout.as_str()), (0, "0.61.0\n"));
    let (code, _, stderr) = stage.run(&["--nonexistent", "--acp"], "");
    assert_eq!(code, 1);
    assert!(stderr.starts_with("Unknown argument: nonexistent\nUsage: gemini"), "{stderr}");
    let (code, _, stderr) = stage.run(&["--acp", "--yolo", "--approval-mode", "plan"], "");
    assert_eq!(code, 1);
    assert!(stderr.starts_with("Cannot use both --yolo (-y) and --approval-mode together."), "{stderr}");
    let (code, _, stderr) = stage.run(&["--acp", "--include-directories", "/nonexistent"], "");
    assert_eq!((code, stderr.as_str()), (1, "Directory does not exist: /nonexistent\n"));
}
