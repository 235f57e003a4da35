//! Lines as slices of one buffer that is used again and again.

/// One line, without its line end (`\n` or `\r\n`). Bytes as they came: not necessarily UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// A whole line; empty lines are lines too.
    Whole(&'a [u8]),
    /// A line longer than the reader's limit. All of it went to the raw sink.
    TooLong {
        /// Its first bytes, at most [`crate::EXCERPT_LEN`].
        excerpt: &'a [u8],
        /// Its length in bytes up to, not including, the `\n`.
        total_bytes: u64,
    },
}

/// What one read of a [`crate::LineReader`] has given. Reuse one batch for all reads.
#[derive(Debug, Default)]
pub struct LineBatch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) slots: Vec<Slot>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Length of a line that was too long, else 0: a line of no bytes is never too long.
    pub(crate) total_bytes: u64,
}

impl LineBatch {
    /// An empty batch; it allocates when it is filled.
    pub fn new() -> Self {
        Self::default()
    }

    /// The lines in the order in which they came.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = Line<'_>> {
        self.slots.iter().map(|slot| {
            let bytes = self.bytes.get(slot.start as usize..slot.end as usize).unwrap_or_default();
            if slot.total_bytes > 0 {
                Line::TooLong { excerpt: bytes, total_bytes: slot.total_bytes }
            } else {
                Line::Whole(bytes)
            }
        })
    }

    /// How many bytes it holds, about what the read has taken.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}
