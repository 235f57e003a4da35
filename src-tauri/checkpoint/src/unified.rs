//! Writes differences the way git prints them, up to a limit.

use std::fmt::Write as _;
use std::time::Instant;

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices_deadline, group_diff_ops};

use crate::{ChangeKind, DiffOptions, Entry, EntryKind, RelPath, SkipReason};

/// git looks at this many bytes for a zero byte when it decides what is text.
const BINARY_LOOK: usize = 8000;
const MAX_CONTEXT: usize = 1 << 20;

/// One side of a change. `mode` is git's: the type's bits (`100000` file, `120000` link) and the permissions.
pub(crate) enum Side {
    Nothing,
    Folder {
        mode: u32,
    },
    Text {
        mode: u32,
        bytes: Vec<u8>,
    },
    Binary {
        mode: u32,
    },
    TooLarge {
        mode: u32,
        size: u64,
    },
    Unrecorded(SkipReason),
    /// A file whose content is the same on both sides.
    Same {
        mode: u32,
    },
}

impl Side {
    pub(crate) fn text(mode: u32, bytes: Vec<u8>) -> Self {
        let look = &bytes[..bytes.len().min(BINARY_LOOK)];
        if mode & 0o170_000 == 0o100_000 && look.contains(&0) {
            Self::Binary { mode }
        } else {
            Self::Text { mode, bytes }
        }
    }

    /// Of an entry of which only the mode matters.
    pub(crate) fn same(entry: Option<&Entry>) -> Self {
        match entry.map(|e| &e.kind) {
            Some(EntryKind::Folder { mode }) => Self::Folder { mode: *mode },
            Some(EntryKind::File { mode, .. }) => Self::Same { mode: 0o100_000 | mode },
            _ => Self::Nothing,
        }
    }

    pub(crate) fn is_binary(&self) -> bool {
        matches!(self, Self::Binary { .. })
    }

    /// The mode of what git would track: a file or a link.
    fn mode(&self) -> Option<u32> {
        match self {
            Self::Text { mode, .. }
            | Self::Binary { mode }
            | Self::TooLarge { mode, .. }
            | Self::Same { mode } => Some(*mode),
            Self::Nothing | Self::Folder { .. } | Self::Unrecorded(_) => None,
        }
    }

    fn lines(&self) -> Option<Vec<&[u8]>> {
        match self {
            Self::Text { bytes, .. } => Some(bytes.split_inclusive(|b| *b == b'\n').collect()),
            Self::Nothing | Self::Folder { .. } => Some(Vec::new()),
            _ => None,
        }
    }
}

/// The text as far as it has come.
pub(crate) struct Unified {
    options: DiffOptions,
    text: Vec<u8>,
    /// How many changes are in the text as a whole.
    whole: usize,
    cut: bool,
}

impl Unified {
    pub(crate) fn new(options: DiffOptions) -> Self {
        Self { options, text: Vec::new(), whole: 0, cut: false }
    }

    /// Adds one change. Returns the added and deleted lines, where they can be counted.
    pub(crate) fn add(
        &mut self,
        path: &RelPath,
        kind: ChangeKind,
        old: &Side,
        new: &Side,
        deadline: Instant,
    ) -> Option<(u64, u64)> {
        // git shows a file that became a link as one deleted and one added.
        let lines = if kind == ChangeKind::TypeChanged {
            let deleted = self.add_pair(path, old, &Side::Nothing, deadline);
            let added = self.add_pair(path, &Side::Nothing, new, deadline);
            deleted.zip(added).map(|((_, deleted), (added, _))| (added, deleted))
        } else {
            self.add_pair(path, old, new, deadline)
        };
        if !self.cut {
            self.whole += 1;
        }
        lines
    }

    fn add_pair(&mut self, path: &RelPath, old: &Side, new: &Side, deadline: Instant) -> Option<(u64, u64)> {
        match (old.lines(), new.lines()) {
            _ if matches!((old, new), (Side::Same { .. }, Side::Same { .. })) => {
                self.header(path, old, new);
                Some((0, 0))
            }
            (Some(before), Some(after)) => {
                let ops = operations(&before, &after, deadline);
                if self.header(path, old, new) && !ops.is_empty() {
                    self.names(path, old, new);
                    self.hunks(&ops, &before, &after);
                }
                Some(count(&ops))
            }
            _ => {
                let shown = self.header(path, old, new);
                if shown {
                    self.uncompared(path, old, new);
                }
                None
            }
        }
    }

    /// The lines before the first hunk; false when there is nothing that git would show.
    fn header(&mut self, path: &RelPath, old: &Side, new: &Side) -> bool {
        let name = quote(b"", path);
        for (side, word) in [(old, "was"), (new, "is")] {
            if let Side::Unrecorded(reason) = side {
                self.line(
                    format!("Not recorded ({}): {name} {word} left out of the checkpoint\n", reason.word())
                        .as_bytes(),
                );
            }
        }
        match (old, new) {
            (Side::Folder { mode: before }, Side::Folder { mode: after }) => {
                self.line(format!("Folder {name}: old mode {before:03o}, new mode {after:03o}\n").as_bytes());
            }
            (Side::Nothing, Side::Folder { mode }) => {
                self.line(format!("Folder {name}: added, mode {mode:03o}\n").as_bytes());
            }
            (Side::Folder { mode }, Side::Nothing) => {
                self.line(format!("Folder {name}: deleted, mode {mode:03o}\n").as_bytes());
            }
            _ => {}
        }
        let mut head = format!("diff --git {} {}\n", quote(b"a/", path), quote(b"b/", path));
        // Writing to a String cannot fail.
        let _ = match (old.mode(), new.mode()) {
            (None, None) => return false,
            (None, Some(mode)) => writeln!(head, "new file mode {mode:06o}"),
            (Some(mode), None) => writeln!(head, "deleted file mode {mode:06o}"),
            (Some(before), Some(after)) if before != after => {
                writeln!(head, "old mode {before:06o}\nnew mode {after:06o}")
            }
            _ => Ok(()),
        };
        self.line(head.as_bytes());
        true
    }

    fn names(&mut self, path: &RelPath, old: &Side, new: &Side) {
        // A name with a space gets a tab, so that `patch` sees where it ends.
        let tab = if path.as_bytes().contains(&b' ') { "\t" } else { "" };
        for (mark, prefix, side) in [("---", "a/", old), ("+++", "b/", new)] {
            let name = match side.mode() {
                Some(_) => format!("{}{tab}", quote(prefix.as_bytes(), path)),
                None => "/dev/null".to_owned(),
            };
            self.line(format!("{mark} {name}\n").as_bytes());
        }
    }

    fn uncompared(&mut self, path: &RelPath, old: &Side, new: &Side) {
        let name = |prefix: &[u8], side: &Side| match side.mode() {
            Some(_) => quote(prefix, path),
            None => "/dev/null".to_owned(),
        };
        let (before, after) = (name(b"a/", old), name(b"b/", new));
        let large = [old, new].into_iter().find_map(|side| match side {
            Side::TooLarge { size, .. } => Some(*size),
            _ => None,
        });
        self.line(
            match large {
                Some(size) => {
                    format!("Files {before} and {after} differ (not compared by line: {size} bytes)\n")
                }
                None => format!("Binary files {before} and {after} differ\n"),
            }
            .as_bytes(),
        );
    }

    fn hunks(&mut self, ops: &[DiffOp], old: &[&[u8]], new: &[&[u8]]) {
        for group in group_diff_ops(ops.to_vec(), self.options.context.min(MAX_CONTEXT)) {
            let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
            let before = first.old_range().start..last.old_range().end;
            let after = first.new_range().start..last.new_range().end;
            self.line(format!("@@ -{} +{} @@\n", range(&before), range(&after)).as_bytes());
            for op in &group {
                if op.tag() == DiffTag::Equal {
                    self.lines(b' ', &old[op.old_range()]);
                } else {
                    self.lines(b'-', &old[op.old_range()]);
                    self.lines(b'+', &new[op.new_range()]);
                }
                if self.cut {
                    return;
                }
            }
        }
    }

    fn lines(&mut self, mark: u8, lines: &[&[u8]]) {
        for line in lines {
            let room = self.options.max_bytes.saturating_sub(self.text.len());
            if self.cut || line.len() + 1 > room {
                self.cut = true;
                return;
            }
            self.text.push(mark);
            self.text.extend_from_slice(line);
            if !line.ends_with(b"\n") {
                self.text.push(b'\n');
                self.line(b"\\ No newline at end of file\n");
            }
        }
    }

    fn line(&mut self, line: &[u8]) {
        if self.cut || self.text.len() + line.len() > self.options.max_bytes {
            self.cut = true;
        } else {
            self.text.extend_from_slice(line);
        }
    }

    /// The text, and whether it was cut.
    pub(crate) fn finish(mut self, changes: usize) -> (Vec<u8>, bool) {
        if self.cut {
            let (max, whole) = (self.options.max_bytes, self.whole);
            let note = format!("[cut at {max} bytes: {whole} of {changes} changes are shown whole]\n");
            self.text.extend_from_slice(note.as_bytes());
        }
        (self.text, self.cut)
    }
}

/// What to do with lines, as runs; empty when both sides are the same.
fn operations(old: &[&[u8]], new: &[&[u8]], deadline: Instant) -> Vec<DiffOp> {
    match (old.len(), new.len()) {
        (0, 0) => Vec::new(),
        (0, new_len) => vec![DiffOp::Insert { old_index: 0, new_index: 0, new_len }],
        (old_len, 0) => vec![DiffOp::Delete { old_index: 0, old_len, new_index: 0 }],
        _ => {
            // Lines as numbers compare at once, however long they are.
            let mut numbers = std::collections::HashMap::new();
            let mut number = |line| {
                let next = numbers.len();
                *numbers.entry(line).or_insert(next)
            };
            let old: Vec<usize> = old.iter().map(|l| number(*l)).collect();
            let new: Vec<usize> = new.iter().map(|l| number(*l)).collect();
            let ops = capture_diff_slices_deadline(Algorithm::Myers, &old, &new, Some(deadline));
            if ops.iter().all(|op| op.tag() == DiffTag::Equal) { Vec::new() } else { ops }
        }
    }
}

fn count(ops: &[DiffOp]) -> (u64, u64) {
    let changed = ops.iter().filter(|op| op.tag() != DiffTag::Equal);
    changed.fold((0, 0), |(added, deleted), op| {
        (added + op.new_range().len() as u64, deleted + op.old_range().len() as u64)
    })
}

/// git's spelling of a range: from 1, and of an empty one the line before it.
fn range(lines: &std::ops::Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        len => format!("{},{len}", lines.start + 1),
    }
}

/// git's spelling of a name (with `core.quotePath` off): quoted when it would not stand on one line.
fn quote(prefix: &[u8], path: &RelPath) -> String {
    let bytes = [prefix, path.as_bytes()].concat();
    let plain = |c: char| !c.is_control() && c != '"' && c != '\\';
    if let Ok(text) = std::str::from_utf8(&bytes)
        && text.chars().all(plain)
    {
        return text.to_owned();
    }
    let mut text = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                '\n' => text.push_str("\\n"),
                '\t' => text.push_str("\\t"),
                c if plain(c) => text.push(c),
                c => octal(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        octal(&mut text, chunk.invalid());
    }
    text.push('"');
    text
}

fn octal(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let _ = write!(text, "\\{byte:03o}");
    }
}
