use mo_core::agent_event::{
    AgentEvent, DeltaOf, FileTouch, NoticeLevel, PlanEntry, PlanStatus, ToolKind, ToolStatus, TouchKind,
};
use mo_core::ids::ItemId;
use mo_core::outcome::{FailureClass, Outcome, TurnEnd, Usage};
use mo_core::time::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::ClaudeDecoder;
use crate::decode::Decoder;
use crate::protocol::{Exchange, Exit, Line};

fn decode(lines: &[Value]) -> Vec<AgentEvent> {
    let mut decoder = ClaudeDecoder::new();
    let mut out = Exchange::default();
    for line in lines {
        decoder.line(Line::Whole(line.to_string().as_bytes()), &mut out);
    }
    out.events.into_iter().map(|decoded| decoded.event).filter(|e| *e != AgentEvent::TurnStarted).collect()
}

fn decode_bytes(line: &[u8]) -> Vec<AgentEvent> {
    let mut out = Exchange::default();
    ClaudeDecoder::new().line(Line::Whole(line), &mut out);
    out.events.into_iter().map(|decoded| decoded.event).collect()
}

fn assistant(content: &Value) -> Value {
    json!({"type": "assistant", "message": {"id": "m", "role": "assistant", "content": content},
           "parent_tool_use_id": null, "session_id": "s"})
}

fn stream(event: &Value) -> Value {
    json!({"type": "stream_event", "event": event, "session_id": "s", "parent_tool_use_id": null})
}

fn ended(lines: &[Value]) -> TurnEnd {
    let end = decode(lines).into_iter().find_map(|event| match event {
        AgentEvent::TurnEnded { end } => Some(end),
        _ => None,
    });
    end.unwrap()
}

#[test]
fn a_message_and_its_milestones() {
    let events = decode(&[assistant(&json!([{"type": "text", "text": "ok\nMILESTONE: parser works"}]))]);
    let item = ItemId::new("m:0");
    let text = "ok\nMILESTONE: parser works".to_owned();
    let milestone = AgentEvent::Milestone { text: "parser works".into() };
    assert_eq!(events, [AgentEvent::Message { item, text }, milestone]);
}

#[test]
fn a_subagents_messages_reach_no_milestone_and_change_no_plan() {
    let todo = json!({"todos": [{"content": "a", "status": "pending"}]});
    let content = json!([{"type": "text", "text": "MILESTONE: mine"},
                         {"type": "tool_use", "id": "t", "name": "TodoWrite", "input": todo}]);
    let mut line = assistant(&content);
    line["parent_tool_use_id"] = json!("parent");
    let events = decode(&[line]);
    assert!(
        matches!(events.as_slice(), [AgentEvent::Message { .. }, AgentEvent::ToolStarted { .. }]),
        "{events:?}"
    );
}

#[test]
fn deltas_belong_to_the_item_that_follows() {
    let lines = [
        stream(&json!({"type": "message_start", "message": {"id": "m", "content": []}})),
        stream(&json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}})),
        stream(&json!({"type": "content_block_delta", "index": 0,
                       "delta": {"type": "thinking_delta", "thinking": "hm"}})),
        stream(&json!({"type": "content_block_delta", "index": 0,
                       "delta": {"type": "signature_delta", "signature": "x"}})),
        assistant(&json!([{"type": "thinking", "thinking": "hm", "signature": "x"}])),
        stream(&json!({"type": "content_block_stop", "index": 0})),
        stream(&json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text"}})),
        stream(&json!({"type": "content_block_delta", "index": 1,
                       "delta": {"type": "text_delta", "text": "Hi"}})),
        assistant(&json!([{"type": "text", "text": "Hi"}])),
        stream(&json!({"type": "content_block_stop", "index": 1})),
        stream(&json!({"type": "content_block_start", "index": 2,
                       "content_block": {"type": "tool_use", "id": "t1", "name": "Read", "input": {}}})),
        stream(&json!({"type": "content_block_delta", "index": 2,
                       "delta": {"type": "input_json_delta", "partial_json": "{\"file"}})),
        assistant(&json!([{"type": "tool_use", "id": "t1", "name": "Read", "input": {"file_path": "/a"}}])),
        stream(&json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"},
                       "usage": {"input_tokens": 5, "output_tokens": 7, "cache_read_input_tokens": null}})),
        stream(&json!({"type": "message_stop"})),
    ];
    let delta =
        |item: &str, of, text: &str| AgentEvent::Delta { item: ItemId::new(item), of, text: text.into() };
    let expected = [
        delta("m:0", DeltaOf::Thought, "hm"),
        AgentEvent::Thought { item: ItemId::new("m:0"), text: "hm".into() },
        delta("m:1", DeltaOf::Message, "Hi"),
        AgentEvent::Message { item: ItemId::new("m:1"), text: "Hi".into() },
        delta("t1", DeltaOf::ToolInput, "{\"file"),
        AgentEvent::ToolStarted {
            item: ItemId::new("t1"),
            tool: ToolKind::Read,
            title: "Read /a".into(),
            input: json!({"file_path": "/a"}),
        },
        AgentEvent::UsageReported { usage: Usage { input_tokens: 5, output_tokens: 7, cached_tokens: 0 } },
    ];
    assert_eq!(decode(&lines), expected);
}

#[test]
fn a_call_and_how_it_ended() {
    let call = |name: &str, input: Value| {
        assistant(&json!([{"type": "tool_use", "id": "t", "name": name, "input": input}]))
    };
    let done = |content: Value, error: bool, more: Value| {
        let mut line = json!({"type": "user", "message": {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t", "content": content, "is_error": error}]}});
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line
    };
    let rejected = json!({"tool_result_meta": [{"id": "t", "permission_decision": {"decision": "reject"}}]});
    let cancelled = json!({"tool_result_meta": [{"id": "t", "non_execution_kind": "cancelled"}]});
    let waiting = json!({"tool_result_meta": [{"id": "t", "non_execution_kind": "user-rejected"}]});
    let interrupted = json!({"tool_use_result": {"stdout": "", "interrupted": true}});
    let table = [
        (done(json!("fine"), false, json!({})), ToolStatus::Completed, None, "fine"),
        (
            done(json!([{"type": "text", "text": "a"}, {"type": "image"}]), false, json!({})),
            ToolStatus::Completed,
            None,
            "a\n[image]",
        ),
        (done(json!("Exit code 3\nno"), true, json!({})), ToolStatus::Failed, Some(3), "Exit code 3\nno"),
        (done(json!("no"), true, rejected), ToolStatus::Declined, None, "no"),
        (done(json!("no"), true, cancelled), ToolStatus::Cancelled, None, "no"),
        (done(json!("no"), true, waiting), ToolStatus::Cancelled, None, "no"),
        (done(json!(""), false, interrupted), ToolStatus::Cancelled, None, ""),
        (
            done(json!("odd meta"), false, json!({"tool_result_meta": 7, "tool_use_result": "text"})),
            ToolStatus::Completed,
            None,
            "odd meta",
        ),
    ];
    for (result, status, exit_code, output) in table {
        let events = decode(&[call("Bash", json!({"command": "x"})), result]);
        let expected =
            AgentEvent::ToolEnded { item: ItemId::new("t"), status, exit_code, output: output.into() };
        assert_eq!(events.get(1..), Some(&[expected][..]));
    }

    let made = json!({"tool_use_result": {"type": "create", "filePath": "/a"}});
    for (more, change) in [(made, TouchKind::Added), (json!({}), TouchKind::Changed)] {
        let lines = [call("Write", json!({"file_path": "/a"})), done(json!("ok"), false, more)];
        let changes = vec![FileTouch { path: "/a".into(), change }];
        let status = ToolStatus::Completed;
        let expected = AgentEvent::FilesChanged { item: ItemId::new("t"), changes, status };
        assert_eq!(decode(&lines).last(), Some(&expected));
    }
}

#[test]
fn a_todo_list_is_a_plan() {
    let todos = json!({"todos": [{"content": "a", "status": "completed", "activeForm": "doing a"},
                                 {"content": "b", "status": "in_progress"},
                                 {"content": "c", "status": "pending"}]});
    let events =
        decode(&[assistant(&json!([{"type": "tool_use", "id": "t", "name": "TodoWrite", "input": todos}]))]);
    let entry = |text: &str, status| PlanEntry { text: text.into(), status };
    let entries = vec![
        entry("a", PlanStatus::Completed),
        entry("b", PlanStatus::InProgress),
        entry("c", PlanStatus::Pending),
    ];
    assert_eq!(events.last(), Some(&AgentEvent::Plan { entries }));
}

#[test]
fn the_time_of_a_line_is_kept() {
    let mut line = assistant(&json!("plain text"));
    line["timestamp"] = json!("2026-11-22T08:41:29.717Z");
    let mut out = Exchange::default();
    ClaudeDecoder::new().line(Line::Whole(line.to_string().as_bytes()), &mut out);
    let at = Timestamp::parse("2026-11-22T08:41:29.717Z");
    assert!(at.is_some() && out.events.len() == 2 && out.events.iter().all(|decoded| decoded.at == at));
}

#[test]
fn what_a_result_means() {
    let failed = |class| (Outcome::Failed, Some(class));
    let completed = (Outcome::Completed, None);
    let interrupted = (Outcome::Interrupted, None);
    let table = [
        (json!({"subtype": "success", "is_error": false, "terminal_reason": "completed"}), completed),
        (json!({"subtype": "success", "is_error": false}), completed),
        (json!({"subtype": "success"}), failed(FailureClass::Unknown)),
        (json!({}), failed(FailureClass::Unknown)),
        (json!({"subtype": "success", "is_error": "false"}), failed(FailureClass::Unknown)),
        (
            json!({"subtype": "success", "is_error": false, "terminal_reason": "tool_deferred"}),
            failed(FailureClass::Internal),
        ),
        (json!({"subtype": "success", "is_error": false, "terminal_reason": "hook_stopped"}), interrupted),
        (
            json!({"subtype": "error_during_execution", "is_error": true,
                "terminal_reason": "aborted_streaming"}),
            interrupted,
        ),
        (json!({"subtype": "error_during_execution", "is_error": true}), failed(FailureClass::Unknown)),
        (
            json!({"subtype": "error_during_execution", "is_error": true,
                "errors": ["No conversation found with session ID: x"]}),
            failed(FailureClass::SessionUnknown),
        ),
        (json!({"subtype": "error_max_turns", "is_error": true}), failed(FailureClass::TurnLimit)),
        (json!({"subtype": "error_max_budget_usd", "is_error": true}), failed(FailureClass::BudgetExhausted)),
        (
            json!({"subtype": "success", "is_error": true, "terminal_reason": "prompt_too_long"}),
            failed(FailureClass::ContextTooLong),
        ),
        (
            json!({"subtype": "success", "is_error": true, "api_error_status": 529}),
            failed(FailureClass::Overloaded),
        ),
    ];
    for (mut line, expected) in table {
        line["type"] = json!("result");
        let end = ended(std::slice::from_ref(&line));
        assert_eq!((end.outcome, end.class), expected, "{line}");
    }
}

#[test]
fn the_error_before_a_result_gives_its_class() {
    let table = [
        (json!({"error": "authentication_failed"}), FailureClass::NotLoggedIn),
        (json!({"error": "authentication_failed", "api_error_status": 401}), FailureClass::AuthInvalid),
        (json!({"error": "billing_error", "api_error_status": 400}), FailureClass::UsageLimit),
        (json!({"error": "rate_limit", "api_error_status": 429}), FailureClass::RateLimited),
        (json!({"error": "rate_limit", "api_error": "usage_limit_reached"}), FailureClass::UsageLimit),
        (json!({"error": "server_error", "api_error": "connection_failed"}), FailureClass::Network),
        (json!({"error": "server_error", "api_error_status": 500}), FailureClass::Overloaded),
        (json!({"error": "model_not_found", "api_error_status": 404}), FailureClass::ModelUnknown),
        (json!({"error": "invalid_request", "api_error_status": 413}), FailureClass::ContextTooLong),
        (json!({"error": "invalid_request", "api_error_status": 400}), FailureClass::BadArguments),
        (json!({"error": "a_new_word"}), FailureClass::Unknown),
    ];
    let result = json!({"type": "result", "subtype": "success", "is_error": true,
                        "terminal_reason": "api_error", "result": "what was said"});
    for (more, class) in table {
        let mut line = assistant(&json!([{"type": "text", "text": "what was said"}]));
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let end = ended(&[line.clone(), result.clone()]);
        assert_eq!((end.outcome, end.class), (Outcome::Failed, Some(class)), "{more}");
        assert_eq!(end.text.as_deref(), Some("what was said"));
        assert!(matches!(&decode(&[line])[..],
            [AgentEvent::Notice { level: NoticeLevel::Error, code, .. }] if *code == more["error"]));
    }
}

#[test]
fn a_usage_limit_says_when_it_ends() {
    let limit = json!({"type": "rate_limit_event", "rate_limit_info":
                       {"status": "rejected", "resetsAt": 1_795_345_507, "rateLimitType": "five_hour"}});
    let mut error = assistant(&json!([{"type": "text", "text": "limit"}]));
    error["error"] = json!("rate_limit");
    error["api_error"] = json!("usage_limit_reached");
    let result = json!({"type": "result", "subtype": "success", "is_error": true});
    let end = ended(&[limit, error, result]);
    assert_eq!(end.class, Some(FailureClass::UsageLimit));
    assert_eq!(end.resets_at, Some(Timestamp(1_795_345_507_000)));
}

#[test]
fn cost_and_tokens_are_the_turns_own() {
    let result = |total: f64, usage: u64, all: u64| {
        json!({"type": "result", "subtype": "success", "is_error": false, "total_cost_usd": total,
               "usage": {"input_tokens": usage, "output_tokens": usage, "cache_read_input_tokens": 0},
               "modelUsage": {"m": {"inputTokens": all, "outputTokens": all, "cacheReadInputTokens": 0}}})
    };
    let lines = [result(0.000_183_999_999_999_999_97, 11, 11), result(0.003, 0, 40), result(0.0031, 2, 42)];
    let ends: Vec<_> = decode(&lines)
        .into_iter()
        .filter_map(|event| match event {
            AgentEvent::TurnEnded { end } => Some((end.cost_usd, end.usage.map(|usage| usage.input_tokens))),
            _ => None,
        })
        .collect();
    let expected = [
        (Some(0.000_183_999_999_999_999_97), Some(11)),
        (Some(0.002_816), Some(29)),
        (Some(0.0001), Some(2)),
    ];
    assert_eq!(ends, expected);
}

#[test]
fn bad_lines_are_malformed_and_unknown_ones_unrecognized() {
    let malformed: [&[u8]; 9] = [
        b"hello",
        b"{\"type\":\"assistant\"",
        b"{}",
        b"7",
        b"[1",
        b"{\"type\":\"assistant\",\"message\":7}",
        b"{\"type\":\"brand_new\",",
        b"{\"type\":\"user\",\"message\":{\"content\":\"\xff\"}}",
        b"{\"type\":\"control_request\"}",
    ];
    for line in malformed {
        let events = decode_bytes(line);
        let [AgentEvent::Malformed { bytes, .. }] = events.as_slice() else {
            panic!("{}: {events:?}", String::from_utf8_lossy(line))
        };
        assert_eq!(*bytes, line.len() as u64);
    }
    let unknown = [
        (json!({"type": "brand_new"}), "brand_new"),
        (json!({"type": "system", "subtype": "brand_new"}), "system/brand_new"),
        (stream(&json!({"type": "brand_new"})), "stream_event/brand_new"),
        (assistant(&json!([{"type": "brand_new"}])), "assistant/brand_new"),
    ];
    for (line, kind) in unknown {
        assert_eq!(decode(&[line]), [AgentEvent::Unrecognized { kind: kind.into() }]);
    }
    for blank in [&b""[..], b"  ", b"\r"] {
        assert_eq!(decode_bytes(blank), []);
    }
}

#[test]
fn a_line_that_is_too_long_ends_the_turn_only_if_it_was_the_result() {
    let long = |excerpt: &[u8]| {
        let mut decoder = ClaudeDecoder::new();
        let mut out = Exchange::default();
        decoder.line(Line::TooLong { excerpt, bytes: 9_000_000 }, &mut out);
        out.events.into_iter().map(|decoded| decoded.event).collect::<Vec<_>>()
    };
    let events = long(b"{\"type\":\"user\",\"message\":");
    assert!(matches!(events.as_slice(), [AgentEvent::Malformed { bytes: 9_000_000, .. }]));
    let events = long(b"{\"duration_api_ms\":3,\"result\":\"");
    let [AgentEvent::Malformed { .. }, AgentEvent::TurnEnded { end }] = events.as_slice() else { panic!() };
    assert_eq!(end.outcome, Outcome::Failed);
}

#[test]
fn json_output_is_one_object_or_a_list_of_all_lines() {
    let result = json!({"num_turns": 1, "type": "result", "subtype": "success", "is_error": false,
                        "result": "hi", "session_id": "s", "structured_output": {"a": 1}});
    let init = json!({"type": "system", "subtype": "init", "session_id": "s", "model": "m",
                      "claude_code_version": "2.1.330"});
    let end = ended(std::slice::from_ref(&result));
    assert_eq!((end.text.as_deref(), end.structured), (Some("hi"), Some(json!({"a": 1}))));
    let events = decode(&[json!([init, result])]);
    let started = AgentEvent::SessionStarted {
        agent_session: "s".into(),
        model: Some("m".into()),
        version: Some("2.1.330".into()),
    };
    assert_eq!(events.first(), Some(&started));
    assert!(matches!(events.as_slice(), [_, AgentEvent::TurnEnded { .. }]));
    let nested = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    assert!(matches!(decode_bytes(nested.as_bytes()).as_slice(), [AgentEvent::Malformed { .. }]));
}

#[test]
fn half_a_surrogate_does_not_lose_the_line() {
    let line =
        br#"{"type":"assistant","message":{"id":"m","content":[{"type":"text","text":"cut \ud83d"}]}}"#;
    let events = decode_bytes(line);
    assert!(
        matches!(&events[..], [_, AgentEvent::Message { text, .. }] if text == "cut \u{fffd}"),
        "{events:?}"
    );
}

#[test]
fn memory_stays_bounded_when_nothing_is_ever_closed() {
    let mut decoder = ClaudeDecoder::new();
    let mut out = Exchange::default();
    for i in 0..5_000 {
        let line = json!({"type": "assistant", "message": {"id": format!("m{i}"), "content": [
            {"type": "tool_use", "id": format!("t{i}"), "name": "Write", "input": {"file_path": "/a"}}]}});
        decoder.line(Line::Whole(line.to_string().as_bytes()), &mut out);
        let start =
            stream(&json!({"type": "content_block_start", "index": i, "content_block": {"type": "text"}}));
        decoder.line(Line::Whole(start.to_string().as_bytes()), &mut out);
        out.events.clear();
    }
    assert!(format!("{decoder:?}").len() < 100_000);
}

proptest! {
    #[test]
    fn any_bytes_decode(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..20)) {
        let mut decoder = ClaudeDecoder::new();
        let mut out = Exchange::default();
        for line in &lines {
            decoder.line(Line::Whole(line), &mut out);
        }
        decoder.close(Exit::default(), b"", &mut out);
        let ends = out.events.iter().filter(|d| matches!(d.event, AgentEvent::TurnEnded { .. })).count();
        prop_assert_eq!(ends, 1);
    }
}
