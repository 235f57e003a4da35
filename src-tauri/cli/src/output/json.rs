//! JSON whose strings a terminal may show: what it would obey, or what nobody can see, is escaped. The value is the
//! same to whoever parses it.

use std::io::{self, Write};

use serde_json::ser::Formatter;

use super::words::is_plain;

/// Compact, with an escape for every character that is not plain.
pub(super) struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        escaped(writer, fragment)
    }

    // Outside of strings JSON is ASCII, so what is escaped here stands in a string too.
    fn write_raw_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        escaped(writer, fragment)
    }
}

/// JSON itself escapes the controls of ASCII in strings, but for DEL.
fn escaped<W: ?Sized + Write>(writer: &mut W, text: &str) -> io::Result<()> {
    let mut rest = text;
    while let Some((at, c)) = rest.char_indices().find(|(_, c)| *c > '~' && !is_plain(*c)) {
        let (before, from) = rest.split_at(at);
        writer.write_all(before.as_bytes())?;
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(writer, "\\u{unit:04x}")?;
        }
        rest = from.get(c.len_utf8()..).unwrap_or_default();
    }
    writer.write_all(rest.as_bytes())
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::Visible;

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_means_the_same() {
        let text = "plain ünï 文 \u{1b}[2J \u{9b}2J \u{202e}x\u{7f} \u{e0001} \"\\";
        let mut out = Vec::new();
        text.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Visible)).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert_eq!(out, r#""plain ünï 文 \u001b[2J \u009b2J \u202ex\u007f \udb40\udc01 \"\\""#);
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        // Stored JSON that is passed on as it is.
        let stored = serde_json::value::RawValue::from_string("{\"a\":\"\u{9b}2J\"}".to_owned()).unwrap();
        let mut out = Vec::new();
        stored.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Visible)).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), r#"{"a":"\u009b2J"}"#);
    }
}
