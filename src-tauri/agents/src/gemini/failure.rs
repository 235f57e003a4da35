//! Why Gemini CLI failed: its error texts first, its exit codes second. The codes from 128 on are HTTP statuses cut
//! to a byte, not signals (facts/agent-clis.md §0.1, §5).

use mo_core::outcome::FailureClass;

use crate::protocol::Exit;
use crate::shared::text::without_ansi;

/// Phrases of Gemini CLI and of its API, and what they mean; the first that is contained wins.
const PHRASES: [(&str, FailureClass); 37] = [
    ("exhausted your daily quota", FailureClass::UsageLimit),
    ("exhausted your capacity on this model", FailureClass::UsageLimit),
    ("TerminalQuotaError", FailureClass::UsageLimit),
    ("is missing or not configured", FailureClass::NotLoggedIn),
    ("you must specify the GEMINI_API_KEY", FailureClass::NotLoggedIn),
    ("Please set an Auth method", FailureClass::NotLoggedIn),
    ("Invalid auth method selected", FailureClass::NotLoggedIn),
    ("Authentication required", FailureClass::NotLoggedIn),
    ("API key expired", FailureClass::AuthExpired),
    ("API key not valid", FailureClass::AuthInvalid),
    ("API_KEY_INVALID", FailureClass::AuthInvalid),
    ("UNAUTHENTICATED", FailureClass::AuthInvalid),
    ("PERMISSION_DENIED", FailureClass::AuthInvalid),
    ("exceeds the maximum number of tokens", FailureClass::ContextTooLong),
    ("is not found for API version", FailureClass::ModelUnknown),
    ("ModelNotFoundError", FailureClass::ModelUnknown),
    ("blocked due to safety", FailureClass::RefusedByModel),
    ("Reached max session turns", FailureClass::TurnLimit),
    ("FatalTurnLimitedError", FailureClass::TurnLimit),
    ("not running in a trusted directory", FailureClass::UntrustedFolder),
    ("YOLO mode is disabled", FailureClass::PermissionDenied),
    ("Invalid session identifier", FailureClass::SessionUnknown),
    ("No previous sessions found", FailureClass::SessionUnknown),
    ("Session not found", FailureClass::SessionUnknown),
    ("already exists. Use --resume", FailureClass::SessionInUse),
    ("No input provided via stdin", FailureClass::BadArguments),
    ("Directory does not exist", FailureClass::BadArguments),
    ("Cannot use both --yolo", FailureClass::BadArguments),
    ("Unknown argument", FailureClass::BadArguments),
    ("RESOURCE_EXHAUSTED", FailureClass::RateLimited),
    ("exceeded your current quota", FailureClass::RateLimited),
    ("failed with status 429", FailureClass::RateLimited),
    ("UNAVAILABLE", FailureClass::Overloaded),
    ("failed with status 5", FailureClass::Overloaded),
    ("API Error: terminated", FailureClass::Network),
    ("ECONNREFUSED", FailureClass::Network),
    ("fetch failed", FailureClass::Network),
];

/// The class of an error text, if it is one that Gemini CLI or its API writes.
pub(crate) fn by_text(text: &str) -> Option<FailureClass> {
    PHRASES.iter().find(|(phrase, _)| text.contains(phrase)).map(|&(_, class)| class)
}

/// The class of what a process wrote to stderr: the last line that says one. Where we ended the process, a line
/// about a retry is none: it might have gone on.
pub(crate) fn by_stderr(stderr: &[u8], exit: Exit) -> Option<FailureClass> {
    let text = without_ansi(&String::from_utf8_lossy(stderr));
    let counts = |line: &&str| {
        // A tool's failure is told to the model; it is none of the turn.
        let retry = exit.by_us && line.starts_with("Attempt ");
        !retry && !line.starts_with("Error executing tool")
    };
    text.lines().rev().filter(counts).find_map(by_text)
}

/// The class of an exit code of Gemini CLI.
pub(super) fn by_exit(code: i32) -> Option<FailureClass> {
    Some(match code {
        41 => FailureClass::NotLoggedIn,
        44 => FailureClass::Internal,
        52 => FailureClass::PermissionDenied,
        53 => FailureClass::TurnLimit,
        55 => FailureClass::UntrustedFolder,
        // From 128 on: 400, 401, 403, 404, 413, 429 and 500 to 504, each & 0xff.
        42 | 144 => FailureClass::BadArguments,
        145 | 147 => FailureClass::AuthInvalid,
        148 => FailureClass::ModelUnknown,
        157 => FailureClass::ContextTooLong,
        173 => FailureClass::RateLimited,
        244..=248 => FailureClass::Overloaded,
        _ => return None,
    })
}

/// What an error text says to a person: the API's own message out of `[API Error: {…}]`.
pub(super) fn readable(text: &str) -> String {
    let inner = text.strip_prefix("[API Error: ").and_then(|rest| rest.rsplit_once(']'));
    let value = inner.and_then(|(json, _)| serde_json::from_str::<serde_json::Value>(json).ok());
    let message =
        value.as_ref().and_then(|v| v.pointer("/error/message")).and_then(serde_json::Value::as_str);
    message.map_or_else(|| text.to_owned(), str::to_owned)
}
