use mo_core::agent_event::AgentEvent;
use mo_core::approval::{Action, Answer, AskedVia};
use mo_core::ids::RequestId;
use mo_core::outcome::{FailureClass, Outcome};
use serde_json::{Value, json};

use super::ClaudeProtocol;
use super::launch_tests::spec;
use crate::launch::LaunchSpec;
use crate::protocol::{Exchange, Exit, Line, Protocol, TurnPrompt};

/// A conversation of which the test is the agent's side.
struct Talk {
    protocol: ClaudeProtocol,
}

impl Talk {
    /// Before the agent has answered the handshake.
    fn opened() -> Self {
        let mut talk = Self { protocol: ClaudeProtocol::new(&spec()) };
        let out = talk.step(Protocol::open);
        let hooks = json!({"PreToolUse": [{"matcher": "*", "hookCallbackIds": ["pre_tool_use"],
            "timeout": 2_000_000, "onFailure": "block"}]});
        let expected = json!({"type": "control_request", "request_id": "initialize",
                              "request": {"subtype": "initialize", "hooks": hooks}});
        assert_eq!(out.1, [expected]);
        talk
    }

    fn ready() -> Self {
        let mut talk = Self::opened();
        talk.hears(&handshake());
        talk
    }

    fn in_turn() -> Self {
        let mut talk = Self::ready();
        talk.prompts("go");
        talk
    }

    fn step(
        &mut self,
        act: impl FnOnce(&mut ClaudeProtocol, &mut Exchange),
    ) -> (Vec<AgentEvent>, Vec<Value>) {
        let mut out = Exchange::default();
        act(&mut self.protocol, &mut out);
        let lines = out.send.split(|&b| b == b'\n').filter(|line| !line.is_empty());
        let sent = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
        (out.events.into_iter().map(|decoded| decoded.event).collect(), sent)
    }

    fn hears(&mut self, line: &Value) -> (Vec<AgentEvent>, Vec<Value>) {
        let line = line.to_string();
        self.step(|p, out| p.line(Line::Whole(line.as_bytes()), out))
    }

    fn prompts(&mut self, text: &str) -> (Vec<AgentEvent>, Vec<Value>) {
        let prompt = TurnPrompt { text: text.to_owned(), schema: None };
        self.step(|p, out| p.prompt(prompt, out))
    }

    fn answers(&mut self, request: &str, answer: &Answer) -> Vec<Value> {
        let (events, sent) = self.step(|p, out| p.answer(&RequestId::new(request), answer, out));
        assert!(events.is_empty());
        sent
    }

    fn closes(&mut self, exit: Exit, stderr: &[u8]) -> Vec<AgentEvent> {
        self.step(|p, out| p.close(exit, stderr, out)).0
    }
}

fn handshake() -> Value {
    json!({"type": "control_response", "response": {"subtype": "success", "request_id": "initialize",
           "response": {"commands": []}}})
}

fn result(more: &Value) -> Value {
    let mut line = json!({"type": "result", "subtype": "success", "is_error": false, "num_turns": 1,
                          "terminal_reason": "completed", "result": "done", "session_id": "s"});
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line
}

fn hook(id: &str, tool: &str, input: &Value) -> Value {
    json!({"type": "control_request", "request_id": id, "request": {"subtype": "hook_callback",
           "callback_id": "pre_tool_use", "input": {"session_id": "s", "cwd": "/w", "permission_mode": "default",
           "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": input, "tool_use_id": "T"},
           "tool_use_id": "T"}})
}

fn can_use(id: &str, input: &Value) -> Value {
    json!({"type": "control_request", "request_id": id, "request": {"subtype": "can_use_tool",
           "tool_name": "Write", "input": input, "decision_reason": "a safety check",
           "decision_reason_type": "safetyCheck", "tool_use_id": "T"}})
}

fn ends(events: &[AgentEvent]) -> Vec<(Outcome, Option<FailureClass>)> {
    let end = |event: &AgentEvent| match event {
        AgentEvent::TurnEnded { end } => Some((end.outcome, end.class)),
        _ => None,
    };
    events.iter().filter_map(end).collect()
}

fn user(text: &str) -> Value {
    json!({"type": "user", "message": {"role": "user", "content": text},
           "parent_tool_use_id": null, "session_id": ""})
}

#[test]
fn a_prompt_waits_for_the_handshake() {
    let mut talk = Talk::opened();
    assert_eq!(talk.prompts("one"), (vec![], vec![]));
    assert_eq!(talk.hears(&handshake()), (vec![], vec![user("one")]));
}

#[test]
fn prompts_go_one_at_a_time_and_each_ends_once() {
    let mut talk = Talk::ready();
    assert_eq!(talk.prompts("one").1, [user("one")]);
    assert_eq!(talk.prompts("two").1, [] as [Value; 0]);
    let (events, sent) = talk.hears(&result(&json!({})));
    assert_eq!((ends(&events), sent), (vec![(Outcome::Completed, None)], vec![user("two")]));
    let (events, sent) = talk.hears(&result(&json!({"result": "more"})));
    assert_eq!((ends(&events), sent.len()), (vec![(Outcome::Completed, None)], 0));
    assert_eq!(talk.closes(Exit::from_number(0), b""), []);
}

#[test]
fn a_result_that_nobody_asked_for_is_a_notice() {
    let mut talk = Talk::ready();
    let (events, _) = talk.hears(&result(&json!({})));
    assert_eq!(ends(&events), []);
    assert!(events.iter().any(|e| matches!(e, AgentEvent::Notice { code, .. } if code == "unprompted_turn")));
}

#[test]
fn a_refused_handshake_fails_every_prompt_and_sends_none() {
    let mut talk = Talk::opened();
    talk.prompts("one");
    let refusal = json!({"type": "control_response", "response": {"subtype": "error",
                         "request_id": "initialize", "error": "no hooks here"}});
    let (events, sent) = talk.hears(&refusal);
    assert_eq!((ends(&events), sent.len()), (vec![(Outcome::Failed, Some(FailureClass::Internal))], 0));
    let (events, sent) = talk.prompts("two");
    assert_eq!((ends(&events), sent.len()), (vec![(Outcome::Failed, Some(FailureClass::Internal))], 0));
}

#[test]
fn a_hook_asks_and_takes_both_answers() {
    let mut talk = Talk::in_turn();
    let (events, sent) = talk.hears(&hook("h1", "Bash", &json!({"command": "ls"})));
    assert!(sent.is_empty(), "nothing is answered before somebody decided");
    let [AgentEvent::ApprovalRequested { request }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((request.request.as_str(), request.via), ("h1", AskedVia::Hook));
    assert_eq!(request.item.as_ref().unwrap().as_str(), "T");
    assert_eq!(request.action, Action::Command { command: "ls".into(), cwd: Some("/w".into()) });
    let allow = json!({"type": "control_response", "response": {"subtype": "success", "request_id": "h1",
        "response": {"hookSpecificOutput":
            {"hookEventName": "PreToolUse", "permissionDecision": "allow"}}}});
    assert_eq!(talk.answers("h1", &Answer::Allow), [allow]);
    assert_eq!(talk.answers("h1", &Answer::Allow), [] as [Value; 0], "an answer counts once");

    talk.hears(&hook("h2", "Bash", &json!({"command": "ls"})));
    let deny = json!({"type": "control_response", "response": {"subtype": "success", "request_id": "h2",
        "response": {"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": "deny",
            "permissionDecisionReason": "not here"}}}});
    assert_eq!(talk.answers("h2", &Answer::Deny { message: "not here".into() }), [deny]);
}

#[test]
fn a_permission_request_after_an_allowed_hook_is_a_question_of_its_own() {
    let mut talk = Talk::in_turn();
    let input = json!({"file_path": "/w/.claude/settings.json", "content": "a\nb"});
    talk.hears(&hook("h1", "Write", &input));
    talk.answers("h1", &Answer::Allow);
    let (events, _) = talk.hears(&can_use("p1", &input));
    let [AgentEvent::ApprovalRequested { request }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((request.via, request.reason.as_deref()), (AskedVia::Permission, Some("a safety check")));
    let paths = vec!["/w/.claude/settings.json".to_owned()];
    assert_eq!(request.action, Action::Write { paths, diff: Some("+a\n+b\n".into()) });
    let allow = json!({"type": "control_response", "response": {"subtype": "success", "request_id": "p1",
                       "response": {"behavior": "allow", "updatedInput": input}}});
    assert_eq!(talk.answers("p1", &Answer::Allow), [allow]);

    talk.hears(&can_use("p2", &input));
    let deny = json!({"type": "control_response", "response": {"subtype": "success", "request_id": "p2",
                      "response": {"behavior": "deny", "message": "no", "interrupt": false}}});
    assert_eq!(talk.answers("p2", &Answer::Deny { message: "no".into() }), [deny]);
}

#[test]
fn a_withdrawn_question_takes_no_answer() {
    let mut talk = Talk::in_turn();
    talk.hears(&hook("h1", "Read", &json!({"file_path": "/w/a"})));
    let cancel = json!({"type": "control_cancel_request", "request_id": "h1"});
    let withdrawn = AgentEvent::ApprovalWithdrawn { request: RequestId::new("h1") };
    assert_eq!(talk.hears(&cancel), (vec![withdrawn], vec![]));
    assert_eq!(talk.hears(&cancel), (vec![], vec![]), "once");
    assert_eq!(talk.answers("h1", &Answer::Allow), [] as [Value; 0]);
}

#[test]
fn what_cannot_be_read_is_denied_and_what_is_not_known_is_refused() {
    let mut talk = Talk::in_turn();
    let mut broken = hook("h1", "Read", &json!({}));
    broken["request"]["input"].as_object_mut().unwrap().remove("tool_name");
    let (events, sent) = talk.hears(&broken);
    assert!(matches!(events.as_slice(), [AgentEvent::Unrecognized { .. }]));
    let decision = &sent[0]["response"]["response"]["hookSpecificOutput"]["permissionDecision"];
    assert_eq!(decision, "deny", "an error reply to a hook would let the tool run");

    let unknown =
        json!({"type": "control_request", "request_id": "x", "request": {"subtype": "elicitation"}});
    let (events, sent) = talk.hears(&unknown);
    assert_eq!(events, [AgentEvent::Unrecognized { kind: "control_request/elicitation".into() }]);
    assert_eq!(sent[0]["response"]["subtype"], "error");
    assert_eq!(sent[0]["response"]["request_id"], "x");
}

#[test]
fn cancel_interrupts_once_and_drops_what_was_not_sent() {
    let mut talk = Talk::in_turn();
    talk.prompts("never sent");
    talk.hears(&hook("h1", "Bash", &json!({"command": "sleep 9"})));
    let (events, sent) = talk.step(Protocol::cancel);
    assert_eq!(ends(&events), [(Outcome::Interrupted, None)]);
    let interrupt = json!({"type": "control_request", "request_id": "interrupt-1",
                           "request": {"subtype": "interrupt"}});
    assert_eq!(sent, [interrupt]);
    assert_eq!(talk.step(Protocol::cancel), (vec![], vec![]));
    let aborted = json!({"subtype": "error_during_execution", "is_error": true,
                         "terminal_reason": "aborted_tools", "result": null});
    let (events, _) = talk.hears(&result(&aborted));
    assert_eq!(ends(&events), [(Outcome::Interrupted, None)]);
    assert!(events.contains(&AgentEvent::ApprovalWithdrawn { request: RequestId::new("h1") }));
    assert_eq!(talk.prompts("next").1, [user("next")], "the same process takes the next prompt");
}

#[test]
fn a_cancelled_turn_without_a_reason_of_the_clis_own_is_interrupted() {
    let error = json!({"subtype": "error_during_execution", "is_error": true, "terminal_reason": null,
                       "result": null});
    let mut talk = Talk::in_turn();
    assert_eq!(ends(&talk.hears(&result(&error)).0), [(Outcome::Failed, Some(FailureClass::Unknown))]);
    let mut talk = Talk::in_turn();
    talk.step(Protocol::cancel);
    assert_eq!(ends(&talk.hears(&result(&error)).0), [(Outcome::Interrupted, None)]);
}

#[test]
fn the_end_of_the_process_ends_every_turn() {
    let unknown = Some(FailureClass::Unknown);
    let begun = json!({"type": "system", "subtype": "init", "session_id": "s", "model": "m"});

    let mut talk = Talk::in_turn();
    talk.prompts("waits");
    talk.hears(&begun);
    talk.hears(&hook("h1", "Read", &json!({"file_path": "/a"})));
    let events = talk.closes(Exit::from_number(-9), b"");
    assert_eq!(ends(&events), [(Outcome::Vanished, None), (Outcome::Failed, unknown)]);
    assert!(events.contains(&AgentEvent::ApprovalWithdrawn { request: RequestId::new("h1") }));
    assert_eq!(talk.closes(Exit::from_number(-9), b""), [], "once");

    let mut talk = Talk::in_turn();
    talk.hears(&begun);
    talk.step(Protocol::cancel);
    assert_eq!(ends(&talk.closes(Exit::from_number(-9), b"")), [(Outcome::Interrupted, None)]);

    let mut talk = Talk::opened();
    talk.prompts("never sent");
    let root =
        b"--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons";
    let refused = [(Outcome::Failed, Some(FailureClass::RootRefused))];
    assert_eq!(ends(&talk.closes(Exit::from_number(1), root)), refused);
}

#[test]
fn the_first_turn_of_a_resumed_session_has_no_known_cost() {
    let cost = |events: &[AgentEvent]| {
        events.iter().find_map(|e| match e {
            AgentEvent::TurnEnded { end } => Some(end.cost_usd),
            _ => None,
        })
    };
    let resumed = LaunchSpec { resume: Some("s".to_owned()), ..spec() };
    let mut talk = Talk { protocol: ClaudeProtocol::new(&resumed) };
    talk.step(Protocol::open);
    talk.hears(&handshake());
    talk.prompts("one");
    assert_eq!(cost(&talk.hears(&result(&json!({"total_cost_usd": 0.3}))).0), Some(None));
    talk.prompts("two");
    assert_eq!(cost(&talk.hears(&result(&json!({"total_cost_usd": 0.5}))).0), Some(Some(0.2)));
}
