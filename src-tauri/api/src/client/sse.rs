//! The form of a stream: `id`, `event` and `data` lines, an empty line behind each event.

use std::collections::VecDeque;

use super::ClientError;

/// The most bytes of a line; an event's record is bounded far below.
const MAX_LINE: usize = 256 << 20;

/// An event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLine {
    /// Its row number over all sessions.
    pub id: u64,
    /// `agent_event`, `recovery_event`, …
    pub name: String,
    /// The line that `orchestrate events` prints: `{seq,at,session,worker,kind,data}`.
    pub line: String,
}

/// Takes a stream apart, in whatever pieces it comes.
#[derive(Debug, Default)]
pub(super) struct SseReader {
    /// What has come in since the last end of a line.
    rest: Vec<u8>,
    id: Option<u64>,
    name: String,
    data: Option<String>,
}

impl SseReader {
    /// Takes a piece; adds the events that it completes.
    pub(super) fn push(&mut self, piece: &[u8], events: &mut VecDeque<EventLine>) -> Result<(), ClientError> {
        let mut lines = piece.split_inclusive(|&byte| byte == b'\n');
        if !self.rest.is_empty() {
            let Some(first) = lines.next() else { return Ok(()) };
            self.rest.extend_from_slice(first);
            if self.rest.ends_with(b"\n") {
                let line = std::mem::take(&mut self.rest);
                self.line(&line, events)?;
            }
        }
        for line in lines {
            if line.ends_with(b"\n") {
                self.line(line, events)?;
            } else {
                self.rest = line.to_vec();
            }
        }
        if self.rest.len() > MAX_LINE {
            return Err(ClientError::Unreadable("a line of the stream has no end".to_owned()));
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8], events: &mut VecDeque<EventLine>) -> Result<(), ClientError> {
        let text = std::str::from_utf8(line).map_err(|error| ClientError::Unreadable(error.to_string()))?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        if text.is_empty() {
            if let (Some(id), Some(line)) = (self.id, self.data.take()) {
                events.push_back(EventLine { id, name: std::mem::take(&mut self.name), line });
            }
            return Ok(());
        }
        let (field, value) = text.split_once(": ").unwrap_or((text, ""));
        match field {
            "id" => self.id = value.parse().ok(),
            "event" => value.clone_into(&mut self.name),
            "data" => self.data = Some(value.to_owned()),
            // Comments, and the time to wait before a reconnect, which is for browsers.
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "retry: 1000\n\n: heartbeat\n\nid: 7\nevent: agent_event\ndata: {\"a\": \"ü: \"}\n\n\
                          id: 9\nevent: session_event\ndata: {}\n\n";

    #[test]
    fn a_stream_is_read_alike_however_it_is_cut() {
        let wanted = [
            EventLine { id: 7, name: "agent_event".into(), line: "{\"a\": \"ü: \"}".into() },
            EventLine { id: 9, name: "session_event".into(), line: "{}".into() },
        ];
        for size in 1..=STREAM.len() {
            let (mut reader, mut events) = (SseReader::default(), VecDeque::new());
            for piece in STREAM.as_bytes().chunks(size) {
                reader.push(piece, &mut events).unwrap();
            }
            assert_eq!(events, wanted, "in pieces of {size}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let mut reader = SseReader::default();
        assert!(reader.push(b"data: \xff\n", &mut VecDeque::new()).is_err());
    }
}
