//! Whether the index of a git repository names submodules. Git runs in each that it finds there, with the submodule's
//! own settings, whether `.gitmodules` knows it or not. The form is that of `gitformat-index(5)`.

use std::path::Path;

/// A larger index is not read.
const MAX_INDEX: u64 = 64 * 1024 * 1024;
/// The bits of a mode that say what an entry is, and those of a submodule.
const KIND: u32 = 0o170_000;
const SUBMODULE: u32 = 0o160_000;
/// Bytes of an entry before its object's name: times, numbers, the mode at [`MODE`], and the size.
const STAT: usize = 40;
const MODE: usize = 24;

/// Whether it does, or may: where it cannot be read it may. Where there is none, it does not.
pub(crate) fn names_submodules(index: &Path) -> bool {
    let found = match index.symlink_metadata() {
        Ok(found) => found,
        Err(error) => return error.kind() != std::io::ErrorKind::NotFound,
    };
    if !found.is_file() || found.len() > MAX_INDEX {
        return true;
    }
    std::fs::read(index).map_or(true, |bytes| has_submodule(&bytes) != Some(false))
}

/// `None` where the bytes are not what they should be.
fn has_submodule(bytes: &[u8]) -> Option<bool> {
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let (version, entries) = (number(4)?, number(8)?);
    if !bytes.starts_with(b"DIRC") || !(2..=3).contains(&version) {
        return None;
    }
    let mut at = 12;
    for _ in 0..entries {
        let mode = number(at + MODE)?;
        if mode & KIND == SUBMODULE {
            return Some(true);
        }
        at = end_of_entry(bytes, at)?;
    }
    // A split index keeps its entries elsewhere; a sparse one leaves folders out.
    let rest = bytes.get(at..)?;
    let elsewhere = [&b"link"[..], b"sdir"].iter().any(|name| rest.windows(4).any(|found| found == *name));
    (!elsewhere).then_some(false)
}

/// Names end with a zero, and entries at a multiple of eight bytes from their beginning. An object's name is of 20
/// bytes; of 32 in the newer format, whose entries do not add up here and so count as unread.
fn end_of_entry(bytes: &[u8], at: usize) -> Option<usize> {
    const OBJECT: usize = 20;
    let flags = u16::from_be_bytes(bytes.get(at + STAT + OBJECT..at + STAT + OBJECT + 2)?.try_into().ok()?);
    let extended = if flags & 0x4000 == 0 { 0 } else { 2 };
    let name = at + STAT + OBJECT + 2 + extended;
    let length = bytes.get(name..)?.iter().position(|byte| *byte == 0)?;
    let noted = usize::from(flags & 0x0FFF);
    if noted != length.min(0x0FFF) {
        return None;
    }
    let whole = name + length - at;
    Some(at + (whole / 8 + 1) * 8)
}

#[cfg(test)]
#[path = "git_index_tests.rs"]
mod tests;
