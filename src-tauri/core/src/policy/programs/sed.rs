//! `sed -n`: printing lines is reading; most of its other commands write files or run programs.

use super::super::shell::Word;
use super::{Doubt, Known, may_be_an_option};

/// What it does with these words.
pub(super) fn known(words: &[Word]) -> Result<Known, Doubt> {
    let mut known = Known::default();
    let mut script = None;
    let mut quiet = false;
    let mut rest = words.iter();
    let mut operands: Vec<&Word> = Vec::new();
    while let Some(word) = rest.next() {
        match word.fixed() {
            Some("-E" | "-r" | "--regexp-extended" | "-s" | "-u") => {}
            Some("-n" | "--quiet" | "--silent" | "-nE" | "-En" | "-nr" | "-rn") => quiet = true,
            Some("-e" | "-ne") => {
                quiet |= word.fixed() == Some("-ne");
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
    if !quiet {
        return Err("is not the plain `sed -n`".to_owned());
    }
    known.reads.extend(operands.cloned());
    Ok(known)
}

fn check(script: &Word) -> Result<(), Doubt> {
    let only_prints =
        script.fixed().is_some_and(|text| text.split([';', '\n']).all(|part| prints(part.trim())));
    if only_prints {
        Ok(())
    } else {
        Err(format!("has a script that may do more than print lines: {}", script.shown()))
    }
}

/// `[address[,address]][!]` and one of `p`, `=`, `q`, `d`, `l`. An address with `;` in its pattern is not seen whole,
/// and so not plain.
fn prints(command: &str) -> bool {
    if command.is_empty() {
        return true;
    }
    let Some(mut rest) = address(command) else { return false };
    if let Some(second) = rest.trim_start().strip_prefix(',') {
        match address(second.trim_start()) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('!').unwrap_or(rest).trim_start();
    matches!(rest, "p" | "=" | "q" | "d" | "l")
}

/// What follows an address, or the text itself where there is none.
fn address(text: &str) -> Option<&str> {
    if let Some(pattern) = text.strip_prefix('/') {
        let mut escaped = false;
        for (at, c) in pattern.char_indices() {
            match c {
                '\\' if !escaped => escaped = true,
                '/' if !escaped => return Some(pattern[at + 1..].trim_start_matches('I')),
                _ => escaped = false,
            }
        }
        return None;
    }
    Some(text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '$' | '+' | '~')))
}
