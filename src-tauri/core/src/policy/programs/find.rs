//! `find`: its tests only look; its actions run programs, delete and write.

use super::super::shell::Word;
use super::{Doubt, Known, may_be_an_option};

/// Tests, operators and actions that take no word after them.
const ALONE: [&str; 23] = [
    "-a",
    "-and",
    "-o",
    "-or",
    "-not",
    "!",
    "(",
    ")",
    "-print",
    "-print0",
    "-prune",
    "-empty",
    "-depth",
    "-xdev",
    "-mount",
    "-true",
    "-false",
    "-readable",
    "-writable",
    "-executable",
    "-noleaf",
    "-ls",
    "-quit",
];

/// Those that take one.
const WITH_ONE: [&str; 26] = [
    "-name",
    "-iname",
    "-path",
    "-ipath",
    "-wholename",
    "-iwholename",
    "-regex",
    "-iregex",
    "-regextype",
    "-type",
    "-xtype",
    "-maxdepth",
    "-mindepth",
    "-size",
    "-mtime",
    "-mmin",
    "-atime",
    "-amin",
    "-ctime",
    "-cmin",
    "-perm",
    "-user",
    "-group",
    "-links",
    "-printf",
    "-newermt",
];

/// What it does with these words.
pub(super) fn known(words: &[Word]) -> Result<Known, Doubt> {
    let mut known = Known::default();
    let mut rest = words.iter().peekable();
    while let Some(word) = rest.next_if(|word| !begins_expression(word.shown())) {
        if may_be_an_option(word) || matches!(word, Word::Open { .. }) {
            return Err(format!("takes {} for something else where a file is called so", word.shown()));
        }
        known.reads.push(word.clone());
    }
    while let Some(word) = rest.next() {
        match word.fixed() {
            Some(test) if ALONE.contains(&test) => {}
            Some(test) if WITH_ONE.contains(&test) => {
                if rest.next().is_none_or(|value| value.fixed().is_none()) {
                    return Err(format!("has a value of {test} that the line does not say whole"));
                }
            }
            Some("-newer" | "-samefile") => known.reads.extend(rest.next().cloned()),
            _ => return Err(format!("does more than look with {}", word.shown())),
        }
    }
    Ok(known)
}

/// `-H` and `-P` come before the places and follow no links below them; `-L` does, and begins nothing that is known.
fn begins_expression(text: &str) -> bool {
    text.starts_with(['-', '(', '!', ','])
}
