//! Following a stream.

use std::collections::VecDeque;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::Incoming;
use hyper::header::HeaderValue;

use super::request::request;
use super::sse::SseReader;
use super::{Client, ClientError, EventLine};

/// How long the owner may be silent: three heartbeats.
const SILENCE: Duration = Duration::from_secs(45);
/// How many connections in a row may break before they bring anything.
const FRUITLESS: u32 = 3;

/// A stream of events without gap or repeat. Where its connection breaks, it goes on over a new one.
#[derive(Debug)]
pub struct EventStream {
    client: Client,
    path: String,
    body: Option<Incoming>,
    reader: SseReader,
    ready: VecDeque<EventLine>,
    last: Option<u64>,
    fruitless: u32,
}

impl EventStream {
    pub(super) async fn open(client: Client, path: String) -> Result<Self, ClientError> {
        let mut stream = Self {
            client,
            path,
            body: None,
            reader: SseReader::default(),
            ready: VecDeque::new(),
            last: None,
            fruitless: 0,
        };
        stream.connect().await?;
        Ok(stream)
    }

    /// The next event. Waits as long as the owner lives; dropping the future loses nothing.
    ///
    /// # Errors
    /// When the owner is gone, refuses, or says nothing any more.
    pub async fn next(&mut self) -> Result<EventLine, ClientError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                (self.last, self.fruitless) = (Some(event.id), 0);
                return Ok(event);
            }
            let Some(body) = &mut self.body else {
                self.connect().await?;
                continue;
            };
            if let Ok(Some(Ok(frame))) = tokio::time::timeout(SILENCE, body.frame()).await {
                if let Some(piece) = frame.data_ref() {
                    self.reader.push(piece, &mut self.ready)?;
                }
                continue;
            }
            // Broken off, ended or silent.
            self.body = None;
            self.fruitless += 1;
            if self.fruitless > FRUITLESS {
                return Err(ClientError::Silent);
            }
        }
    }

    /// Gives up the connection; the next event is asked for over a new one.
    pub fn disconnect(&mut self) {
        self.body = None;
        self.ready.clear();
    }

    async fn connect(&mut self) -> Result<(), ClientError> {
        let mut request = request(Method::GET, &self.path, None)?;
        if let Some(last) = self.last {
            request.headers_mut().insert("last-event-id", HeaderValue::from(last));
        }
        let response = tokio::time::timeout(SILENCE, self.client.send(request)).await;
        let response = response.unwrap_or(Err(ClientError::Silent))?;
        self.reader = SseReader::default();
        self.body = Some(response.into_body());
        Ok(())
    }
}
