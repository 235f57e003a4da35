//! The HTTP side: one loopback port, three APIs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::conversation::{Api, Asked};
use crate::frames::{Frames, event_bytes};
use crate::ids::Ids;
use crate::log::Log;
use crate::play::Player;
use crate::script::Step;
use crate::{anthropic, gemini, openai};

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The script's player.
    pub(crate) player: Mutex<Player>,
    /// Where requests are recorded.
    pub(crate) log: Log,
    /// Ids of answers.
    pub(crate) ids: Ids,
}

/// The routes: one fallback, because the CLIs ask for whatever they like and must never wait for an answer.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(any).with_state(shared)
}

/// What a path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Generate(Api),
    AnthropicCount,
    GeminiCount,
    Models,
    Other,
}

fn route(method: &Method, path: &str) -> Route {
    let path = path.trim_end_matches('/');
    if method == Method::POST {
        if path.ends_with("/messages/count_tokens") {
            return Route::AnthropicCount;
        }
        if path.ends_with("/messages") {
            return Route::Generate(Api::Anthropic);
        }
        if path.ends_with("/responses") {
            return Route::Generate(Api::Openai);
        }
        if path.ends_with(":generateContent") || path.ends_with(":streamGenerateContent") {
            return Route::Generate(Api::Gemini);
        }
        if path.ends_with(":countTokens") {
            return Route::GeminiCount;
        }
    }
    if path.ends_with("/models") { Route::Models } else { Route::Other }
}

async fn any(State(shared): State<Arc<Shared>>, method: Method, uri: Uri, body: Bytes) -> Response<Body> {
    let json: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    match route(&method, uri.path()) {
        Route::Generate(api) => generate(&shared, api, &method, &uri, &json).await,
        Route::AnthropicCount => {
            shared.log.side(&method, &uri, &json, "count_tokens");
            json_response(StatusCode::OK, &json!({"input_tokens": body.len() / 4}))
        }
        Route::GeminiCount => {
            shared.log.side(&method, &uri, &json, "count_tokens");
            json_response(StatusCode::OK, &json!({"totalTokens": body.len() / 4}))
        }
        Route::Models => {
            shared.log.side(&method, &uri, &json, "models");
            json_response(
                StatusCode::OK,
                &json!({"object": "list", "data": [], "models": [], "has_more": false}),
            )
        }
        Route::Other => {
            shared.log.side(&method, &uri, &json, "other");
            if method == Method::HEAD || uri.path() == "/" {
                return json_response(StatusCode::OK, &json!({}));
            }
            json_response(
                StatusCode::NOT_FOUND,
                &json!({"error": {"message": "not served here", "code": 404}}),
            )
        }
    }
}

async fn generate(
    shared: &Arc<Shared>,
    api: Api,
    method: &Method,
    uri: &Uri,
    body: &Value,
) -> Response<Body> {
    let asked = Asked::read(api, uri.path(), body);
    if is_side_call(&asked) {
        shared.log.side(method, uri, body, "schema_side_call");
        let sample = asked.schema.as_ref().map(gemini::sample).unwrap_or_default();
        return send(shared, &asked, &Step { text: Some(sample.to_string()), ..Step::default() });
    }
    let answer = shared.player.lock().unwrap_or_else(PoisonError::into_inner).answer(&asked);
    let answer = match answer {
        Ok(answer) => answer,
        Err(why) => {
            shared.log.refused(method, uri, api, body, &why.to_string());
            // 400, because no CLI tries that again.
            return json_response(StatusCode::BAD_REQUEST, &error_body(api, 400, &why.to_string()));
        }
    };
    shared.log.played(method, uri, api, body, &answer);
    let mut last = Step::default();
    for step in answer.steps {
        if let Some(delay) = step.delay_ms {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        last = step;
    }
    send(shared, &asked, &last)
}

/// A call that the CLI makes for itself: an answer bound to a schema, with no tools. Gemini's model router repeats
/// the person's prompt in it, so that a rule would match.
fn is_side_call(asked: &Asked) -> bool {
    asked.api == Api::Gemini && asked.schema.is_some() && asked.offers.is_empty() && !asked.stream
}

fn send(shared: &Arc<Shared>, asked: &Asked, step: &Step) -> Response<Body> {
    if let Some(error) = &step.error {
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = match &error.body {
            Value::String(message) => error_body(asked.api, error.status, message),
            Value::Null => error_body(asked.api, error.status, "scripted error"),
            other => other.clone(),
        };
        let mut response = json_response(status, &body);
        for (name, value) in &error.headers {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str()))
            {
                response.headers_mut().insert(name, value);
            }
        }
        return response;
    }
    let frames = match asked.api {
        Api::Anthropic => anthropic::answer(asked, step, &shared.ids),
        Api::Openai => openai::answer(asked, step, &shared.ids),
        Api::Gemini => gemini::answer(asked, step, &shared.ids),
    };
    let cut = step.hang || step.disconnect;
    if !asked.stream && !cut {
        return json_response(StatusCode::OK, &frames.whole);
    }
    let mut response = Response::new(streamed(frames, step.hang, step.disconnect));
    let kind = if asked.stream { "text/event-stream" } else { "application/json" };
    response.headers_mut().insert("content-type", HeaderValue::from_static(kind));
    response.headers_mut().insert("cache-control", HeaderValue::from_static("no-cache"));
    response
}

/// The body as a stream. A hanging one stays open until the client goes; a cut one ends in an error, which
/// closes the connection without the end mark of a chunked body.
fn streamed(frames: Frames, hang: bool, disconnect: bool) -> Body {
    // One place: what was sent before a cut has been taken, and so flushed, before the error that cuts can be.
    let (sender, receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let count = if hang || disconnect { frames.until_cut } else { frames.events.len() };
    tokio::spawn(async move {
        for (name, data) in frames.events.into_iter().take(count) {
            if sender.send(Ok(Bytes::from(event_bytes(name, &data)))).await.is_err() {
                return;
            }
        }
        if hang {
            sender.closed().await;
        }
        if disconnect {
            let cut =
                std::io::Error::new(std::io::ErrorKind::ConnectionAborted, "the script disconnects here");
            let _ = sender.send(Err(cut)).await;
        }
    });
    Body::from_stream(ReceiverStream::new(receiver))
}

fn error_body(api: Api, status: u16, message: &str) -> Value {
    match api {
        Api::Anthropic => anthropic::error_body(status, message),
        Api::Openai => openai::error_body(status, message),
        Api::Gemini => gemini::error_body(status, message),
    }
}

fn json_response(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    response.headers_mut().insert("request-id", HeaderValue::from_static("req_scripted"));
    response
}
