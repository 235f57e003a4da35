//! Tables of texts, matched by what is stable in them.

use std::sync::LazyLock;

use mo_core::outcome::FailureClass;
use regex::bytes::{RegexSet, RegexSetBuilder};

use super::Text;
use super::below::BELOW;
use crate::shared::text::without_ansi;

/// How much of the beginning and of the end of a text is read: an error names its cause in one or the other.
const HEAD: usize = 6 * 1024;
const TAIL: usize = 2 * 1024;

/// A CLI's own rows, and after them the rows of what all CLIs stand on ([`BELOW`]). The first row that matches
/// anywhere in the text wins.
#[derive(Debug)]
pub struct Texts {
    own: &'static [Text],
    /// `None` where an expression is broken, which a test excludes.
    set: Option<RegexSet>,
}

/// A table that is compiled when it is first used.
pub type Lazy = LazyLock<Texts>;

impl Texts {
    /// Compiles a table.
    pub fn new(own: &'static [Text]) -> Self {
        let patterns = own.iter().chain(BELOW).map(|row| row.0);
        let set = RegexSetBuilder::new(patterns).unicode(false).size_limit(64 << 20).build().ok();
        Self { own, set }
    }

    /// The class of an error text.
    pub fn class_of(&self, text: &str) -> Option<FailureClass> {
        self.row_of(text).map(|row| row.1)
    }

    /// The class of an error text by the CLI's own rows alone.
    pub fn own_class_of(&self, text: &str) -> Option<FailureClass> {
        let first = self.first(text)?;
        self.own.get(first).map(|row| row.1)
    }

    fn first(&self, text: &str) -> Option<usize> {
        self.set.as_ref()?.matches(plain(text).as_bytes()).iter().next()
    }

    /// The row that an error text matches first.
    pub fn row_of(&self, text: &str) -> Option<&'static Text> {
        let first = self.first(text)?;
        self.own.iter().chain(BELOW).nth(first)
    }

    /// Whether every expression of the table is sound.
    pub fn is_sound(&self) -> bool {
        self.set.is_some()
    }
}

/// A text as the tables see it: lower case, without terminal colours, straight apostrophes and quotes, hyphens for
/// dashes, no back-ticks and asterisks, and one space for any white space. Only the two ends of a long one.
pub fn plain(text: &str) -> String {
    let cut = text.len() > HEAD + TAIL;
    let head = if cut { text.get(..text.floor_char_boundary(HEAD)).unwrap_or(text) } else { text };
    let tail = if cut { text.get(text.ceil_char_boundary(text.len() - TAIL)..).unwrap_or("") } else { "" };
    let mut out = String::with_capacity(head.len() + tail.len());
    for part in [head, tail] {
        for c in without_ansi(part).chars() {
            match c {
                '`' | '*' => {}
                '\u{2018}' | '\u{2019}' | '\u{2bc}' | '\u{ff07}' => out.push('\''),
                '\u{201c}' | '\u{201d}' => out.push('"'),
                '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push('-'),
                c if c.is_whitespace() || c.is_control() => {
                    if !out.is_empty() && !out.ends_with(' ') {
                        out.push(' ');
                    }
                }
                c => out.push(c.to_ascii_lowercase()),
            }
        }
        if cut && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}
