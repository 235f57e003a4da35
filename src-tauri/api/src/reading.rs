//! Taking requests apart. Whatever is wrong with one is said as JSON with its place.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use mo_core::ids::SessionId;
use mo_engine::start::MAX_GOAL;
use serde::de::DeserializeOwned;

use crate::error::Refusal;
use crate::state::ApiState;

/// The most bytes of a request's body: a goal of the greatest length, and what surrounds it.
pub(crate) const MAX_BODY: usize = MAX_GOAL + 64 * 1024;

/// The session that a path names, which exists.
pub(crate) struct Named(pub(crate) SessionId);

impl FromRequestParts<ApiState> for Named {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Refusal> {
        let name = path_part(parts, state, "id").await?;
        // Nothing else about the name is looked at before its form is right, so it cannot lead anywhere.
        if !SessionId::is_well_formed(&name) {
            return Err(Refusal::session_unknown(&name));
        }
        let id = SessionId::new(name);
        if state.exists(&id).await? { Ok(Self(id)) } else { Err(Refusal::session_unknown(id.as_str())) }
    }
}

/// The worker's name in a path, as it was written.
pub(crate) struct WorkerPart(pub(crate) String);

impl FromRequestParts<ApiState> for WorkerPart {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Refusal> {
        path_part(parts, state, "worker").await.map(Self)
    }
}

async fn path_part(parts: &mut Parts, state: &ApiState, name: &str) -> Result<String, Refusal> {
    let params = RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|error| Refusal::bad_request("bad_path", format!("the path cannot be read: {error}")))?;
    let found = params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    found.ok_or_else(|| Refusal::internal("the route has no such part"))
}

/// The part of the address behind `?`.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<ApiState> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Refusal> {
        let read = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        let read = read.map_err(|error| Refusal::bad_request("bad_query", error.body_text()))?;
        Ok(Self(read.0))
    }
}

/// A body of JSON.
pub(crate) struct Form<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<ApiState> for Form<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let bytes = read_body(&parts.headers, body, state.limits.body_time).await?;
        if !is_json(&parts.headers) {
            return Err(not_json());
        }
        parse(&bytes).map(Self)
    }
}

/// A body of JSON, or none at all.
pub(crate) struct FormOrNothing<T>(pub(crate) T);

impl<T: DeserializeOwned + Default> FromRequest<ApiState> for FormOrNothing<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let bytes = read_body(&parts.headers, body, state.limits.body_time).await?;
        if parts.headers.contains_key(CONTENT_TYPE) && !is_json(&parts.headers) {
            return Err(not_json());
        }
        match (bytes.is_empty(), is_json(&parts.headers)) {
            (true, _) => Ok(Self(T::default())),
            (false, true) => parse(&bytes).map(Self),
            (false, false) => Err(not_json()),
        }
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(bytes)
        .map_err(|error| Refusal::bad_request("bad_json", format!("the body cannot be read: {error}")))
}

fn not_json() -> Refusal {
    Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", "the body must be JSON")
        .hint("send it with the header `Content-Type: application/json`")
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = essence.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

async fn read_body(headers: &HeaderMap, body: Body, time: Duration) -> Result<Vec<u8>, Refusal> {
    let said = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|length| length > MAX_BODY as u64) {
        return Err(too_large());
    }
    let collected = tokio::time::timeout(time, Limited::new(body, MAX_BODY).collect()).await;
    match collected {
        Ok(Ok(collected)) => Ok(collected.to_bytes().into()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => {
            Err(Refusal::bad_request("bad_body", format!("the body did not come in whole: {error}")))
        }
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_too_slow",
            format!("the body did not come in within {} ms", time.as_millis()),
        )),
    }
}

fn too_large() -> Refusal {
    let message = format!("the body has more than {MAX_BODY} bytes");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
        .hint("put the details into a file of the project and name it in the goal")
}
