use std::sync::LazyLock;

use mo_core::agent_event::{AgentEvent, DeltaOf, NoticeLevel, ToolStatus};
use mo_core::approval::Action;
use mo_core::outcome::{FailureClass, Outcome, TurnEnd, Usage};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::AcpProtocol;
use super::anything::{anything, live, pool};
use super::replay::{Replayed, kinds, recording, replay};
use crate::acp::Setup;
use crate::protocol::{Exchange, Exit, Line, Protocol, TurnPrompt};

fn setup(cwd: &str) -> Setup {
    Setup { cwd: cwd.to_owned(), ..Setup::default() }
}

fn replayed(recording: &str, setup: Setup) -> Replayed {
    let done = replay(&mut AcpProtocol::new(setup), recording, &[]);
    let methods = ["session/new", "session/load", "session/set_mode", "session/prompt", "session/cancel"];
    done.same(&methods);
    let (recorded, ours) = &done.pairs[0];
    for field in ["protocolVersion", "clientCapabilities"] {
        assert_eq!(ours["params"][field], recorded["params"][field]);
    }
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

fn actions(events: &[AgentEvent]) -> Vec<Action> {
    let asked = events.iter().filter_map(|event| match event {
        AgentEvent::ApprovalRequested { request } => Some(request.action.clone()),
        _ => None,
    });
    asked.collect()
}

const GEMINI: &str = "/home/lab/src/w-gemini";
const ADAPTER: &str = "/home/lab/src/w-acp";

#[test]
fn gemini_asks_for_a_write_and_a_command_and_gets_them() {
    let done = replayed(recording!("gemini-acp-allow"), setup(GEMINI));
    let expected = [
        "session_started",
        "turn_started",
        "tool_started",
        "approval_requested",
        "tool_ended",
        "files_changed",
        "tool_started",
        "approval_requested",
        "tool_ended",
        "thought",
        "message",
        "turn_ended",
    ];
    assert_eq!(done.kinds(), expected);
    let path = format!("{GEMINI}/acp1.txt");
    let diff = format!("--- {path}\n+++ {path}\n@@ line 1 @@\n+A\n");
    let command = format!("touch {GEMINI}/acp2");
    let expected = [
        Action::Write { paths: vec![path], diff: Some(diff) },
        Action::Command { command, cwd: Some(GEMINI.to_owned()) },
    ];
    assert_eq!(actions(&done.events), expected);
    let usage = Usage { input_tokens: 33, output_tokens: 21, cached_tokens: 0 };
    let end = TurnEnd {
        text: Some("all done".to_owned()),
        usage: Some(usage),
        ..TurnEnd::bare(Outcome::Completed, None)
    };
    assert_eq!(ends(&done.events), [&end]);
    let deltas: Vec<DeltaOf> = done
        .events
        .iter()
        .filter_map(|event| match event {
            AgentEvent::Delta { of, .. } => Some(*of),
            _ => None,
        })
        .collect();
    assert_eq!(deltas, [DeltaOf::Thought, DeltaOf::Message]);
}

#[test]
fn a_refused_call_ends_as_declined_though_gemini_says_no_more_of_it() {
    let done = replayed(recording!("gemini-acp-reject"), setup(GEMINI));
    let expected = [
        "session_started",
        "turn_started",
        "tool_started",
        "approval_requested",
        "tool_ended",
        "message",
        "turn_ended",
    ];
    assert_eq!(done.kinds(), expected);
    let declined = |e: &AgentEvent| matches!(e, AgentEvent::ToolEnded { status: ToolStatus::Declined, .. });
    assert!(done.events.iter().any(declined));
    // The adapter of Claude does tell, with a failed update; one end is enough.
    let told = replayed(recording!("acp-claude-reject"), setup(ADAPTER));
    assert_eq!(told.kinds().iter().filter(|k| *k == "tool_ended").count(), 1);
    assert!(told.events.iter().any(declined));
}

#[test]
fn a_cancel_interrupts_and_answers_the_open_question() {
    let done = replayed(recording!("gemini-acp-cancel"), setup(GEMINI));
    assert_eq!(ends(&done.events)[0].outcome, Outcome::Interrupted);
    let done = replayed(recording!("gemini-acp-cancel-perm"), setup(GEMINI));
    assert!(done.kinds().contains(&"approval_withdrawn".to_owned()));
    let end = ends(&done.events)[0];
    assert_eq!((end.outcome, end.class), (Outcome::Interrupted, None));
    let open = |e: &AgentEvent| matches!(e, AgentEvent::ToolEnded { status: ToolStatus::Cancelled, .. });
    assert!(done.events.iter().any(open));
    let adapter = replayed(recording!("acp-claude-cancel"), setup(ADAPTER));
    let outcomes: Vec<Outcome> = ends(&adapter.events).iter().map(|end| end.outcome).collect();
    assert_eq!(outcomes, [Outcome::Interrupted, Outcome::Completed]);
}

#[test]
fn chunks_become_one_message() {
    let done = replayed(recording!("gemini-acp-cancel"), setup(GEMINI));
    let mut folded = String::new();
    for event in &done.events {
        match event {
            AgentEvent::Delta { of: DeltaOf::Message, text, .. } => folded.push_str(text),
            AgentEvent::Message { text, .. } => {
                assert_eq!(*text, folded);
                folded.clear();
            }
            _ => {}
        }
    }
    assert!(folded.is_empty());
}

#[test]
fn failures_have_a_class() {
    let classes = |recording, cwd| -> Vec<Option<FailureClass>> {
        ends(&replayed(recording, setup(cwd)).events).iter().map(|end| end.class).collect()
    };
    let gemini = classes(recording!("gemini-acp-err"), GEMINI);
    assert_eq!(gemini, [Some(FailureClass::AuthInvalid), Some(FailureClass::UsageLimit)]);
    assert_eq!(classes(recording!("acp-claude-429"), ADAPTER), [Some(FailureClass::RateLimited)]);
    assert_eq!(classes(recording!("acp-codex-errquota"), ADAPTER), [Some(FailureClass::UsageLimit)]);
}

#[test]
fn gemini_gives_the_code_500_to_whatever_has_none() {
    let class = |text: &str| {
        let mut open = Open::new();
        open.client.prompt(prompt(), &mut open.out);
        open.line(&json!({ "id": 3, "error": { "code": 500, "message": text } }));
        ends(&open.events())[0].class
    };
    assert_eq!(class("exception TypeError: fetch failed sending request"), Some(FailureClass::Network));
    assert_eq!(class("Internal error encountered."), Some(FailureClass::Overloaded));
}

#[test]
fn the_words_of_an_error_are_the_services_own() {
    let done = replayed(recording!("gemini-acp-err"), setup(GEMINI));
    let text = ends(&done.events)[0].text.clone();
    assert_eq!(text.as_deref(), Some("Request had invalid authentication credentials."));
}

#[test]
fn codex_acp_shows_a_patch_before_it_asks_and_is_set_to_ask() {
    let asking = Setup { modes: vec!["read-only"], modes_required: true, ..setup(ADAPTER) };
    let done = replayed(recording!("acp-codex-mode-readonly"), asking);
    let Action::Write { paths, diff } = &actions(&done.events)[0] else { panic!() };
    assert_eq!(paths, &[format!("{ADAPTER}/cx6")]);
    assert!(diff.as_ref().unwrap().ends_with("+hello\n"));
}

#[test]
fn an_adapters_cost_and_tokens_are_the_turns() {
    let done = replayed(recording!("acp-claude-allow"), setup(ADAPTER));
    let end = ends(&done.events)[0];
    assert_eq!(end.cost_usd, Some(0.000_552));
    assert_eq!(end.usage.map(Usage::total), Some(54));
    let changed = done.events.iter().any(|e| matches!(e, AgentEvent::FilesChanged { .. }));
    assert!(changed);
}

#[test]
fn a_session_is_loaded_and_its_history_is_not_told_again() {
    let resuming =
        Setup { resume: Some("01a2027e-0fce-78f1-b460-a4fbcb92a458".to_owned()), ..setup(ADAPTER) };
    // The recording used `session/load`; this adapter offers `session/resume`, which is preferred.
    let recording = recording!("acp-codex-load").replace("\"resume\": {}, ", "");
    let done = replayed(&recording, resuming);
    assert_eq!(done.kinds(), ["session_started", "turn_started", "message", "turn_ended"]);
    assert_eq!(ends(&done.events)[0].cost_usd, None);
}

/// A client whose session is open, and what it has written since.
pub(super) struct Open {
    pub(super) client: AcpProtocol,
    pub(super) out: Exchange,
}

impl Open {
    fn with(setup: Setup, session: &Value) -> Self {
        let mut open = Self { client: AcpProtocol::new(setup), out: Exchange::default() };
        open.client.open(&mut open.out);
        open.line(&json!({ "id": 1, "result": { "protocolVersion": 1 } }));
        open.line(&json!({ "id": 2, "result": session }));
        open
    }

    pub(super) fn new() -> Self {
        let mut open = Self::with(setup("/x"), &json!({ "sessionId": "S" }));
        open.out = Exchange::default();
        open.client.prompt(prompt(), &mut open.out);
        open
    }

    pub(super) fn line(&mut self, message: &Value) {
        self.client.line(Line::Whole(message.to_string().as_bytes()), &mut self.out);
    }

    pub(super) fn update(&mut self, update: &Value) {
        let params = json!({ "sessionId": "S", "update": update });
        self.line(&json!({ "method": "session/update", "params": params }));
    }

    pub(super) fn ask(&mut self, id: u32, options: &[&str]) {
        let options: Vec<Value> =
            options.iter().map(|kind| json!({ "optionId": kind, "kind": kind })).collect();
        let call = json!({ "toolCallId": "c", "kind": "execute", "title": "ls" });
        let params = json!({ "sessionId": "S", "options": options, "toolCall": call });
        self.line(&json!({ "id": id, "method": "session/request_permission", "params": params }));
    }

    pub(super) fn events(&self) -> Vec<AgentEvent> {
        self.out.events.iter().map(|decoded| decoded.event.clone()).collect()
    }

    pub(super) fn sent(&self) -> Vec<Value> {
        let lines = self.out.send.split(|&b| b == b'\n').filter(|l| !l.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }
}

fn prompt() -> TurnPrompt {
    TurnPrompt { text: "go".to_owned(), schema: None }
}

#[test]
fn what_was_not_offered_is_refused() {
    let mut open = Open::new();
    open.line(&json!({ "id": 1, "method": "fs/read_text_file", "params": { "path": "/etc/passwd" } }));
    open.line(&json!({ "id": "x", "method": "dream/of", "params": {} }));
    let codes: Vec<(Value, Value)> =
        open.sent()[1..].iter().map(|m| (m["id"].clone(), m["error"]["code"].clone())).collect();
    assert_eq!(codes, [(json!(1), json!(-32601)), (json!("x"), json!(-32601))]);
    let events = open.events();
    assert!(matches!(&events[1], AgentEvent::Notice { level: NoticeLevel::Warning, .. }));
    assert_eq!(events[2], AgentEvent::Unrecognized { kind: "dream/of".to_owned() });
}

#[test]
fn the_mode_is_set_before_the_first_prompt_and_must_be_there() {
    let modes = json!({ "currentModeId": "yolo", "availableModes": [{ "id": "yolo" }, { "id": "default" }] });
    let session = json!({ "sessionId": "S", "modes": modes });
    let wish = || Setup { modes: vec!["plan", "default"], modes_required: true, ..setup("/x") };
    let mut open = Open::with(wish(), &session);
    open.client.prompt(prompt(), &mut open.out);
    let last = open.sent().pop().unwrap();
    assert_eq!(last["params"], json!({ "sessionId": "S", "modeId": "default" }));
    // Gemini says this in the model's name.
    open.update(&json!({ "sessionUpdate": "agent_message_chunk", "content": { "type": "text", "text": "[MODE_UPDATE] default" } }));
    open.line(&json!({ "id": 3, "result": {} }));
    assert_eq!(open.sent().pop().unwrap()["method"], "session/prompt");
    assert!(!kinds(&open.events()).contains(&"message".to_owned()));

    let mut refused =
        Open::with(wish(), &json!({ "sessionId": "S", "modes": { "availableModes": [{ "id": "yolo" }] } }));
    refused.client.prompt(prompt(), &mut refused.out);
    assert_eq!(ends(&refused.events())[0].class, Some(FailureClass::PermissionDenied));

    let mut failed = Open::with(wish(), &session);
    failed.client.prompt(prompt(), &mut failed.out);
    failed.line(&json!({ "id": 3, "error": { "code": -32603, "message": "no" } }));
    assert_eq!(ends(&failed.events())[0].class, Some(FailureClass::PermissionDenied));
}

#[test]
fn a_model_that_is_not_offered_is_told() {
    let wish = || Setup { model: Some("m".to_owned()), ..setup("/x") };
    let open = Open::with(wish(), &json!({ "sessionId": "S" }));
    let told = |e: &AgentEvent| matches!(e, AgentEvent::Notice { code, .. } if code == "model_unavailable");
    assert!(open.events().iter().any(told));
    let models = json!({ "currentModelId": "n", "availableModels": [{ "modelId": "m" }] });
    let open = Open::with(wish(), &json!({ "sessionId": "S", "models": models }));
    assert_eq!(open.sent().pop().unwrap()["method"], "session/set_model");
}

#[test]
fn a_handshake_that_fails_fails_the_prompts() {
    let class = |replies: &[Value], resume: Option<&str>| {
        let setup = Setup { resume: resume.map(str::to_owned), ..setup("/x") };
        let mut open = Open { client: AcpProtocol::new(setup), out: Exchange::default() };
        open.client.open(&mut open.out);
        open.client.prompt(prompt(), &mut open.out);
        for reply in replies {
            open.line(reply);
        }
        let events = open.events();
        let ends = ends(&events);
        assert_eq!(ends.len(), 1, "{events:?}");
        ends[0].class.unwrap()
    };
    let initialized = json!({ "id": 1, "result": { "protocolVersion": 1 } });
    let error = |code: i64, message: &str| json!({ "id": 2, "error": { "code": code, "message": message } });
    assert_eq!(
        class(&[json!({ "id": 1, "result": { "protocolVersion": 2 } })], None),
        FailureClass::Internal
    );
    let no_key = error(-32000, "Gemini API key is missing or not configured.");
    assert_eq!(class(&[initialized.clone(), no_key], None), FailureClass::NotLoggedIn);
    assert_eq!(class(&[initialized.clone(), json!({ "id": 2, "result": {} })], None), FailureClass::Internal);
    assert_eq!(class(&[initialized], Some("S")), FailureClass::SessionUnknown);
    let loads =
        json!({ "id": 1, "result": { "protocolVersion": 1, "agentCapabilities": { "loadSession": true } } });
    let unknown = json!({ "id": 2, "error": { "code": -32603, "message": "Internal error", "data": { "details": "No previous sessions found for this project." } } });
    assert_eq!(class(&[loads, unknown], Some("S")), FailureClass::SessionUnknown);
}

#[test]
fn every_stop_reason_has_a_meaning() {
    let table = [
        ("end_turn", Outcome::Completed, None),
        ("cancelled", Outcome::Interrupted, None),
        ("max_tokens", Outcome::Failed, Some(FailureClass::OutputTruncated)),
        ("max_turn_requests", Outcome::Failed, Some(FailureClass::TurnLimit)),
        ("refusal", Outcome::Failed, Some(FailureClass::RefusedByModel)),
        ("dream", Outcome::Failed, Some(FailureClass::Unknown)),
    ];
    for (reason, outcome, class) in table {
        let mut open = Open::new();
        open.line(&json!({ "id": 3, "result": { "stopReason": reason } }));
        let events = open.events();
        assert_eq!((ends(&events)[0].outcome, ends(&events)[0].class), (outcome, class), "{reason}");
    }
}

#[test]
fn updates_of_every_kind_are_decided() {
    let mut open = Open::new();
    open.update(
        &json!({ "sessionUpdate": "plan", "entries": [{ "content": "a", "status": "in_progress" }] }),
    );
    open.update(&json!({ "sessionUpdate": "current_mode_update", "currentModeId": "plan" }));
    open.update(&json!({ "sessionUpdate": "available_commands_update", "availableCommands": [] }));
    open.update(&json!({ "sessionUpdate": "dream", "content": 7, "cost": "much" }));
    open.update(&json!({ "sessionUpdate": "plan", "entries": 7 }));
    open.line(&json!({ "method": "_auth/status_update", "params": {} }));
    open.line(&json!({ "method": "dream", "params": {} }));
    let expected = ["turn_started", "plan", "notice", "unrecognized", "malformed", "unrecognized"];
    assert_eq!(kinds(&open.events()), expected);
}

#[test]
fn half_a_surrogate_pair_is_no_reason_to_lose_a_text() {
    let mut open = Open::new();
    let line = br#"{"method":"session/update","params":{"sessionId":"S","update":{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"a\ud83d"}}}}"#;
    open.client.line(Line::Whole(line), &mut open.out);
    let Some(AgentEvent::Delta { text, .. }) = open.events().pop() else { panic!("{:?}", open.events()) };
    assert_eq!(text, "a\u{fffd}");
}

#[test]
fn a_process_that_ends_ends_its_turn() {
    let mut open = Open::new();
    open.update(
        &json!({ "sessionUpdate": "agent_message_chunk", "content": { "type": "text", "text": "half" } }),
    );
    open.client.prompt(prompt(), &mut open.out);
    open.client.close(Exit { signal: Some(9), ..Exit::default() }, b"", &mut open.out);
    let events = open.events();
    let outcomes: Vec<(Outcome, Option<&str>)> =
        ends(&events).iter().map(|end| (end.outcome, end.text.as_deref())).collect();
    assert_eq!(outcomes, [(Outcome::Vanished, Some("half")), (Outcome::Failed, None)]);
    open.client.prompt(prompt(), &mut open.out);
    assert_eq!(ends(&open.events()).len(), 3, "a prompt after the end fails at once");
}

static POOL: LazyLock<Vec<Value>> = LazyLock::new(|| {
    pool(&[
        recording!("gemini-acp-allow"),
        recording!("gemini-acp-err"),
        recording!("gemini-acp-cancel-perm"),
        recording!("acp-claude-allow"),
        recording!("acp-codex-mode-readonly"),
    ])
});

proptest! {
    #[test]
    fn every_prompt_ends_exactly_once(
        all in proptest::collection::vec(anything(POOL.len()), 0..60),
        modes in any::<bool>(),
    ) {
        let modes = if modes { vec!["plan", "default"] } else { Vec::new() };
        let mut client = AcpProtocol::new(Setup { modes, modes_required: true, ..setup("/x") });
        let mut out = Exchange::default();
        let prompts = live(&mut client, &POOL, &all, &mut out);
        let ended = out.events.iter().filter(|d| matches!(d.event, AgentEvent::TurnEnded { .. })).count();
        prop_assert_eq!(ended, prompts);
    }

    #[test]
    fn no_bytes_are_too_strange(lines in proptest::collection::vec(any::<Vec<u8>>(), 0..20)) {
        let mut client = AcpProtocol::new(setup("/x"));
        let mut out = Exchange::default();
        client.open(&mut out);
        for line in &lines {
            client.line(Line::Whole(line), &mut out);
        }
        client.close(Exit::default(), b"\xff", &mut out);
    }
}
