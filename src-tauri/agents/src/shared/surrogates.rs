//! JSON texts with half of a surrogate pair: JavaScript writes them when it cuts a string inside an emoji, and
//! JSON readers rightly refuse them.

/// The line with each lone `\uD8xx`/`\uDCxx` escape replaced by `\uFFFD`; `None` where there is none.
pub fn repaired(line: &[u8]) -> Option<Vec<u8>> {
    let mut out = line.to_vec();
    let mut changed = false;
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        if byte != b'\\' {
            at += 1;
            continue;
        }
        match unit(line, at) {
            Some(0xD800..=0xDBFF) if matches!(unit(line, at + 6), Some(0xDC00..=0xDFFF)) => at += 12,
            Some(0xD800..=0xDFFF) => {
                if let Some(hex) = out.get_mut(at + 2..at + 6) {
                    hex.copy_from_slice(b"FFFD");
                    changed = true;
                }
                at += 6;
            }
            Some(_) => at += 6,
            // Any other escape is two bytes long; `\\` must not be read as the start of one.
            None => at += 2,
        }
    }
    changed.then_some(out)
}

/// The code unit of a `\uXXXX` escape that starts at `at`.
fn unit(line: &[u8], at: usize) -> Option<u16> {
    let escape = line.get(at..at + 6)?;
    let hex = escape.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
}
