//! Lines `MILESTONE: …` in what an agent says (design.md §4, "Progress").

/// The longest text of a milestone, in bytes.
const MAX: usize = 300;

/// What each line of the form `MILESTONE: <text>` in a message says. Markdown around the word (`**`, `-`, `#`, `>`)
/// is looked through; the word elsewhere in a line is none, nor is one without a text.
pub fn milestones(message: &str) -> impl Iterator<Item = &str> {
    // Most messages have none; the search for the word alone is fast.
    let lines = if message.contains("MILESTONE:") { message.lines() } else { "".lines() };
    lines.filter_map(|line| {
        let start = line.trim_start_matches([' ', '\t', '*', '-', '#', '>', '_', '`']);
        let text = start.strip_prefix("MILESTONE:")?.trim();
        let before = line.strip_suffix(start).unwrap_or_default();
        let text = without_marks(text, before.trim_start_matches([' ', '\t', '-', '#', '>']));
        (!text.is_empty()).then(|| text.get(..text.floor_char_boundary(MAX)).unwrap_or(text))
    })
}

/// The text without the twins of the marks that stand before the word: `**MILESTONE: x**`, `**MILESTONE:** x`.
/// Marks of the text's own, as around a name, stay.
fn without_marks<'a>(mut text: &'a str, before: &str) -> &'a str {
    // A list's `*` has a space behind it and no twin.
    for mark in before.rsplit(' ').next().unwrap_or_default().chars().rev() {
        let closed = text.strip_prefix(mark).or_else(|| text.strip_suffix(mark));
        text = closed.unwrap_or(text);
    }
    text.trim()
}
