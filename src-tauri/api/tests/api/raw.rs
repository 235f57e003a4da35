//! Requests as bytes, for what a well-behaved client never sends.

use std::path::Path;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::stage::soon;

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The stable code of a refusal, whose form is checked.
    pub(crate) fn code(&self) -> String {
        let body = self.json();
        let keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["code", "hint", "message"], "{body}");
        assert!(!body["message"].as_str().unwrap().is_empty());
        body["code"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Sends bytes, and reads until the server closes.
pub(crate) async fn send(socket: &Path, bytes: &[u8]) -> Answer {
    let mut stream = UnixStream::connect(socket).await.unwrap();
    // The server may refuse before it has read everything.
    let _ = stream.write_all(bytes).await;
    read(stream).await
}

pub(crate) async fn read(mut stream: UnixStream) -> Answer {
    let mut all = Vec::new();
    // What came before a reset is there.
    let _ = soon(stream.read_to_end(&mut all)).await;
    parse(&all)
}

fn parse(all: &[u8]) -> Answer {
    let end = all.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(all)));
    let head = String::from_utf8(all[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: all[end + 4..].to_vec() }
}

/// A request of one line.
pub(crate) async fn get(socket: &Path, path: &str) -> Answer {
    send(socket, format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).await
}

/// A request with a body of that type.
pub(crate) async fn post(socket: &Path, path: &str, kind: &str, body: &[u8]) -> Answer {
    request(socket, "POST", path, kind, body).await
}

pub(crate) async fn request(socket: &Path, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    send(socket, &[head.as_bytes(), body].concat()).await
}
