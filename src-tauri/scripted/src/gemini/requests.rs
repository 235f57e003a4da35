//! What the client of the ACP agent asks.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::Gemini;
use super::wire;
use crate::dialect::{Prompt, Told};
use crate::out::Out;
use crate::script::Load;
use crate::{stamp, store};

impl Gemini {
    /// Takes a line of the client.
    pub(super) fn told(&mut self, line: &[u8], out: &mut Out) -> Vec<Told> {
        if line.trim_ascii().is_empty() {
            return Vec::new();
        }
        let Ok(message) = serde_json::from_slice::<Value>(line) else {
            let error = json!({"code": -32700, "message": "Parse error"});
            out.line(&json!({"jsonrpc": "2.0", "id": null, "error": error}));
            return Vec::new();
        };
        let id = message["id"].clone();
        let Some(method) = message["method"].as_str() else {
            return vec![Told::Answer { request: id.to_string(), body: message }];
        };
        let params = &message["params"];
        let answer = match method {
            "session/prompt" => match self.of_session(params) {
                Ok(()) => {
                    let prompt = Prompt { text: text_of(&params["prompt"]), reply_to: id, schema: false };
                    return vec![Told::Prompt(prompt)];
                }
                Err(error) => Err(error),
            },
            "session/cancel" => return vec![Told::Interrupt],
            "initialize" => Ok(wire::initialized(&self.version)),
            "authenticate" => Ok(json!({})),
            "session/new" => self.new_session(params),
            "session/load" => self.load_session(params, out),
            "session/set_mode" => self.of_session(params).and_then(|()| self.set_mode(params, out)),
            "session/set_model" => self.of_session(params).map(|()| {
                params["modelId"].as_str().unwrap_or_default().clone_into(&mut self.model);
                json!({})
            }),
            other => Err(json!({
                "code": -32601, "message": format!("\"Method not found\": {other}"), "data": {"method": other},
            })),
        };
        let opened = answer.is_ok() && matches!(method, "session/new" | "session/load");
        if !id.is_null() {
            out.line(&match answer {
                Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
                Err(error) => json!({"jsonrpc": "2.0", "id": id, "error": error}),
            });
        }
        if opened {
            self.replay(out);
            self.update(&wire::commands(), out);
        }
        Vec::new()
    }

    fn of_session(&self, params: &Value) -> Result<(), Value> {
        let asked = params["sessionId"].as_str().unwrap_or_default();
        if self.session.is_some() && asked == self.session_id() {
            return Ok(());
        }
        Err(json!({"code": -32602, "message": format!("Session not found: {asked}")}))
    }

    fn cwd_of(&self, params: &Value) -> PathBuf {
        params["cwd"].as_str().map_or_else(|| self.cwd.clone(), PathBuf::from)
    }

    fn new_session(&mut self, params: &Value) -> Result<Value, Value> {
        if !self.logged_in {
            // gemini-acp-nokey.
            let message = "Gemini API key is missing or not configured.";
            return Err(json!({"code": -32000, "message": message}));
        }
        self.cwd = self.cwd_of(params);
        let session = store::Session::new(stamp::uuid(), self.cwd.clone());
        let mut result = wire::settings(&self.mode, &self.model);
        result["sessionId"] = json!(session.id);
        self.session = Some(session);
        self.keep();
        Ok(result)
    }

    /// gemini-acp-load, gemini-loadminute-*: bound to the folder, and, as 0.61.0 does it, destroyed when it is
    /// loaded in the minute of its creation.
    fn load_session(&mut self, params: &Value, _out: &mut Out) -> Result<Value, Value> {
        const MINUTE_MS: i64 = 60_000;
        let id = params["sessionId"].as_str().unwrap_or_default();
        let cwd = self.cwd_of(params);
        let home = std::env::var("HOME").unwrap_or_default();
        let unknown = || {
            let details = format!(
                "Invalid session identifier \"{id}\".\n  Searched for sessions in {home}/.gemini/tmp/{}/chats.\n  Use --list-sessions to see available sessions, then use --resume {{number}}, --resume {{uuid}}, or --resume latest.",
                cwd.file_name().unwrap_or_default().to_string_lossy()
            );
            json!({"code": -32603, "message": "Internal error", "data": {"details": details}})
        };
        let mut session = self.store.session(id).filter(|session| session.cwd == cwd).ok_or_else(unknown)?;
        let too_early = session.created_ms / MINUTE_MS == stamp::now_ms() / MINUTE_MS;
        if too_early && self.load == Load::AsReal {
            session.exchanges.clear();
            session.cwd = PathBuf::new();
            self.session = Some(session);
            self.keep();
            self.session = None;
            return Err(unknown());
        }
        self.cwd = cwd;
        self.session = Some(session);
        Ok(wire::settings(&self.mode, &self.model))
    }

    /// What was said before, after a load.
    fn replay(&self, out: &mut Out) {
        for exchange in self.session.iter().flat_map(|session| &session.exchanges) {
            self.update(&wire::chunk("user_message_chunk", &exchange.prompt), out);
            self.update(&wire::chunk("agent_message_chunk", &exchange.answer), out);
        }
    }

    fn set_mode(&mut self, params: &Value, out: &mut Out) -> Result<Value, Value> {
        let mode = params["modeId"].as_str().unwrap_or_default();
        if !wire::MODES.contains(&mode) {
            let details = format!("Invalid or unavailable mode: {mode}");
            return Err(json!({"code": -32603, "message": "Internal error", "data": {"details": details}}));
        }
        mode.clone_into(&mut self.mode);
        self.update(&wire::chunk("agent_message_chunk", &format!("[MODE_UPDATE] {mode}")), out);
        Ok(json!({}))
    }
}

fn text_of(prompt: &Value) -> String {
    let texts: Vec<&str> =
        prompt.as_array().into_iter().flatten().filter_map(|part| part["text"].as_str()).collect();
    texts.join("\n")
}
