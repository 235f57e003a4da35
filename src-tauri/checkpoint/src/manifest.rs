//! A checkpoint's manifest: its canonical bytes, whose SHA-256 names the checkpoint.
//!
//! One line an entry, in component-wise order of paths, tabs between fields (here spaces), bytes
//! escaped as in [`RelPath`]; the first line names the version:
//!
//! ```text
//! mo-checkpoint 1
//! d 755 src
//! f 644 12 <64 hex> src/main.rs
//! l ../shared src/shared
//! s huge src/video.mp4
//! ```

use std::fmt::Write as _;

use serde::Serialize;

use crate::path::{escape, unescape};
use crate::{Digest, RelPath, SkipReason};

const HEADER: &str = "mo-checkpoint 1";

/// Everything that a checkpoint holds, in order of the paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Manifest {
    entries: Vec<Entry>,
}

/// One entry of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Where.
    pub path: RelPath,
    /// What.
    #[serde(flatten)]
    pub kind: EntryKind,
}

/// What an entry is. `mode` is the permission bits, with set-user, set-group and sticky (`0o7777`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EntryKind {
    /// A folder.
    Folder {
        /// Permission bits.
        mode: u32,
    },
    /// A regular file.
    File {
        /// Permission bits.
        mode: u32,
        /// Size in bytes.
        size: u64,
        /// The digest of its content.
        digest: Digest,
    },
    /// A symbolic link.
    Symlink {
        /// The bytes it points to, wherever that is; as text escaped like a path.
        #[serde(serialize_with = "as_text")]
        target: Box<[u8]>,
    },
    /// A file or folder that was there and was not recorded.
    Skipped {
        /// Why: `Huge`, `Unreadable` or `TooDeep`.
        reason: SkipReason,
    },
}

fn as_text<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&escape(bytes))
}

impl Manifest {
    /// Puts entries into order. The caller gives each path once, with the folders above it.
    pub(crate) fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Self { entries }
    }

    /// The entries in component-wise order: a folder right before what is in it.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry at a path.
    pub fn get(&self, path: &RelPath) -> Option<&Entry> {
        self.entries.binary_search_by(|e| e.path.cmp(path)).ok().map(|at| &self.entries[at])
    }

    /// Whether anything lies below a path.
    pub(crate) fn has_children(&self, folder: &RelPath) -> bool {
        let next = self.entries.partition_point(|e| e.path <= *folder);
        self.entries.get(next).is_some_and(|e| e.path.is_within(folder))
    }

    /// The canonical bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut text = String::with_capacity(32 + self.entries.len() * 112);
        text.push_str(HEADER);
        text.push('\n');
        for Entry { path, kind } in &self.entries {
            // Writing to a String cannot fail.
            let _ = match kind {
                EntryKind::Folder { mode } => writeln!(text, "d\t{mode:o}\t{path}"),
                EntryKind::File { mode, size, digest } => {
                    writeln!(text, "f\t{mode:o}\t{size}\t{}\t{path}", digest.hex())
                }
                EntryKind::Symlink { target } => writeln!(text, "l\t{}\t{path}", escape(target)),
                EntryKind::Skipped { reason } => writeln!(text, "s\t{}\t{path}", reason.word()),
            };
        }
        text.into_bytes()
    }

    /// Reads canonical bytes. Anything that [`Self::encode`] would not have written is refused, above
    /// all a path that leads out of the folder, into `.git`, or below something that is no folder.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|e| format!("it is no UTF-8 ({e})"))?;
        let body = text
            .strip_prefix(HEADER)
            .and_then(|rest| rest.strip_prefix('\n'))
            .ok_or_else(|| format!("it does not begin with `{HEADER}`"))?;
        if !body.is_empty() && !body.ends_with('\n') {
            return Err("its last line is cut".to_owned());
        }
        let mut entries: Vec<Entry> = Vec::with_capacity(body.len() / 100);
        // The folders that are open at this point of the order.
        let mut open: Vec<RelPath> = Vec::new();
        for (at, line) in body.lines().enumerate() {
            let wrong = |what: &str| format!("line {}: {what}", at + 2);
            let entry = decode_line(line).ok_or_else(|| wrong("it is no entry"))?;
            if entry.path.has_git_component() {
                return Err(wrong("it leads into .git"));
            }
            if entries.last().is_some_and(|last| last.path >= entry.path) {
                return Err(wrong("it is out of order"));
            }
            while open.last().is_some_and(|folder| !entry.path.is_within(folder)) {
                open.pop();
            }
            if open.last().map_or(&[][..], RelPath::as_bytes) != entry.path.parent() {
                return Err(wrong("its folder is missing"));
            }
            if matches!(entry.kind, EntryKind::Folder { .. }) {
                open.push(entry.path.clone());
            }
            entries.push(entry);
        }
        Ok(Self { entries })
    }
}

fn decode_line(line: &str) -> Option<Entry> {
    let mut fields = line.split('\t');
    let kind = match fields.next()? {
        "d" => EntryKind::Folder { mode: mode(fields.next()?)? },
        "f" => EntryKind::File {
            mode: mode(fields.next()?)?,
            size: number(fields.next()?)?,
            digest: Digest::from_hex(fields.next()?)?,
        },
        "l" => {
            let target = unescape(fields.next()?)?;
            if target.is_empty() || target.contains(&0) {
                return None;
            }
            EntryKind::Symlink { target: target.into() }
        }
        "s" => {
            let word = fields.next()?;
            let known = [SkipReason::Huge, SkipReason::Unreadable, SkipReason::TooDeep];
            EntryKind::Skipped { reason: known.into_iter().find(|r| r.word() == word)? }
        }
        _ => return None,
    };
    let path = fields.next()?.parse().ok()?;
    fields.next().is_none().then_some(Entry { path, kind })
}

fn mode(text: &str) -> Option<u32> {
    let mode = u32::from_str_radix(text, 8).ok()?;
    (mode <= 0o7777 && format!("{mode:o}") == text).then_some(mode)
}

fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod manifest_tests;
