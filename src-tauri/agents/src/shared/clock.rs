//! Times that lines carry.

use mo_core::time::Timestamp;

/// The longest text of a time that any CLI writes: `2026-11-22T08:47:40.733774123+00:00`.
const LONGEST: usize = 35;

/// The time in a line, where it has one that can be read.
pub fn time(text: Option<&str>) -> Option<Timestamp> {
    text.filter(|text| text.len() <= LONGEST).and_then(Timestamp::parse)
}
