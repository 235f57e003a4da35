//! `sed`: printing, dropping and changing lines on the way to its output is reading; most of its other commands write
//! files or run programs.

use super::super::shell::Word;
use super::{Doubt, Known, may_be_an_option};

/// What it does with these words.
pub(super) fn known(words: &[Word]) -> Result<Known, Doubt> {
    let mut known = Known::default();
    let mut script = None;
    let mut rest = words.iter();
    let mut operands: Vec<&Word> = Vec::new();
    while let Some(word) = rest.next() {
        match word.fixed() {
            Some(
                "-E" | "-r" | "--regexp-extended" | "-s" | "-u" | "-n" | "--quiet" | "--silent" | "-nE"
                | "-En" | "-nr" | "-rn",
            ) => {}
            Some("-e" | "-ne") => {
                let given = rest.next().ok_or("has no script")?;
                check(given)?;
                script = Some(());
            }
            Some(text) if text.starts_with('-') && text != "-" => {
                return Err(format!("does more than print with {text}"));
            }
            _ if may_be_an_option(word) => {
                return Err(format!("takes {} for an option where a file is called so", word.shown()));
            }
            _ => operands.push(word),
        }
    }
    let mut operands = operands.into_iter();
    if script.is_none() {
        check(operands.next().ok_or("has no script")?)?;
    }
    known.reads.extend(operands.cloned());
    Ok(known)
}

fn check(script: &Word) -> Result<(), Doubt> {
    let only_prints =
        script.fixed().is_some_and(|text| text.split('\n').all(|line| prints_each(line.trim())));
    if only_prints {
        Ok(())
    } else {
        Err(format!("has a script that may do more than print lines: {}", script.shown()))
    }
}

/// Commands with `;` between them.
fn prints_each(mut line: &str) -> bool {
    while !line.is_empty() {
        let Some(rest) = prints(line) else { return false };
        let rest = rest.trim_start();
        line = match rest.strip_prefix(';') {
            Some(next) => next.trim_start(),
            None if rest.is_empty() => rest,
            None => return false,
        };
    }
    true
}

/// `[address[,address]][!]` and one of `p`, `=`, `q`, `d`, `l` or a substitution; what follows it, if it is.
fn prints(command: &str) -> Option<&str> {
    let mut rest = address(command)?;
    if let Some(second) = rest.trim_start().strip_prefix(',') {
        rest = address(second.trim_start())?;
    }
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('!').unwrap_or(rest).trim_start();
    let (first, after) = rest.split_at_checked(1)?;
    match first {
        "p" | "=" | "q" | "d" | "l" => Some(after),
        "s" => substitutes(after),
        _ => None,
    }
}

/// `/pattern/text/flags` behind an `s`, with no flag that writes or runs. A delimiter in brackets is one to some, so the
/// whole line has no more than the three.
fn substitutes(text: &str) -> Option<&str> {
    let delimiter = text.chars().next().filter(|c| "/|,:@%#".contains(*c))?;
    let (mut found, mut escaped, mut end) = (0, false, None);
    for (at, c) in text.char_indices() {
        if c == delimiter && !escaped {
            found += 1;
            end = Some(at + 1);
        }
        escaped = c == '\\' && !escaped;
    }
    let flags = text[end.filter(|_| found == 3)?..]
        .trim_start_matches(|c: char| c.is_ascii_digit() || "gpI".contains(c));
    Some(flags)
}

/// What follows an address, or the text itself where there is none.
fn address(text: &str) -> Option<&str> {
    if let Some(pattern) = text.strip_prefix('/') {
        let mut escaped = false;
        for (at, c) in pattern.char_indices() {
            match c {
                '\\' if !escaped => escaped = true,
                // A slash in brackets ends it for some only.
                '/' if !escaped
                    && pattern[..at].matches('[').count() > pattern[..at].matches(']').count() =>
                {
                    return None;
                }
                '/' if !escaped => return Some(pattern[at + 1..].trim_start_matches('I')),
                _ => escaped = false,
            }
        }
        return None;
    }
    Some(text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '$' | '+' | '~')))
}
