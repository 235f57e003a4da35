//! Writing to a child while it writes to us.

use mo_process::{LineBatch, StdinError, StdinMode};

use crate::{lines, sh, soon, start};

#[tokio::test]
async fn ten_megabytes_go_through_an_echo_without_a_deadlock() {
    let mut child = start(sh("exec cat").stdin(StdinMode::Piped)).await;
    let line = [&[b'x'; 99][..], b"\n"].concat();
    // All of it is queued or written before the first byte is read here, as a caller without care would.
    let mut stdin = child.stdin;
    let writing = tokio::spawn(async move {
        for _ in 0..100 {
            stdin.write(line.repeat(1024)).await.unwrap();
        }
        stdin.close();
        stdin.finished().await
    });
    let mut batch = LineBatch::new();
    let mut count = 0;
    while soon(child.stdout.next_batch(&mut batch)).await.unwrap() {
        count += batch.len();
    }
    assert_eq!(count, 102_400);
    writing.await.unwrap().unwrap();
    assert_eq!(soon(child.control.wait()).await.code, Some(0));
}

#[tokio::test]
async fn one_write_of_ten_megabytes_returns_before_anything_is_read() {
    let mut child = start(sh("exec cat").stdin(StdinMode::Piped)).await;
    let line = [&[b'y'; 99][..], b"\n"].concat();
    soon(child.stdin.write(line.repeat(102_400))).await.unwrap();
    child.stdin.close();
    assert_eq!(lines(&mut child.stdout).await.len(), 102_400);
}

#[tokio::test]
async fn a_child_that_does_not_read_is_no_harm() {
    let mut child = start(sh("exec <&-; echo closed; read -r line </dev/zero").stdin(StdinMode::Piped)).await;
    let mut batch = LineBatch::new();
    assert!(soon(child.stdout.next_batch(&mut batch)).await.unwrap());
    child.stdin.write(vec![b'z'; 1 << 20]).await.unwrap();
    let end = soon(child.stdin.finished()).await;
    assert!(matches!(end, Err(StdinError::Broken { kind: std::io::ErrorKind::BrokenPipe })), "{end:?}");
    assert_eq!(end.unwrap_err().code(), "stdin_broken");
    child.control.kill_tree();
    assert!(soon(child.control.wait()).await.tree_empty);
}
