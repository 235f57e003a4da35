//! Sizes as people write them: `500kB`, `250MB`, `20GB`, `1TB`, `0` = none.

const UNITS: [(&str, u64); 4] =
    [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];

/// Bytes of `500kB`, `250MB`, `20GB`, `1TB` or `0`.
///
/// # Errors
/// A sentence that says what is expected.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size; write 500kB, 250MB, 20GB, or 0 for none");
    let text = text.trim();
    if text == "0" {
        return Ok(0);
    }
    let split = |(unit, bytes): &(&str, u64)| {
        let digits = text.get(..text.len().checked_sub(unit.len())?)?;
        let given = text.get(digits.len()..)?;
        given.eq_ignore_ascii_case(unit).then_some((digits.trim_end(), *bytes))
    };
    let (digits, bytes) = UNITS.iter().find_map(split).ok_or_else(wrong)?;
    let number = Some(digits).filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()));
    number.and_then(|d| d.parse::<u64>().ok()).and_then(|n| n.checked_mul(bytes)).ok_or_else(wrong)
}

/// The shortest way to write it; what no unit divides is rounded up.
pub fn show_size(bytes: u64) -> String {
    if bytes == 0 {
        return "0".to_owned();
    }
    let (unit, size) =
        UNITS.into_iter().find(|(_, size)| bytes.is_multiple_of(*size)).unwrap_or(("kB", 1_000));
    format!("{}{unit}", bytes.div_ceil(size))
}
