//! The beginning and the end of an output, in bounded memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use mo_journal::TranscriptSink;

/// Keeps of what is written to it the first and the last half of a limit.
#[derive(Debug, Clone)]
pub(crate) struct Excerpt(Arc<Mutex<Kept>>);

#[derive(Debug)]
struct Kept {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    half: usize,
    left_out: u64,
}

impl Excerpt {
    /// Keeps at most so many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        let kept = Kept { head: Vec::new(), tail: VecDeque::new(), half: limit / 2, left_out: 0 };
        Self(Arc::new(Mutex::new(kept)))
    }

    /// What was kept, with a line that says what was left out between the two parts.
    pub(crate) fn text(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = kept.head.clone();
        let tail = kept.tail.iter().copied();
        if kept.left_out == 0 {
            bytes.extend(tail);
            return String::from_utf8_lossy(&bytes).into_owned();
        }
        // A character that the cut went through is left out too.
        let head = String::from_utf8_lossy(&bytes).trim_end_matches('\u{fffd}').to_owned();
        let tail: Vec<u8> = tail.collect();
        let tail = String::from_utf8_lossy(&tail);
        let tail = tail.trim_start_matches('\u{fffd}');
        let line_end = if head.ends_with('\n') { "" } else { "\n" };
        format!("{head}{line_end}[… {} bytes left out …]\n{tail}", kept.left_out)
    }
}

impl TranscriptSink for Excerpt {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, rest) = bytes.split_at(bytes.len().min(kept.half - kept.head.len()));
        kept.head.extend_from_slice(first);
        // Of a long piece only its end can stay.
        let skipped = rest.len().saturating_sub(kept.half);
        kept.tail.extend(rest.get(skipped..).unwrap_or_default());
        let excess = kept.tail.len().saturating_sub(kept.half);
        kept.tail.drain(..excess);
        kept.left_out += (skipped + excess) as u64;
        Ok(())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use mo_journal::TranscriptSink as _;

    use super::Excerpt;

    #[test]
    fn the_middle_is_left_out_and_said() {
        let mut excerpt = Excerpt::new(8);
        excerpt.write("aü".as_bytes()).unwrap();
        assert_eq!(excerpt.text(), "aü");
        excerpt.write("öbcdefghiü".as_bytes()).unwrap();
        // `ö` begins in the head and ends beyond it.
        assert_eq!(excerpt.text(), "aü\n[… 7 bytes left out …]\nhiü");
    }

    #[test]
    fn what_is_kept_is_the_two_ends() {
        let all: String = ('a'..='z').cycle().take(100).collect();
        for length in 0..all.len() {
            for piece in [1, 3, 16, 17, 50, 100] {
                let written = &all[..length];
                let mut excerpt = Excerpt::new(32);
                written.as_bytes().chunks(piece).for_each(|bytes| excerpt.write(bytes).unwrap());
                let expected = if length <= 32 {
                    written.to_owned()
                } else {
                    let (head, tail) = (&written[..16], &written[length - 16..]);
                    format!("{head}\n[… {} bytes left out …]\n{tail}", length - 32)
                };
                assert_eq!(excerpt.text(), expected, "{length} bytes by {piece}");
            }
        }
    }
}
