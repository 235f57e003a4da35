//! Each wire format is read into the same shape; the bodies are cut-down ones that the real CLIs sent.

use serde_json::json;

use crate::conversation::{Api, Asked, Part};

fn parts(asked: &Asked) -> Vec<Part> {
    asked.said.iter().map(|(part, _)| *part).collect()
}

#[test]
fn claude_prompts_results_and_reminders_are_told_apart() {
    let body = json!({
        "model": "claude-opus-5-5", "stream": true, "system": [{"type": "text", "text": "You are Claude"}],
        "metadata": {"user_id": "{\"device_id\":\"d\",\"session_id\":\"s-1\"}"},
        "tools": [{"name": "Write"}, {"name": "StructuredOutput"}],
        "messages": [
            {"role": "user", "content": "build it\nnonce: 1"},
            {"role": "system", "content": [{"type": "text", "text": " - Primary working directory: /t/w"}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "Write", "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "written"}]},
                {"type": "text", "text": "<system-reminder>careful</system-reminder>"},
                {"type": "text", "text": "second prompt"}]},
            {"role": "user", "content": [{"type": "text", "text": "[structured-output-enforce] You MUST call"}]},
        ]
    });
    let asked = Asked::read(Api::Anthropic, "/v1/messages", &body);
    assert_eq!(
        parts(&asked),
        [
            Part::Prompt,
            Part::Injected,
            Part::Model,
            Part::ToolResult,
            Part::Injected,
            Part::Prompt,
            Part::Injected
        ]
    );
    assert_eq!(
        asked.prompts().map(|(_, text)| text).collect::<Vec<_>>(),
        ["build it\nnonce: 1", "second prompt"]
    );
    assert_eq!(asked.session.as_deref(), Some("s-1"));
    assert!(asked.stream && asked.answered_since(0) && !asked.answered_since(5));
    assert!(asked.offer("StructuredOutput").is_some() && asked.offer("Bash").is_none());
    assert!(asked.anywhere("written") && !asked.in_role("written") && asked.in_role("You are Claude"));
}

#[test]
fn codex_items_are_told_apart() {
    let body = json!({
        "model": "gpt-5.5", "stream": true, "prompt_cache_key": "th-1",
        "tools": [{"type": "function", "name": "exec_command"}, {"type": "custom", "name": "apply_patch"}],
        "text": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
        "input": [
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "You are Codex"}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "<environment_context>\n  <cwd>/t/w</cwd>"}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "review it"}]},
            {"type": "reasoning", "summary": []},
            {"type": "function_call", "name": "exec_command", "arguments": "{}", "call_id": "c"},
            {"type": "function_call_output", "call_id": "c", "output": "hello"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "done"}]},
        ]
    });
    let asked = Asked::read(Api::Openai, "/v1/responses", &body);
    assert_eq!(
        parts(&asked),
        [
            Part::Injected,
            Part::Injected,
            Part::Prompt,
            Part::Model,
            Part::Model,
            Part::ToolResult,
            Part::Model
        ]
    );
    assert!(asked.offer("apply_patch").is_some_and(|offer| offer.freeform));
    assert!(asked.offer("exec_command").is_some_and(|offer| !offer.freeform));
    assert_eq!(asked.schema, Some(json!({"type": "object"})));
    assert_eq!(asked.session.as_deref(), Some("th-1"));
}

#[test]
fn gemini_contents_are_told_apart() {
    let body = json!({
        "systemInstruction": {"parts": [{"text": "You are Gemini"}], "role": "user"},
        "tools": [{"functionDeclarations": [{"name": "read_file"}, {"name": "write_file"}]}],
        "contents": [
            {"role": "user", "parts": [{"text": "<session_context>\nThis is"}, {"text": "build it"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "read_file", "args": {}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "read_file", "response": {"output": "hello"}}}]},
        ]
    });
    let asked = Asked::read(Api::Gemini, "/v1beta/models/gemini-2.5-flash:streamGenerateContent", &body);
    assert_eq!(parts(&asked), [Part::Injected, Part::Prompt, Part::Model, Part::ToolResult]);
    assert_eq!((asked.model.as_str(), asked.stream), ("gemini-2.5-flash", true));
    assert_eq!(asked.prompts().next(), Some((1, "build it")));
    assert_eq!(asked.offers.len(), 2);
}

#[test]
fn a_body_of_another_shape_is_an_empty_conversation() {
    for api in [Api::Anthropic, Api::Openai, Api::Gemini] {
        for body in
            [json!(null), json!([]), json!({"messages": 1, "input": {}, "contents": "x", "tools": {}})]
        {
            let asked = Asked::read(api, "/x", &body);
            assert_eq!(asked.prompts().count(), 0, "{api:?} {body}");
        }
    }
}
