//! Taking secrets out of a text before it is written: the ones that are known (keys and tokens of the environment;
//! which variables those are is the caller's) and the ones that can be told by their shape ([`shapes`]).
//!
//! A secret becomes `[redacted:<kind>]`. That keeps JSON valid: a match never reaches beyond the string it is in, nor
//! does it split an escape.

mod shapes;
mod stream;

use std::borrow::Cow;
use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind, packed};

use shapes::PEM_KIND;
pub use stream::{MAX_HELD, RedactingSink};

#[cfg(test)]
mod redact_tests;

/// More secrets than can be searched for.
#[derive(Debug, Clone, thiserror::Error)]
#[error("too many secrets to search for: {0}")]
pub struct TooManySecrets(String);

impl TooManySecrets {
    /// The stable code that scripts may rely on.
    pub fn code(&self) -> &'static str {
        "too_many_secrets"
    }
}

/// A known secret shorter than this is not searched for: it would take ordinary words out of every text.
pub const SHORTEST_SECRET: usize = 8;
/// A line of a known secret counts by itself from this length on, when it holds no space.
const SHORTEST_LINE: usize = 20;

/// The forms to search for, longest first, each with whether it can only occur outside JSON.
type KnownForms = BTreeSet<(std::cmp::Reverse<usize>, String, bool)>;

fn add_known(known: &mut KnownForms, secret: &str) {
    if secret.len() < SHORTEST_SECRET {
        return;
    }
    let quoted = serde_json::Value::from(secret).to_string();
    let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    known.insert((std::cmp::Reverse(inner.len()), inner.to_owned(), false));
    if inner != secret {
        known.insert((std::cmp::Reverse(secret.len()), secret.to_owned(), true));
    }
}

/// Finds and replaces secrets. Made once, shared by all writers.
pub struct Redactor {
    search: Search,
    patterns: Vec<Pattern>,
    longest_secret: usize,
}

/// What a found literal is the start of.
#[derive(Debug, Clone, Copy)]
enum Pattern {
    /// All of a known secret.
    Known {
        /// It holds bytes that JSON would have to escape, so inside JSON a match is no string's content.
        text_only: bool,
    },
    Shape(&'static shapes::Shape),
}

enum Search {
    /// SIMD search, for as many patterns as it takes on this machine.
    Packed(packed::Searcher),
    Automaton(Box<AhoCorasick>),
}

impl Search {
    fn new(literals: &[Vec<u8>]) -> Result<Self, TooManySecrets> {
        let mut packed = packed::Config::new().match_kind(packed::MatchKind::LeftmostFirst).builder();
        if let Some(searcher) = packed.extend(literals).build() {
            return Ok(Self::Packed(searcher));
        }
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(literals);
        automaton
            .map(|automaton| Self::Automaton(Box::new(automaton)))
            .map_err(|error| TooManySecrets(error.to_string()))
    }

    /// The leftmost pattern from `at`: its number and where it starts and ends.
    fn find(&self, text: &[u8], at: usize) -> Option<(usize, usize, usize)> {
        match self {
            Self::Packed(searcher) => {
                let found = searcher.find_in(text, (at..text.len()).into())?;
                Some((found.pattern().as_usize(), found.start(), found.end()))
            }
            Self::Automaton(automaton) => {
                let found = automaton.find(aho_corasick::Input::new(text).span(at..text.len()))?;
                Some((found.pattern().as_usize(), found.start(), found.end()))
            }
        }
    }
}

/// A secret in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    start: usize,
    end: usize,
    kind: &'static str,
    /// More of it may follow after the end of the text.
    open: bool,
}

impl Redactor {
    /// Searches for these secrets, as they are and as JSON writes them, and for the known shapes. Those shorter than
    /// [`SHORTEST_SECRET`] are left out; of one with several lines, each long line counts by itself too. Fails only
    /// when the secrets are too many to search for (gigabytes).
    pub fn new(secrets: impl Iterator<Item = String>) -> Result<Self, TooManySecrets> {
        let mut known = KnownForms::new();
        for secret in secrets {
            add_known(&mut known, secret.trim());
            // A stream is searched line by line.
            for line in secret.lines().map(str::trim) {
                if line.len() >= SHORTEST_LINE && !line.contains(char::is_whitespace) {
                    add_known(&mut known, line);
                }
            }
        }
        let longest_secret = known.iter().map(|(length, ..)| length.0).max().unwrap_or(0);
        // The first pattern that matches at a place wins: the longer secret before its own beginning, and a known
        // secret before its shape.
        let mut literals: Vec<Vec<u8>> = Vec::new();
        let mut patterns = Vec::new();
        for (_, secret, text_only) in known {
            literals.push(secret.into_bytes());
            patterns.push(Pattern::Known { text_only });
        }
        for shape in shapes::SHAPES {
            literals.push(shape.start.to_vec());
            patterns.push(Pattern::Shape(shape));
        }
        Ok(Self { search: Search::new(&literals)?, patterns, longest_secret })
    }

    /// The text without its secrets; borrowed when there are none.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.redact_bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            // Cuts are at ASCII bytes or at the ends of whole texts, so this is UTF-8 again.
            Cow::Owned(bytes) => Cow::Owned(
                String::from_utf8(bytes)
                    .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            ),
        }
    }

    /// The same for bytes that need not be UTF-8.
    pub fn redact_bytes<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let Some(mut found) = self.next(text, 0) else { return Cow::Borrowed(text) };
        let mut clean = Vec::with_capacity(text.len());
        let mut from = 0;
        loop {
            clean.extend_from_slice(text.get(from..found.start).unwrap_or_default());
            put_mark(&mut clean, found.kind);
            from = found.end;
            match self.next(text, from) {
                Some(next) => found = next,
                None => break,
            }
        }
        clean.extend_from_slice(text.get(from..).unwrap_or_default());
        Cow::Owned(clean)
    }

    /// The next secret at or after `from`.
    fn next(&self, text: &[u8], mut from: usize) -> Option<Found> {
        let least = from;
        loop {
            let (pattern, start, end) = self.search.find(text, from)?;
            let found = match *self.patterns.get(pattern)? {
                Pattern::Known { text_only: true } if in_json(text, start) => shape_at(text, start),
                Pattern::Known { .. } => Some(Found { start, end, kind: "secret", open: false }),
                Pattern::Shape(shape) => found_shape(shape, text, start),
            };
            if let Some(found) =
                found.filter(|found| found.start >= least && !splits_escape(text, found.start))
            {
                return Some(found);
            }
            from = start + 1;
        }
    }
}

fn found_shape(shape: &shapes::Shape, text: &[u8], start: usize) -> Option<Found> {
    let body = shape.find(text, start)?;
    let open = body.end == text.len();
    Some(Found { start: body.start, end: body.end, kind: shape.kind, open })
}

fn shape_at(text: &[u8], start: usize) -> Option<Found> {
    let rest = text.get(start..)?;
    let shape = shapes::SHAPES.iter().find(|shape| rest.starts_with(shape.start))?;
    found_shape(shape, text, start)
}

/// Whether the line around `at` is JSON, or the beginning of it, rather than plain text. Asked only where a cut could
/// do harm, which is rare.
fn in_json(text: &[u8], at: usize) -> bool {
    let (before, after) = text.split_at(at.min(text.len()));
    let start = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
    let end = memchr::memchr(b'\n', after).map_or(text.len(), |length| at + length);
    let line = text.get(start..end).unwrap_or_default().trim_ascii();
    let parsed = || serde_json::from_slice::<&serde_json::value::RawValue>(line);
    matches!(line.first(), Some(b'{' | b'[')) && parsed().map_or_else(|error| error.is_eof(), |_| true)
}

/// Whether, in JSON, `at` is inside an escape: its bytes then stand for something else, and cutting there would
/// break the string.
fn splits_escape(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let escapes = |before: &[u8]| before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
    let hex = before.iter().rev().take(3).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let inside = escapes(before)
        || (0..=hex).any(|digits| {
            before.get(..before.len() - digits).and_then(|head| head.strip_suffix(b"u")).is_some_and(escapes)
        });
    inside && in_json(text, at)
}

fn put_mark(out: &mut Vec<u8>, kind: &str) {
    out.extend_from_slice(b"[redacted:");
    out.extend_from_slice(kind.as_bytes());
    out.push(b']');
}
