//! `git`: the commands that only show, with options that start no program.

use super::super::shell::Word;
use super::{Doubt, GitFolder, Known, long_option, may_be_an_option, means_one_of, names_a_place};

/// Commands that only show, whatever stands after them.
const SHOWS: [&str; 18] = [
    "status",
    "log",
    "diff",
    "show",
    "rev-parse",
    "rev-list",
    "ls-files",
    "ls-tree",
    "cat-file",
    "blame",
    "shortlog",
    "describe",
    "merge-base",
    "name-rev",
    "grep",
    "check-ignore",
    "check-attr",
    "show-ref",
];

/// Those of them that show what is in files.
const SHOWS_CONTENT: [&str; 7] = ["log", "diff", "show", "cat-file", "blame", "grep", "stash"];

/// Options that start a program or write a file, whatever the command.
const NOT_PLAIN: [&str; 14] = [
    // A pager, or a browser.
    "help",
    // `gpg`, and git in a submodule with the submodule's settings.
    "show-signature",
    "submodule",
    "recurse-submodules",
    "ext-diff",
    "textconv",
    "filters",
    "output",
    "output-directory",
    "open-files-in-pager",
    "exec",
    "upload-pack",
    "no-index",
    "contents",
];

/// What it does with these words.
pub(super) fn known(words: &[Word]) -> Result<Known, Doubt> {
    let mut known = Known { git_in: Some(GitFolder::Here), ..Known::default() };
    let mut rest = words.iter();
    let command = loop {
        let Some(word) = rest.next() else { return Err("has no command".to_owned()) };
        match word.fixed() {
            Some("--no-pager" | "-P" | "--no-optional-locks" | "--literal-pathspecs") => {}
            Some("--version" | "version") => return Ok(Known::default()),
            Some("-C") => match (&known.git_in, rest.next()) {
                (Some(GitFolder::Here), Some(folder)) => {
                    known.reads.push(folder.clone());
                    known.git_in = Some(GitFolder::Named(folder.clone()));
                }
                _ => return Err("names its folder more than once, or not at all".to_owned()),
            },
            Some(text) if text.starts_with('-') => {
                return Err(format!("has an option before its command that can change what it runs: {text}"));
            }
            Some(text) => break text,
            None => return Err("has a command that is known only when it runs".to_owned()),
        }
    };
    let words: Vec<&Word> = rest.collect();
    let operands: Vec<&str> =
        words.iter().filter_map(|word| word.fixed()).filter(|t| !t.starts_with('-')).collect();
    for word in &words {
        check_option(word, command)?;
        if SHOWS_CONTENT.contains(&command) {
            known.shows.push((*word).clone());
        }
        // A revision, a path, or the name of a file that it reads: where it is a place, it is judged as one.
        known.may_read.push((*word).clone());
        let value =
            word.fixed().and_then(|text| text.strip_prefix('-')?.split_once('=')).map(|(_, value)| value);
        known.may_read.extend(value.map(|value| Word::Fixed(value.to_owned())));
    }
    let only =
        |allowed: &[&str]| words.iter().all(|word| word.fixed().is_some_and(|text| allowed.contains(&text)));
    let shows = match command {
        "branch" | "tag" if lists(&words) => true,
        "config" => reads_setting(&words),
        "stash" if operands.first() == Some(&"show") => shows_stash(&words),
        "branch" => only(&["-a", "-r", "-v", "-vv", "--list", "--show-current", "--all", "--remotes"]),
        "tag" => only(&["-l", "--list", "-n"]),
        "remote" => only(&["-v", "--verbose"]),
        "stash" | "worktree" => words.len() == 1 && operands == ["list"],
        "reflog" => words.is_empty() || operands.first() == Some(&"show"),
        command => SHOWS.contains(&command),
    };
    if shows { Ok(known) } else { Err(format!("may do more than show with `git {command}`")) }
}

/// `--list PATTERN …`, with nothing that could do more.
fn lists(words: &[&Word]) -> bool {
    let mut texts = words.iter().map(|word| word.fixed().unwrap_or("-"));
    let sorted = |text: &str| {
        let key = text.strip_prefix("--sort=").map(|key| key.trim_start_matches('-'));
        key.is_some_and(|key| {
            ["refname", "version:refname", "v:refname", "creatordate", "committerdate"].contains(&key)
        })
    };
    texts.next() == Some("--list") && texts.all(|text| !text.starts_with('-') || sorted(text))
}

/// A setting that holds no secret.
fn reads_setting(words: &[&Word]) -> bool {
    let texts: Vec<Option<&str>> = words.iter().map(|word| word.fixed()).collect();
    matches!(texts.as_slice(), [Some("--get"), Some("user.name" | "user.email" | "init.defaultBranch")])
}

fn shows_stash(words: &[&Word]) -> bool {
    words.iter().skip(1).all(|word| {
        word.fixed().is_some_and(|text| {
            let which = text.strip_prefix("stash@{").and_then(|rest| rest.strip_suffix('}'));
            ["-p", "--stat", "--name-only"].contains(&text)
                || which.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
        })
    }) && words.first().is_some_and(|word| word.fixed() == Some("show"))
}

fn check_option(word: &Word, command: &str) -> Result<(), Doubt> {
    // A pattern of file names cannot turn into an option unless it begins like one.
    if matches!(word, Word::Open { .. }) || may_be_an_option(word) {
        return Err(format!("is given {}, which is known only when it runs", word.shown()));
    }
    let text = word.shown();
    // `--format=%G?` checks signatures, too.
    if text.contains("%G") {
        return Err(format!("can start a program with {text}"));
    }
    if let Some((name, _)) = long_option(text) {
        let plain = !means_one_of(name, &NOT_PLAIN);
        return if plain {
            Ok(())
        } else {
            Err(format!("can start a program or write a file with --{name}"))
        };
    }
    // `git grep -O` opens a pager, `git diff -O` reads an order file.
    let cluster = text.strip_prefix('-').unwrap_or_default();
    // A text to look for, or a range of lines, may have any form; what hangs on another letter may be a file to read.
    if names_a_place(cluster) && !cluster.starts_with(['S', 'G', 'L']) {
        return Err(format!("has an option that may name a place: {text}"));
    }
    let opens = cluster.starts_with('O') || (command == "grep" && cluster.contains('O'));
    if opens || (command == "blame" && text.starts_with("-S")) {
        return Err(format!("can start a program or read elsewhere with {text}"));
    }
    Ok(())
}
