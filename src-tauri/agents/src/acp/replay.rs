//! Replays a duplex recording of a real CLI against a live client: the CLI's lines are fed, what we would write is
//! compared with what was written then.

use std::collections::{HashMap, VecDeque};

use mo_core::agent_event::AgentEvent;
use mo_core::approval::Answer;
use mo_core::ids::RequestId;
use serde_json::Value;

use crate::protocol::{Exchange, Exit, Line, Protocol, TurnPrompt};

/// A replay that has come to its end.
pub(crate) struct Replayed {
    pub(crate) events: Vec<AgentEvent>,
    /// Each message of the recording beside ours.
    pub(crate) pairs: Vec<(Value, Value)>,
}

struct Replay<'a> {
    client: &'a mut dyn Protocol,
    out: Exchange,
    ours: VecDeque<Value>,
    /// The ids of the recording's requests and of ours.
    ids: HashMap<i64, Value>,
    pairs: Vec<(Value, Value)>,
}

/// The messages of a recording that was written by a client of the same protocol. Sends whose method is in `skip`
/// are ones that our client does not make; their answers are left out too.
pub(crate) fn replay(client: &mut dyn Protocol, recording: &str, skip: &[&str]) -> Replayed {
    let mut replay = Replay {
        client,
        out: Exchange::default(),
        ours: VecDeque::new(),
        ids: HashMap::new(),
        pairs: Vec::new(),
    };
    replay.client.open(&mut replay.out);
    for line in recording.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let message = &line["msg"];
        if line["dir"] == "send" {
            if !message["method"].as_str().is_some_and(|method| skip.contains(&method)) {
                replay.send(message);
            }
        } else {
            replay.receive(message);
        }
    }
    replay.client.close(Exit { code: Some(0), ..Exit::default() }, b"", &mut replay.out);
    replay.collect();
    assert!(replay.ours.is_empty(), "we wrote more than the recording: {:?}", replay.ours);
    let events = replay.out.events.into_iter().map(|decoded| decoded.event).collect();
    Replayed { events, pairs: replay.pairs }
}

impl Replay<'_> {
    /// The recording's client wrote this: make ours do the same.
    fn send(&mut self, message: &Value) {
        let params = &message["params"];
        match message["method"].as_str() {
            Some("turn/start") => {
                let text = params["input"][0]["text"].as_str().unwrap().to_owned();
                let schema = params.get("outputSchema").cloned();
                self.client.prompt(TurnPrompt { text, schema }, &mut self.out);
            }
            Some("session/prompt") => {
                let text = params["prompt"][0]["text"].as_str().unwrap().to_owned();
                self.client.prompt(TurnPrompt { text, schema: None }, &mut self.out);
            }
            Some("turn/interrupt" | "session/cancel") => self.client.cancel(&mut self.out),
            Some(_) => {}
            None => {
                let request = RequestId::new(message["id"].to_string());
                let chosen =
                    message.pointer("/result/outcome/optionId").or(message.pointer("/result/decision"));
                let allow = ["accept", "proceed_once", "allow-once", "allow_once"];
                let answer = match chosen.and_then(Value::as_str) {
                    Some(word) if allow.contains(&word) => Some(Answer::Allow),
                    Some(_) => Some(Answer::Deny { message: "no".to_owned() }),
                    // Answered as cancelled: our client does that with the cancel itself.
                    None => None,
                };
                if let Some(answer) = answer {
                    self.client.answer(&request, &answer, &mut self.out);
                }
            }
        }
        self.collect();
        let ours = self.ours.pop_front();
        let ours = ours.unwrap_or_else(|| panic!("the recording wrote {message}, we nothing"));
        assert_eq!(ours.get("method"), message.get("method"), "ours: {ours}, recorded: {message}");
        if let (Some(_), Some(id)) = (message.get("method"), message["id"].as_i64()) {
            self.ids.insert(id, ours["id"].clone());
        }
        self.pairs.push((message.clone(), ours));
    }

    fn receive(&mut self, message: &Value) {
        let mut message = message.clone();
        if message.get("method").is_none()
            && let Some(id) = message["id"].as_i64()
        {
            let Some(ours) = self.ids.get(&id) else { return };
            message["id"] = ours.clone();
        }
        let line = serde_json::to_vec(&message).unwrap();
        self.client.line(Line::Whole(&line), &mut self.out);
        self.collect();
    }

    fn collect(&mut self) {
        for line in std::mem::take(&mut self.out.send).split(|&b| b == b'\n').filter(|l| !l.is_empty()) {
            self.ours.push_back(serde_json::from_slice(line).unwrap());
        }
    }
}

impl Replayed {
    /// Ours for the recording's messages of one method.
    pub(crate) fn ours(&self, method: &str) -> Vec<&Value> {
        self.pairs.iter().filter(|(_, ours)| ours["method"] == method).map(|(_, ours)| ours).collect()
    }

    /// Asserts that our messages of these methods, and all answers, have the recording's params and results. Ids
    /// are our own.
    pub(crate) fn same(&self, methods: &[&str]) {
        for (recorded, ours) in &self.pairs {
            match ours["method"].as_str() {
                Some(method) if methods.contains(&method) => {
                    assert_eq!(ours["params"], recorded["params"], "{method}");
                }
                Some(_) => {}
                None => {
                    assert_eq!(ours["id"], recorded["id"]);
                    assert_eq!(ours["result"], recorded["result"]);
                }
            }
        }
    }

    /// The kinds of the durable events, in order.
    pub(crate) fn kinds(&self) -> Vec<String> {
        kinds(&self.events)
    }
}

/// The kinds of the durable events, in order.
pub(crate) fn kinds(events: &[AgentEvent]) -> Vec<String> {
    let durable = events.iter().filter(|event| event.is_durable());
    durable.map(|event| serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned()).collect()
}

/// The recording of that name.
macro_rules! recording {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/transcripts/", $name, ".jsonl"))
    };
}
pub(crate) use recording;
