//! One request and its answer.

use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

use super::{Client, ClientError};
use crate::error::ErrorBody;

/// How long an answer may take.
const TIME: Duration = Duration::from_mins(1);
/// The most bytes of an answer.
const MAX_ANSWER: usize = 128 << 20;

impl Client {
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        read(&self.call(Method::GET, path, None).await?)
    }

    /// A `GET` over a connection that stands.
    pub(super) async fn get_over<T: DeserializeOwned>(
        &self,
        stream: UnixStream,
        path: &str,
    ) -> Result<T, ClientError> {
        let answer =
            in_time(async { whole(exchange(stream, request(Method::GET, path, None)?).await?).await });
        read(&answer.await?)
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &impl Serialize,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_vec(form).map_err(|error| ClientError::Unreadable(error.to_string()))?;
        read(&self.call(Method::POST, path, Some(body)).await?)
    }

    /// For what may take long: without a limit, as long as the owner lives.
    pub(super) async fn post_patiently<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &impl Serialize,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_vec(form).map_err(|error| ClientError::Unreadable(error.to_string()))?;
        read(&whole(self.send(request(Method::POST, path, Some(body))?).await?).await?)
    }

    pub(super) async fn command(
        &self,
        session: &str,
        what: &str,
        form: &impl Serialize,
    ) -> Result<(), ClientError> {
        let _: serde::de::IgnoredAny = self.post(&super::of(session, what), form).await?;
        Ok(())
    }

    /// Asks, and waits for the whole answer.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Bytes, ClientError> {
        in_time(async { whole(self.send(request(method, path, body)?).await?).await }).await
    }

    /// Asks over a new connection. An answer that is no success is an error.
    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, ClientError> {
        exchange(UnixStream::connect(&self.socket).await?, request).await
    }
}

pub(super) fn request(
    method: Method,
    path: &str,
    body: Option<Vec<u8>>,
) -> Result<Request<Full<Bytes>>, ClientError> {
    let request = Request::builder().method(method).uri(path).header(HOST, "localhost");
    let request = request.header(ACCEPT, "application/json");
    let request = if body.is_some() { request.header(CONTENT_TYPE, "application/json") } else { request };
    let body = Full::new(Bytes::from(body.unwrap_or_default()));
    request.body(body).map_err(|error| ClientError::Unreadable(error.to_string()))
}

async fn exchange(
    stream: UnixStream,
    request: Request<Full<Bytes>>,
) -> Result<Response<Incoming>, ClientError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the answer; what breaks it is told to the sender.
    tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status().as_u16();
    let said = whole(response).await?;
    let body = serde_json::from_slice(&said).unwrap_or_else(|_| ErrorBody {
        code: "owner_unreadable".into(),
        message: format!("the owner answered with status {status}"),
        hint: None,
    });
    Err(ClientError::Refused { status, body })
}

async fn whole(response: Response<Incoming>) -> Result<Bytes, ClientError> {
    let collected = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
    collected.map(http_body_util::Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            return ClientError::Unreadable(format!("it has more than {MAX_ANSWER} bytes"));
        }
        ClientError::Gone(error.to_string())
    })
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ClientError> {
    serde_json::from_slice(bytes).map_err(|error| ClientError::Unreadable(error.to_string()))
}

async fn in_time<T>(work: impl Future<Output = Result<T, ClientError>>) -> Result<T, ClientError> {
    tokio::time::timeout(TIME, work).await.unwrap_or(Err(ClientError::Silent))
}
