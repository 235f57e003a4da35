//! Texts cut to size and made printable.

/// The longest excerpt of a bad line, in bytes.
pub const EXCERPT: usize = 200;
/// The most that an event carries of a tool's output, a diff or one string of a tool's input, in bytes.
pub const LONG: usize = 16 * 1024;

/// The text, or its beginning with a note of how much is missing.
pub fn cut(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let kept = text.get(..text.floor_char_boundary(max)).unwrap_or_default();
    format!("{kept}… [{} more bytes]", text.len() - kept.len())
}

/// The beginning of a bad line on one line: control characters and broken UTF-8 become `\u{FFFD}`, a longer rest
/// becomes `…`.
pub fn excerpt(line: &[u8]) -> String {
    let head = line.get(..EXCERPT).unwrap_or(line);
    let mut text: String = String::from_utf8_lossy(head)
        .chars()
        .map(|c| match c {
            '\t' => ' ',
            c if c.is_control() => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect();
    if head.len() < line.len() {
        // A character that the cut has split shows as one replacement character; it is dropped.
        if text.ends_with(char::REPLACEMENT_CHARACTER) {
            text.pop();
        }
        text.push('…');
    }
    text
}

/// The text without terminal control sequences (`ESC [ … letter`, `ESC ] … BEL`).
pub fn without_ansi(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('[') => {
                for c in chars.by_ref() {
                    if ('@'..='~').contains(&c) {
                        break;
                    }
                }
            }
            Some(']') => {
                for c in chars.by_ref() {
                    if c == '\u{7}' {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    out
}

/// What a process wrote to stderr as a text for an event: no control sequences, trimmed, its last [`EXCERPT`]
/// times ten bytes; `None` where nothing is left.
pub fn stderr_text(stderr: &[u8]) -> Option<String> {
    let text = without_ansi(&String::from_utf8_lossy(stderr));
    let text = text.trim();
    let start = text.len().saturating_sub(EXCERPT * 10);
    let tail = text.get(text.ceil_char_boundary(start)..).unwrap_or_default();
    (!tail.is_empty()).then(|| tail.to_owned())
}
