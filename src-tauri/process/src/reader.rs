//! A child's output, line by line, in bounded memory and never ahead of who reads it.

use std::io;
use std::task::Poll;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::launch::RawSink;
use crate::line_batch::{LineBatch, Slot};

/// The longest line that is delivered whole unless told otherwise, in bytes: a picture of 5 MB in base64 fits, and a
/// process that holds one stays below 20 MB.
pub const DEFAULT_MAX_LINE: usize = 8_000_000;
/// How much of a longer line is shown, in bytes.
pub const EXCERPT_LEN: usize = 512;
/// One read: as much as a pipe holds by default. A larger one measured no faster.
const CHUNK: usize = 64 << 10;
/// Buffers larger than this are given back after the long line that needed them.
const KEEP: usize = 1 << 20;
/// Ranges are kept as `u32`, so that a million lines cost little; no limit may pass what they can say.
const MAX_MAX_LINE: usize = 1 << 30;

/// Splits a stream of bytes at `\n`.
///
/// - A `\r` before the `\n` is dropped; a last line without `\n` is delivered at the end.
/// - A line longer than the limit becomes [`crate::Line::TooLong`]; memory stays within the limit plus one chunk.
/// - Every byte goes to the raw sink, in order, before the line that it belongs to is delivered.
/// - It reads only when asked, one chunk at a time: who does not ask makes the child wait.
pub struct LineReader {
    source: Source,
    sink: Option<Box<dyn RawSink>>,
    max_line: usize,
    /// Bytes of the unfinished line; of one that is too long only the excerpt.
    pending: Vec<u8>,
    /// How many bytes of `pending` are known to hold no `\n`.
    scanned: usize,
    /// Bytes of the unfinished line that were dropped, because it is too long.
    dropped: u64,
    ended: bool,
}

enum Source {
    Stream(Box<dyn AsyncRead + Send + Unpin>),
    #[cfg(target_os = "linux")]
    File(crate::file_tail::FileTail),
}

impl std::fmt::Debug for LineReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LineReader")
            .field("max_line", &self.max_line)
            .field("pending", &self.pending.len())
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl LineReader {
    /// Reads from `source`. `max_line` is in bytes, without the line end, and is held between 1 KiB and 1 GiB.
    pub fn new(
        source: impl AsyncRead + Send + Unpin + 'static,
        max_line: usize,
        sink: Option<Box<dyn RawSink>>,
    ) -> Self {
        Self::over(Source::Stream(Box::new(source)), max_line, sink)
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn of_file(
        tail: crate::file_tail::FileTail,
        max_line: usize,
        sink: Option<Box<dyn RawSink>>,
    ) -> Self {
        Self::over(Source::File(tail), max_line, sink)
    }

    fn over(source: Source, max_line: usize, sink: Option<Box<dyn RawSink>>) -> Self {
        Self {
            source,
            sink,
            max_line: max_line.clamp(2 * EXCERPT_LEN, MAX_MAX_LINE),
            pending: Vec::new(),
            scanned: 0,
            dropped: 0,
            ended: false,
        }
    }

    /// Waits for at least one line and puts all lines of that read into `out`, whose former content is gone.
    ///
    /// `Ok(false)` is the end: nothing more will come, and `out` is empty. Dropping the future loses nothing.
    ///
    /// # Errors
    /// When reading fails. What had come before is still delivered by the calls before.
    pub async fn next_batch(&mut self, out: &mut LineBatch) -> io::Result<bool> {
        out.slots.clear();
        out.bytes.clear();
        while !self.ended {
            if self.fill().await? == 0 {
                self.ended = true;
                return Ok(self.deliver_last(out));
            }
            if self.deliver_lines(out) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads everything up to the end into `out` without looking for lines, at most `limit` bytes of it.
    /// `Ok(true)` when that was all, `Ok(false)` as soon as there was more.
    pub(crate) async fn read_to_limit(&mut self, out: &mut Vec<u8>, limit: usize) -> io::Result<bool> {
        loop {
            if self.fill().await? == 0 {
                return Ok(true);
            }
            let room = limit.saturating_sub(out.len());
            out.extend_from_slice(&self.pending[..self.pending.len().min(room)]);
            let more = self.pending.len() > room;
            self.pending.clear();
            if more {
                return Ok(false);
            }
        }
    }

    /// Reads one chunk behind `pending` and shows it to the sink. 0 at the end.
    async fn fill(&mut self) -> io::Result<usize> {
        let before = self.pending.len();
        if self.pending.capacity() - before < CHUNK {
            // Doubling, but never far beyond what one line may need.
            let step = before.clamp(CHUNK, (self.max_line + CHUNK).saturating_sub(before).max(CHUNK));
            self.pending.reserve_exact(step);
        }
        let read = match &mut self.source {
            Source::Stream(stream) => {
                let mut read = std::pin::pin!(stream.read_buf(&mut self.pending));
                let at_once = std::future::poll_fn(|context| Poll::Ready(read.as_mut().poll(context))).await;
                match at_once {
                    Poll::Ready(read) => read?,
                    Poll::Pending => {
                        if let Some(sink) = &mut self.sink {
                            sink.idle();
                        }
                        read.await?
                    }
                }
            }
            #[cfg(target_os = "linux")]
            Source::File(tail) => tail.read(&mut self.pending).await?,
        };
        if let (Some(sink), Some(new)) = (&mut self.sink, self.pending.get(before..))
            && !new.is_empty()
        {
            sink.write(new);
        }
        Ok(read)
    }

    /// Moves all finished lines of `pending` into `out`. False when there is none.
    fn deliver_lines(&mut self, out: &mut LineBatch) -> bool {
        let mut start = 0;
        for offset in memchr::memchr_iter(b'\n', &self.pending[self.scanned..]) {
            let end = self.scanned + offset;
            out.slots.push(slot(&self.pending, start, end, self.dropped, self.max_line));
            self.dropped = 0;
            start = end + 1;
        }
        if out.slots.is_empty() {
            self.hold_unfinished();
            return false;
        }
        std::mem::swap(&mut self.pending, &mut out.bytes);
        self.pending.clear();
        self.pending.shrink_to(KEEP);
        self.pending.extend_from_slice(&out.bytes[start..]);
        self.hold_unfinished();
        true
    }

    /// Keeps of an unfinished line only what may still be delivered.
    fn hold_unfinished(&mut self) {
        if self.dropped > 0 || self.pending.len() > self.max_line {
            self.dropped += (self.pending.len() - EXCERPT_LEN) as u64;
            self.pending.truncate(EXCERPT_LEN);
            self.pending.shrink_to(KEEP);
        }
        self.scanned = self.pending.len();
    }

    fn deliver_last(&mut self, out: &mut LineBatch) -> bool {
        if self.pending.is_empty() {
            return false;
        }
        out.slots.push(slot(&self.pending, 0, self.pending.len(), self.dropped, self.max_line));
        std::mem::swap(&mut self.pending, &mut out.bytes);
        self.pending = Vec::new();
        true
    }
}

/// The slot of the line at `bytes[start..end]`, of which `dropped` bytes behind its excerpt are not there.
#[expect(clippy::cast_possible_truncation, reason = "a buffer stays below 1 GiB + 64 KiB")]
fn slot(bytes: &[u8], start: usize, end: usize, dropped: u64, max_line: usize) -> Slot {
    let present = end - start;
    if dropped > 0 || present > max_line {
        let excerpt_end = start + present.min(EXCERPT_LEN);
        return Slot { start: start as u32, end: excerpt_end as u32, total_bytes: present as u64 + dropped };
    }
    let trimmed = if bytes[start..end].ends_with(b"\r") { end - 1 } else { end };
    Slot { start: start as u32, end: trimmed as u32, total_bytes: 0 }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod reader_tests;
