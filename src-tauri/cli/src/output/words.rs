//! Makes what agents, files and models wrote harmless for a terminal: no escape sequence, no control character, nothing
//! that turns the direction of text or cannot be seen.

use std::borrow::Cow;

use mo_core::view::status::RuleOffer;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text of one line: line breaks and tabs become spaces.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| is_plain(c) && c != '\n' && c != '\t') {
        return Cow::Borrowed(text);
    }
    let clean = clean(text, None);
    Cow::Owned(clean.trim_end().replace(['\n', '\t'], " "))
}

/// A text of several lines; line breaks and tabs stay.
pub(crate) fn block(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) { Cow::Borrowed(text) } else { Cow::Owned(clean(text, None)) }
}

/// A text whose every character matters, such as a difference: what is taken out leaves U+FFFD, so that nobody is
/// shown less than there is.
pub(crate) fn marked(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) { Cow::Borrowed(text) } else { Cow::Owned(clean(text, Some('\u{fffd}'))) }
}

/// A text that a person decides on, with every character that it has: what a terminal would not show as itself stands
/// there as its number. Nothing of it is taken for an escape sequence, so nothing hides in one.
pub(crate) fn exact(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_plain(c) { out.push(c) } else { out.extend(c.escape_unicode()) }
    }
    Cow::Owned(out)
}

/// As [`exact`], on one line: a line break is shown as `⏎`.
pub(crate) fn exact_line(text: &str) -> Cow<'_, str> {
    let text = exact(text);
    if !text.contains(['\n', '\t']) {
        return text;
    }
    Cow::Owned(text.replace('\n', " ⏎ ").replace('\t', " "))
}

/// A harmless line on at most `most` lines of `width` columns, and whether all of it is there.
pub(crate) fn wrapped(text: &str, width: usize, most: usize) -> (Vec<String>, bool) {
    let mut lines = vec![String::new()];
    let mut column = 0;
    for c in text.chars() {
        let columns = c.width().unwrap_or(0);
        if column + columns > width.max(2) {
            if lines.len() == most.max(1) {
                return (lines, false);
            }
            lines.push(String::new());
            column = 0;
        }
        column += columns;
        if let Some(line) = lines.last_mut() {
            line.push(c);
        }
    }
    (lines, true)
}

/// The end of a harmless line, at most `width` columns of it.
pub(crate) fn tail(text: &str, width: usize) -> &str {
    let mut room = width;
    let mut start = text.len();
    for (at, c) in text.char_indices().rev() {
        let columns = c.width().unwrap_or(0);
        if columns > room {
            break;
        }
        room -= columns;
        start = at;
    }
    &text[start..]
}

/// The rule that an answer becomes, as it would be written, and what it would have spared.
pub(crate) fn rule_lines(rule: &RuleOffer) -> Vec<String> {
    let text = exact(&rule.text);
    let mut lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    let questions = if rule.of == 1 { "question" } else { "questions" };
    lines.push(format!("  to be written into {}", exact_line(&rule.file)));
    lines.push(format!("  it would have spared {} of this session's {} {questions}", rule.spares, rule.of));
    lines
}

/// The first line that has something in it, harmless.
pub(crate) fn first_line(text: &str) -> Cow<'_, str> {
    one_line(text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim())
}

/// The last line that has something in it, harmless; none where there is none.
pub(crate) fn last_line(text: &str) -> Option<Cow<'_, str>> {
    text.lines().rfind(|line| !line.trim().is_empty()).map(|line| one_line(line.trim()))
}

/// At most `width` columns of a harmless line, with an ellipsis where something was cut.
pub(crate) fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let mut room = width.saturating_sub(1);
    let mut kept = String::new();
    for c in text.chars() {
        let columns = c.width().unwrap_or(0);
        if columns > room {
            break;
        }
        room -= columns;
        kept.push(c);
    }
    if width > 0 {
        kept.push('…');
    }
    Cow::Owned(kept)
}

/// The text with spaces up to `width` columns, cut when longer.
pub(crate) fn fit(text: &str, width: usize) -> String {
    let mut fitted = cut(text, width).into_owned();
    let missing = width.saturating_sub(fitted.width());
    fitted.extend(std::iter::repeat_n(' ', missing));
    fitted
}

/// Whether a terminal only shows the character, as do line breaks and tabs.
pub(crate) fn is_plain(c: char) -> bool {
    match c {
        '\n' | '\t' => true,
        _ if c.is_control() => false,
        // Marks and overrides of direction, and their isolates; line and paragraph separators.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
        // Byte order mark, interlinear notes, tags: invisible.
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => false,
        _ => true,
    }
}

/// Takes out what is not plain, escape sequences whole; each leaves `mark`. Reads every character once.
fn clean(text: &str, mark: Option<char>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\u{2028}' | '\u{2029}' if mark.is_none() => out.push('\n'),
            '\u{1b}' => {
                skip_escape(&mut chars);
                out.extend(mark);
            }
            '\u{9b}' => {
                skip_control_sequence(&mut chars);
                out.extend(mark);
            }
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => {
                skip_string(&mut chars);
                out.extend(mark);
            }
            _ if is_plain(c) => out.push(c),
            _ => out.extend(mark),
        }
    }
    out
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// After ESC.
fn skip_escape(chars: &mut Chars<'_>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_control_sequence(chars);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            chars.next();
            skip_string(chars);
        }
        _ => {
            while chars.next_if(|c| matches!(c, ' '..='/')).is_some() {}
            chars.next_if(|c| matches!(c, '0'..='~'));
        }
    }
}

/// After CSI: parameters, intermediates, one final character.
fn skip_control_sequence(chars: &mut Chars<'_>) {
    while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    chars.next_if(|c| matches!(c, '@'..='~'));
}

/// A string for the terminal (a title, a link): up to its end, or to the end of the line where it has none.
fn skip_string(chars: &mut Chars<'_>) {
    while let Some(c) = chars.next_if(|c| !matches!(c, '\n' | '\u{1b}')) {
        if matches!(c, '\u{7}' | '\u{9c}') {
            return;
        }
    }
    // `ESC \` ends a string; any other ESC begins something else, which the caller takes out.
    let mut ahead = chars.clone();
    if ahead.next() == Some('\u{1b}') && ahead.next() == Some('\\') {
        *chars = ahead;
    }
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod words_tests;
