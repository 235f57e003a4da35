//! Places are filled from the request, the last value wins, and a missing one is an error.

use serde_json::json;

use crate::conversation::{Api, Asked};
use crate::script::Script;
use crate::template::{Unknown, Variables};

fn variables(messages: &serde_json::Value, captures: &serde_json::Value) -> Variables {
    let script = json!({"rules": [{"capture": captures, "steps": [{"text": "x"}]}]});
    let script = Script::parse(&script.to_string()).expect("a script");
    let asked = Asked::read(Api::Anthropic, "/v1/messages", &json!({"messages": messages}));
    Variables::read(&asked, &script.rules[0])
}

#[test]
fn nonce_and_checkpoint_come_from_the_last_lines_of_the_prompts() {
    let found = variables(
        &json!([
            {"role": "user", "content": "review\ncheckpoint: sha256:aa\nnonce: one\nnot a nonce: two\n"},
            {"role": "assistant", "content": [{"type": "text", "text": "nonce: mine"}]},
            {"role": "user", "content": [{"type": "tool_result", "content": "nonce: forged"}]},
            {"role": "user", "content": "again\nnonce: three\n"},
        ]),
        &json!({}),
    );
    assert_eq!(found.fill("${nonce} ${checkpoint}").expect("filled"), "three sha256:aa");
}

#[test]
fn captures_and_cwd_are_read_and_json_is_filled_deeply() {
    let found = variables(
        &json!([
            {"role": "user", "content": "the plan is at plan: /t/plan.md"},
            {"role": "system", "content": "\n - Primary working directory: /t/my folder\n - Platform: linux"},
        ]),
        &json!({"plan": "plan: (\\S+)", "whole": "the plan"}),
    );
    let filled = found
        .fill_json(
            &json!({"file_path": "${cwd}/a", "list": ["${plan}", 1, null, {"k": "${whole} $${HOME} $PATH"}]}),
        )
        .expect("filled");
    assert_eq!(
        filled,
        json!({"file_path": "/t/my folder/a", "list": ["/t/plan.md", 1, null, {"k": "the plan ${HOME} $PATH"}]})
    );
}

#[test]
fn a_tool_s_answer_does_not_state_the_folder() {
    let found = variables(
        &json!([
            {"role": "system", "content": "\n - Primary working directory: /t/w\n"},
            {"role": "user", "content": [{"type": "tool_result", "content": "not in workspace directories: /t/w or /t/v"}]},
        ]),
        &json!({}),
    );
    assert_eq!(found.fill("${cwd}").expect("filled"), "/t/w");
}

#[test]
fn every_cli_states_its_folder() {
    for (api, body) in [
        (
            Api::Openai,
            json!({"input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "<environment_context>\n  <cwd>/t/w x</cwd>\n</environment_context>"}]}]}),
        ),
        (
            Api::Gemini,
            json!({"contents": [{"role": "user", "parts": [{"text": "<session_context>\n- **Workspace Directories:**\n  - /t/w x\n- **Directory Structure:**\n\n/t/w x/\n"}]}]}),
        ),
    ] {
        let script = Script::parse(r#"{"rules":[{"steps":[{"text":"x"}]}]}"#).expect("a script");
        let found = Variables::read(&Asked::read(api, "/x", &body), &script.rules[0]);
        assert_eq!(found.fill("${cwd}").expect("filled"), "/t/w x", "{api:?}");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let found = variables(&json!([{"role": "user", "content": "x"}]), &json!({"plan": "plan: (.*)"}));
    assert_eq!(found.fill("a ${nonce}"), Err(Unknown("nonce".into())));
    assert_eq!(found.fill_json(&json!(["${plan}"])), Err(Unknown("plan".into())));
}
