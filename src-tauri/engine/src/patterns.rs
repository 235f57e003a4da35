//! What a shell's pattern of file names stands for now.

use std::path::{Path, PathBuf};

/// More names than this are not answered, and more than that not looked at; whoever asks must do without.
const MAX_NAMES: usize = 500;
const MAX_LOOKS: usize = 5_000;
/// The longest part of a path that is matched.
const MAX_PART: usize = 64;

/// The absolute path itself and, where it is a pattern, everything that it matches. `None` where that cannot be said:
/// too many, or `..` behind a pattern.
pub(crate) fn expand(path: &str) -> Option<Vec<String>> {
    let mut found = vec![path.to_owned()];
    if !is_pattern(path) {
        return Some(found);
    }
    let mut folders = vec![PathBuf::from("/")];
    let mut behind_pattern = false;
    let mut looks = 0;
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if is_pattern(part) {
            if part.len() > MAX_PART {
                return None;
            }
            behind_pattern = true;
            let mut next = Vec::new();
            for folder in &folders {
                matching(folder, part, &mut looks, &mut next)?;
            }
            folders = next;
        } else {
            if behind_pattern && part == ".." {
                return None;
            }
            for folder in &mut folders {
                folder.push(part);
            }
            folders.retain(|folder| !behind_pattern || folder.symlink_metadata().is_ok());
        }
    }
    found.extend(folders.iter().map(|path| path.to_string_lossy().into_owned()));
    Some(found)
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

fn matching(folder: &Path, pattern: &str, looks: &mut usize, into: &mut Vec<PathBuf>) -> Option<()> {
    let Ok(entries) = folder.read_dir() else { return Some(()) };
    for entry in entries {
        *looks += 1;
        if *looks > MAX_LOOKS || into.len() >= MAX_NAMES {
            return None;
        }
        let Ok(entry) = entry else { continue };
        let name = entry.file_name().to_string_lossy().into_owned();
        // The shell leaves hidden names to patterns that begin with a dot.
        if (!name.starts_with('.') || pattern.starts_with('.'))
            && matches(pattern.as_bytes(), name.as_bytes())
        {
            into.push(entry.path());
        }
    }
    Some(())
}

/// At least what the shell matches: a class in brackets counts as any character.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    // Which beginnings of the name the pattern so far can end at.
    let mut reach = vec![false; name.len() + 1];
    reach[0] = true;
    let mut rest = pattern;
    while let Some((&first, after)) = rest.split_first() {
        if !reach.contains(&true) {
            return false;
        }
        let mut next = vec![false; name.len() + 1];
        let class = (first == b'[').then(|| after.iter().skip(1).position(|&byte| byte == b']')).flatten();
        for at in 0..=name.len() {
            next[at] = match first {
                b'*' => reach[at] || (at > 0 && next[at - 1]),
                b'?' => at > 0 && reach[at - 1],
                _ if class.is_some() => at > 0 && reach[at - 1],
                byte => at > 0 && reach[at - 1] && name[at - 1] == byte,
            };
        }
        // `?` and a class stand for one character, which may be up to four bytes.
        if first == b'?' || class.is_some() {
            for at in 1..=name.len() {
                let continues = name.get(at - 1).is_some_and(|byte| byte & 0xC0 == 0x80);
                next[at] |= continues && next[at - 1];
            }
        }
        reach = next;
        rest = match class {
            Some(length) => &after[length + 2..],
            None => after,
        };
    }
    reach[name.len()]
}

#[cfg(test)]
#[path = "patterns_tests.rs"]
mod tests;
