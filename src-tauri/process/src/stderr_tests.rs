use tokio::io::AsyncWriteExt as _;

use super::{STDERR_TAIL_LEN, StderrTail};

#[tokio::test]
async fn keeps_the_end_and_says_what_was_missed() {
    let (mut writes, reads) = tokio::io::duplex(1 << 10);
    let tail = StderrTail::new(reads, None);
    writes.write_all(b"first").await.unwrap();
    let piece = tail.after(0).await;
    assert_eq!((piece.bytes.as_slice(), piece.missed, piece.next, piece.ended), (&b"first"[..], 0, 5, false));

    let written: Vec<u8> = (0..200_000u32).map(|n| (n % 251) as u8).collect();
    writes.write_all(&written).await.unwrap();
    drop(writes);
    tail.ended().await;
    assert_eq!(tail.total_bytes(), 200_005);
    assert_eq!(tail.tail(), written[written.len() - STDERR_TAIL_LEN..]);
    let piece = tail.after(5).await;
    assert_eq!(piece.missed, 200_000 - STDERR_TAIL_LEN as u64);
    assert_eq!(piece.bytes, tail.tail());
    assert!(piece.ended);
    let nothing_more = tail.after(piece.next).await;
    assert!(nothing_more.ended && nothing_more.bytes.is_empty());
}
