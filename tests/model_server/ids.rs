//! Ids that are unique across the servers of a test run, so that a resumed conversation never meets one twice.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Makes ids.
#[derive(Debug)]
pub(crate) struct Ids {
    base: u64,
    next: AtomicU64,
}

impl Ids {
    /// Ids that differ from those of every other server.
    pub(crate) fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let base = u64::try_from(now.as_micros() & u128::from(u32::MAX)).unwrap_or_default();
        Self { base: base << 20 | u64::from(std::process::id()) & 0xF_FFFF, next: AtomicU64::new(1) }
    }

    /// `<prefix><hex>`
    pub(crate) fn make(&self, prefix: &str) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{prefix}{:013x}{number:05x}", self.base)
    }
}
