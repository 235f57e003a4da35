//! How a turn of Claude Code ended: its `result` line, or the process's own end. `subtype` alone says nothing: an
//! API failure is `success` with `is_error`, an interruption exits with 0 (facts: agent-clis §0.1, §3, §5).

use mo_core::outcome::{FailureClass, Outcome, TurnEnd, Usage};
use mo_core::time::Timestamp;
use serde_json::Value;

use super::failure::{self, ApiFailure};
use super::spent::TurnCost;
use super::wire::TokenCounts;
use crate::protocol::Exit;
use crate::shared::json::str_at;
use crate::shared::resets;
use crate::shared::text::stderr_text;
use crate::shared::unclosed::{Cause, unclosed};

/// With which codes the CLI exits after SIGINT and SIGTERM where no `result` came.
const SIGNAL_CODES: [i32; 2] = [130, 143];

/// What the lines of a turn told before its closing.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// A request that failed for good.
    pub(super) failure: Option<ApiFailure>,
    /// A request that failed and is made again.
    pub(super) retrying: Option<ApiFailure>,
    /// When a usage limit that is reached ends.
    pub(super) resets_at: Option<Timestamp>,
}

/// Reads a `result`.
pub(super) fn turn_end(result: &Value, told: &Told, cost: TurnCost) -> TurnEnd {
    let (outcome, class) = outcome(result, told.failure.as_ref());
    let text = text(result);
    let limited = class == Some(FailureClass::UsageLimit);
    let named = || resets::in_text(text.as_deref()?, told.failure.as_ref().and_then(|f| f.at));
    TurnEnd {
        outcome,
        class,
        structured: result.get("structured_output").filter(|value| !value.is_null()).cloned(),
        usage: cost.tokens,
        cost_usd: cost.usd,
        resets_at: if limited { told.resets_at.or_else(named) } else { None },
        resets_in_ms: None,
        text,
    }
}

/// The closing of a turn whose `result` came but cannot be read: nobody knows how it ended.
pub(super) fn unreadable(reason: &str) -> TurnEnd {
    let end = TurnEnd::bare(Outcome::Failed, Some(FailureClass::Unknown));
    TurnEnd { text: Some(format!("the closing message cannot be read: {reason}")), ..end }
}

fn outcome(result: &Value, failure: Option<&ApiFailure>) -> (Outcome, Option<FailureClass>) {
    let subtype = str_at(result, "/subtype");
    let reason = str_at(result, "/terminal_reason");
    let fine = subtype == Some("success") && result.get("is_error") == Some(&Value::Bool(false));
    match reason {
        None | Some("completed") if fine => (Outcome::Completed, None),
        Some(reason) if failure::is_interruption(reason) => (Outcome::Interrupted, None),
        _ => (Outcome::Failed, Some(failure::of_result(result, failure))),
    }
}

fn text(result: &Value) -> Option<String> {
    if let Some(text) = str_at(result, "/result") {
        return Some(text.to_owned());
    }
    let errors = result.get("errors")?.as_array()?;
    let lines: Vec<&str> = errors.iter().filter_map(Value::as_str).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

impl TokenCounts {
    /// As the model's own word.
    pub(super) fn usage(self) -> Usage {
        Usage {
            input_tokens: self.input.unwrap_or(0),
            output_tokens: self.output.unwrap_or(0),
            cached_tokens: self.cached.unwrap_or(0),
        }
    }
}

/// The end of a turn whose `result` never came.
pub(super) fn without_result(exit: Exit, began: bool, stderr: &[u8], told: &Told) -> TurnEnd {
    let class = failure::by_stderr(stderr, began);
    let error = class.or_else(|| told.failure.as_ref().and_then(failure::of_request));
    let cause = Cause { error, retrying: told.retrying.as_ref().and_then(failure::of_retry) };
    let said = |failure: &ApiFailure| Some(failure.text.clone()).filter(|text| !text.is_empty());
    let text = stderr_text(stderr).or_else(|| told.failure.as_ref().and_then(said));
    let mut end = unclosed(exit, &SIGNAL_CODES, began, cause, text);
    end.resets_at = told.resets_at.filter(|_| end.class == Some(FailureClass::UsageLimit));
    end
}
