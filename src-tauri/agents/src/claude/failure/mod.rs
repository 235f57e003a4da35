//! Why a turn of Claude Code failed (facts/agent-clis.md §5).

mod machine;
mod texts;

use mo_core::outcome::FailureClass;
use mo_core::time::Timestamp;
use serde_json::Value;

use crate::shared::failure::{self, Meaning, body, status};
use crate::shared::json::str_at;
use crate::shared::text::without_ansi;

/// What an `assistant` line with `error` told: the CLI's own words about a request that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ApiFailure {
    /// The word in `error`, such as `authentication_failed`.
    pub(super) error: String,
    /// The finer word in `api_error`, where there is one.
    pub(super) api_error: Option<String>,
    /// The HTTP status.
    pub(super) status: Option<u64>,
    /// What it says to a person.
    pub(super) text: String,
    /// When.
    pub(super) at: Option<Timestamp>,
}

/// Whether a `terminal_reason` is that of a turn that somebody stopped.
pub(super) fn is_interruption(reason: &str) -> bool {
    machine::INTERRUPTED.contains(&reason)
}

/// The class of a `result` that is no success. `failure` is what an earlier line of the turn told.
pub(super) fn of_result(result: &Value, failure: Option<&ApiFailure>) -> FailureClass {
    let said = said(result, failure);
    let by_text = || said.iter().copied().find_map(by_text);
    let reason = str_at(result, "/terminal_reason").and_then(|r| failure::word(machine::TERMINAL_REASONS, r));
    let subtype = || str_at(result, "/subtype").and_then(|s| failure::word(machine::SUBTYPES, s));
    if let Some(meaning) = reason.or_else(subtype) {
        return meaning.with(by_text());
    }
    let status = result.get("api_error_status").and_then(Value::as_u64);
    let told = ApiFailure {
        error: failure.map_or_else(String::new, |f| f.error.clone()),
        api_error: failure
            .and_then(|f| f.api_error.clone())
            .or_else(|| str_at(result, "/api_error").map(str::to_owned)),
        status: failure.and_then(|f| f.status).or(status),
        ..ApiFailure::default()
    };
    by_machine(&told)
        .map(|meaning| meaning.with(by_text()))
        .filter(|&class| class != FailureClass::Unknown)
        .or_else(by_text)
        .unwrap_or(FailureClass::Unknown)
}

/// The class of a request that failed, where no `result` followed.
pub(super) fn of_request(failure: &ApiFailure) -> Option<FailureClass> {
    let by_text = by_text(&failure.text);
    by_machine(failure).map(|m| m.with(by_text)).filter(|&c| c != FailureClass::Unknown).or(by_text)
}

/// The class of a request that is made again (`system/api_retry`). One without a status got no answer.
pub(super) fn of_retry(failure: &ApiFailure) -> Option<FailureClass> {
    of_request(failure).or_else(|| failure.status.is_none().then_some(FailureClass::Network))
}

fn by_machine(failure: &ApiFailure) -> Option<Meaning> {
    let api_error = failure.api_error.as_deref().and_then(|w| failure::word(machine::API_ERRORS, w));
    api_error.or_else(|| {
        let mut meaning = failure::word(machine::ERRORS, &failure.error);
        let by_status = failure.status.and_then(status::meaning);
        if let Some(meaning) = &mut meaning {
            // No status means that no request was made: there is no key and no login, or an old one.
            if meaning.class == FailureClass::AuthInvalid && failure.status.is_none() {
                meaning.class = FailureClass::NotLoggedIn;
                meaning.finer = &[FailureClass::AuthExpired, FailureClass::AuthInvalid];
            }
            // The vague words say less than a status.
            let vague = [FailureClass::BadArguments, FailureClass::Unknown].contains(&meaning.class);
            if let Some(by_status) = by_status.filter(|_| vague) {
                meaning.class = by_status.class;
            }
        }
        meaning.or(by_status)
    })
}

/// The CLI's own words in a `result` and in the error line before it. The `result` text of a turn in which no
/// request failed may be the model's; it is not read.
fn said<'a>(result: &'a Value, failure: Option<&'a ApiFailure>) -> Vec<&'a str> {
    let errors = result.get("errors").and_then(Value::as_array);
    let mut said: Vec<&str> = errors.into_iter().flatten().filter_map(Value::as_str).collect();
    let failed_request = failure.is_some()
        || str_at(result, "/terminal_reason") == Some("api_error")
        || result.get("api_error_status").is_some_and(Value::is_u64)
        || str_at(result, "/api_error").is_some();
    said.extend(failure.map(|f| f.text.as_str()));
    if failed_request && result.get("is_error") == Some(&Value::Bool(true)) {
        said.extend(str_at(result, "/result"));
    }
    said
}

/// The class of an error text of the CLI's own.
pub(super) fn by_text(text: &str) -> Option<FailureClass> {
    if let Some(body) = body::read(text) {
        let words =
            body.words.iter().find_map(|w| failure::word(machine::ERRORS, w.trim_end_matches("_error")));
        let meaning = body.status.and_then(status::meaning).or(words);
        let by_text = body.message.as_deref().and_then(|m| texts::TEXTS.class_of(m));
        if let Some(meaning) = meaning {
            return Some(meaning.with(by_text));
        }
    }
    texts::TEXTS.class_of(text)
}

/// The class of what the process wrote to stderr: the first line that says one. Once a turn had begun, only the
/// CLI's own error lines count.
pub(super) fn by_stderr(stderr: &[u8], began: bool) -> Option<FailureClass> {
    let text = without_ansi(&String::from_utf8_lossy(stderr));
    let own = |line: &&str| {
        let start = line.trim_start();
        !began || ["Error", "error:", "API Error", "Fatal", "fatal"].iter().any(|own| start.starts_with(own))
    };
    text.lines().take_while(|line| !line.trim_start().starts_with("Usage:")).filter(own).find_map(by_text)
}

#[cfg(test)]
pub(crate) fn tables_are_sound() -> bool {
    texts::TEXTS.is_sound()
}
