use tokio::io::AsyncReadExt as _;

use super::{ChildStdin, STDIN_QUEUE_BYTES};
use crate::error::StdinError;

#[tokio::test]
async fn queues_in_order_and_closes_behind_the_queue() {
    let (pipe, mut reads) = tokio::io::duplex(8);
    let mut stdin = ChildStdin::new(pipe);
    for word in ["one ", "", "two ", "three"] {
        stdin.write(word.into()).await.unwrap();
    }
    stdin.close();
    assert!(matches!(stdin.write(b"late".to_vec()).await, Err(StdinError::Closed)));
    let mut all = String::new();
    reads.read_to_string(&mut all).await.unwrap();
    assert_eq!(all, "one two three");
    stdin.finished().await.unwrap();
}

#[tokio::test]
async fn the_queue_is_bounded_and_one_large_write_still_passes() {
    let (pipe, mut reads) = tokio::io::duplex(1 << 16);
    let mut stdin = ChildStdin::new(pipe);
    stdin.write(vec![1; 3 * STDIN_QUEUE_BYTES]).await.unwrap();
    {
        let mut second = Box::pin(stdin.write(vec![2; 1]));
        tokio::select! {
            biased;
            _ = &mut second => panic!("the queue is full"),
            () = std::future::ready(()) => {}
        }
        let mut first = vec![0; 3 * STDIN_QUEUE_BYTES];
        let (read, written) = tokio::join!(reads.read_exact(&mut first), second);
        read.unwrap();
        written.unwrap();
    }
    stdin.close();
    let mut rest = Vec::new();
    reads.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, [2]);
}

#[tokio::test]
async fn a_reader_that_goes_away_is_told_to_the_writer() {
    let (pipe, reads) = tokio::io::duplex(8);
    let stdin = ChildStdin::new(pipe);
    drop(reads);
    stdin.write(b"nobody".to_vec()).await.unwrap();
    assert!(matches!(stdin.finished().await, Err(StdinError::Broken { .. })));
    assert!(matches!(stdin.write(b"more".to_vec()).await, Err(StdinError::Broken { .. })));
    assert!(matches!(ChildStdin::closed().write(Vec::new()).await, Err(StdinError::Closed)));
}
