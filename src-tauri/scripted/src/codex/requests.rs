//! What the client of the app-server asks.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::Codex;
use super::wire::{self, Thread, TurnObject};
use crate::dialect::{Prompt, Told};
use crate::out::Out;
use crate::{stamp, store};

const INVALID_REQUEST: i64 = -32600;

impl Codex {
    /// Takes a line of the client.
    pub(super) fn told(&mut self, line: &[u8], out: &mut Out) -> Vec<Told> {
        if line.trim_ascii().is_empty() {
            return Vec::new();
        }
        let Ok(message) = serde_json::from_slice::<Value>(line) else {
            eprintln!("ERROR codex_app_server: Failed to deserialize JSONRPCMessage");
            return Vec::new();
        };
        let id = message["id"].clone();
        let Some(method) = message["method"].as_str() else {
            return vec![Told::Answer { request: id.to_string(), body: message }];
        };
        match self.request(method, &id, &message["params"], out) {
            Ok(told) => told,
            Err(why) => {
                if !id.is_null() {
                    out.line(&json!({"error": {"code": INVALID_REQUEST, "message": why}, "id": id}));
                }
                Vec::new()
            }
        }
    }

    fn request(
        &mut self,
        method: &str,
        id: &Value,
        params: &Value,
        out: &mut Out,
    ) -> Result<Vec<Told>, String> {
        if !self.initialized && method != "initialize" {
            return Err("Not initialized".to_owned());
        }
        let result = match method {
            "initialize" => self.initialize(params)?,
            "initialized" => {
                let status = json!({
                    "status": "disabled", "serverName": "scripted", "installationId": stamp::uuid(),
                    "environmentId": null,
                });
                out.line(&wire::notify("remoteControl/status/changed", &status));
                return Ok(Vec::new());
            }
            "thread/start" => {
                let thread = self.new_thread(params)?;
                self.cwd = PathBuf::from(&thread.cwd);
                self.kept = Some(store::Session::new(thread.id.clone(), self.cwd.clone()));
                self.keep();
                out.line(&json!({"id": id, "result": thread.started(&[])}));
                out.line(&wire::notify("thread/started", &json!({"thread": thread.object(&[])})));
                self.thread = Some(thread);
                return Ok(Vec::new());
            }
            "thread/resume" => {
                let mut result = self.resume(params)?;
                if params["excludeTurns"] == true {
                    result["thread"]["turns"] = json!([]);
                    out.line(&json!({"id": id, "result": result}));
                    self.status(&json!({"type": "idle"}), out);
                    return Ok(Vec::new());
                }
                let notice = json!({
                    "summary": "Full-history hydration is deprecated for paginated threads; use `excludeTurns: true`, then page with `thread/turns/list` and `thread/items/list`.",
                    "details": null,
                });
                out.line(&wire::notify("deprecationNotice", &notice));
                out.line(&json!({"id": id, "result": result}));
                self.status(&json!({"type": "idle"}), out);
                return Ok(Vec::new());
            }
            "turn/start" => return self.turn_start(id, params).map(|prompt| vec![Told::Prompt(prompt)]),
            "turn/interrupt" => {
                out.line(&json!({"id": id, "result": {}}));
                return Ok(vec![Told::Interrupt]);
            }
            "turn/steer" if self.turn.is_some() => {
                let result = json!({"turnId": self.turn_id()});
                out.line(&json!({"id": id, "result": result}));
                self.user_message(&text_of(&params["input"]), out);
                return Ok(Vec::new());
            }
            "turn/steer" => return Err("no active turn to steer".to_owned()),
            other => {
                return Err(format!(
                    "Invalid request: unknown variant `{other}`, expected one of `initialize`, `thread/start`, `thread/resume`, `turn/start`, `turn/steer`, `turn/interrupt`"
                ));
            }
        };
        out.line(&json!({"id": id, "result": result}));
        Ok(Vec::new())
    }

    fn initialize(&mut self, params: &Value) -> Result<Value, String> {
        if self.initialized {
            return Err("Already initialized".to_owned());
        }
        let client = &params["clientInfo"];
        let name = client["name"].as_str().ok_or("Invalid request: missing field `clientInfo`")?;
        let version = client["version"].as_str().unwrap_or_default();
        self.initialized = true;
        name.clone_into(&mut self.client);
        let home = std::env::var("HOME").unwrap_or_default();
        Ok(json!({
            "userAgent": format!("{name}/{} (Linux; x86_64) dumb ({name}; {version})", self.version),
            "codexHome": std::env::var("CODEX_HOME").unwrap_or_else(|_| format!("{home}/.codex")),
            "platformFamily": "unix", "platformOs": std::env::consts::OS,
        }))
    }

    fn new_thread(&self, params: &Value) -> Result<Thread, String> {
        let mode = params["sandbox"].as_str().unwrap_or("read-only");
        Ok(Thread {
            id: stamp::uuid_by_time(),
            cwd: params["cwd"].as_str().map_or_else(|| self.cwd.display().to_string(), str::to_owned),
            model: params["model"].as_str().unwrap_or(&self.model).to_owned(),
            version: self.version.clone(),
            originator: self.client.clone(),
            created_s: stamp::now_s(),
            preview: String::new(),
            approval: approval(&params["approvalPolicy"])?,
            sandbox: wire::sandbox(mode).ok_or_else(|| {
                format!(
                    "Invalid request: unknown variant `{mode}`, expected one of `read-only`, `workspace-write`, `danger-full-access`"
                )
            })?,
        })
    }

    fn resume(&mut self, params: &Value) -> Result<Value, String> {
        let id = thread_id(params)?;
        let kept = self.store.session(&id).ok_or_else(|| format!("no rollout found for thread id {id}"))?;
        let mut params = params.clone();
        if params["cwd"].is_null() {
            params["cwd"] = json!(kept.cwd);
        }
        let mut thread = self.new_thread(&params)?;
        thread.id.clone_from(&kept.id);
        thread.created_s = kept.created_ms / 1000;
        thread.preview = kept.exchanges.first().map(|first| first.prompt.clone()).unwrap_or_default();
        let turns: Vec<Value> = kept.exchanges.iter().map(|exchange| past_turn(&kept, exchange)).collect();
        let result = thread.resumed(&turns);
        self.cwd = PathBuf::from(&thread.cwd);
        self.thread = Some(thread);
        self.kept = Some(kept);
        Ok(result)
    }

    fn turn_start(&mut self, id: &Value, params: &Value) -> Result<Prompt, String> {
        let asked = thread_id(params)?;
        let Some(thread) = self.thread.as_mut().filter(|thread| thread.id == asked) else {
            return Err(format!("thread not found: {asked}"));
        };
        if !params["approvalPolicy"].is_null() {
            thread.approval = approval(&params["approvalPolicy"])?;
        }
        if !params["sandboxPolicy"].is_null() {
            thread.sandbox = params["sandboxPolicy"].clone();
        }
        Ok(Prompt {
            text: text_of(&params["input"]),
            reply_to: id.clone(),
            schema: !params["outputSchema"].is_null(),
        })
    }
}

fn thread_id(params: &Value) -> Result<String, String> {
    let id = params["threadId"].as_str().ok_or("Invalid request: missing field `threadId`")?;
    uuid::Uuid::parse_str(id).map_err(|why| format!("invalid thread id: {why}"))?;
    Ok(id.to_owned())
}

fn approval(given: &Value) -> Result<Value, String> {
    match given {
        Value::Null => Ok(json!("on-request")),
        Value::Object(object) if object.contains_key("granular") => Ok(given.clone()),
        Value::String(word) if matches!(word.as_str(), "untrusted" | "on-request" | "never") => {
            Ok(given.clone())
        }
        other => Err(format!(
            "Invalid request: unknown variant `{}`, expected one of `untrusted`, `on-request`, `granular`, `never`",
            other.as_str().unwrap_or_default()
        )),
    }
}

fn text_of(input: &Value) -> String {
    let texts: Vec<&str> =
        input.as_array().into_iter().flatten().filter_map(|part| part["text"].as_str()).collect();
    texts.join("\n")
}

fn past_turn(kept: &store::Session, exchange: &store::Exchange) -> Value {
    let at = kept.created_ms;
    let items = vec![
        json!({
            "type": "userMessage", "id": stamp::uuid_by_time(), "clientId": null,
            "content": [{"type": "text", "text": exchange.prompt, "text_elements": []}],
            "startedAtMs": at, "completedAtMs": at,
        }),
        wire::agent_message(&stamp::tagged("msg_", 12), &exchange.answer, at, Some(at)),
    ];
    let turn = TurnObject {
        id: &stamp::uuid_by_time(),
        status: "completed",
        items,
        error: Value::Null,
        started_ms: Some(at),
        ended_ms: Some(at),
    };
    let mut turn = turn.json();
    turn["itemsView"] = json!("full");
    turn
}
