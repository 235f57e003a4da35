//! The words that are made for programs, the times that go with them, and what may never be read as an error.

use mo_core::outcome::{FailureClass, Outcome};
use mo_core::time::Timestamp;
use serde_json::{Value, json};

use crate::shapes::{self, Run};
use crate::{check, shown};

#[test]
fn words_for_programs_come_before_texts() {
    let misleading = "Not logged in: model not found, rate limit, context window, EROFS";
    let app = |info: Value| shapes::codex_app(&info, misleading);
    let reason =
        |word: &str| shapes::claude_result(&json!({"terminal_reason": word, "errors": [misleading]}));
    let table: Vec<(Run, FailureClass)> = vec![
        (app(json!("usageLimitExceeded")), FailureClass::UsageLimit),
        (app(json!("contextWindowExceeded")), FailureClass::ContextTooLong),
        (app(json!("sessionBudgetExceeded")), FailureClass::BudgetExhausted),
        (app(json!("serverOverloaded")), FailureClass::Overloaded),
        (app(json!("cyberPolicy")), FailureClass::RefusedByModel),
        (app(json!("tooManyDenials")), FailureClass::PermissionDenied),
        (app(json!("sandboxError")), FailureClass::Internal),
        (app(json!("modelNotFound")), FailureClass::ModelUnknown),
        (app(json!({"responseStreamConnectionFailed": {"httpStatusCode": null}})), FailureClass::Network),
        (app(json!({"httpConnectionFailed": {"httpStatusCode": 529}})), FailureClass::Overloaded),
        (
            app(json!({"responseTooManyFailedAttempts": {"httpStatusCode": 413}})),
            FailureClass::ContextTooLong,
        ),
        (reason("max_turns"), FailureClass::TurnLimit),
        (reason("prompt_too_long"), FailureClass::ContextTooLong),
        (reason("image_error"), FailureClass::ContextTooLong),
        (reason("budget_exhausted"), FailureClass::BudgetExhausted),
        (reason("structured_output_retry_exhausted"), FailureClass::StructuredOutputMissing),
        (shapes::claude_result(&json!({"subtype": "error_max_turns"})), FailureClass::TurnLimit),
        (shapes::claude_result(&json!({"subtype": "error_max_budget_usd"})), FailureClass::BudgetExhausted),
        (
            shapes::claude_api(
                &json!({"error": "rate_limit", "api_error": "usage_limit_reached"}),
                misleading,
            ),
            FailureClass::UsageLimit,
        ),
        (
            shapes::claude_api(&json!({"error": "billing_error", "api_error_status": 400}), misleading),
            FailureClass::UsageLimit,
        ),
        (shapes::gemini_fatal("FatalTurnLimitedError", misleading, 53), FailureClass::TurnLimit),
        (shapes::gemini_fatal("FatalUntrustedWorkspaceError", misleading, 55), FailureClass::UntrustedFolder),
        (shapes::gemini_result("FatalSandboxError", misleading, 44), FailureClass::Internal),
        (shapes::gemini_stderr(misleading, 53), FailureClass::TurnLimit),
        (
            shapes::acp_prompt(
                &json!({"code": -32603, "message": misleading, "data": {"errorKind": "billing_error"}}),
            ),
            FailureClass::UsageLimit,
        ),
    ];
    for (run, class) in &table {
        let end = check(run);
        assert_eq!((end.outcome, end.class), (Outcome::Failed, Some(*class)), "{run:?}");
    }
}

#[test]
fn what_says_nothing_stays_unknown() {
    for text in ["", "it did not work", "[ede_diagnostic] result_type=user", "Execution error"] {
        let runs = [
            shapes::claude_errors(text),
            shapes::codex_exec(text),
            shapes::codex_app(&json!("other"), text),
            shapes::gemini_result("unknown", text, 1),
            shapes::acp_prompt(&json!({"code": 1, "message": text})),
        ];
        for run in runs {
            assert_eq!(shown(&check(&run)), "failed unknown", "{run:?}");
        }
    }
}

/// Gemini's exit code comes after its `result`, and is waited for where the `result` does not say why.
#[test]
fn an_exit_code_says_what_the_closing_does_not() {
    assert_eq!(shown(&check(&shapes::gemini_result("unknown", "no", 173))), "failed rate_limited");
    assert_eq!(shown(&check(&shapes::gemini_result("unknown", "no", 1))), "failed unknown");
    assert_eq!(shown(&check(&shapes::gemini_error_line("no"))), "failed unknown");
}

#[test]
fn a_usage_limit_ends_when_the_agent_soundly_said_so() {
    let limit =
        |text: &str| shapes::claude_api(&json!({"error": "rate_limit", "api_error_status": 429}), text);
    let daily = "[API Error: You have exhausted your daily quota. Your quota will reset after 2h.]";
    let table = [
        (limit("You've hit your 5-hour limit · resets 11:05am (UTC)"), Some("2026-11-22T11:05:00Z")),
        (limit("You’ve hit your weekly limit · resets Nov 25, 2am (UTC)"), Some("2026-11-25T02:00:00Z")),
        (limit("You've hit your session limit · resets 3pm (America/Bogota)"), None),
        (shapes::claude_errors("Claude AI usage limit reached|1795345507"), Some("2026-11-22T11:05:07Z")),
        (shapes::codex_exec("You’ve hit your usage limit. Try again at 9:45 AM."), None),
        (shapes::codex_exec("You’ve hit your usage limit. Try again in 3 hours."), None),
        (shapes::gemini_result("unknown", daily, 173), Some("2026-11-22T10:51:24.046Z")),
        // A rate is no usage limit.
        (limit("API Error: Request rejected (429) · resets 11:05am (UTC)"), None),
    ];
    for (run, expected) in table {
        assert_eq!(check(&run).resets_at, expected.and_then(Timestamp::parse), "{run:?}");
    }
}

/// The text of every failure, said by a model, by a tool or by a file, changes nothing.
#[test]
fn what_a_model_or_a_file_says_is_no_error() {
    for variant in crate::variants::all() {
        let text = variant.text.as_str();
        for run in quoting(text) {
            let end = check(&run);
            assert_eq!((end.outcome, end.class), (Outcome::Completed, None), "{text}: {run:?}");
        }
        for run in quoting_and_cut_off(text) {
            let end = check(&run);
            assert_eq!((end.outcome, end.class), (Outcome::Vanished, None), "{text}: {run:?}");
        }
    }
}

fn lines(agent: &str, lines: &[Value], stderr: String, exit: i32) -> Run {
    let stdout = shapes::one_a_line(lines);
    let exit = mo_agents::protocol::Exit::from_number(exit);
    Run { agent: agent.parse().unwrap(), stdout, stderr, exit }
}

/// A turn of each CLI in which a reply and a tool's output say the text, up to its closing.
fn open_turns(text: &str) -> [(&'static str, Vec<Value>); 4] {
    let result = json!([{"type": "tool_result", "tool_use_id": "t", "is_error": true, "content": text}]);
    [
        (
            "claude",
            vec![
                json!({"type": "system", "subtype": "init", "session_id": "S"}),
                json!({"type": "assistant", "message": {"id": "m", "content": [{"type": "text", "text": text}]}}),
                json!({"type": "user", "message": {"content": result}}),
            ],
        ),
        (
            "codex",
            vec![
                json!({"type": "thread.started", "thread_id": "T"}),
                json!({"type": "turn.started"}),
                json!({"type": "item.completed", "item": {"id": "i", "type": "agent_message", "text": text}}),
                json!({"type": "item.completed", "item": {"id": "j", "type": "command_execution", "command": "x",
                       "aggregated_output": text, "exit_code": 1, "status": "failed"}}),
            ],
        ),
        (
            "gemini",
            vec![
                json!({"type": "init", "session_id": "S", "model": "m"}),
                json!({"type": "message", "role": "assistant", "content": text, "delta": true}),
                json!({"type": "tool_use", "tool_name": "x", "tool_id": "x", "parameters": {"a": text}}),
                json!({"type": "tool_result", "tool_id": "x", "status": "error",
                       "error": {"type": "unknown", "message": text}}),
            ],
        ),
        (
            "acp",
            vec![
                json!({"jsonrpc": "2.0", "id": 1, "result": {"sessionId": "S"}}),
                json!({"jsonrpc": "2.0", "method": "session/update", "params": {"sessionId": "S", "update":
                       {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}}}),
                json!({"jsonrpc": "2.0", "method": "session/update", "params": {"sessionId": "S", "update":
                       {"sessionUpdate": "tool_call_update", "toolCallId": "x", "status": "failed",
                        "content": [{"type": "content", "content": {"type": "text", "text": text}}]}}}),
            ],
        ),
    ]
}

fn quoting(text: &str) -> Vec<Run> {
    let closings = [
        json!({"type": "result", "subtype": "success", "is_error": false, "result": text}),
        json!({"type": "turn.completed", "usage": {}}),
        json!({"type": "result", "status": "success", "stats": {}}),
        json!({"jsonrpc": "2.0", "id": 2, "result": {"stopReason": "end_turn"}}),
    ];
    let close = |((agent, mut all), closing): ((&str, Vec<Value>), Value)| {
        all.push(closing);
        lines(agent, &all, String::new(), 0)
    };
    open_turns(text).into_iter().zip(closings).map(close).collect()
}

/// The same, killed before the closing, with what the CLIs write to stderr about a tool call that failed.
fn quoting_and_cut_off(text: &str) -> Vec<Run> {
    let quoted = format!("{text}\nmore:\n{text}\n");
    let stderr = |agent: &str| match agent {
        "codex" => {
            format!("2026-11-22T08:47:40.7Z ERROR codex_core::tools::router: error=patch failed: {quoted}")
        }
        "gemini" => format!("Error executing tool write_file: could not find in file: {quoted}"),
        _ => String::new(),
    };
    open_turns(text).into_iter().map(|(agent, all)| lines(agent, &all, stderr(agent), -9)).collect()
}
