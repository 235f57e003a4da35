//! What nobody sends by mistake.

use std::time::Duration;

use mo_api::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::raw::{self, get, post, send};
use crate::stage::{Stage, soon, writes};

const JSON: &str = "application/json";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paths_lead_nowhere_else() {
    let stage = Stage::new(&writes()).await;
    let (socket, session) = (stage.socket(), stage.finished().await);
    for id in [
        "..",
        ".",
        "%2e%2e",
        "..%2f..%2fetc",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "orch_20260101_000000_ab%2f",
        "orch_20260101_000000_ab..",
        "orch_20260101_000000_%00%00%00%00",
        "ORCH_20260101_000000_abcd",
        "orch_20260101_000000_abcde",
        "orch_2026_1_x",
        "%F0%9F%92%A5",
        "*",
        "'%20OR%201=1",
    ] {
        for rest in ["state", "events", "diff", "checkpoints", "logs/claude"] {
            let answer = get(&socket, &format!("/api/v1/{id}/{rest}")).await;
            assert_eq!((answer.status, answer.code().as_str()), (404, "session_unknown"), "{id}/{rest}");
            assert!(!answer.text().contains('\0'));
        }
        for (method, path) in [("DELETE", format!("/api/v1/{id}")), ("POST", format!("/api/v1/{id}/stop"))] {
            let answer = raw::request(&socket, method, &path, JSON, b"").await;
            assert_eq!((answer.status, answer.code().as_str()), (404, "session_unknown"), "{method} {id}");
        }
    }
    for worker in ["..", "%2e%2e%2f%2e%2e%2fjournal.db", "claude-implementer%2f..%2fx", "%00", "claude%0a"] {
        let answer = get(&socket, &format!("/api/v1/{session}/logs/{worker}")).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "worker_unknown"), "{worker}");
    }
    for path in [format!("/api/v1/{session}/logs/%ff%fe"), "/api/v1/%c3%28/state".to_owned()] {
        let answer = get(&socket, &path).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_path"), "{path}");
    }
    for path in ["//api/v1/sessions", "/api/v1/../v1/sessions", "/api/v1/sessions/", "/API/V1/sessions"] {
        let answer = get(&socket, path).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "route_unknown"), "{path}");
    }
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_are_bounded_and_must_be_text() {
    let stage = Stage::new(&writes()).await;
    let socket = stage.socket();
    // Refused by what it says, before a byte of it is read.
    let said = b"POST /api/v1/orchestrate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10000000000\r\n\r\n";
    let answer = send(&socket, said).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "body_too_large"));
    // In chunks that say nothing of the whole.
    let mut endless = b"POST /api/v1/orchestrate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..64 {
        endless.extend_from_slice(b"4000\r\n");
        endless.extend(std::iter::repeat_n(b' ', 0x4000));
        endless.extend_from_slice(b"\r\n");
    }
    let answer = send(&socket, &endless).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "body_too_large"));
    let deep = [b"{\"goal\":".as_slice(), &vec![b'['; 200_000]].concat();
    let table: [&[u8]; 7] = [
        b"{\"goal\":\"\xff\xfe\",\"target\":\"/\"}",
        b"{\"goal\":\"a\0b\",\"target\":\"/\"}",
        b"{\"goal\":\"a\",\"goal\":\"b\",\"target\":\"/\"}",
        b"{\"goal\":\"a\",\"target\":\"/\"} {}",
        b"{\"goal\":\"a\",\"target\":\"/\"",
        b"",
        &deep,
    ];
    for body in table {
        let answer = post(&socket, "/api/v1/orchestrate", JSON, body).await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_json"), "{shown}");
    }
    assert!(stage.client().await.sessions().await.unwrap().sessions.is_empty());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_two_readers_would_cut_differently_are_refused() {
    let stage = Stage::new(&writes()).await;
    let socket = stage.socket();
    let head = "POST /api/v1/orchestrate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    for lengths in [
        "content-length: 2\r\ncontent-length: 40\r\n",
        "content-length: 2\r\ncontent-length: 2\r\n",
        "content-length: 2, 2\r\n",
        "content-length: -1\r\n",
        "content-length: +2\r\n",
        "content-length: 0x2\r\n",
        "content-length: 99999999999999999999999\r\n",
        "transfer-encoding: gzip\r\n",
    ] {
        let answer = send(&socket, format!("{head}{lengths}connection: close\r\n\r\n{{}}").as_bytes()).await;
        assert_eq!(answer.status, 400, "{lengths}: {answer:?}");
    }
    // Both: the chunks count, and the connection is not used again.
    let both = format!(
        "{head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /api/v1/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    );
    let answer = send(&socket, both.as_bytes()).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    for nonsense in [
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "\u{16}\u{3}\u{1}\r\n\r\n",
        "GET /api/v1/health HTTP/9.9\r\n\r\n",
        "GET /a b HTTP/1.1\r\n\r\n",
    ] {
        let mut stream = UnixStream::connect(&socket).await.unwrap();
        stream.write_all(nonsense.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut all = String::new();
        let _ = soon(stream.read_to_string(&mut all)).await;
        assert!(all.is_empty() || all.starts_with("HTTP/1.1 4"), "{nonsense:?}: {all:?}");
    }
    assert_eq!(get(&socket, "/api/v1/health").await.status, 200, "it is as well as before");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_are_bounded() {
    let stage = Stage::new(&writes()).await;
    let socket = stage.socket();
    let long = format!("GET /api/v1/health HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(20_000));
    assert_eq!(send(&socket, long.as_bytes()).await.status, 431);
    let many = format!("GET /api/v1/health HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: y\r\n".repeat(100));
    assert_eq!(send(&socket, many.as_bytes()).await.status, 431);
    let path =
        send(&socket, format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(20_000)).as_bytes()).await;
    assert!(matches!(path.status, 414 | 431), "{}", path.status);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_keeps_us_waiting_is_let_go() {
    let limits = Limits {
        head_time: Duration::from_millis(200),
        body_time: Duration::from_millis(200),
        ..Limits::default()
    };
    let stage = Stage::with(&writes(), limits).await;
    let socket = stage.socket();
    let mut slow = UnixStream::connect(&socket).await.unwrap();
    slow.write_all(b"GET /api/v1/health HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
    let mut all = Vec::new();
    // It would wait for ever for the rest of the head.
    let _ = soon(slow.read_to_end(&mut all)).await;
    assert!(all.is_empty() || all.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&all));
    // A connection that asks nothing.
    let mut idle = UnixStream::connect(&socket).await.unwrap();
    let _ = soon(idle.read_to_end(&mut all)).await;
    let half = b"POST /api/v1/orchestrate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\nconnection: close\r\n\r\n{\"goal\"";
    let answer = send(&socket, half).await;
    assert_eq!((answer.status, answer.code().as_str()), (408, "body_too_slow"));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_ask_nothing_do_not_keep_others_out_for_long() {
    let limits = Limits { connections: 4, head_time: Duration::from_millis(300), ..Limits::default() };
    let stage = Stage::with(&writes(), limits).await;
    let socket = stage.socket();
    let mut idle = Vec::new();
    for _ in 0..16 {
        idle.push(UnixStream::connect(&socket).await.unwrap());
    }
    assert_eq!(soon(get(&socket, "/api/v1/health")).await.status, 200);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_of_another_origin_is_let_in_by_a_header_of_ours() {
    let stage = Stage::new(&writes()).await;
    let preflight = b"OPTIONS /api/v1/orchestrate HTTP/1.1\r\nhost: x\r\norigin: https://evil.example\r\naccess-control-request-method: POST\r\nconnection: close\r\n\r\n";
    let answer = send(&stage.socket(), preflight).await;
    assert_eq!((answer.status, answer.code().as_str()), (405, "method_not_allowed"));
    assert!(!answer.head.to_lowercase().contains("access-control"), "{}", answer.head);
    stage.close().await;
}
