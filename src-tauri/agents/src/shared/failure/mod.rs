//! Why a turn failed: how the tables of the CLIs (`<agent>/failure/`) are read.
//!
//! A table of **words** reads what a protocol has for programs; a table of **texts** reads what a CLI says to
//! people. Words come first. Where a word covers more than one cause (`authentication_failed` is no login, an old
//! one or a wrong key) its row lists the finer classes that a text beside it may choose; a text never overrules a
//! word beyond that list. Only a CLI's own error channels are read, never what a model or a file said.

pub mod below;
pub mod body;
#[cfg(test)]
mod failure_tests;
pub mod status;
pub mod texts;

use mo_core::outcome::FailureClass;

/// A row for a word that is meant for programs: the word, what it means, which finer classes the text beside it may
/// choose instead, and where the row is from.
pub type Word = (&'static str, FailureClass, &'static [FailureClass], &'static str);

/// A row for a text: its stable words as a regular expression over the [plain](texts::plain) text, what they mean, and
/// where the row is from.
pub type Text = (&'static str, FailureClass, &'static str);

/// What a word means, before any text was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// The class where no text says more.
    pub class: FailureClass,
    /// The classes that a text may choose instead.
    pub finer: &'static [FailureClass],
}

impl Meaning {
    /// The class, given what the text beside the word says by itself.
    pub fn with(self, text: Option<FailureClass>) -> FailureClass {
        text.filter(|class| self.finer.contains(class)).unwrap_or(self.class)
    }
}

/// The row of a word; words are compared whole, without regard to case, `-` and `_`.
pub fn word(table: &'static [Word], word: &str) -> Option<Meaning> {
    // The longest word of any table is far shorter: whatever is longer is none.
    if word.len() > 80 {
        return None;
    }
    let same = |row: &str| {
        let plain = |text: &str| -> Vec<u8> {
            text.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase()).collect()
        };
        plain(row) == plain(word)
    };
    table.iter().find(|row| same(row.0)).map(|&(_, class, finer, _)| Meaning { class, finer })
}

/// Whether a turn that has begun can still fail for this: what a launch or a session's opening fails for is settled
/// by then.
pub fn happens_in_a_turn(class: FailureClass) -> bool {
    use FailureClass::{
        BadArguments, NotAGitRepo, RootRefused, SessionInUse, SessionUnknown, UntrustedFolder,
    };
    ![BadArguments, NotAGitRepo, RootRefused, SessionInUse, SessionUnknown, UntrustedFolder].contains(&class)
}
