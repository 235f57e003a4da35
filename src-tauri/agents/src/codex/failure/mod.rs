//! Why Codex failed: its machine words first (`codexErrorInfo` of the app-server), its texts second
//! (facts/agent-clis.md §5; the texts are all that `exec --json` and stderr have).

mod machine;
mod texts;

use mo_core::outcome::FailureClass;
use serde_json::Value;

use super::wire::TurnError;
use crate::acp::rpc::RpcError;
use crate::protocol::Exit;
use crate::shared::failure::{self, Meaning, body, status};
use crate::shared::text::without_ansi;

/// What a `codexErrorInfo` means: a word, or an object of one word with an HTTP status.
pub(crate) fn by_info(info: &Value) -> Option<Meaning> {
    if let Some(word) = info.as_str() {
        return failure::word(machine::ERROR_INFO, word);
    }
    let (word, detail) = info.as_object()?.iter().next()?;
    let status = detail.get("httpStatusCode").and_then(Value::as_u64);
    status.and_then(status::meaning).or_else(|| failure::word(machine::ERROR_INFO, word))
}

/// The class of an error text, if it is one of Codex's own. What the sandbox or the policy refused a single tool
/// call (`patch rejected: …`) is no failure of the turn and is not here.
pub(crate) fn by_text(text: &str) -> Option<FailureClass> {
    if let Some(body) = body::read(text) {
        let said = body.message.as_deref().and_then(|message| texts::TEXTS.class_of(message));
        let word = body.words.iter().find_map(|word| failure::word(machine::BODY_WORDS, word));
        if let Some(meaning) = word.or_else(|| body.status.and_then(status::meaning)) {
            return Some(meaning.with(said));
        }
    }
    texts::TEXTS.class_of(text)
}

/// The class of an error text by Codex's own words alone, without those that any program may have.
pub(crate) fn by_own_text(text: &str) -> Option<FailureClass> {
    texts::TEXTS.own_class_of(text)
}

/// The class of what a process wrote to stderr before its turn began: the last line that says one.
///
/// In a turn, stderr says nothing that the protocol does not say better, and the log of a tool call that failed
/// quotes files and commands there; a log's records can be told from what they quote only as long as nobody has
/// spoken.
pub(crate) fn by_stderr(stderr: &[u8], began: bool) -> Option<FailureClass> {
    if began {
        return None;
    }
    let text = without_ansi(&String::from_utf8_lossy(stderr));
    let lines = text.lines().take_while(|line| !line.trim_start().starts_with("Usage:"));
    lines.filter(|line| log_level(line).is_none_or(|level| level == "ERROR")).filter_map(by_text).last()
}

/// What an exit code means where nothing else says why.
pub(crate) fn by_exit(exit: Exit) -> Option<FailureClass> {
    machine::EXIT_CODES.iter().find(|row| Some(row.0) == exit.code).map(|row| row.1)
}

/// The level of a log record: `2026-11-22T08:47:40.733774Z ERROR codex_core::tools::router: …`.
fn log_level(line: &str) -> Option<&str> {
    let (time, rest) = line.split_once(' ')?;
    let sound = time.len() >= 20 && time.ends_with('Z') && time.starts_with("20") && time.contains('T');
    let (level, _) = rest.trim_start().split_once(' ')?;
    (sound && ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&level)).then_some(level)
}

/// The class of a failed turn or model request.
pub(super) fn of_turn(error: &TurnError) -> FailureClass {
    let said = by_text(&error.message).or_else(|| error.details().and_then(by_text));
    let meaning = error.codex_error_info.as_ref().and_then(by_info);
    meaning.map(|meaning| meaning.with(said)).or(said).unwrap_or(FailureClass::Unknown)
}

/// The class of an error answer to a request of ours.
pub(super) fn of_answer(error: &RpcError) -> FailureClass {
    let by_info = error.data.as_ref().and_then(|data| by_info(data.get("codexErrorInfo")?));
    let said = by_text(&error.message);
    by_info.map(|meaning| meaning.with(said)).or(said).unwrap_or(match error.code {
        -32600 | -32602 => FailureClass::BadArguments,
        _ => FailureClass::Internal,
    })
}

#[cfg(test)]
pub(crate) fn tables_are_sound() -> bool {
    texts::TEXTS.is_sound()
}
