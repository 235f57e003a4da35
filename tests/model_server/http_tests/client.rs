//! Starting the model server, and a plain HTTP/1.1 client that can tell a broken stream from an ended one.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

const SERVER: &str = env!("CARGO_BIN_EXE_model-server");

/// A running server; it ends with this.
pub(crate) struct Model {
    child: Child,
    port: u16,
    dir: TempDir,
}

impl Model {
    pub(crate) fn start(script: &Value) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("script"), script.to_string()).unwrap();
        let mut child = Command::new(SERVER)
            .arg("--script")
            .arg(dir.path().join("script"))
            .arg("--log")
            .arg(dir.path().join("log"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("listening on 127.0.0.1:").expect("the port").parse().unwrap();
        Self { child, port, dir }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn log(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.dir.path().join("log")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Closes its stdin and waits for the end.
    pub(crate) fn close(&mut self) -> ExitStatus {
        drop(self.child.stdin.take());
        self.child.wait().unwrap()
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.close();
    }
}

/// The server with arguments that make it end at once: exit code and stderr.
pub(crate) fn run(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(SERVER).args(args).stdin(Stdio::null()).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A response.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// The body ended as HTTP says it must.
    pub(crate) whole: bool,
    head: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The data of each server-sent event.
    pub(crate) fn events(&self) -> Vec<Value> {
        assert_eq!(self.header("content-type"), Some("text/event-stream"));
        self.body
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(|data| serde_json::from_str(data).unwrap())
            .collect()
    }
}

/// A connection with a request sent.
pub(crate) struct Open(TcpStream);

impl Open {
    /// Reads until `needle` has come.
    pub(crate) fn read_until(&mut self, needle: &str) {
        let mut seen = Vec::new();
        let mut byte = [0u8; 1];
        while !seen.ends_with(needle.as_bytes()) {
            assert_eq!(self.0.read(&mut byte).unwrap(), 1, "ended after {}", String::from_utf8_lossy(&seen));
            seen.push(byte[0]);
        }
    }

    /// True when a further wait brings neither an end nor an error.
    pub(crate) fn is_still_open(&mut self) -> bool {
        self.0.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let mut rest = [0u8; 4096];
        loop {
            match self.0.read(&mut rest) {
                Ok(0) => return false,
                Ok(_) => {}
                Err(error) => return matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
            }
        }
    }
}

pub(crate) fn open(port: u16, method: &str, path: &str, body: &Value) -> Open {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let body = body.to_string();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    Open(stream)
}

pub(crate) fn post(port: u16, path: &str, body: &Value) -> Reply {
    send(port, "POST", path, body)
}

pub(crate) fn send(port: u16, method: &str, path: &str, body: &Value) -> Reply {
    let mut bytes = Vec::new();
    // A connection that is cut may end in an error; what came before it counts.
    let _ = open(port, method, path, body).0.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let (head, rest) = text.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).expect("a status").parse().unwrap();
    let (body, whole) = if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        unchunked(rest)
    } else {
        (rest.to_owned(), true)
    };
    Reply { status, body, whole, head: head.to_owned() }
}

/// The body, and whether the closing chunk came.
fn unchunked(mut rest: &str) -> (String, bool) {
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size, 16) else { break };
        if size == 0 {
            return (body, true);
        }
        let Some(chunk) = after.get(..size) else { break };
        body.push_str(chunk);
        rest = after.get(size + 2..).unwrap_or_default();
    }
    (body, false)
}
