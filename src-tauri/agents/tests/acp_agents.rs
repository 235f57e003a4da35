//! The live ACP client with agents that are none of the three CLIs: opencode 1.18.33 as it really answered
//! (`recordings/`, a scripted model on loopback), and what goose and others are documented to offer.

#![allow(clippy::unwrap_used, reason = "a broken recording fails the test")]

use mo_agents::kinds;
use mo_agents::launch::{Access, LaunchSpec, Permission};
use mo_agents::protocol::{Exchange, Exit, Line, Protocol, TurnPrompt};
use mo_core::agent_event::AgentEvent;
use mo_core::approval::{Action, Answer};
use mo_core::outcome::{FailureClass, Outcome, TurnEnd};
use serde_json::{Value, json};

struct Talk {
    client: Box<dyn Protocol>,
    out: Exchange,
}

impl Talk {
    fn new(access: Access, model: Option<&str>, resume: Option<&str>) -> Self {
        let mut client = kinds::protocol(&LaunchSpec {
            agent: "acp".parse().unwrap(),
            program: "opencode".into(),
            cwd: "/t/w".into(),
            add_dirs: vec![],
            access,
            permission: Permission::Ask,
            model: model.map(str::to_owned),
            args: vec!["acp".to_owned()],
            resume: resume.map(str::to_owned),
            skip_git_repo_check: false,
            skip_trust: false,
            schema: None,
            files_dir: "/files".into(),
        });
        let mut out = Exchange::default();
        client.open(&mut out);
        client.prompt(TurnPrompt { text: "go".to_owned(), schema: None }, &mut out);
        Self { client, out }
    }

    /// What we have written since the last look.
    fn sent(&mut self) -> Vec<Value> {
        let sent = std::mem::take(&mut self.out.send);
        let lines = sent.split(|&b| b == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    /// The agent answers our last request.
    fn answers(&mut self, request: &Value, member: &str, answer: &Value) -> Vec<Value> {
        self.says(&json!({"jsonrpc": "2.0", "id": request["id"], member: answer}))
    }

    fn says(&mut self, message: &Value) -> Vec<Value> {
        self.client.line(Line::Whole(message.to_string().as_bytes()), &mut self.out);
        self.sent()
    }

    fn events(&self) -> Vec<&AgentEvent> {
        self.out.events.iter().map(|decoded| &decoded.event).collect()
    }

    fn end(&self) -> Option<&TurnEnd> {
        self.events().into_iter().find_map(|event| match event {
            AgentEvent::TurnEnded { end } => Some(end),
            _ => None,
        })
    }

    fn notices(&self) -> Vec<&str> {
        let notices = self.out.events.iter().filter_map(|decoded| match &decoded.event {
            AgentEvent::Notice { code, .. } => Some(code.as_str()),
            _ => None,
        });
        notices.collect()
    }
}

/// What opencode said, in order.
fn recorded(name: &str) -> Vec<Value> {
    let path = format!("{}/tests/recordings/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["dir"] == "recv").map(|line| line["msg"].clone()).collect()
}

/// A conversation with the recorded opencode up to the end of its first turn; every question gets this answer.
fn with_opencode(name: &str, access: Access, answer: &Answer) -> (Talk, Vec<Value>) {
    let mut talk = Talk::new(access, None, None);
    let mut all = talk.sent();
    let mut open = all.clone();
    for mut message in recorded(name) {
        if talk.end().is_some() {
            break;
        }
        let mut sent = Vec::new();
        if message["method"].is_null() {
            // Our requests go out one after the other: the last one is what is answered.
            message["id"] = open.last().unwrap()["id"].clone();
        }
        sent.extend(talk.says(&message));
        if message["method"] == "session/request_permission" {
            let request = talk.events().into_iter().rev().find_map(|event| match event {
                AgentEvent::ApprovalRequested { request } => Some(request.request.clone()),
                _ => None,
            });
            talk.client.answer(&request.unwrap(), answer, &mut talk.out);
            sent.extend(talk.sent());
        }
        open.extend(sent.iter().filter(|ours| ours["method"].is_string()).cloned());
        all.extend(sent);
    }
    (talk, all)
}

fn methods(sent: &[Value]) -> Vec<&str> {
    sent.iter().filter_map(|message| message["method"].as_str()).collect()
}

#[test]
fn opencode_writes_after_it_was_asked_and_allowed() {
    let (talk, sent) = with_opencode("opencode-write", Access::Write, &Answer::Allow);
    assert_eq!(methods(&sent), ["initialize", "session/new", "session/prompt"]);
    let asked = talk.events().into_iter().find_map(|event| match event {
        AgentEvent::ApprovalRequested { request } => Some(&request.action),
        _ => None,
    });
    assert!(matches!(asked, Some(Action::Write { paths, .. }) if *paths == ["/t/w/new.txt"]), "{asked:?}");
    assert!(sent.iter().any(|ours| ours["result"]["outcome"]["optionId"] == "once"), "{sent:?}");
    // It asks for our file system though none was offered, and goes on without.
    assert!(sent.iter().any(|ours| ours["error"]["code"] == -32601), "{sent:?}");
    assert!(talk.events().iter().any(|event| matches!(event, AgentEvent::FilesChanged { .. })));
    let end = talk.end().unwrap();
    assert_eq!((end.outcome, end.text.as_deref()), (Outcome::Completed, Some("hello there")));
    assert_eq!(end.usage.map(mo_core::outcome::Usage::total), Some(8));
    // Its only writing mode asks what the person's configuration says: that is told.
    assert_eq!(talk.notices(), ["mode_not_offered", "capability_not_offered"]);
}

/// opencode has no `modes`, only config options: without them a reviewer would run in its writing mode.
#[test]
fn opencode_is_put_into_its_plan_mode_for_read_only_work() {
    let deny = Answer::Deny { message: "no".to_owned() };
    let (talk, sent) = with_opencode("opencode-plan", Access::ReadOnly, &deny);
    assert_eq!(methods(&sent), ["initialize", "session/new", "session/set_config_option", "session/prompt"]);
    let chosen = &sent.iter().find(|ours| ours["method"] == "session/set_config_option").unwrap()["params"];
    assert_eq!((&chosen["configId"], &chosen["value"]), (&json!("mode"), &json!("plan")));
    assert!(chosen["sessionId"].as_str().is_some_and(|id| id.starts_with("ses_")));
    // In its plan mode it still asks to write; the refusal is by the option that refuses once.
    assert!(sent.iter().any(|ours| ours["result"]["outcome"]["optionId"] == "reject"), "{sent:?}");
    assert_eq!(talk.end().unwrap().outcome, Outcome::Completed);
}

#[test]
fn opencodes_failures_are_typed() {
    let (talk, _) = with_opencode("opencode-bad-key", Access::Write, &Answer::Allow);
    let end = talk.end().unwrap();
    assert_eq!((end.outcome, end.class), (Outcome::Failed, Some(FailureClass::AuthInvalid)));
    assert_eq!(end.text.as_deref(), Some("Internal error: Incorrect API key provided"));
}

#[test]
fn a_session_that_opencode_does_not_know_is_session_unknown() {
    let mut talk = Talk::new(Access::Write, None, Some("ses_nope"));
    let initialize = talk.sent().remove(0);
    let initialized = recorded("opencode-write")[0]["result"].clone();
    let resume = talk.answers(&initialize, "result", &initialized).remove(0);
    assert_eq!(
        (&resume["method"], &resume["params"]["sessionId"]),
        (&json!("session/resume"), &json!("ses_nope"))
    );
    let error = recorded("opencode-write").into_iter().find(|message| !message["error"].is_null()).unwrap();
    talk.answers(&resume, "error", &error["error"]);
    let end = talk.end().unwrap();
    assert_eq!((end.outcome, end.class), (Outcome::Failed, Some(FailureClass::SessionUnknown)));
}

fn opened(access: Access, model: Option<&str>, session: &Value) -> (Talk, Vec<Value>) {
    let mut talk = Talk::new(access, model, None);
    let initialize = talk.sent().remove(0);
    let new = talk.answers(&initialize, "result", &json!({"protocolVersion": 1})).remove(0);
    let sent = talk.answers(&new, "result", session);
    (talk, sent)
}

/// What the known agents offer, and what is set for reading and for writing work.
#[test]
fn the_mode_that_asks_is_set() {
    let modes = |now: &str, all: &[&str]| {
        let all: Vec<Value> = all.iter().map(|id| json!({"id": id, "name": id})).collect();
        json!({"sessionId": "S", "modes": {"currentModeId": now, "availableModes": all}})
    };
    let uri = "https://agentclientprotocol.com/protocol/session-modes#plan";
    let table = [
        (
            "claude-agent-acp",
            modes("default", &["default", "acceptEdits", "plan", "auto"]),
            Some("plan"),
            None,
        ),
        (
            "codex-acp",
            modes("agent", &["read-only", "workspace-write", "agent", "agent-full-access"]),
            Some("read-only"),
            Some("read-only"),
        ),
        (
            "goose",
            modes("auto", &["auto", "approve", "smart_approve", "chat"]),
            Some("approve"),
            Some("approve"),
        ),
        ("an agent with URIs", modes("x#agent", &["x#agent", uri, "x#Ask"]), Some(uri), Some("x#Ask")),
        ("nothing that is known", modes("yolo", &["yolo", "auto"]), None, None),
        ("no modes", json!({"sessionId": "S"}), None, None),
    ];
    for (agent, session, reading, writing) in table {
        for (access, expected) in [(Access::ReadOnly, reading), (Access::Write, writing)] {
            let (talk, sent) = opened(access, None, &session);
            let chosen = sent.iter().find(|ours| ours["method"] == "session/set_mode");
            assert_eq!(
                chosen.and_then(|ours| ours["params"]["modeId"].as_str()),
                expected,
                "{agent} {access:?}"
            );
            let told = talk.notices().contains(&"mode_not_offered");
            assert_eq!(told, agent == "nothing that is known", "{agent} {access:?}");
        }
    }
}

#[test]
fn config_options_are_read_in_groups_and_without_category() {
    let session = json!({"sessionId": "S", "configOptions": [
        {"id": "model", "type": "select", "currentValue": "a/one", "options": [
            {"group": "a", "name": "A", "options": [{"value": "a/one"}, {"value": "a/two"}]},
            {"group": "b", "name": "B", "options": [{"value": "b/two"}, {"value": "b/three"}]}]},
        {"id": "permissions", "category": "mode", "type": "select", "currentValue": "code",
         "options": [{"value": "ask"}, {"value": "code"}]}]});
    let settings = |model: &str| {
        let (mut talk, mut sent) = opened(Access::Write, Some(model), &session);
        let mut made = Vec::new();
        while let Some(ours) = sent.pop().filter(|ours| ours["method"] == "session/set_config_option") {
            made.push((ours["params"]["configId"].clone(), ours["params"]["value"].clone()));
            sent = talk.answers(&ours, "result", &json!({"configOptions": []}));
        }
        (made, talk.notices().contains(&"model_unavailable"))
    };
    let ask = (json!("permissions"), json!("ask"));
    assert_eq!(settings("b/three"), (vec![ask.clone(), (json!("model"), json!("b/three"))], false));
    assert_eq!(settings("three"), (vec![ask.clone(), (json!("model"), json!("b/three"))], false));
    // Which of two it is cannot be told; the one that is on already needs no setting.
    assert_eq!(settings("two"), (vec![ask.clone()], true));
    assert_eq!(settings("a/one"), (vec![ask], false));
}

#[test]
fn who_must_log_in_is_told_how_in_the_agents_own_words() {
    let methods = json!([
        {"id": "opencode-login", "name": "Login with opencode", "description": "Run `opencode auth login` in the terminal"},
        {"id": "key", "name": "API key", "type": "env_var", "vars": [{"name": "X_API_KEY"}]}]);
    let initialized = json!({"protocolVersion": 1, "authMethods": methods});
    let error = json!({"code": -32000, "message": "Authentication required"});
    let words = "Authentication required (the agent's ways to log in: Login with opencode: Run `opencode auth login` in the terminal; API key [X_API_KEY])";
    // At the session's opening, and at a prompt.
    for at_prompt in [false, true] {
        let mut talk = Talk::new(Access::Write, None, None);
        let initialize = talk.sent().remove(0);
        let mut last = talk.answers(&initialize, "result", &initialized).remove(0);
        if at_prompt {
            last = talk.answers(&last, "result", &json!({"sessionId": "S"})).remove(0);
            assert_eq!(last["method"], "session/prompt");
        }
        talk.answers(&last, "error", &error);
        let end = talk.end().unwrap();
        assert_eq!((end.outcome, end.class), (Outcome::Failed, Some(FailureClass::NotLoggedIn)));
        assert_eq!(end.text.as_deref(), Some(words));
    }
    // An error that names fewer ways says which of them are meant.
    let mut talk = Talk::new(Access::Write, None, None);
    let initialize = talk.sent().remove(0);
    let new = talk.answers(&initialize, "result", &initialized).remove(0);
    let narrow = json!({"code": -32000, "message": "Authentication required", "data": {"authMethods": [{"id": "key"}]}});
    talk.answers(&new, "error", &narrow);
    let text = talk.end().unwrap().text.clone().unwrap();
    assert_eq!(text, "Authentication required (the agent's ways to log in: key)");
    talk.client.close(Exit::from_number(0), b"", &mut talk.out);
    assert_eq!(talk.events().iter().filter(|e| matches!(e, AgentEvent::TurnEnded { .. })).count(), 1);
}

/// An agent that offers neither is not asked, and a fresh session is not passed off as the old one.
#[test]
fn a_session_is_loaded_only_where_that_is_offered() {
    let offers = |capabilities: Value| {
        let mut talk = Talk::new(Access::Write, None, Some("OLD"));
        let initialize = talk.sent().remove(0);
        let initialized = json!({"protocolVersion": 1, "agentCapabilities": capabilities});
        let sent = talk.answers(&initialize, "result", &initialized);
        (sent.first().map(|ours| ours["method"].clone()), talk.end().and_then(|end| end.class))
    };
    assert_eq!(offers(json!({"loadSession": true})), (Some(json!("session/load")), None));
    let both = json!({"loadSession": true, "sessionCapabilities": {"resume": {}}});
    assert_eq!(offers(both), (Some(json!("session/resume")), None));
    assert_eq!(offers(json!({"loadSession": false})), (None, Some(FailureClass::SessionUnknown)));
    assert_eq!(offers(json!({})), (None, Some(FailureClass::SessionUnknown)));
}
