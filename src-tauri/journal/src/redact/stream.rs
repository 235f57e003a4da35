//! Redaction of a stream that comes in pieces.

use std::io;
use std::sync::Arc;

use super::{PEM_KIND, Redactor, put_mark, shapes};
use crate::transcript::TranscriptSink;

#[cfg(test)]
#[path = "stream_tests.rs"]
mod stream_tests;

/// Takes secrets out of what passes to another sink, also those that two writes split. Only whole lines are passed
/// on, and a longer beginning of a line than [`MAX_HELD`] piece by piece; so an unfinished line is not seen until
/// its end or the end of the stream.
pub struct RedactingSink {
    redactor: Arc<Redactor>,
    inner: Box<dyn TranscriptSink>,
    /// The beginning of a line.
    held: Vec<u8>,
    /// Clean bytes that the inner sink refused.
    refused: Vec<u8>,
    inside: Inside,
}

/// What the stream is in the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Nothing,
    /// A token whose mark is written already.
    Token,
    /// The same for a private key, which goes on over lines.
    Pem {
        /// What was dropped last is a line end.
        line_ended: bool,
    },
}

/// The most bytes of an unfinished line that are held back (more only when a known secret is longer).
pub const MAX_HELD: usize = 64 << 10;
/// What stays held when a line is passed on in pieces: more than is ever needed to recognise a token by its shape.
const KEPT: usize = 4 << 10;

impl RedactingSink {
    /// Redacts what goes to `inner`.
    pub fn new(redactor: Arc<Redactor>, inner: Box<dyn TranscriptSink>) -> Self {
        Self { redactor, inner, held: Vec::new(), refused: Vec::new(), inside: Inside::Nothing }
    }

    /// Passes clean bytes on; refused ones are kept and tried first the next time.
    fn pass_on(&mut self, clean: &[u8]) {
        if self.inner.write(clean).is_err() {
            self.refused.extend_from_slice(clean);
        }
    }

    fn retry_refused(&mut self) -> io::Result<()> {
        if !self.refused.is_empty() {
            self.inner.write(&self.refused)?;
            self.refused = Vec::new();
        }
        Ok(())
    }

    /// Redacts a text that ends at a line end or with the stream.
    fn pass_lines(&mut self, text: &[u8]) {
        let text = self.skip_inside(text);
        if text.is_empty() {
            return;
        }
        let redactor = Arc::clone(&self.redactor);
        self.inside = redactor.open_end(text);
        let clean = redactor.redact_bytes(text);
        self.pass_on(&clean);
    }

    /// Drops what still belongs to a secret that is marked already.
    fn skip_inside<'a>(&mut self, text: &'a [u8]) -> &'a [u8] {
        let (end, line_ended) = match self.inside {
            Inside::Nothing => return text,
            Inside::Token => (shapes::run_end(text, 0, shapes::token_byte), false),
            Inside::Pem { line_ended } => (shapes::pem_end(text, 0), line_ended),
        };
        if end < text.len() {
            self.inside = Inside::Nothing;
            if end == 0 && line_ended {
                // A key that was cut off; what follows it stays a line of its own.
                self.pass_on(b"\n");
            }
        } else if self.inside != Inside::Token && !text.is_empty() {
            self.inside = Inside::Pem { line_ended: text.ends_with(b"\n") };
        }
        text.get(end..).unwrap_or_default()
    }

    /// Passes on the part of a too long unfinished line in which no secret can still be incomplete.
    fn pass_piece(&mut self) {
        let held = std::mem::take(&mut self.held);
        let text = self.skip_inside(&held);
        let kept = KEPT.max(self.redactor.longest_secret);
        let redactor = Arc::clone(&self.redactor);
        let mut clean = Vec::with_capacity(text.len());
        let (mut from, mut cut) = (0, text.len().saturating_sub(kept));
        while let Some(found) = redactor.next(text, from).filter(|found| found.start < cut) {
            clean.extend_from_slice(text.get(from..found.start).unwrap_or_default());
            put_mark(&mut clean, found.kind);
            from = found.end;
            cut = cut.max(found.end);
            if found.open {
                self.inside =
                    if found.kind == PEM_KIND { Inside::Pem { line_ended: false } } else { Inside::Token };
            }
        }
        clean.extend_from_slice(text.get(from..cut).unwrap_or_default());
        self.held = text.get(cut..).unwrap_or_default().to_vec();
        self.pass_on(&clean);
    }

    fn end(&mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.held);
        if !rest.is_empty() {
            self.pass_lines(&rest);
        }
        self.retry_refused()?;
        self.inner.flush()
    }
}

impl TranscriptSink for RedactingSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.retry_refused()?;
        let Some(end) = memchr::memrchr(b'\n', bytes).map(|at| at + 1) else {
            self.held.extend_from_slice(bytes);
            if self.held.len() > MAX_HELD.max(2 * self.redactor.longest_secret) {
                self.pass_piece();
            }
            return Ok(());
        };
        let (lines, rest) = bytes.split_at(end);
        if self.held.is_empty() {
            self.pass_lines(lines);
        } else {
            let mut whole = std::mem::take(&mut self.held);
            whole.extend_from_slice(lines);
            self.pass_lines(&whole);
        }
        self.held.extend_from_slice(rest);
        Ok(())
    }

    /// An unfinished line stays held: a part of a secret may be in it.
    fn flush(&mut self) -> io::Result<()> {
        self.retry_refused()?;
        self.inner.flush()
    }
}

impl Drop for RedactingSink {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

impl Redactor {
    /// Whether a private key begins in the text and goes on after its end.
    fn open_end(&self, text: &[u8]) -> Inside {
        // One marker search is cheap beside looking for all secrets twice.
        let Some(start) = memchr::memmem::rfind(text, b"-----BEGIN ") else { return Inside::Nothing };
        let mut from = start;
        while let Some(found) = self.next(text, from) {
            if found.open && found.kind == PEM_KIND {
                return Inside::Pem { line_ended: text.ends_with(b"\n") };
            }
            from = found.end;
        }
        Inside::Nothing
    }
}
