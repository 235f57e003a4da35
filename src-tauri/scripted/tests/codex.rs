//! Codex's wire, spoken by a scripted agent and heard by the real client.

#![allow(clippy::expect_used, clippy::needless_pass_by_value, reason = "tests read better so")]

mod talk;

use mo_agents::launch::Access;
use mo_core::agent_event::{AgentEvent, PlanStatus};
use mo_core::ids::AgentKind;
use mo_core::outcome::{FailureClass, Outcome};
use serde_json::{Value, json};
use talk::wire::Wire;
use talk::{Stage, all_understood, allow, asked, completed, deny, end_of, kinds};

fn stage(steps: Value) -> Stage {
    Stage::new(AgentKind::Codex, json!({"turns": [{"steps": steps}]}))
}

#[test]
fn a_whole_turn_reads_writes_edits_and_asks_before_each_change() {
    let stage = stage(json!([
        {"think": "Where to begin?"},
        {"plan": [{"text": "read", "status": "completed"}, "write"]},
        {"read": "a.txt"}, {"edit": {"path": "a.txt", "find": "one", "replace": "two"}},
        {"write": {"path": "sub/b.txt", "content": "B\n"}}, {"run": "cat a.txt; exit 3"},
        {"milestone": "half"}, {"text": "All done: the file says two."}
    ]));
    stage.put("a.txt", "one\n");
    let mut talk = stage.talk_with(Access::Write);
    let events = talk.turn("please", None, allow);
    let end = completed(&events);
    assert_eq!(end.text.as_deref(), Some("All done: the file says two."));
    assert!(end.usage.is_some() && end.cost_usd.is_none(), "tokens, but never a price");
    assert_eq!(asked(&events), ["permission write", "permission write", "permission command"]);
    assert_eq!((stage.file("a.txt").as_str(), stage.file("sub/b.txt").as_str()), ("two\n", "B\n"));
    let plan = events.iter().find_map(|event| match event {
        AgentEvent::Plan { entries } => Some(entries[0].status),
        _ => None,
    });
    assert_eq!(plan, Some(PlanStatus::Completed));
    let has = |kind: &str| kinds(&events).iter().any(|k| k == kind);
    assert!(has("thought") && has("milestone") && has("delta") && has("files_changed"));
    let ran = events.iter().find_map(|event| match event {
        AgentEvent::ToolEnded { exit_code: Some(3), output, .. } => Some(output.clone()),
        _ => None,
    });
    assert_eq!(ran.as_deref(), Some("two\n"));
    assert_eq!(talk.end().0.code, Some(0));
}

#[test]
fn a_declined_change_is_not_made_and_the_turn_goes_on() {
    let stage = stage(json!([
        {"write": {"path": "a.txt", "content": "A"}}, {"run": "touch b.txt"}, {"text": "I could not."}
    ]));
    let mut talk = stage.talk_with(Access::Write);
    let events = talk.turn("please", None, deny);
    assert_eq!(completed(&events).text.as_deref(), Some("I could not."));
    assert_eq!(std::fs::read_dir(stage.target()).unwrap().count(), 0);
    let declined = |line: &&Value| line["params"]["item"]["status"] == "declined";
    assert_eq!(talk.seen.iter().filter(declined).count(), 2);
}

#[test]
fn a_reviewer_is_never_asked_and_what_its_sandbox_denies_is_not_shown() {
    let review = json!({"verdict": "approved", "summary": "fine"});
    let stage = stage(json!([
        {"read": "a.txt"}, {"write": {"path": "b.txt", "content": "B"}}, {"run": "touch c.txt"}, {"review": review}
    ]));
    stage.put("a.txt", "x\n");
    let mut talk = stage.talk_with(Access::ReadOnly);
    let schema = json!({"type": "object"});
    let events = talk.turn("Review.\ncheckpoint: sha256:ab\nnonce: n-1", Some(schema), deny);
    let answer = completed(&events).structured.clone().expect("a structured answer");
    assert_eq!((answer["nonce"].as_str(), answer["verdict"].as_str()), (Some("n-1"), Some("approved")));
    assert_eq!(asked(&events), Vec::<String>::new());
    assert_eq!(std::fs::read_dir(stage.target()).unwrap().count(), 1);
    let calls = kinds(&events).iter().filter(|kind| *kind == "tool_started").count();
    assert_eq!(calls, 1, "only the read is shown: {events:?}");
    assert!(talk.end().1.contains("patch rejected: writing is blocked by read-only sandbox"));
}

#[test]
fn a_cancel_ends_the_turn_and_the_same_process_takes_the_next() {
    let stage = Stage::with(
        AgentKind::Codex,
        json!({"turns": [
            {"steps": [{"say": "I wait."}, {"wait_ms": 600_000}, {"text": "never"}]},
            {"steps": [{"text": "second ok"}]}
        ]}),
        false,
    );
    let mut talk = stage.talk_with(Access::Write);
    talk.prompt("wait", None);
    talk.until(|event| matches!(event, AgentEvent::Message { .. }), allow);
    talk.cancel();
    let events = talk.until(|event| matches!(event, AgentEvent::TurnEnded { .. }), allow);
    assert_eq!(end_of(&events).outcome, Outcome::Interrupted);
    let events = talk.turn("again", None, allow);
    assert_eq!(completed(&events).text.as_deref(), Some("second ok"));
}

#[test]
fn a_running_command_ends_with_the_turn() {
    let stage = stage(json!([{"run": "touch started; sleep 600; touch never"}, {"text": "never"}]));
    let mut talk = stage.talk_with(Access::Write);
    talk.prompt("run", None);
    talk.until(|event| matches!(event, AgentEvent::ApprovalRequested { .. }), allow);
    talk.cancel();
    let events = talk.until(|event| matches!(event, AgentEvent::TurnEnded { .. }), allow);
    assert_eq!(end_of(&events).outcome, Outcome::Interrupted);
    assert!(!stage.target().join("never").exists());
}

#[test]
fn a_thread_is_resumed_by_its_id_in_another_process() {
    let stage = Stage::new(
        AgentKind::Codex,
        json!({"turns": [{"steps": [{"text": "noted 77"}]}, {"steps": [{"text": "it is 77"}]}]}),
    );
    let mut talk = stage.talk_with(Access::Write);
    let events = talk.turn("remember 77", None, allow);
    completed(&events);
    let id = events.iter().find_map(|event| match event {
        AgentEvent::SessionStarted { agent_session, .. } => Some(agent_session.clone()),
        _ => None,
    });
    talk.end();
    let mut spec = stage.spec(Access::Write);
    spec.resume = id.clone();
    let mut talk = stage.talk(&spec);
    let events = talk.turn("which?", None, allow);
    assert_eq!(completed(&events).text.as_deref(), Some("it is 77"));
    talk.end();
    spec.resume = Some("01a20270-9415-79c1-adfe-7144bb80dae0".to_owned());
    let mut talk = stage.talk(&spec);
    let events = talk.turn("which?", None, allow);
    assert_eq!(end_of(&events).class, Some(FailureClass::SessionUnknown), "{events:?}");
}

#[test]
fn failures_are_understood_as_their_class() {
    for class in [
        FailureClass::AuthInvalid,
        FailureClass::UsageLimit,
        FailureClass::RateLimited,
        FailureClass::Overloaded,
        FailureClass::Network,
        FailureClass::ContextTooLong,
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
fn the_end_of_stdin_ends_it_at_once_even_in_a_turn() {
    let stage = Stage::with(
        AgentKind::Codex,
        json!({"turns": [{"steps": [{"say": "I wait."}, {"wait_ms": 600_000}]}]}),
        false,
    );
    let mut talk = stage.talk_with(Access::Write);
    talk.prompt("wait", None);
    talk.until(|event| matches!(event, AgentEvent::Message { .. }), allow);
    assert_eq!(talk.end().0.code, Some(0));
}

#[test]
fn the_command_line_is_checked_as_the_real_one_checks_it() {
    let stage = stage(json!([{"text": "x"}]));
    assert_eq!(stage.run(&["--version"], ""), (0, "codex-cli 0.169.0\n".to_owned(), String::new()));
    let (code, _, stderr) = stage.run(&["app-server", "--full-auto"], "");
    assert_eq!(code, 2);
    assert!(stderr.starts_with("error: unexpected argument '--full-auto' found\n"), "{stderr}");
    let (code, _, _) = stage.run(&["login", "status"], "");
    assert_eq!(code, 0);
    let logged_out = Stage::new(AgentKind::Codex, json!({"logged_in": false, "turns": []}));
    let (code, _, stderr) = logged_out.run(&["login", "status"], "");
    assert_eq!((code, stderr.as_str()), (1, "Not logged in\n"));
}

#[test]
fn what_it_does_not_know_is_an_error_with_the_real_code() {
    let stage = stage(json!([{"text": "x"}]));
    let mut wire = Wire::start(stage.program(), &stage.target(), &["app-server"]);
    wire.send(&json!({"method": "thread/start", "id": 1, "params": {}}));
    assert_eq!(wire.next()["error"]["code"], -32600, "not initialized");
    wire.send(
        &json!({"method": "initialize", "id": 2, "params": {"clientInfo": {"name": "t", "version": "1"}}}),
    );
    wire.next_where(|line| line["id"] == 2);
    wire.send(&json!({"method": "initialized"}));
    wire.send(&json!({"method": "no/such", "id": 3, "params": {}}));
    let error = wire.next_where(|line| line["id"] == 3);
    assert!(
        error["error"]["message"].as_str().unwrap().starts_with("Invalid request: unknown variant `no/such`")
    );
    wire.send(&json!({"method": "thread/start", "id": 4, "params": {"approvalPolicy": "on-failure"}}));
    let error = wire.next_where(|line| line["id"] == 4);
    assert!(error["error"]["message"].as_str().unwrap().contains("expected one of `untrusted`"));
    let nowhere = "01a20270-9415-79c1-adfe-7144bb80dae0";
    wire.send(&json!({"method": "turn/start", "id": 5, "params": {"threadId": nowhere, "input": []}}));
    let error = wire.next_where(|line| line["id"] == 5);
    assert_eq!(error["error"]["message"], format!("thread not found: {nowhere}"));
    assert_eq!(wire.end(), Some(0));
}
