//! Paths inside a target: raw bytes, relative, without any way out.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The path of an entry, relative to the target: components of raw bytes joined by `/`, none of them
/// empty, `.` or `..`.
///
/// As text (`Display`, `FromStr`, JSON) valid UTF-8 stays as it is; a backslash becomes `\\`, and a
/// control character or a byte that is no UTF-8 becomes `\xHH`, so that every name has one spelling
/// and nothing is lost. Paths order component by component: a folder stands right before what is in it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RelPath(Box<[u8]>);

/// The bytes are no path inside a folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} is not a path inside the folder: {why}")]
pub struct BadPath {
    path: String,
    why: &'static str,
}

impl RelPath {
    /// Takes raw bytes, unescaped. Refuses what is empty, absolute, or has an empty, `.` or `..`
    /// component or a zero byte.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadPath> {
        let bad = |why| Err(BadPath { path: escape(bytes), why });
        if bytes.is_empty() {
            return bad("it is empty");
        }
        if bytes[0] == b'/' {
            return bad("it is absolute");
        }
        if bytes.contains(&0) {
            return bad("it has a zero byte");
        }
        for part in bytes.split(|b| *b == b'/') {
            match part {
                b"" => return bad("it has an empty component"),
                b"." | b".." => return bad("it has a `.` or `..` component"),
                _ => {}
            }
        }
        Ok(Self(bytes.into()))
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same as a path of the operating system.
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    /// The folder that holds it; empty for what stands in the target itself.
    pub(crate) fn parent(&self) -> &[u8] {
        self.0.iter().rposition(|b| *b == b'/').map_or(&[][..], |at| &self.0[..at])
    }

    /// The last component.
    pub(crate) fn name(&self) -> &[u8] {
        self.0.iter().rposition(|b| *b == b'/').map_or(&self.0[..], |at| &self.0[at + 1..])
    }

    /// Whether it is `folder` or lies inside of it.
    pub fn is_within(&self, folder: &RelPath) -> bool {
        is_within(&self.0, &folder.0)
    }

    /// `folder/name`, where an empty folder is the target itself. The caller knows that both are good.
    pub(crate) fn joined(folder: &[u8], name: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(folder.len() + 1 + name.len());
        if !folder.is_empty() {
            bytes.extend_from_slice(folder);
            bytes.push(b'/');
        }
        bytes.extend_from_slice(name);
        Self(bytes.into())
    }

    /// Every folder above it, from the top.
    pub(crate) fn ancestors(&self) -> impl Iterator<Item = RelPath> + '_ {
        self.0.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(at, _)| RelPath(self.0[..at].into()))
    }

    /// Whether a component is the `.git` that no checkpoint reads or writes.
    pub(crate) fn has_git_component(&self) -> bool {
        self.0.split(|b| *b == b'/').any(is_git_name)
    }
}

/// Whether this name is git's own entry. Where file systems usually ignore case, every case of it is.
pub(crate) fn is_git_name(name: &[u8]) -> bool {
    if cfg!(any(target_os = "macos", target_os = "windows")) {
        name.eq_ignore_ascii_case(b".git")
    } else {
        name == b".git"
    }
}

pub(crate) fn is_within(path: &[u8], folder: &[u8]) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| folder.is_empty() || rest.is_empty() || rest[0] == b'/')
}

/// Component-wise order. A name holds neither `/` nor a zero byte, so `/` sorted as zero gives it.
pub(crate) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let key = |byte: &u8| if *byte == b'/' { 0 } else { *byte };
    a.iter().map(key).cmp(b.iter().map(key))
}

impl Ord for RelPath {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for RelPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Bytes as one line of text that [`unescape`] turns back into the same bytes.
pub(crate) fn escape(bytes: &[u8]) -> String {
    use fmt::Write as _;
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => text.push_str("\\\\"),
                // Writing to a String cannot fail. C1 controls are two bytes, each escaped by itself.
                c if c.is_control() => {
                    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                        let _ = write!(text, "\\x{byte:02x}");
                    }
                }
                c => text.push(c),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// The bytes that [`escape`] was given; nothing when the text was not made by it.
pub(crate) fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first != b'\\' {
            bytes.push(first);
            rest = tail;
            continue;
        }
        match tail {
            [b'\\', tail @ ..] => {
                bytes.push(b'\\');
                rest = tail;
            }
            [b'x', high @ (b'0'..=b'9' | b'a'..=b'f'), low @ (b'0'..=b'9' | b'a'..=b'f'), tail @ ..] => {
                let digit = |d: u8| if d.is_ascii_digit() { d - b'0' } else { d - b'a' + 10 };
                bytes.push(digit(*high) << 4 | digit(*low));
                rest = tail;
            }
            _ => return None,
        }
    }
    (escape(&bytes) == text).then_some(bytes)
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(&self.0))
    }
}

impl fmt::Debug for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

impl FromStr for RelPath {
    type Err = BadPath;

    /// Reads the escaped form; raw text of unknown origin goes through [`RelPath::from_bytes`].
    fn from_str(text: &str) -> Result<Self, BadPath> {
        let bytes = unescape(text)
            .ok_or_else(|| BadPath { path: text.to_owned(), why: "a backslash stands without its escape" })?;
        Self::from_bytes(&bytes)
    }
}

impl Serialize for RelPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RelPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
#[path = "path_tests.rs"]
mod path_tests;
