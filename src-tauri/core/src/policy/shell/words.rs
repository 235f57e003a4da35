//! From a word as written to what the shell makes of it.

use brush_parser::word::{self, Parameter, ParameterExpr, SpecialParameter, WordPiece, WordPieceWithSource};

use super::read::{Reader, Unreadable};
use super::script::{Oddity, Word};

/// The pieces of a word, put together.
#[derive(Default)]
struct Parts {
    text: String,
    /// Unquoted `*`, `?` or `[`.
    globs: bool,
    /// The same in quotes: as a pattern they would have to be told apart.
    quoted_globs: bool,
    /// Whether there is a `{` anywhere in the word.
    braced: bool,
    known: KnownWhen,
}

/// When it is known what a word is.
#[derive(Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum KnownWhen {
    /// Before.
    #[default]
    Before,
    /// When the programs that are substituted into it have run.
    ProgramsRan,
    /// When it runs.
    Running,
}

impl Reader<'_> {
    /// Reads a word; the programs of its substitutions go into the script.
    pub(super) fn word(&mut self, raw: &str) -> Result<Word, Unreadable> {
        // zsh closes its braces with such a word, wherever it stands.
        if raw == "{" || raw == "}" {
            self.odd(Oddity::Unread);
        }
        let pieces = word::parse(raw, &self.options).map_err(|_| Unreadable::Syntax)?;
        self.put_together(raw, &pieces)
    }

    fn put_together(&mut self, raw: &str, pieces: &[WordPieceWithSource]) -> Result<Word, Unreadable> {
        let mut parts = Parts { braced: raw.contains('{'), ..Parts::default() };
        for (at, piece) in pieces.iter().enumerate() {
            self.piece(&piece.piece, at == 0, false, &mut parts)?;
        }
        let Parts { text, globs, quoted_globs, known, .. } = parts;
        let mixed = globs && (quoted_globs || known == KnownWhen::ProgramsRan);
        Ok(if known == KnownWhen::Running || mixed {
            Word::Open { shown: raw.to_owned(), only_output: false }
        } else if known == KnownWhen::ProgramsRan {
            Word::Open { shown: raw.to_owned(), only_output: true }
        } else if globs {
            Word::Glob(text)
        } else {
            Word::Fixed(text)
        })
    }

    fn piece(
        &mut self,
        piece: &WordPiece,
        first: bool,
        quoted: bool,
        parts: &mut Parts,
    ) -> Result<(), Unreadable> {
        match piece {
            WordPiece::Text(text) if quoted => parts.literal(text),
            WordPiece::Text(text) => parts.unquoted(text, first),
            WordPiece::SingleQuotedText(text) => parts.literal(text),
            WordPiece::DoubleQuotedSequence(inner) => {
                parts.dollars(inner);
                for piece in inner {
                    self.piece(&piece.piece, false, true, parts)?;
                }
            }
            WordPiece::EscapeSequence(escape) => parts.escaped(escape),
            WordPiece::TildePrefix(user) if user.is_empty() && !self.home.is_empty() => {
                parts.text.push_str(self.home);
            }
            // Outside of quotes its output is split into words, options among them.
            WordPiece::CommandSubstitution(inner) => {
                parts.only_known(if quoted { KnownWhen::ProgramsRan } else { KnownWhen::Running });
                self.inner(inner)?;
            }
            // Backquotes nest by backslashes; nobody needs them.
            WordPiece::BackquotedCommandSubstitution(inner) => {
                let one_word = quoted && !inner.contains('\\');
                parts.only_known(if one_word { KnownWhen::ProgramsRan } else { KnownWhen::Running });
                self.inner(inner)?;
            }
            // A number.
            WordPiece::ParameterExpansion(ParameterExpr::Parameter {
                parameter: Parameter::Special(SpecialParameter::LastExitStatus),
                indirect: false,
            }) => parts.only_known(KnownWhen::ProgramsRan),
            // Escapes by number hide what a word says; parameters and arithmetic can run commands.
            WordPiece::AnsiCQuotedText(_)
            | WordPiece::GettextDoubleQuotedSequence(_)
            | WordPiece::TildePrefix(_)
            | WordPiece::ParameterExpansion(_)
            | WordPiece::ArithmeticExpression(_) => parts.only_known(KnownWhen::Running),
        }
        Ok(())
    }
}

/// `a/{b,c}` as the words that it stands for, where everything in it is plain.
pub(super) fn alternatives(raw: &str) -> Option<Vec<Word>> {
    let (before, rest) = raw.split_once('{')?;
    let (inner, after) = rest.split_once('}')?;
    let plain =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./-=".contains(&byte));
    let each: Vec<&str> = inner.split(',').collect();
    let whole =
        each.len() > 1 && each.iter().all(|text| plain(text) && !text.is_empty() && !text.contains(".."));
    let first = !before.starts_with('=') && plain(before) && plain(after);
    (whole && first).then(|| each.iter().map(|text| Word::Fixed(format!("{before}{text}{after}"))).collect())
}

/// Whether unquoted text has no braces but such as `{}`, `@{1}` and `^{tree}`: in pairs, with nothing between them that
/// any shell would take apart.
fn inert_braces(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, braced) = rest.split_at(at);
        let pair = braced.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let plain = |inner: &str| inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        // Where zsh is told to, it takes `{abc}` for each of its letters.
        match pair {
            Some((inner, after)) if inner.is_empty() || (before.ends_with(['@', '^']) && plain(inner)) => {
                rest = after;
            }
            _ => return false,
        }
    }
    true
}

impl Parts {
    fn only_known(&mut self, when: KnownWhen) {
        self.known = self.known.max(when);
    }

    /// In double quotes a `$` is itself only where nothing behind it could make it more: `$[1+1]` computes.
    fn dollars(&mut self, inner: &[WordPieceWithSource]) {
        let mut before = ' ';
        for piece in inner {
            let WordPiece::Text(text) = &piece.piece else {
                if before == '$' {
                    self.only_known(KnownWhen::Running);
                }
                before = ' ';
                continue;
            };
            for c in text.chars() {
                if c == '`' || (before == '$' && !" )|/.,".contains(c)) {
                    self.only_known(KnownWhen::Running);
                }
                before = c;
            }
        }
    }

    fn literal(&mut self, text: &str) {
        self.quoted_globs |= text.contains(['*', '?', '[']);
        self.text.push_str(text);
    }

    fn unquoted(&mut self, text: &str, first: bool) {
        let class = text.split_once('[').is_some_and(|(_, rest)| rest.contains(']'));
        self.globs |= text.contains(['*', '?']);
        // Braces, classes (which shells read differently) and a leading `=` (zsh) make other words than the text shows.
        // What closes a brace, and the comma, may stand in another piece of the word.
        let brace = self.braced && !inert_braces(text);
        // `**` goes down any number of folders in zsh, and elsewhere where that is set.
        let deep = text.contains("**");
        if brace || class || deep || text.contains(['(', ')', '`', '$']) || (first && text.starts_with('=')) {
            self.only_known(KnownWhen::Running);
        }
        self.text.push_str(text);
    }

    fn escaped(&mut self, escape: &str) {
        let meant = escape.strip_prefix('\\').unwrap_or(escape);
        if meant != "\n" {
            self.literal(meant);
        }
    }
}
