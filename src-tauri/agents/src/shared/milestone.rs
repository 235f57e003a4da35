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
        let text = start.strip_prefix("MILESTONE:")?;
        let text = text.trim_matches([' ', '\t', '*', '_', '`']);
        (!text.is_empty()).then(|| text.get(..text.floor_char_boundary(MAX)).unwrap_or(text))
    })
}
