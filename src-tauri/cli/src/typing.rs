//! A line that is typed below a question.

use unicode_width::UnicodeWidthStr;

use crate::output::words;

/// What is typed, and where the cursor stands in it.
#[derive(Debug)]
pub(crate) struct Line {
    typed: Vec<char>,
    at: usize,
    most: usize,
    /// Bytes of a character that is not whole yet.
    pending: Vec<u8>,
}

/// What a key did to the line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// It goes on.
    On,
    /// Enter: this is the line.
    Done(String),
    /// Escape alone.
    Back,
}

impl Line {
    /// One that begins with this text, and takes so many characters at most.
    pub(crate) fn new(text: &str, most: usize) -> Self {
        let typed: Vec<char> = text.chars().collect();
        Self { at: typed.len(), typed, most, pending: Vec::new() }
    }

    /// What was pressed, as it came in one piece.
    pub(crate) fn press(&mut self, bytes: &[u8]) -> Typed {
        match bytes {
            [0x1b] => return Typed::Back,
            [0x1b, b'[' | b'O', key] => {
                self.at = match key {
                    b'D' => self.at.saturating_sub(1),
                    b'C' => (self.at + 1).min(self.typed.len()),
                    b'H' => 0,
                    b'F' => self.typed.len(),
                    _ => self.at,
                };
                return Typed::On;
            }
            [0x1b, ..] => return Typed::On,
            _ => {}
        }
        let (text, end) = match bytes {
            [text @ .., b'\r' | b'\n'] => (text, true),
            text => (text, false),
        };
        for &byte in text {
            self.take(byte);
        }
        if end { Typed::Done(self.typed.iter().collect()) } else { Typed::On }
    }

    fn take(&mut self, byte: u8) {
        match byte {
            // Ctrl+A, Ctrl+E, Ctrl+U, Ctrl+W.
            0x01 => self.at = 0,
            0x05 => self.at = self.typed.len(),
            0x15 => _ = self.typed.drain(..std::mem::take(&mut self.at)),
            0x17 => {
                let before = &self.typed[..self.at];
                let word = before.iter().rposition(|c| *c != ' ').map_or(0, |last| {
                    before[..last].iter().rposition(|c| *c == ' ').map_or(0, |space| space + 1)
                });
                self.typed.drain(word..self.at);
                self.at = word;
            }
            0x08 | 0x7f if self.at > 0 => {
                self.at -= 1;
                self.typed.remove(self.at);
            }
            b'\r' | b'\n' | b'\t' => self.insert(' '),
            byte if byte < 0x20 || byte == 0x7f => {}
            byte => {
                self.pending.push(byte);
                match std::str::from_utf8(&self.pending) {
                    Ok(whole) => {
                        let whole: Vec<char> = whole.chars().collect();
                        for c in whole {
                            self.insert(c);
                        }
                        self.pending.clear();
                    }
                    Err(error) if error.error_len().is_some() => self.pending.clear(),
                    Err(_) => {}
                }
            }
        }
    }

    fn insert(&mut self, c: char) {
        if self.typed.len() < self.most {
            self.typed.insert(self.at, c);
            self.at += 1;
        }
    }

    /// The line around its cursor, in so many columns.
    pub(crate) fn shown(&self, width: usize) -> String {
        let (before, after): (String, String) =
            (self.typed[..self.at].iter().collect(), self.typed[self.at..].iter().collect());
        let (before, after) = (words::exact_line(&before), words::exact_line(&after));
        let room = width.saturating_sub(1);
        let before = words::tail(&before, room - after.width().min(room / 3));
        format!("{before}▏{}", words::cut(&after, room.saturating_sub(before.width())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(begin: &str, keys: &[&[u8]]) -> String {
        let mut line = Line::new(begin, 40);
        for key in keys {
            assert_eq!(line.press(key), Typed::On);
        }
        match line.press(b"\r") {
            Typed::Done(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_line_is_edited_at_its_cursor() {
        assert_eq!(typed("rm -rf x", &[b"\x17\x17", b"-i y"]), "rm -i y");
        assert_eq!(typed("npm test", &[b"\x1b[H", b"C", b"I=1 "]), "CI=1 npm test");
        assert_eq!(typed("npm test", &[b"\x01x\x05y"]), "xnpm testy");
        assert_eq!(typed("abc", &[b"\x1b[D", b"\x1b[D", b"\x7f", b"\x1b[C", b"\xc3", b"\xb6"]), "böc");
        assert_eq!(typed("abc", &[b"\x1bOD", b"\x15"]), "c");
        assert_eq!(typed("", &[b"\x7f\x17\x15", b"\x1b[D", b"\x1b[C", b"\x1b[A"]), "");
        assert_eq!(typed(&"x".repeat(40), &[b"y"]).len(), 40);
        assert_eq!(Line::new("x", 9).press(b"\x1b"), Typed::Back);
    }

    #[test]
    fn the_part_around_the_cursor_is_shown() {
        let mut line = Line::new("one two three four", 40);
        assert_eq!(line.shown(40), "one two three four▏");
        assert_eq!(line.shown(10), "hree four▏");
        line.press(b"\x01");
        assert_eq!(line.shown(40), "▏one two three four");
        assert!(line.shown(10).starts_with("▏one"), "{}", line.shown(10));
        assert!(line.shown(10).width() <= 10);
        assert_eq!(Line::new("a\u{202e}", 9).shown(20), "a\\u{202e}▏");
        assert_eq!(line.shown(0), "▏");
    }
}
