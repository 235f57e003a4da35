//! Tokens that can be told by their shape: how each begins, and what must follow. The forms are those that the
//! issuers document (GitHub, GitLab, npm, Slack, AWS, Google) or that their keys are seen to have (Anthropic, OpenAI).

use std::ops::Range;

/// One kind of token.
pub(super) struct Shape {
    /// How it is noticed: its first bytes, but for private keys.
    pub(super) start: &'static [u8],
    /// Its name in the mark.
    pub(super) kind: &'static str,
    rule: Rule,
}

/// What must follow the start.
enum Rule {
    /// At least so many bytes of a class.
    Run(fn(u8) -> bool, usize),
    /// The same, with a digit among them.
    RunWithDigit(fn(u8) -> bool, usize),
    /// `sk-` alone also begins ordinary words, so more is asked of what follows.
    SecretKey,
    AwsKeyId,
    Jwt,
    /// The start is not part of the secret.
    Bearer,
    Pem,
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind)
    }
}

const fn shape(start: &'static [u8], kind: &'static str, rule: Rule) -> Shape {
    Shape { start, kind, rule }
}

/// All of them; where two match at one place, the first counts.
pub(super) static SHAPES: &[Shape] = &[
    shape(b"sk-ant-", "anthropic_key", Rule::Run(word_or_dash, 12)),
    shape(b"sk-proj-", "api_key", Rule::Run(word_or_dash, 16)),
    shape(b"sk-svcacct-", "api_key", Rule::Run(word_or_dash, 16)),
    shape(b"sk-or-v1-", "api_key", Rule::Run(word_or_dash, 16)),
    shape(b"sk-", "api_key", Rule::SecretKey),
    shape(b"ghp_", "github_token", Rule::Run(letter_or_digit, 30)),
    shape(b"gho_", "github_token", Rule::Run(letter_or_digit, 30)),
    shape(b"ghu_", "github_token", Rule::Run(letter_or_digit, 30)),
    shape(b"ghs_", "github_token", Rule::Run(word, 30)),
    shape(b"ghr_", "github_token", Rule::Run(letter_or_digit, 30)),
    shape(b"github_pat_", "github_token", Rule::Run(word, 22)),
    shape(b"glpat-", "gitlab_token", Rule::Run(word_dash_or_dot, 20)),
    shape(b"npm_", "npm_token", Rule::Run(letter_or_digit, 36)),
    shape(b"xoxa-", "slack_token", Rule::RunWithDigit(word_or_dash, 10)),
    shape(b"xoxb-", "slack_token", Rule::RunWithDigit(word_or_dash, 10)),
    shape(b"xoxp-", "slack_token", Rule::RunWithDigit(word_or_dash, 10)),
    shape(b"xoxr-", "slack_token", Rule::RunWithDigit(word_or_dash, 10)),
    shape(b"xoxs-", "slack_token", Rule::RunWithDigit(word_or_dash, 10)),
    shape(b"AKIA", "aws_key_id", Rule::AwsKeyId),
    shape(b"ASIA", "aws_key_id", Rule::AwsKeyId),
    shape(b"AIza", "google_key", Rule::Run(word_or_dash, 35)),
    shape(b"ya29.", "google_token", Rule::Run(word_or_dash, 20)),
    shape(b"eyJ", "jwt", Rule::Jwt),
    shape(b"Bearer ", "bearer", Rule::Bearer),
    shape(b"bearer ", "bearer", Rule::Bearer),
    // Not by its first bytes: rows of dashes are everywhere.
    shape(b"PRIVATE KEY", "private_key", Rule::Pem),
];

/// The kind whose text may go on over lines.
pub(super) const PEM_KIND: &str = "private_key";

fn letter_or_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}
fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
fn word_or_dash(byte: u8) -> bool {
    word(byte) || byte == b'-'
}
fn word_dash_or_dot(byte: u8) -> bool {
    word_or_dash(byte) || byte == b'.'
}

/// The words between the dashes of a PEM marker.
fn title(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' '
}

/// The bytes that any token but a private key consists of.
pub(super) fn token_byte(byte: u8) -> bool {
    word_dash_or_dot(byte) || matches!(byte, b'~' | b'+' | b'/' | b'=')
}

/// Where the bytes of a class end.
pub(super) fn run_end(text: &[u8], from: usize, class: fn(u8) -> bool) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    rest.iter().position(|byte| !class(*byte)).map_or(text.len(), |length| from + length)
}

impl Shape {
    /// The secret that was noticed at `start`, if what is around it makes it one.
    pub(super) fn find(&self, text: &[u8], start: usize) -> Option<Range<usize>> {
        let body = start + self.start.len();
        match self.rule {
            Rule::Run(class, least) => {
                let end = run_end(text, body, class);
                (end - body >= least).then_some(start..end)
            }
            Rule::RunWithDigit(class, least) => {
                let end = run_end(text, body, class);
                (end - body >= least && has_digit(text, body..end)).then_some(start..end)
            }
            Rule::SecretKey => {
                // `disk-` and `task-` are common: most of them end right here.
                if !text.get(body + SECRET_KEY_LEAST - 1).is_some_and(|byte| word_or_dash(*byte)) {
                    return None;
                }
                let end = run_end(text, body, word_or_dash);
                let key = text.get(body..end)?;
                (key.len() >= SECRET_KEY_LEAST && !glued(text, start) && looks_random(key))
                    .then_some(start..end)
            }
            Rule::AwsKeyId => {
                let end = run_end(text, body, letter_or_digit);
                let id = text.get(body..end)?;
                let upper = id.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
                (id.len() == 16 && upper && !glued(text, start)).then_some(start..end)
            }
            Rule::Jwt => {
                let header = run_end(text, start, word_or_dash);
                let payload = run_end(text, header + 1, word_or_dash);
                let dots = text.get(header) == Some(&b'.') && text.get(payload) == Some(&b'.');
                let long = header - start >= 12 && payload.saturating_sub(header) >= 12;
                (dots && long).then(|| start..run_end(text, payload, word_dash_or_dot))
            }
            Rule::Bearer => {
                let end = run_end(text, body, token_byte);
                (end - body >= 16 && has_digit(text, body..end)).then_some(body..end)
            }
            Rule::Pem => {
                let before = text.get(..start)?;
                let begin = before.iter().rposition(|byte| !title(*byte))? + 1;
                let named =
                    text.get(begin..)?.starts_with(b"BEGIN ") && before.get(..begin)?.ends_with(DASHES);
                let title_end = run_end(text, body, title);
                let key = title_end + DASHES.len();
                if !named || text.get(title_end..key) != Some(DASHES) {
                    return None;
                }
                let end = pem_end(text, key);
                // Documents name the marker; a key has something behind it, perhaps in the next piece.
                (end - key >= 16 || end == text.len()).then_some(begin - DASHES.len()..end)
            }
        }
    }
}

/// The least that follows `sk-`.
const SECRET_KEY_LEAST: usize = 20;
const DASHES: &[u8] = b"-----";
const PEM_END: &[u8] = b"-----END ";

/// Where the inside of a PEM block ends: behind its end marker, or, when it was cut off, before the first byte that
/// cannot be part of it. Line ends may be written as JSON writes them, once or repeatedly escaped.
pub(super) fn pem_end(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(&byte) = text.get(at) {
        let rest = text.get(at..).unwrap_or_default();
        match byte {
            b'-' if rest.starts_with(PEM_END) => {
                let name = at + PEM_END.len();
                let window = text.get(name..text.len().min(name + 64)).unwrap_or_default();
                return match memchr::memmem::find(window, DASHES) {
                    Some(length) => name + length + DASHES.len(),
                    None => run_end(text, name, |byte| title(byte) || byte == b'-'),
                };
            }
            b'\\' => {
                // A run of backslashes is taken whole or not at all, so that no escape is split.
                let end = run_end(text, at, |byte| byte == b'\\');
                match text.get(end) {
                    Some(b'n' | b'r' | b'/') => at = end + 1,
                    Some(_) => break,
                    None => return text.len(),
                }
            }
            b' ' if at > from && text.get(at - 1) == Some(&b':') => at += 1,
            b'+' | b'/' | b'=' | b':' | b',' | b'-' | b'\r' | b'\n' => at += 1,
            _ if byte.is_ascii_alphanumeric() => at += 1,
            _ => break,
        }
    }
    // What follows a key that was cut off stays a line of its own.
    let line_end = text.len() > at && at > from && text.get(at - 1) == Some(&b'\n');
    if line_end { at - 1 } else { at }
}

fn has_digit(text: &[u8], range: Range<usize>) -> bool {
    text.get(range).unwrap_or_default().iter().any(u8::is_ascii_digit)
}

/// Whether it looks drawn at random: a digit, and either both cases or one long unbroken piece.
fn looks_random(key: &[u8]) -> bool {
    let mixed = key.iter().any(u8::is_ascii_uppercase) && key.iter().any(u8::is_ascii_lowercase);
    let unbroken = || {
        let mut pieces = key.split(|byte| !byte.is_ascii_alphanumeric());
        pieces.any(|piece| piece.len() >= 20 && piece.iter().any(u8::is_ascii_digit))
    };
    key.iter().any(u8::is_ascii_digit) && (mixed || unbroken())
}

/// Whether the byte before belongs to the same word, as in `disk-`, rather than to an escape (`\n`, `\u001b`, `%3D`,
/// a terminal colour).
fn glued(text: &[u8], start: usize) -> bool {
    let before = text.get(start.saturating_sub(8)..start).unwrap_or_default();
    match before {
        [.., b'\\', b'n' | b't' | b'r' | b'b' | b'f'] | [] => false,
        [.., b'%', a, b] if [a, b].iter().all(|x| x.is_ascii_hexdigit()) => false,
        [.., b'\\', b'u', a, b, c, d] if [a, b, c, d].iter().all(|x| x.is_ascii_hexdigit()) => false,
        [colour @ .., b'm'] => {
            let numbers = |byte: &&u8| byte.is_ascii_digit() || **byte == b';';
            colour.iter().rev().find(|byte| !numbers(byte)) != Some(&b'[')
        }
        [.., last] => last.is_ascii_alphanumeric(),
    }
}
