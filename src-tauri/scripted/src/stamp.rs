//! Times and ids as the wire formats have them.

use std::time::{SystemTime, UNIX_EPOCH};

use mo_core::time::Timestamp;
use uuid::Uuid;

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Seconds since 1970.
pub(crate) fn now_s() -> i64 {
    now_ms() / 1000
}

/// Now, in RFC 3339.
pub(crate) fn now_text() -> String {
    Timestamp(now_ms()).to_string()
}

/// A random id.
pub(crate) fn uuid() -> String {
    Uuid::new_v4().to_string()
}

/// An id that begins with the time.
pub(crate) fn uuid_by_time() -> String {
    Uuid::now_v7().to_string()
}

/// A prefix and some random hex digits.
pub(crate) fn tagged(prefix: &str, digits: usize) -> String {
    let hex = Uuid::new_v4().simple().to_string();
    format!("{prefix}{}", hex.get(..digits).unwrap_or(&hex))
}

/// A token count for a text, near enough for a script.
pub(crate) fn tokens(text: &str) -> u64 {
    u64::try_from(text.len() / 4 + 1).unwrap_or(u64::MAX)
}
