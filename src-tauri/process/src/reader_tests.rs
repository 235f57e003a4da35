use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncWriteExt as _, ReadBuf};

use super::{EXCERPT_LEN, LineReader};
use crate::launch::RawSink;
use crate::line_batch::{Line, LineBatch};

/// Gives bytes in pieces of given lengths, and is not ready in between.
struct Pieces {
    bytes: Vec<u8>,
    given: usize,
    lengths: std::vec::IntoIter<usize>,
    ready: bool,
}

impl Pieces {
    fn new(bytes: Vec<u8>, lengths: Vec<usize>) -> Self {
        Self { bytes, given: 0, lengths: lengths.into_iter(), ready: false }
    }
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.ready = !self.ready;
        if self.ready {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let length = self.lengths.next().unwrap_or(usize::MAX).min(self.bytes.len() - self.given);
        let length = length.min(into.remaining());
        into.put_slice(&self.bytes[self.given..self.given + length]);
        self.given += length;
        Poll::Ready(Ok(()))
    }
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl RawSink for Kept {
    fn write(&mut self, bytes: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(bytes);
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Owned {
    Whole(Vec<u8>),
    TooLong(Vec<u8>, u64),
}

fn owned(line: Line<'_>) -> Owned {
    match line {
        Line::Whole(bytes) => Owned::Whole(bytes.to_vec()),
        Line::TooLong { excerpt, total_bytes } => Owned::TooLong(excerpt.to_vec(), total_bytes),
    }
}

fn read_all(source: impl AsyncRead + Send + Unpin + 'static, max: usize) -> (Vec<Owned>, Vec<u8>) {
    let kept = Kept::default();
    let mut reader = LineReader::new(source, max, Some(Box::new(kept.clone())));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut lines = Vec::new();
    runtime.block_on(async {
        let mut batch = LineBatch::new();
        while reader.next_batch(&mut batch).await.unwrap() {
            assert!(!batch.is_empty(), "a batch has lines, or it is the end");
            lines.extend(batch.lines().map(owned));
        }
        assert!(batch.is_empty());
        assert!(!reader.next_batch(&mut batch).await.unwrap(), "the end stays the end");
    });
    let raw = kept.0.lock().unwrap().clone();
    (lines, raw)
}

/// The rule, said again as simply as can be.
fn naive(bytes: &[u8], max: usize) -> Vec<Owned> {
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    let one = |line: &[u8]| {
        if line.len() > max {
            Owned::TooLong(line[..EXCERPT_LEN].to_vec(), line.len() as u64)
        } else {
            Owned::Whole(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
        }
    };
    lines.into_iter().map(one).collect()
}

/// Lines around the limit of 1024 bytes, with every kind of line end and any bytes.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![4 => 0..40usize, 2 => 1020..1030usize, 1 => 0..5000usize];
    let line = (length, any::<u8>(), prop::sample::select(vec!["\n", "\r\n", "\r", "\n\n"]));
    prop::collection::vec(line, 0..12).prop_map(|lines| {
        let one = |(length, fill, end): (usize, u8, &str)| [&vec![fill; length], end.as_bytes()].concat();
        lines.into_iter().flat_map(one).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn splits_as_the_rule_says_however_it_comes(
        bytes in text(),
        lengths in prop::collection::vec(prop_oneof![1..4usize, 1..2000usize], 0..60),
    ) {
        let (lines, raw) = read_all(Pieces::new(bytes.clone(), lengths), 1024);
        prop_assert_eq!(lines, naive(&bytes, 1024));
        prop_assert_eq!(raw, bytes);
    }
}

#[test]
fn invalid_utf8_and_nul_are_left_as_they_are() {
    let bytes = b"\xff\xfe\n\0\0\n\xc3\x28\r\n\xf0\x9f".to_vec();
    let (lines, _) = read_all(Pieces::new(bytes, vec![1; 20]), 1024);
    let expected: [&[u8]; 4] = [b"\xff\xfe", b"\0\0", b"\xc3\x28", b"\xf0\x9f"];
    assert_eq!(lines, expected.map(|line| Owned::Whole(line.to_vec())));
}

#[tokio::test]
async fn a_dropped_wait_loses_nothing() {
    let (mut writes, reads) = tokio::io::duplex(64);
    let mut reader = LineReader::new(reads, 1024, None);
    let mut batch = LineBatch::new();
    writes.write_all(b"half ").await.unwrap();
    tokio::select! {
        biased;
        _ = reader.next_batch(&mut batch) => panic!("there is no line yet"),
        () = std::future::ready(()) => {}
    }
    writes.write_all(b"and half\n").await.unwrap();
    assert!(reader.next_batch(&mut batch).await.unwrap());
    assert_eq!(batch.lines().map(owned).collect::<Vec<_>>(), [Owned::Whole(b"half and half".to_vec())]);
}

#[tokio::test]
async fn nothing_is_read_ahead_of_the_asking() {
    let (mut writes, reads) = tokio::io::duplex(16);
    let mut reader = LineReader::new(reads, 1024, None);
    writes.write_all(b"0123456789abcde\n").await.unwrap();
    let mut more = Box::pin(writes.write_all(b"x"));
    tokio::select! {
        biased;
        _ = &mut more => panic!("the reader has taken bytes that nobody asked for"),
        () = std::future::ready(()) => {}
    }
    let mut batch = LineBatch::new();
    assert!(reader.next_batch(&mut batch).await.unwrap());
    more.await.unwrap();
}

#[test]
fn the_buffer_of_a_long_line_is_given_back() {
    let mut bytes = vec![b'a'; 4 << 20];
    bytes.push(b'\n');
    bytes.extend(b"short\n".repeat(50_000));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut reader = LineReader::new(Pieces::new(bytes, vec![64 << 10; 200]), 8 << 20, None);
        let mut batch = LineBatch::new();
        let mut longest = 0;
        while reader.next_batch(&mut batch).await.unwrap() {
            longest = longest
                .max(batch.lines().map(|line| matches!(line, Line::Whole(w) if w.len() == 4 << 20)).count());
        }
        assert!(longest > 0);
        assert!(reader.pending.capacity() + batch.bytes.capacity() <= 4 << 20, "buffers shrink again");
    });
}

/// Says when it was told that nothing more is waiting.
struct Idles(tokio::sync::mpsc::UnboundedSender<()>);

impl RawSink for Idles {
    fn write(&mut self, _bytes: &[u8]) {}
    fn idle(&mut self) {
        self.0.send(()).unwrap();
    }
}

#[tokio::test]
async fn the_sink_hears_when_the_pipe_has_run_dry() {
    use tokio::io::AsyncWriteExt;
    let (reads, mut writes) = tokio::io::duplex(64);
    let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let mut reader = LineReader::new(reads, 1 << 10, Some(Box::new(Idles(told))));
    let mut batch = LineBatch::new();
    writes.write_all(b"one\n").await.unwrap();
    assert!(reader.next_batch(&mut batch).await.unwrap());
    assert!(hears.try_recv().is_err(), "bytes were waiting");
    let mut next = std::pin::pin!(reader.next_batch(&mut batch));
    tokio::select! {
        biased;
        _ = &mut next => panic!("nothing was written"),
        told = hears.recv() => assert_eq!(told, Some(())),
    }
    writes.write_all(b"two\n").await.unwrap();
    assert!(next.await.unwrap());
}
