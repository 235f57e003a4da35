//! The model server over a real socket, one API at a time, with a client of a few lines.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's own code may stop it")]

mod client;

use client::{Model, post};
use serde_json::{Value, json};

fn anthropic(prompt: &str, stream: bool, more: &Value) -> Value {
    let mut body =
        json!({"model": "claude-x", "stream": stream, "messages": [{"role": "user", "content": prompt}]});
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    body
}

fn openai(prompt: &str, tools: &Value) -> Value {
    json!({"model": "gpt-x", "stream": true, "tools": tools, "prompt_cache_key": "k",
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": prompt}]}]})
}

fn gemini(prompt: &str) -> Value {
    json!({"contents": [{"role": "user", "parts": [{"text": prompt}]}]})
}

#[test]
fn anthropic_streams_text_thought_and_tool_calls() {
    let model = Model::start(&json!({"rules": [{"steps": [
        {"thought": "hm", "text": "nonce is ${nonce}", "tool": {"name": "Write", "input": {"file_path": "/t/a"}}},
        {"structured": {"verdict": "approved"}},
    ]}]}));
    let reply = post(model.port(), "/v1/messages?beta=true", &anthropic("go\nnonce: 42", true, &json!({})));
    assert_eq!((reply.status, reply.whole), (200, true));
    let events = reply.events();
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds.first(), Some(&"message_start"));
    assert_eq!(kinds.last(), Some(&"message_stop"));
    let starts: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "content_block_start")
        .map(|event| event["content_block"]["type"].as_str().unwrap())
        .collect();
    assert_eq!(starts, ["thinking", "text", "tool_use"]);
    let text: String = events.iter().filter_map(|event| event["delta"]["text"].as_str()).collect();
    assert_eq!(text, "nonce is 42");
    let input: String = events.iter().filter_map(|event| event["delta"]["partial_json"].as_str()).collect();
    assert_eq!(serde_json::from_str::<Value>(&input).unwrap(), json!({"file_path": "/t/a"}));
    let stop = events.iter().find_map(|event| event["delta"]["stop_reason"].as_str());
    assert_eq!(stop, Some("tool_use"));
}

#[test]
fn anthropic_answers_a_schema_by_the_tool_where_it_is_offered() {
    let rules = json!({"rules": [{"steps": [{"structured": {"verdict": "approved"}}]}]});
    let model = Model::start(&rules);
    let offered = json!({"tools": [{"name": "StructuredOutput"}]});
    let with = post(model.port(), "/v1/messages", &anthropic("a", false, &offered)).json();
    assert_eq!(with["content"][0]["name"], "StructuredOutput");
    assert_eq!(with["content"][0]["input"], json!({"verdict": "approved"}));
    let without = post(model.port(), "/v1/messages", &anthropic("b", false, &json!({}))).json();
    assert_eq!(without["content"][0]["text"], r#"{"verdict":"approved"}"#);
    assert_eq!(without["stop_reason"], "end_turn");
}

#[test]
fn openai_streams_messages_calls_and_patches() {
    let model = Model::start(&json!({"rules": [{"steps": [
        {"thought": "hm", "text": "hello", "tools": [
            {"name": "exec_command", "input": {"cmd": "ls"}}, {"name": "apply_patch", "input": "*** Begin Patch"}]},
    ]}]}));
    let tools =
        json!([{"type": "function", "name": "exec_command"}, {"type": "custom", "name": "apply_patch"}]);
    for path in ["/v1/responses", "/responses"] {
        let events = post(model.port(), path, &openai("go", &tools)).events();
        assert_eq!(events.first().unwrap()["type"], "response.created");
        let done = events.last().unwrap();
        assert_eq!(done["type"], "response.completed");
        let output = done["response"]["output"].as_array().unwrap();
        let kinds: Vec<_> = output.iter().map(|item| item["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["reasoning", "message", "function_call", "custom_tool_call"]);
        assert_eq!(output[2]["arguments"], r#"{"cmd":"ls"}"#);
        assert_eq!(output[3]["input"], "*** Begin Patch");
        assert!(done["response"]["usage"]["total_tokens"].as_u64().unwrap() > 0);
    }
}

#[test]
fn gemini_streams_and_answers_its_router_without_the_script() {
    let model = Model::start(&json!({"rules": [{"when": {"api": "gemini", "contains": "go"}, "steps": [
        {"thought": "hm", "text": "hello", "tool": {"name": "write_file", "input": {"file_path": "a"}}},
    ]}]}));
    let mut side = gemini("go");
    side["generationConfig"] = json!({"responseMimeType": "application/json", "responseJsonSchema": {"type": "OBJECT",
        "properties": {"complexity_score": {"type": "INTEGER"}, "choice": {"type": "STRING", "enum": ["flash", "pro"]}}}});
    let side = post(model.port(), "/v1beta/models/lite:generateContent", &side).json();
    let text = side["candidates"][0]["content"]["parts"][0]["text"].as_str().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(text).unwrap(),
        json!({"complexity_score": 1, "choice": "flash"})
    );

    let events = post(model.port(), "/v1beta/models/m:streamGenerateContent?alt=sse", &gemini("go")).events();
    let parts: Vec<&Value> =
        events.iter().map(|event| &event["candidates"][0]["content"]["parts"][0]).collect();
    assert_eq!(parts[0], &json!({"text": "hm", "thought": true}));
    assert_eq!(parts[1]["text"], "hello");
    assert_eq!(parts[2]["functionCall"]["name"], "write_file");
    assert_eq!(events.last().unwrap()["candidates"][0]["finishReason"], "STOP");
    let count = post(model.port(), "/v1beta/models/m:countTokens", &gemini("go")).json();
    assert!(count["totalTokens"].as_u64().unwrap() > 0);
}

#[test]
fn errors_come_in_each_api_s_own_shape() {
    let step = json!({"error": {"status": 429, "body": "slow down", "headers": {"retry-after": "7"}}});
    let model = Model::start(&json!({"rules": [{"steps": [step]}]}));
    let a = post(model.port(), "/v1/messages", &anthropic("go", true, &json!({})));
    assert_eq!((a.status, a.header("retry-after")), (429, Some("7")));
    assert_eq!(a.json()["error"], json!({"type": "rate_limit_error", "message": "slow down"}));
    let o = post(model.port(), "/v1/responses", &openai("go", &json!([])));
    assert_eq!((o.status, o.json()["error"]["code"].clone()), (429, json!("rate_limit_exceeded")));
    let g = post(model.port(), "/v1beta/models/m:streamGenerateContent", &gemini("go"));
    assert_eq!((g.status, g.json()["error"]["status"].clone()), (429, json!("RESOURCE_EXHAUSTED")));
}

#[test]
fn a_disconnect_breaks_the_stream_and_the_retry_goes_on() {
    let model = Model::start(
        &json!({"rules": [{"steps": [{"text": "half", "disconnect": true}, {"text": "whole"}]}]}),
    );
    let body = anthropic("go", true, &json!({}));
    let broken = post(model.port(), "/v1/messages", &body);
    assert!(!broken.whole && broken.body.contains("half") && !broken.body.contains("message_stop"));
    let retry = post(model.port(), "/v1/messages", &body);
    assert!(retry.whole && retry.body.contains("whole"));
}

#[test]
fn a_hang_says_its_text_and_keeps_the_connection_open() {
    let model = Model::start(&json!({"rules": [{"steps": [{"text": "half", "hang": true}]}]}));
    let mut open = client::open(model.port(), "POST", "/v1/messages", &anthropic("go", true, &json!({})));
    open.read_until("half");
    assert!(open.is_still_open(), "the server closed a hanging stream");
    // Other requests are answered meanwhile.
    assert_eq!(client::send(model.port(), "HEAD", "/", &Value::Null).status, 200);
}

#[test]
fn a_request_that_no_rule_knows_is_refused_and_logged() {
    let model = Model::start(&json!({"rules": [{"when": {"contains": "go"}, "steps": [{"text": "x"}]}]}));
    let refused = post(model.port(), "/v1/messages", &anthropic("what now", true, &json!({})));
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("no rule of the script matches"), "{}", refused.body);
    assert_eq!(post(model.port(), "/v1/messages/count_tokens", &json!({})).status, 200);
    assert_eq!(client::send(model.port(), "GET", "/v1/models", &Value::Null).status, 200);
    assert_eq!(client::send(model.port(), "POST", "/api/event_logging", &json!({})).status, 404);
    let log = model.log();
    assert_eq!(log.len(), 4);
    assert_eq!(
        (log[0]["rule"].clone(), log[0]["body"]["messages"][0]["content"].clone()),
        (Value::Null, json!("what now"))
    );
    assert!(log[0]["refused"].is_string());
    assert_eq!(log[3]["side"], "other");
}

#[test]
fn it_ends_when_its_stdin_closes_even_with_a_hanging_stream() {
    let mut model = Model::start(&json!({"rules": [{"steps": [{"text": "half", "hang": true}]}]}));
    let mut open = client::open(model.port(), "POST", "/v1/messages", &anthropic("go", true, &json!({})));
    open.read_until("half");
    assert!(model.close().success());
}

#[test]
fn wrong_usage_and_wrong_scripts_are_said() {
    let (code, said) = client::run(&["--port", "x"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("`x` is not a port"), "{said}");
    let (code, said) = client::run(&["--script", "/nonexistent/script.json"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("/nonexistent/script.json"), "{said}");
}
