//! What the shell does itself. It computes where a number is due, and computing can set variables and run commands:
//! `test PATH=0 -eq 0`, `printf %d 'a[$(rm x)]'`. So numbers must be numbers.

use super::super::shell::Word;
use super::{Doubt, Known};

/// Tests that look at a text or a file, and what joins them.
const TESTS: [&str; 18] = [
    "-e", "-f", "-d", "-h", "-L", "-r", "-w", "-x", "-s", "-p", "-S", "-z", "-n", "-a", "-o", "-nt", "-ot",
    "-ef",
];
/// Tests of numbers.
const NUMBERS: [&str; 6] = ["-eq", "-ne", "-lt", "-le", "-gt", "-ge"];

/// `cd FOLDER`. Without a folder it goes home, and `-` goes to a place that is not in the line.
pub(super) fn changes_folder(words: &[Word]) -> Result<Known, Doubt> {
    match words {
        [folder @ Word::Fixed(name)] if !name.starts_with('-') => {
            Ok(Known { reads: vec![folder.clone()], moves_to: Some(folder.clone()), ..Known::default() })
        }
        _ => Err("changes to a folder that the line does not name".to_owned()),
    }
}

/// `set -euo pipefail` and its parts.
pub(super) fn sets_options(words: &[Word]) -> Result<Known, Doubt> {
    let plain = |word: &Word| {
        matches!(
            word.fixed(),
            Some("-e" | "-u" | "-x" | "-eu" | "-ex" | "-eux" | "-o" | "-euo" | "-euxo" | "-eo" | "pipefail")
        )
    };
    if !words.is_empty() && words.iter().all(plain) {
        Ok(Known::default())
    } else {
        Err("changes how the shell works".to_owned())
    }
}

/// `test …`, `[ … ]`.
pub(super) fn tests(words: &[Word]) -> Result<Known, Doubt> {
    let words = fixed(words)?;
    let computes = words.iter().any(|word| NUMBERS.contains(word));
    let plain = |word: &&str| {
        let known = TESTS.contains(word) || NUMBERS.contains(word) || is_number(word);
        let text = !word.starts_with('-') && !computes;
        known || text || ["!", "]", "(", ")", "=", "!="].contains(word)
    };
    match words.iter().find(|word| !plain(word)) {
        None => Ok(Known::default()),
        Some(word) => Err(format!("tests with {word}, which may be computed")),
    }
}

/// `printf FORMAT …`.
pub(super) fn prints(words: &[Word]) -> Result<Known, Doubt> {
    let words = fixed(words)?;
    let Some((format, values)) = words.split_first().filter(|(format, _)| !format.starts_with('-')) else {
        return Err("prints into a variable, or nothing".to_owned());
    };
    let numbers = values.iter().all(|value| is_number(value));
    for conversion in format.replace("%%", "").split('%').skip(1) {
        let kind = conversion
            .trim_start_matches(|c: char| c.is_ascii_digit() || "-+ #.'".contains(c))
            .chars()
            .next();
        match kind {
            Some('s' | 'b' | 'q' | 'c') => {}
            Some('d' | 'i' | 'u' | 'o' | 'x' | 'X' | 'e' | 'f' | 'g' | 'E' | 'F' | 'G') if numbers => {}
            _ => return Err(format!("has a format that may compute or set a variable: {format}")),
        }
    }
    Ok(Known::default())
}

/// `exit`, `exit 1`.
pub(super) fn exits(words: &[Word]) -> Result<Known, Doubt> {
    if fixed(words)?.iter().all(|word| is_number(word)) {
        Ok(Known::default())
    } else {
        Err("computes what it exits with".to_owned())
    }
}

fn fixed(words: &[Word]) -> Result<Vec<&str>, Doubt> {
    let whole = |word: &Word| format!("is given {}, which is known only when it runs", word.shown());
    words.iter().map(|word| word.fixed().ok_or_else(|| whole(word))).collect()
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
