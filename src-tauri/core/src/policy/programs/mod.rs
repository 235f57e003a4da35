//! What is known of programs: what their words name, and which of their options do more than the program's name says.
//! A program that is not here is asked; so is an option that is not plain.

mod builtin;
mod copy;
mod find;
mod git;
mod sed;
mod table;

use super::shell::Word;

/// What a known program does with its words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Known {
    /// Words that name what it reads.
    pub reads: Vec<Word>,
    /// Words that name what it writes.
    pub writes: Vec<Word>,
    /// Words that name what must not stand yet.
    pub fresh: Vec<Word>,
    /// Words that may name something that it reads, or mean something else.
    pub may_read: Vec<Word>,
    /// Words that name what it shows, by its name alone: a pattern of names, a file of another revision.
    pub shows: Vec<Word>,
    /// Whether it reads every file below what it reads.
    pub searches: bool,
    /// Whether it takes folders or files to other places, with the links in them.
    pub relocates: bool,
    /// The folder whose git repository it uses.
    pub git_in: Option<GitFolder>,
    /// The folder that the programs after it run in.
    pub moves_to: Option<Word>,
}

/// Where git looks for its repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum GitFolder {
    /// In the current folder.
    Here,
    /// As `-C` says.
    Named(Word),
}

/// Why a program that is known is asked nevertheless; completes "it …".
pub(super) type Doubt = String;

/// What a program does with these words (without its name). `None`: not known.
pub(super) fn known(name: &str, words: &[Word]) -> Option<Result<Known, Doubt>> {
    match name {
        "git" => Some(git::known(words)),
        "find" => Some(find::known(words)),
        "sed" => Some(sed::known(words)),
        "cp" | "mv" => Some(copy::known(words)),
        "cd" => Some(builtin::changes_folder(words)),
        "set" => Some(builtin::sets_options(words)),
        "test" | "[" => Some(builtin::tests(words)),
        "printf" => Some(builtin::prints(words)),
        "exit" => Some(builtin::exits(words)),
        _ => table::program(name).map(|program| program.known(words)),
    }
}

/// The long option of a word: its name without dashes, and the value after `=`.
fn long_option(text: &str) -> Option<(&str, Option<&str>)> {
    let rest = text.strip_prefix("--").filter(|rest| !rest.is_empty())?;
    Some(match rest.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (rest, None),
    })
}

/// Whether a pattern of file names could stand for an option: a file may be called so.
fn may_be_an_option(word: &Word) -> bool {
    let Word::Glob(text) = word else { return false };
    // `--include=*.rs` is that option whatever files there are.
    let whole_name =
        text.starts_with("--") && text.split_once('=').is_some_and(|(name, _)| !name.contains(['*', '?']));
    text.starts_with(['-', '*', '?']) && !whole_name
}

/// Whether an option's value could be a path that leads elsewhere.
fn names_a_place(value: &str) -> bool {
    value.contains('/') || value.contains("..") || value.starts_with('~')
}

/// Whether a long option means, or abbreviates, one of these.
fn means_one_of(given: &str, names: &[&str]) -> bool {
    names.iter().any(|name| name.starts_with(given))
}
