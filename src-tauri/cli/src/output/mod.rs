//! What goes to stdout and stderr.

pub(crate) mod clock;
pub(crate) mod figures;
pub(crate) mod frame;
mod json;
pub(crate) mod live;
pub(crate) mod paint;
pub(crate) mod plain;
pub(crate) mod screen;
pub(crate) mod session_text;
pub(crate) mod words;

use std::io::{BufWriter, IsTerminal, Stdout, Write};

use serde::Serialize;

use crate::errors::Failure;
use paint::Paint;

/// Our stdout, buffered.
pub(crate) struct Out {
    writer: BufWriter<Stdout>,
    /// Whether it is a terminal.
    pub(crate) terminal: bool,
    /// Whether it is told in JSON.
    pub(crate) json: bool,
    /// How it is coloured.
    pub(crate) paint: Paint,
}

impl Out {
    /// Looks at what stdout is.
    pub(crate) fn new(json: bool, var: impl Fn(&str) -> Option<String>) -> Self {
        let stdout = std::io::stdout();
        let terminal = stdout.is_terminal();
        let plain = var("NO_COLOR").is_some_and(|value| !value.is_empty()) || is_dumb(&var);
        let paint = if terminal && !json && !plain { Paint::Colours } else { Paint::Nothing };
        Self { writer: BufWriter::new(stdout), terminal, json, paint }
    }

    /// A line of text, which must be harmless already.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.writer.write_all(text.as_bytes())?;
        Ok(self.writer.write_all(b"\n")?)
    }

    /// A value as one line of JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let mut serializer = serde_json::Serializer::with_formatter(&mut self.writer, json::Visible);
        value.serialize(&mut serializer).map_err(std::io::Error::from)?;
        Ok(self.writer.write_all(b"\n")?)
    }

    /// Bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.writer.write_all(bytes)?)
    }

    /// Everything so far is to be seen now.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.writer.flush()?)
    }
}

/// Whether the terminal says that it can do nothing but print.
pub(crate) fn is_dumb(var: impl Fn(&str) -> Option<String>) -> bool {
    var("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// A line on stderr for a person. That nobody may be reading is nobody's loss.
pub(crate) fn aside(text: &str) {
    let _unread = writeln!(std::io::stderr().lock(), "{text}");
}
