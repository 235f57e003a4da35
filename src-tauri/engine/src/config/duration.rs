//! Durations as people write them: `90s`, `10m`, `2h`, `30d`, `0` = none.

/// Milliseconds of `90s`, `10m`, `2h`, `30d` or `0`.
///
/// # Errors
/// A sentence that says what is expected.
pub fn parse_duration(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a duration; write 90s, 10m, 2h, 30d, or 0 for none");
    let text = text.trim();
    if text == "0" {
        return Ok(0);
    }
    let (digits, factor) = match text.char_indices().next_back() {
        Some((at, 's')) => (text.get(..at), 1_000),
        Some((at, 'm')) => (text.get(..at), 60_000),
        Some((at, 'h')) => (text.get(..at), 3_600_000),
        Some((at, 'd')) => (text.get(..at), 86_400_000),
        _ => (None, 0),
    };
    let number: u64 = digits
        .filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|d| d.parse().ok())
        .ok_or_else(wrong)?;
    number.checked_mul(factor).ok_or_else(wrong)
}

/// The shortest way to write it.
pub(super) fn show_duration(ms: u64) -> String {
    match ms {
        0 => "0".to_owned(),
        ms if ms % 86_400_000 == 0 => format!("{}d", ms / 86_400_000),
        ms if ms % 3_600_000 == 0 => format!("{}h", ms / 3_600_000),
        ms if ms % 60_000 == 0 => format!("{}m", ms / 60_000),
        ms => format!("{}s", ms.div_ceil(1_000)),
    }
}
