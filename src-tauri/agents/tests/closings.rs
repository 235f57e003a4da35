//! Live clients: closings that came and cannot be read, requests that are made again, and questions about more than
//! can be kept.

#![allow(clippy::unwrap_used, reason = "a test")]

use mo_agents::kinds;
use mo_agents::launch::{Access, LaunchSpec, Permission};
use mo_agents::protocol::{Exchange, Exit, Line, Protocol, TurnPrompt};
use mo_core::agent_event::AgentEvent;
use mo_core::approval::Action;
use mo_core::outcome::{FailureClass, Outcome, TurnEnd};
use serde_json::{Value, json};

struct Talk {
    client: Box<dyn Protocol>,
    out: Exchange,
}

impl Talk {
    /// A client whose first prompt the agent has taken up.
    fn in_a_turn(agent: &str) -> Self {
        let mut client = kinds::protocol(&LaunchSpec {
            agent: agent.parse().unwrap(),
            program: "x".into(),
            cwd: "/t".into(),
            add_dirs: vec![],
            access: Access::Write,
            permission: Permission::Ask,
            model: None,
            args: vec![],
            resume: None,
            skip_git_repo_check: false,
            skip_trust: false,
            schema: None,
            files_dir: "/files".into(),
        });
        let mut out = Exchange::default();
        client.open(&mut out);
        client.prompt(TurnPrompt { text: "p".to_owned(), schema: None }, &mut out);
        let mut talk = Self { client, out };
        let opening = match agent {
            "claude" => vec![
                json!({"type": "control_response", "response": {"subtype": "success", "request_id": "initialize"}}),
                json!({"type": "system", "subtype": "init", "session_id": "S"}),
            ],
            "codex" => vec![
                json!({"id": 1, "result": {}}),
                json!({"id": 2, "result": {"thread": {"id": "T"}, "sandbox": {"type": "readOnly"}}}),
                json!({"method": "turn/started", "params": {"threadId": "T", "turn": {"id": "U", "status": "inProgress"}}}),
            ],
            _ => vec![
                json!({"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": 1}}),
                json!({"jsonrpc": "2.0", "id": 2, "result": {"sessionId": "S"}}),
            ],
        };
        for message in &opening {
            talk.says(message);
        }
        assert!(talk.ends().is_empty(), "{:?}", talk.out.events);
        talk
    }

    fn says(&mut self, message: &Value) {
        self.line(&message.to_string());
    }

    fn line(&mut self, line: &str) {
        self.client.line(Line::Whole(line.as_bytes()), &mut self.out);
    }

    fn ends(&self) -> Vec<&TurnEnd> {
        let ends = self.out.events.iter().filter_map(|decoded| match &decoded.event {
            AgentEvent::TurnEnded { end } => Some(end),
            _ => None,
        });
        ends.collect()
    }

    /// How the turn ended, before the process did; nothing is added when it does.
    fn ended(mut self) -> (Outcome, Option<FailureClass>) {
        let [end] = self.ends()[..] else { panic!("{:?}", self.out.events) };
        let ended = (end.outcome, end.class);
        self.client.close(Exit::from_number(0), b"", &mut self.out);
        assert_eq!(self.ends().len(), 1);
        ended
    }

    fn asked(&self) -> Option<&Action> {
        self.out.events.iter().find_map(|decoded| match &decoded.event {
            AgentEvent::ApprovalRequested { request } => Some(&request.action),
            _ => None,
        })
    }
}

const UNKNOWN: (Outcome, Option<FailureClass>) = (Outcome::Failed, Some(FailureClass::Unknown));

/// No other closing will come: a turn must not wait for one.
#[test]
fn a_closing_that_cannot_be_read_ends_the_turn() {
    let lines = [
        ("claude", r#"{"type":"result","subtype":"success","is_error":true,"is_error":false}"#),
        ("claude", r#"{"type":"result","subtype":"success","is_error":false,"n":1e400}"#),
        ("claude", "{\"type\":\"result\",\"subtype\":\"suc\u{0}cess\",\"is_error\":false}"),
        (
            "codex",
            r#"{"method":"turn/completed","params":{"threadId":"T","turn":{"id":"U","status":["completed"]}}}"#,
        ),
        (
            "codex",
            r#"{"method":"turn/completed","params":{"threadId":"T","turn":{"id":"U","status":"failed","status":"completed"}}}"#,
        ),
        (
            "codex",
            r#"{"method":"turn/completed","params":{"threadId":"T","turn":{"id":"U","status":"failed","error":7}}}"#,
        ),
        ("acp", r#"{"jsonrpc":"2.0","id":3,"result":{"stopReason":"end_turn","n":1e400}}"#),
        ("acp", r#"{"jsonrpc":"2.0","id":3,"result":[]}"#),
    ];
    for (agent, line) in lines {
        let mut talk = Talk::in_a_turn(agent);
        talk.line(line);
        assert_eq!(talk.ended(), UNKNOWN, "{line}");
    }
}

#[test]
fn a_closing_that_is_too_large_ends_the_turn() {
    let starts = [
        ("claude", r#"{"type":"result","subtype":"success","result":"xxxx"#),
        ("codex", r#"{"method":"turn/completed","params":{"threadId":"T","turn":{"id":"U","items":["#),
    ];
    for (agent, excerpt) in starts {
        let mut talk = Talk::in_a_turn(agent);
        let line = Line::TooLong { excerpt: excerpt.as_bytes(), bytes: 50 << 20 };
        talk.client.line(line, &mut talk.out);
        assert_eq!(talk.ended(), UNKNOWN, "{excerpt}");
    }
    // Another thread's is none of ours.
    let mut talk = Talk::in_a_turn("codex");
    let excerpt = br#"{"method":"turn/completed","params":{"threadId":"OTHER","turn":{"id":"U"#;
    talk.client.line(Line::TooLong { excerpt, bytes: 50 << 20 }, &mut talk.out);
    assert!(talk.ends().is_empty());
}

/// What a later version adds or changes beside the closing's own words does not matter.
#[test]
fn unknown_parts_of_a_closing_do_not_spoil_it() {
    let items = json!([{"type": "new", "id": 7, "changes": "all"}, 5, {"type": "agentMessage", "id": "a", "text": "done"}]);
    let turn = json!({"id": "U", "status": "completed", "items": items, "error": null, "more": {}});
    let mut talk = Talk::in_a_turn("codex");
    talk.says(
        &json!({"method": "turn/completed", "params": {"threadId": "T", "turn": turn}, "emittedAtMs": 1.5}),
    );
    assert_eq!(talk.ends()[0].text.as_deref(), Some("done"));
    assert_eq!(talk.ended(), (Outcome::Completed, None));

    let mut talk = Talk::in_a_turn("claude");
    let usage = json!({"usage": [], "modelUsage": "x", "total_cost_usd": "free", "permission_denials": {}});
    let mut result = json!({"type": "result", "subtype": "success", "is_error": false, "num_turns": "one"});
    result.as_object_mut().unwrap().extend(usage.as_object().unwrap().clone());
    talk.says(&result);
    assert_eq!(talk.ended(), (Outcome::Completed, None));
}

/// What a watchdog calls a turn in which an agent does nothing but try again.
#[test]
fn an_agent_that_only_tries_again_says_why() {
    let mut talk = Talk::in_a_turn("codex");
    assert_eq!(talk.client.retrying(), None);
    let error = |info: Value, text: &str, again: bool| {
        let error = json!({"message": text, "codexErrorInfo": info});
        json!({"method": "error", "params": {"error": error, "willRetry": again, "threadId": "T", "turnId": "U"}})
    };
    let waiting = "Reconnecting... waiting for network (Connection failed: error sending request)";
    talk.says(&error(json!({"responseStreamConnectionFailed": {"httpStatusCode": null}}), waiting, true));
    assert_eq!(talk.client.retrying(), Some(FailureClass::Network));
    talk.says(&error(json!("other"), "Reconnecting... 2/5 (exceeded retry limit, last status: 429)", true));
    assert_eq!(talk.client.retrying(), Some(FailureClass::RateLimited));
    talk.says(&json!({"method": "item/agentMessage/delta", "params": {"itemId": "a", "delta": "x"}}));
    assert_eq!(talk.client.retrying(), None);

    let mut talk = Talk::in_a_turn("claude");
    let retry = |status: Value, error: &str| json!({"type": "system", "subtype": "api_retry", "attempt": 1, "error_status": status, "error": error});
    for (status, error, class) in [
        (Value::Null, "unknown", FailureClass::Network),
        (json!(529), "overloaded", FailureClass::Overloaded),
        (json!(429), "rate_limit", FailureClass::RateLimited),
        (json!(401), "authentication_failed", FailureClass::AuthInvalid),
    ] {
        talk.says(&retry(status, error));
        assert_eq!(talk.client.retrying(), Some(class), "{error}");
    }
    talk.says(&json!({"type": "assistant", "message": {"id": "m", "content": "on"}}));
    assert_eq!(talk.client.retrying(), None);
}

/// A turn that we end while the agent tries again was interrupted; one whose process dies then failed for that.
#[test]
fn who_ended_a_turn_that_was_tried_again_decides_how_it_ended() {
    for (exit, expected) in [
        (Exit { by_us: true, ..Exit::from_number(-15) }, (Outcome::Interrupted, None)),
        (Exit::from_number(-2), (Outcome::Interrupted, None)),
        (Exit::from_number(-9), (Outcome::Failed, Some(FailureClass::Network))),
        (Exit::default(), (Outcome::Failed, Some(FailureClass::Network))),
    ] {
        let mut codex = Talk::in_a_turn("codex");
        let error = json!({"message": "Reconnecting... waiting for network", "codexErrorInfo": "other"});
        codex.says(&json!({"method": "error", "params": {"error": error, "willRetry": true}}));
        let mut claude = Talk::in_a_turn("claude");
        claude.says(
            &json!({"type": "system", "subtype": "api_retry", "error_status": null, "error": "unknown"}),
        );
        for mut talk in [codex, claude] {
            talk.client.close(exit, b"", &mut talk.out);
            let [end] = talk.ends()[..] else { panic!("{:?}", talk.out.events) };
            assert_eq!((end.outcome, end.class), expected, "{exit:?}");
        }
    }
}

/// What is left out of a list must not be allowed with the rest: the question is then about a tool of which nobody can
/// tell what it would touch.
#[test]
fn more_files_than_are_kept_are_no_known_write() {
    let acp = |files: Vec<Value>| {
        let mut talk = Talk::in_a_turn("acp");
        let call = json!({"toolCallId": "c", "kind": "edit", "title": "edit", "content": files});
        talk.says(&json!({"jsonrpc": "2.0", "id": 9, "method": "session/request_permission",
            "params": {"sessionId": "S", "options": [], "toolCall": call}}));
        talk.asked().cloned()
    };
    let file = |path: String| json!({"type": "diff", "path": path, "oldText": null, "newText": "x"});
    let few = acp((0..1_000).map(|n| file(format!("/t/{n}"))).collect());
    assert!(matches!(few, Some(Action::Write { paths, .. }) if paths.len() == 1_000));
    let many = acp((0..1_001).map(|n| file(format!("/t/{n}"))).collect());
    assert!(matches!(many, Some(Action::Tool { .. })), "{many:?}");
    let long = acp(vec![file(format!("/t/{}../../etc/passwd", "a/../".repeat(3_000)))]);
    assert!(matches!(long, Some(Action::Tool { .. })), "{long:?}");

    let codex = |length: usize| {
        let mut talk = Talk::in_a_turn("codex");
        let changes: Vec<Value> = (0..100)
            .map(|n| json!({"path": format!("/t/{n}{}", "x".repeat(length)), "kind": {"type": "add"}, "diff": ""}))
            .collect();
        let item = json!({"id": "i", "type": "fileChange", "changes": changes, "status": "inProgress"});
        talk.says(
            &json!({"method": "item/started", "params": {"threadId": "T", "turnId": "U", "item": item}}),
        );
        talk.says(&json!({"id": 0, "method": "item/fileChange/requestApproval",
            "params": {"threadId": "T", "turnId": "U", "itemId": "i"}}));
        talk.asked().cloned()
    };
    assert!(matches!(codex(10), Some(Action::Write { paths, .. }) if paths.len() == 100));
    let large = codex(20_000);
    assert!(matches!(large, Some(Action::Tool { .. })));
}
