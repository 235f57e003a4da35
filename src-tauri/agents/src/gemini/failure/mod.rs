//! Why Gemini CLI failed (facts/agent-clis.md §0.1, §5): the words in its API's error bodies and the types of its own fatal
//! errors, then its texts, then its exit code.

mod machine;
mod texts;

use mo_core::outcome::FailureClass;

use crate::protocol::Exit;
use crate::shared::failure::body::{self, Body};
use crate::shared::failure::{self, Meaning, status};
use crate::shared::resets;
use crate::shared::text::without_ansi;
use crate::shared::unclosed::Cause;

/// With which codes the CLI says that it was interrupted (0.61). After SIGINT and SIGTERM it mostly exits with 0.
pub(super) const SIGNAL_CODES: [i32; 1] = [130];
/// Up to this many milliseconds of waiting, a limit is a rate and no quota (0.61 retries within them by itself).
const SHORT_WAIT: i64 = 5 * 60 * 1_000;

/// The class of an error text, if it is one that Gemini CLI or its API writes.
pub(crate) fn by_text(text: &str) -> Option<FailureClass> {
    body::read(text).and_then(|body| of_body(&body)).or_else(|| texts::TEXTS.class_of(text))
}

/// The class of an error text by Gemini's own words alone, without those that any program may have.
pub(crate) fn by_own_text(text: &str) -> Option<FailureClass> {
    body::read(text).and_then(|body| of_body(&body)).or_else(|| texts::TEXTS.own_class_of(text))
}

/// The class of an error that has a type, such as `FatalTurnLimitedError`.
pub(super) fn by_type(kind: &str, text: &str) -> Option<FailureClass> {
    let said = by_text(text);
    failure::word(machine::ERROR_TYPES, kind).map(|meaning| meaning.with(said)).or(said)
}

fn of_body(body: &Body) -> Option<FailureClass> {
    let said = body.message.as_deref().and_then(|message| texts::TEXTS.class_of(message));
    let word = body.words.iter().find_map(|word| failure::word(machine::BODY_WORDS, word));
    let class =
        word.or_else(|| body.status.and_then(status::meaning)).map(|meaning| meaning.with(said)).or(said)?;
    let limited = [FailureClass::RateLimited, FailureClass::UsageLimit].contains(&class);
    let quotas = || body.quotas.iter().find_map(|id| quota(id));
    let waits = || resets::wait(body.retry_delay.as_deref()?);
    match (limited, quotas(), waits()) {
        (true, Some(class), _) => Some(class),
        (true, None, Some(wait)) if wait > SHORT_WAIT => Some(FailureClass::UsageLimit),
        _ => Some(class),
    }
}

fn quota(id: &str) -> Option<FailureClass> {
    machine::QUOTAS.iter().find(|(part, ..)| id.contains(part)).map(|&(_, class, _)| class)
}

/// What an exit code means: the CLI's own, or an HTTP status cut to a byte.
pub(super) fn by_exit(code: i32) -> Option<Meaning> {
    let own = machine::EXIT_CODES.iter().find(|row| row.0 == code);
    if let Some(&(_, class, finer, _)) = own {
        return Some(Meaning { class, finer });
    }
    // 128 and 130 are the CLI's own for an unclean end; 400 & 0xff is 144.
    let byte = u64::try_from(code).ok().filter(|code| (144..=255).contains(code))?;
    status::meaning(256 + byte)
}

/// The class of what a process wrote to stderr: an error, or one that the CLI was trying to mend by itself.
///
/// The last line that says one counts. Once a turn had begun, only the CLI's own error records are read, and only up
/// to the first tool call that failed: its text is told to the model, quotes files, and may go on for lines that
/// look like anything. With the exit code 0 nothing is read then: the turn was interrupted, or its output got lost
/// (facts §0.1, §0.2).
pub(crate) fn by_stderr(stderr: &[u8], exit: Exit, began: bool) -> Cause {
    let mut cause = Cause::default();
    if began && exit.code == Some(0) {
        return cause;
    }
    let text = without_ansi(&String::from_utf8_lossy(stderr));
    let mut own = !began;
    for line in text.lines().take_while(|line| !line.starts_with("Usage:")) {
        match Record::of(line) {
            Some(Record::Tool) => break,
            Some(Record::Retry) => {
                own = false;
                cause.retrying = by_text(line).or(cause.retrying);
            }
            Some(Record::Error) => own = true,
            None => {}
        }
        if own {
            let class = by_text(line).filter(|&class| !began || failure::happens_in_a_turn(class));
            cause.error = class.or(cause.error);
        }
    }
    cause
}

/// A line of stderr with which a record of Gemini CLI begins.
enum Record {
    /// `Error executing tool write_file: …`
    Tool,
    /// `Attempt 1 failed with status 429. Retrying with backoff...`
    Retry,
    /// `Error when talking to Gemini API …`, `[API Error: …`, `Error resuming session: …`
    Error,
}

impl Record {
    fn of(line: &str) -> Option<Self> {
        const ERRORS: [&str; 7] = [
            "Error when talking to",
            "[API Error",
            "[ERROR]",
            "Error authenticating",
            "Error resuming session",
            "Error starting session",
            "An unexpected critical error",
        ];
        if line.starts_with("Error executing tool") {
            return Some(Self::Tool);
        }
        let attempt = line.strip_prefix("Attempt ").and_then(|rest| rest.split_once(' '));
        if attempt
            .is_some_and(|(n, rest)| n.bytes().all(|b| b.is_ascii_digit()) && rest.starts_with("failed"))
        {
            return Some(Self::Retry);
        }
        ERRORS.iter().any(|start| line.starts_with(start)).then_some(Self::Error)
    }
}

/// What an error text says to a person: the API's own message out of `[API Error: {…}]`.
pub(super) fn readable(text: &str) -> String {
    let is_body = text.starts_with("[API Error: {") || text.starts_with('{');
    let body = if is_body { body::read(text) } else { None };
    body.and_then(|body| body.message).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
pub(crate) fn tables_are_sound() -> bool {
    texts::TEXTS.is_sound()
}
