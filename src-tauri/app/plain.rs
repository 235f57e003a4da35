//! Text of agents for places that are not our page: a notification, a menu, a dialog.

use std::fmt::Write as _;

/// The text with everything that it has visible: what would not be seen, or would reorder the rest, stands there as
/// its number. Line breaks stay.
pub fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter != '\n' && is_unshown(letter) {
            // Writing into a string cannot fail.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(letter));
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// The most characters of one line.
const MAX_LINE: usize = 120;

/// [`plain`] text of at most `limit` characters, with a mark where something was left out, and whether nothing was. What
/// is cut off is not looked at.
pub fn shown(text: &str, limit: usize) -> (String, bool) {
    let (text, whole) = clipped(text, limit);
    let (text, fits) = clipped(&plain(&text), limit);
    (text, whole && fits)
}

/// The same as one line: what breaks it stands there as its number too.
pub fn on_one_line(text: &str) -> (String, bool) {
    let (text, whole) = shown(text, MAX_LINE);
    let (text, fits) = clipped(&text.replace('\n', "\\u{a}"), MAX_LINE);
    (text, whole && fits)
}

/// At most `limit` characters, with a mark where something was left out, and whether nothing was.
pub fn clipped(text: &str, limit: usize) -> (String, bool) {
    match text.char_indices().nth(limit) {
        None => (text.to_owned(), true),
        Some((cut, _)) => (format!("{}…", &text[..cut]), false),
    }
}

/// The text where markup is obeyed, so that it shows as it is.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The page has the same set (`ui/src/text/clean.ts`).
fn is_unshown(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::{escaped, on_one_line, shown};

    #[test]
    fn nothing_hides_reorders_breaks_a_line_or_is_too_long() {
        let bidi = "safe \u{202e}gpj.exe\u{202c}\r\u{1b}[2J";
        assert_eq!(shown(bidi, 99), ("safe \\u{202e}gpj.exe\\u{202c}\\u{d}\\u{1b}[2J".to_owned(), true));
        assert_eq!(shown("a\nb", 9), ("a\nb".to_owned(), true));
        assert_eq!(on_one_line("a\nb"), ("a\\u{a}b".to_owned(), true));
        // What was cut is said, also where only its numbers are too long.
        assert_eq!(shown("abc", 2), ("ab…".to_owned(), false));
        assert_eq!(shown("\u{7}", 3), ("\\u{…".to_owned(), false));
        let (long, whole) = on_one_line(&"\u{200b}\n".repeat(5_000_000));
        assert!(!whole && long.chars().count() == 121);
    }

    #[test]
    fn markup_is_shown_and_not_obeyed() {
        let text = "<b>x</b> <img src=\"y\"> &lt;";
        assert_eq!(escaped(text), "&lt;b&gt;x&lt;/b&gt; &lt;img src=\"y\"&gt; &amp;lt;");
    }
}
