//! Bytes in pieces of any size as whole lines, in bounded memory.

use crate::protocol::Line;

/// The longest line that is kept whole, in bytes (design.md §8).
pub const MAX_LINE: usize = 8 * 1024 * 1024;
/// How much of a longer one is kept.
const KEPT: usize = 4 * 1024;

/// The line that has not ended yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    partial: Vec<u8>,
    /// Bytes of this line that were not kept.
    dropped: u64,
}

impl Lines {
    /// Takes a piece and gives each line that it completes.
    pub(super) fn feed(&mut self, mut piece: &[u8], mut line: impl FnMut(Line<'_>)) {
        while let Some(end) = memchr::memchr(b'\n', piece) {
            let (head, rest) = piece.split_at(end);
            piece = rest.get(1..).unwrap_or_default();
            if self.partial.is_empty() && self.dropped == 0 && head.len() <= MAX_LINE {
                line(Line::Whole(head));
            } else {
                self.keep(head);
                self.end(&mut line);
            }
        }
        self.keep(piece);
    }

    /// Gives what follows the last newline, if anything.
    pub(super) fn finish(&mut self, mut line: impl FnMut(Line<'_>)) {
        if !self.partial.is_empty() {
            self.end(&mut line);
        }
    }

    fn keep(&mut self, piece: &[u8]) {
        if self.dropped == 0 && self.partial.len() + piece.len() <= MAX_LINE {
            self.partial.extend_from_slice(piece);
            return;
        }
        let room = KEPT.saturating_sub(self.partial.len()).min(piece.len());
        self.partial.extend_from_slice(piece.get(..room).unwrap_or_default());
        self.dropped += (piece.len() - room) as u64;
        if self.partial.len() > KEPT {
            self.dropped += (self.partial.len() - KEPT) as u64;
            self.partial.truncate(KEPT);
            self.partial.shrink_to_fit();
        }
    }

    fn end(&mut self, line: &mut impl FnMut(Line<'_>)) {
        if self.dropped == 0 {
            line(Line::Whole(&self.partial));
        } else {
            let bytes = self.partial.len() as u64 + self.dropped;
            line(Line::TooLong { excerpt: &self.partial, bytes });
        }
        self.partial.clear();
        self.dropped = 0;
    }
}
