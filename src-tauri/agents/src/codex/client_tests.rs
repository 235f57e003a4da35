use std::sync::LazyLock;

use mo_core::agent_event::{AgentEvent, FileTouch, ToolStatus, TouchKind};
use mo_core::approval::{Action, Answer};
use mo_core::ids::RequestId;
use mo_core::outcome::{FailureClass, Outcome, TurnEnd, Usage};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::CodexProtocol;
use super::client::profile;
use super::launch_tests::spec;
use crate::acp::anything::{anything, live, pool};
use crate::acp::replay::{Replayed, kinds, recording, replay};
use crate::launch::{Access, LaunchSpec};
use crate::protocol::{Exchange, Exit, Line, Protocol, TurnPrompt};

fn writing() -> LaunchSpec {
    LaunchSpec { access: Access::Write, ..spec() }
}

/// A recording whose thread has the sandbox that our client asks for.
fn read_only(recording: &str) -> String {
    recording.replace(r#""type": "workspaceWrite""#, r#""type": "readOnly""#)
}

fn replayed(recording: &str, spec: &LaunchSpec, skip: &[&str]) -> Replayed {
    let done = replay(&mut CodexProtocol::new(spec), &read_only(recording), skip);
    done.same(&["turn/start", "turn/interrupt"]);
    assert!(!done.kinds().iter().any(|k| k == "unrecognized" || k == "malformed"), "{:?}", done.events);
    done
}

fn ends(events: &[AgentEvent]) -> Vec<&TurnEnd> {
    let ends = events.iter().filter_map(|event| match event {
        AgentEvent::TurnEnded { end } => Some(end),
        _ => None,
    });
    ends.collect()
}

fn actions(events: &[AgentEvent]) -> Vec<&Action> {
    let asked = events.iter().filter_map(|event| match event {
        AgentEvent::ApprovalRequested { request } => Some(&request.action),
        _ => None,
    });
    asked.collect()
}

#[test]
fn a_command_and_a_patch_are_asked_accepted_and_done() {
    let done = replayed(recording!("codex-app-accept"), &writing(), &[]);
    let (title, command) = done
        .events
        .iter()
        .find_map(|event| match event {
            AgentEvent::ToolStarted { title, input, .. } => Some((title.as_str(), &input["command"])),
            _ => None,
        })
        .unwrap();
    assert_eq!(
        (title, command),
        ("touch app1 && echo made", &json!("/bin/bash -lc 'touch app1 && echo made'"))
    );
    let expected = [
        "session_started",
        "turn_started",
        "tool_started",
        "approval_requested",
        "tool_ended",
        "usage_reported",
        "tool_started",
        "approval_requested",
        "tool_ended",
        "files_changed",
        "usage_reported",
        "message",
        "usage_reported",
        "turn_ended",
    ];
    assert_eq!(done.kinds(), expected);
    let cwd = "/home/lab/src/w-codex";
    let command = Action::Command {
        command: "/bin/bash -lc 'touch app1 && echo made'".to_owned(),
        cwd: Some(cwd.to_owned()),
    };
    let path = format!("{cwd}/app-p1.txt");
    let diff = Some(format!("*** add {path}\nhello\n"));
    assert_eq!(actions(&done.events), [&command, &Action::Write { paths: vec![path.clone()], diff }]);
    let usage = Usage { input_tokens: 33, output_tokens: 21, cached_tokens: 0 };
    let end = TurnEnd {
        text: Some("all done".to_owned()),
        usage: Some(usage),
        ..TurnEnd::bare(Outcome::Completed, None)
    };
    assert_eq!(ends(&done.events), [&end]);
    let changed = done.events.iter().find_map(|event| match event {
        AgentEvent::FilesChanged { changes, status, .. } => Some((changes.clone(), *status)),
        _ => None,
    });
    let touch = FileTouch { path, change: TouchKind::Added };
    assert_eq!(changed, Some((vec![touch], ToolStatus::Completed)));
    let ended = done.events.iter().find_map(|event| match event {
        AgentEvent::ToolEnded { exit_code, output, .. } => Some((*exit_code, output.as_str())),
        _ => None,
    });
    assert_eq!(ended, Some((Some(0), "made\n")));
}

#[test]
fn the_thread_never_writes_into_the_persons_config() {
    let asked = |spec: &LaunchSpec| {
        let done = replayed(recording!("codex-app-accept"), spec, &[]);
        done.ours("thread/start")[0]["params"].clone()
    };
    let cwd = "/work/my project";
    let config = profile();
    assert_eq!(
        config["permissions"][config["default_permissions"].as_str().unwrap()]["filesystem"][":root"],
        "read"
    );
    let read_only = json!({
        "approvalPolicy": "never", "approvalsReviewer": "user", "config": config, "cwd": cwd,
    });
    assert_eq!(asked(&spec()), read_only);
    let write = json!({
        "approvalPolicy": "on-request", "approvalsReviewer": "user", "config": config, "cwd": cwd,
        "model": "gpt-5.5",
    });
    assert_eq!(asked(&LaunchSpec { model: Some("gpt-5.5".to_owned()), ..writing() }), write);
}

#[test]
fn a_thread_that_may_write_is_not_used() {
    let opened = |recording: &str| {
        let mut client = CodexProtocol::new(&spec());
        let mut out = Exchange::default();
        client.open(&mut out);
        client.prompt(TurnPrompt { text: "go".to_owned(), schema: None }, &mut out);
        for line in recording.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            if line["dir"] == "recv" && line["msg"].get("method").is_none() {
                client.line(Line::Whole(&serde_json::to_vec(&line["msg"]).unwrap()), &mut out);
            }
        }
        let events: Vec<AgentEvent> = out.events.into_iter().map(|decoded| decoded.event).collect();
        let told = String::from_utf8(out.send).unwrap();
        (told.contains("turn/start"), ends(&events).first().map(|end| (end.outcome, end.text.clone())))
    };
    let (prompted, end) = opened(recording!("codex-app-schema"));
    let (outcome, text) = end.unwrap();
    assert_eq!((prompted, outcome), (false, Outcome::Failed));
    assert!(text.as_ref().unwrap().contains("sandbox `workspaceWrite`"), "{text:?}");
    assert!(opened(recording!("codex-app-accept")).0);
}

#[test]
fn a_declined_call_ends_as_declined_and_the_turn_goes_on() {
    for recording in [recording!("codex-app-decline"), recording!("codex-app-onrequest-denied")] {
        let done = replayed(recording, &writing(), &[]);
        let declined =
            |event: &&AgentEvent| matches!(event, AgentEvent::ToolEnded { status: ToolStatus::Declined, .. });
        assert!(done.events.iter().any(|event| declined(&event)));
        assert!(!done.kinds().contains(&"files_changed".to_owned()));
        assert_eq!(ends(&done.events)[0].outcome, Outcome::Completed);
    }
}

#[test]
fn an_interrupted_turn_ends_so_and_the_next_one_works() {
    let done = replayed(recording!("codex-app-interrupt"), &writing(), &["turn/steer"]);
    let outcomes: Vec<(Outcome, Option<&str>)> =
        ends(&done.events).iter().map(|end| (end.outcome, end.text.as_deref())).collect();
    assert_eq!(outcomes, [(Outcome::Interrupted, None), (Outcome::Completed, Some("second ok"))]);
}

#[test]
fn a_structured_answer_is_parsed_where_a_schema_was_given() {
    let done = replay(&mut CodexProtocol::new(&spec()), &read_only(recording!("codex-app-schema")), &[]);
    let (recorded, ours) = done.pairs.iter().find(|(_, ours)| ours["method"] == "turn/start").unwrap();
    assert!(ours["params"]["outputSchema"].is_object());
    assert_eq!(ours["params"], recorded["params"]);
    let structured: Vec<Option<&Value>> =
        ends(&done.events).iter().map(|end| end.structured.as_ref()).collect();
    assert_eq!(structured, [Some(&json!({ "verdict": "approve" })), None]);
}

#[test]
fn the_conversations_kept_from_the_real_cli_are_ours() {
    let outcomes = |recording, spec: &LaunchSpec| -> Vec<(Outcome, usize)> {
        let done = replayed(recording, spec, &[]);
        ends(&done.events).iter().map(|end| (end.outcome, actions(&done.events).len())).collect()
    };
    let asked = [(Outcome::Completed, 2)];
    assert_eq!(outcomes(recording!("wire/codex-on-request"), &writing()), asked);
    assert_eq!(outcomes(recording!("wire/codex-untrusted"), &writing()), [(Outcome::Completed, 4)]);
    assert_eq!(outcomes(recording!("wire/codex-review-read-only"), &spec()), [(Outcome::Completed, 0)]);
    let interrupted = [(Outcome::Interrupted, 0), (Outcome::Completed, 0)];
    assert_eq!(outcomes(recording!("wire/codex-interrupt"), &spec()), interrupted);
}

#[test]
fn failures_have_a_class_from_the_machine_words() {
    let class = |recording| {
        let done = replayed(recording, &writing(), &[]);
        let end = ends(&done.events)[0].clone();
        assert_eq!(end.outcome, Outcome::Failed);
        assert!(end.text.is_some());
        (end.class.unwrap(), done.kinds().iter().filter(|k| *k == "notice").count())
    };
    // One notice of the retry and one of the error.
    assert_eq!(class(recording!("codex-app-err401")), (FailureClass::AuthInvalid, 2));
    assert_eq!(class(recording!("codex-app-errusage")), (FailureClass::UsageLimit, 1));
}

#[test]
fn a_thread_is_resumed_without_its_history() {
    let thread = "01a20271-5978-7820-86aa-577d5d718d56";
    let resuming = LaunchSpec { resume: Some(thread.to_owned()), ..writing() };
    let done = replayed(recording!("codex-app-resume"), &resuming, &["thread/list", "thread/read"]);
    let params = &done.ours("thread/resume")[0]["params"];
    assert_eq!(params["threadId"], thread);
    assert_eq!(params["excludeTurns"], true);
    assert_eq!(params["config"], profile());
    let end = ends(&done.events)[0];
    assert_eq!(end.text.as_deref(), Some("resumed 77"));
    // Of this turn, not of the whole thread.
    assert_eq!(end.usage.map(Usage::total), Some(18));
}

#[test]
fn the_tokens_of_a_resumed_thread_are_not_this_turns() {
    let mut open = Open::new();
    open.prompt(None);
    // Codex 0.169 tells the old total again, of the old turn, when the new one is about to begin.
    let told = |turn: &str, total: u64| {
        let tokens =
            |n: u64| json!({ "inputTokens": n, "cachedInputTokens": 0, "outputTokens": 1, "totalTokens": n });
        let usage = json!({ "total": tokens(total), "last": tokens(100) });
        let params = json!({ "threadId": "T", "turnId": turn, "tokenUsage": usage });
        json!({ "method": "thread/tokenUsage/updated", "params": params })
    };
    open.line(&told("old", 7000));
    open.line(&json!({ "method": "turn/started", "params": { "threadId": "T", "turn": { "id": "U" } } }));
    open.line(&told("U", 7100));
    let turn = json!({ "id": "U", "items": [], "status": "completed" });
    open.line(&json!({ "method": "turn/completed", "params": { "threadId": "T", "turn": turn } }));
    let events = open.events();
    assert_eq!(kinds(&events), ["turn_started", "usage_reported", "turn_ended"]);
    assert_eq!(ends(&events)[0].usage.map(|usage| usage.input_tokens), Some(100));
}

/// A client whose thread is open, and what it has written since.
struct Open {
    client: CodexProtocol,
    out: Exchange,
}

impl Open {
    fn new() -> Self {
        let mut open = Self { client: CodexProtocol::new(&writing()), out: Exchange::default() };
        open.client.open(&mut open.out);
        open.line(&json!({ "id": 1, "result": { "userAgent": "x" } }));
        open.line(
            &json!({ "id": 2, "result": { "thread": { "id": "T" }, "sandbox": { "type": "readOnly" } } }),
        );
        open.out = Exchange::default();
        open
    }

    fn line(&mut self, message: &Value) {
        self.client.line(Line::Whole(message.to_string().as_bytes()), &mut self.out);
    }

    fn prompt(&mut self, schema: Option<Value>) {
        self.client.prompt(TurnPrompt { text: "go".to_owned(), schema }, &mut self.out);
    }

    fn events(&self) -> Vec<AgentEvent> {
        self.out.events.iter().map(|decoded| decoded.event.clone()).collect()
    }

    fn sent(&self) -> Vec<Value> {
        let lines = self.out.send.split(|&b| b == b'\n').filter(|l| !l.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }
}

#[test]
fn an_answer_that_is_no_json_is_not_structured() {
    for (text, structured) in [("{\"a\":1}", Some(json!({ "a": 1 }))), ("sorry", None)] {
        let mut open = Open::new();
        open.prompt(Some(json!({ "type": "object" })));
        open.line(&json!({ "method": "item/completed", "params": { "item": {
            "type": "agentMessage", "id": "m", "text": text } } }));
        let turn = json!({ "id": "U", "items": [], "status": "completed" });
        open.line(&json!({ "method": "turn/completed", "params": { "threadId": "T", "turn": turn } }));
        let events = open.events();
        assert_eq!(ends(&events)[0].structured, structured);
        assert_eq!(ends(&events)[0].text.as_deref(), Some(text));
    }
}

#[test]
fn a_cancel_before_the_turn_has_an_id_is_sent_when_it_has() {
    let mut open = Open::new();
    open.prompt(None);
    open.client.cancel(&mut open.out);
    assert_eq!(open.sent().len(), 1, "only turn/start");
    open.line(&json!({ "id": 3, "result": { "turn": { "id": "U" } } }));
    let sent = open.sent();
    assert_eq!(sent[1]["method"], "turn/interrupt");
    assert_eq!(sent[1]["params"], json!({ "threadId": "T", "turnId": "U" }));
}

#[test]
fn a_cancel_of_a_prompt_that_was_not_sent_ends_it() {
    let mut client = CodexProtocol::new(&spec());
    let mut out = Exchange::default();
    client.open(&mut out);
    client.prompt(TurnPrompt { text: "go".to_owned(), schema: None }, &mut out);
    client.cancel(&mut out);
    let events: Vec<AgentEvent> = out.events.iter().map(|d| d.event.clone()).collect();
    assert_eq!(ends(&events), [&TurnEnd::bare(Outcome::Interrupted, None)]);
}

#[test]
fn the_turn_of_another_thread_does_not_end_ours() {
    let mut open = Open::new();
    open.prompt(None);
    let turn = json!({ "id": "V", "items": [], "status": "completed" });
    open.line(&json!({ "method": "turn/completed", "params": { "threadId": "other", "turn": turn } }));
    assert!(ends(&open.events()).is_empty());
}

#[test]
fn answers_are_once_and_withdrawn_questions_are_void() {
    let mut open = Open::new();
    open.prompt(None);
    let ask = |id: u32| {
        let params =
            json!({ "itemId": "c", "command": "ls", "threadId": "T", "turnId": "U", "startedAtMs": 0 });
        json!({ "method": "item/commandExecution/requestApproval", "id": id, "params": params })
    };
    open.line(&ask(7));
    let request = RequestId::new("7");
    open.client.answer(&RequestId::new("8"), &Answer::Allow, &mut open.out);
    open.client.answer(&request, &Answer::Allow, &mut open.out);
    open.client.answer(&request, &Answer::Deny { message: String::new() }, &mut open.out);
    assert_eq!(open.sent()[1..], [json!({ "id": 7, "result": { "decision": "accept" } })]);
    // Codex tells of our own answer too; that withdraws nothing.
    let resolved = |id: u32| json!({ "method": "serverRequest/resolved", "params": { "threadId": "T", "requestId": id } });
    open.line(&resolved(7));
    assert!(!kinds(&open.events()).contains(&"approval_withdrawn".to_owned()));
    open.line(&ask(9));
    open.line(&resolved(9));
    assert!(open.events().contains(&AgentEvent::ApprovalWithdrawn { request: RequestId::new("9") }));
    open.client.answer(&RequestId::new("9"), &Answer::Allow, &mut open.out);
    assert_eq!(open.sent().len(), 2);
}

#[test]
fn a_refused_thread_fails_every_prompt() {
    let mut client = CodexProtocol::new(&spec());
    let mut out = Exchange::default();
    client.open(&mut out);
    let prompt = || TurnPrompt { text: "go".to_owned(), schema: None };
    client.prompt(prompt(), &mut out);
    client.line(Line::Whole(br#"{"id":1,"result":{"userAgent":"x"}}"#), &mut out);
    let error =
        json!({ "id": 2, "error": { "code": -32600, "message": "no rollout found for thread id U" } });
    client.line(Line::Whole(error.to_string().as_bytes()), &mut out);
    client.prompt(prompt(), &mut out);
    client.close(Exit::default(), b"", &mut out);
    let events: Vec<AgentEvent> = out.events.iter().map(|d| d.event.clone()).collect();
    let classes: Vec<_> = ends(&events).iter().map(|end| end.class).collect();
    assert_eq!(classes, [Some(FailureClass::SessionUnknown), Some(FailureClass::SessionUnknown)]);
}

#[test]
fn a_process_that_ends_ends_its_turn() {
    let began = json!({ "method": "turn/started", "params": { "threadId": "T", "turn": { "id": "U" } } });
    let nothing: &[u8] = b"";
    let table = [
        (true, Exit { signal: Some(9), ..Exit::default() }, nothing, Outcome::Vanished, None),
        (true, Exit { signal: Some(15), ..Exit::default() }, b"", Outcome::Interrupted, None),
        (true, Exit { signal: Some(9), by_us: true, ..Exit::default() }, b"", Outcome::Interrupted, None),
        (false, Exit::default(), b"", Outcome::Failed, Some(FailureClass::Unknown)),
        (
            false,
            Exit { code: Some(1), ..Exit::default() },
            b"Error: failed to initialize in-process app-server client: Read-only file system (os error 30)"
                .as_slice(),
            Outcome::Failed,
            Some(FailureClass::Internal),
        ),
    ];
    for (has_begun, exit, stderr, outcome, class) in table {
        let mut open = Open::new();
        open.prompt(None);
        open.prompt(None);
        if has_begun {
            open.line(&began);
        }
        open.client.close(exit, stderr, &mut open.out);
        let events = open.events();
        let ends = ends(&events);
        assert_eq!(ends.len(), 2, "the turn in flight and the one that waits");
        assert_eq!((ends[0].outcome, ends[0].class), (outcome, class), "{exit:?}");
    }
}

static POOL: LazyLock<Vec<Value>> = LazyLock::new(|| {
    pool(&[
        recording!("codex-app-accept"),
        recording!("codex-app-decline"),
        recording!("codex-app-err401"),
        recording!("codex-app-protoerr"),
        recording!("codex-app-cancel"),
    ])
});

proptest! {
    #[test]
    fn every_prompt_ends_exactly_once(
        all in proptest::collection::vec(anything(POOL.len()), 0..60),
    ) {
        let mut out = Exchange::default();
        let prompts = live(&mut CodexProtocol::new(&writing()), &POOL, &all, &mut out);
        let ended = out.events.iter().filter(|d| matches!(d.event, AgentEvent::TurnEnded { .. })).count();
        prop_assert_eq!(ended, prompts);
    }

    #[test]
    fn no_bytes_are_too_strange(lines in proptest::collection::vec(any::<Vec<u8>>(), 0..20)) {
        let mut client = CodexProtocol::new(&spec());
        let mut out = Exchange::default();
        client.open(&mut out);
        for line in &lines {
            client.line(Line::Whole(line), &mut out);
        }
        client.close(Exit::default(), b"\xff", &mut out);
    }
}
