//! Questions over ACP: answered once and never for always, void when nobody waits for their answer any more.

use mo_core::agent_event::{AgentEvent, ToolStatus};
use mo_core::approval::Answer;
use mo_core::ids::RequestId;
use serde_json::{Value, json};

use super::client_tests::Open;
use super::replay::kinds;
use crate::protocol::Protocol;

#[test]
fn no_answer_is_ever_for_always() {
    let outcome = |options: &[&str], answer: &Answer| {
        let mut open = Open::new();
        open.ask(5, options);
        open.client.answer(&RequestId::new("5"), answer, &mut open.out);
        open.sent().last().unwrap()["result"]["outcome"].clone()
    };
    let (allow, deny) = (Answer::Allow, Answer::Deny { message: "no".to_owned() });
    let all = ["allow_always", "allow_once", "reject_always", "reject_once"];
    assert_eq!(outcome(&all, &allow), json!({ "outcome": "selected", "optionId": "allow_once" }));
    assert_eq!(outcome(&all, &deny), json!({ "outcome": "selected", "optionId": "reject_once" }));
    let only_always = ["allow_always", "reject_always"];
    assert_eq!(outcome(&only_always, &allow), json!({ "outcome": "cancelled" }));
    assert_eq!(outcome(&only_always, &deny), json!({ "outcome": "cancelled" }));
    assert_eq!(outcome(&["allow_always", "reject_once"], &allow)["optionId"], "reject_once");
}

#[test]
fn answers_are_once_and_unknown_ids_are_nothing() {
    let mut open = Open::new();
    open.ask(5, &["allow_once"]);
    open.client.answer(&RequestId::new("6"), &Answer::Allow, &mut open.out);
    open.client.answer(&RequestId::new("5"), &Answer::Allow, &mut open.out);
    open.client.answer(&RequestId::new("5"), &Answer::Allow, &mut open.out);
    assert_eq!(open.sent().len(), 2, "the prompt and one answer");
}

#[test]
fn a_question_after_a_cancel_is_answered_as_cancelled_without_asking() {
    let mut open = Open::new();
    open.client.cancel(&mut open.out);
    open.ask(5, &["allow_once"]);
    let last = open.sent().pop().unwrap();
    assert_eq!((&last["id"], &last["result"]["outcome"]["outcome"]), (&json!(5), &json!("cancelled")));
    assert!(!kinds(&open.events()).contains(&"approval_requested".to_owned()));
}

/// By the message of the protocol's next version, or since the call itself is over. The rest of the turn goes on.
#[test]
fn what_the_agent_takes_back_is_void_and_takes_no_answer() {
    let cancel = json!({ "method": "$/cancel_request", "params": { "requestId": 5 } });
    let ended = |status: &str| {
        let update = json!({ "sessionUpdate": "tool_call_update", "toolCallId": "c", "status": status });
        json!({ "method": "session/update", "params": { "sessionId": "S", "update": update } })
    };
    for line in [cancel, ended("failed"), ended("completed")] {
        let mut open = Open::new();
        open.ask(5, &["allow_once"]);
        open.line(&line);
        open.line(&line);
        open.client.answer(&RequestId::new("5"), &Answer::Allow, &mut open.out);
        let withdrawn = AgentEvent::ApprovalWithdrawn { request: RequestId::new("5") };
        let events = open.events();
        assert_eq!(events.iter().filter(|event| **event == withdrawn).count(), 1, "{line}: {events:?}");
        let replies: Vec<Value> = open.sent().into_iter().filter(|sent| sent["id"] == 5).collect();
        assert_eq!(replies.len(), 1, "{line}: {replies:?}");
        assert_eq!(replies[0]["result"]["outcome"]["outcome"], "cancelled");
        assert!(!kinds(&events).contains(&"turn_ended".to_owned()));
        let allowed =
            |event: &AgentEvent| matches!(event, AgentEvent::ToolEnded { status: ToolStatus::Declined, .. });
        assert!(!events.iter().any(allowed), "nobody declined it: {events:?}");
    }
}

#[test]
fn taking_back_what_is_not_asked_is_nothing_and_an_unreadable_one_is_said() {
    let mut open = Open::new();
    open.ask(5, &["allow_once"]);
    open.line(&json!({ "method": "$/cancel_request", "params": { "requestId": "5" } }));
    open.line(&json!({ "method": "$/cancel_request", "params": {} }));
    open.update(&json!({ "sessionUpdate": "tool_call_update", "toolCallId": "other", "status": "failed" }));
    let kinds = kinds(&open.events());
    assert!(!kinds.contains(&"approval_withdrawn".to_owned()), "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "malformed").count(), 1, "{kinds:?}");
    open.client.answer(&RequestId::new("5"), &Answer::Allow, &mut open.out);
    assert_eq!(open.sent().last().unwrap()["result"]["outcome"]["outcome"], "selected");
}
