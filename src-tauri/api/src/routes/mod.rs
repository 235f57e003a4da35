//! The routes.

mod approvals;
mod control;
mod events;
mod logs;
mod sessions;
mod snapshots;

use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Router, extract};

use crate::error::{Refusal, printable};
use crate::state::ApiState;

/// All routes over one engine.
pub(crate) fn router(state: ApiState) -> Router {
    Router::new()
        .route("/api/v1/orchestrate", post(sessions::start))
        .route("/api/v1/sessions", get(sessions::all))
        .route("/api/v1/health", get(sessions::health))
        .route("/api/v1/events", get(events::all))
        .route("/api/v1/{id}", delete(sessions::delete))
        .route("/api/v1/{id}/state", get(sessions::state))
        .route("/api/v1/{id}/events", get(events::of_session))
        .route("/api/v1/{id}/logs/{worker}", get(logs::page))
        .route("/api/v1/{id}/checkpoints", get(snapshots::checkpoints))
        .route("/api/v1/{id}/diff", get(snapshots::diff))
        .route("/api/v1/{id}/stop", post(control::stop))
        .route("/api/v1/{id}/pause", post(control::pause))
        .route("/api/v1/{id}/resume", post(control::resume))
        .route("/api/v1/{id}/review", post(control::review))
        .route("/api/v1/{id}/restore", post(snapshots::restore))
        .route("/api/v1/{id}/messages", post(control::message))
        .route("/api/v1/{id}/approvals", get(approvals::all))
        .route("/api/v1/{id}/approvals/{approval}", post(approvals::answer))
        .route("/api/v1/{id}/approvals/{approval}/rule", get(approvals::rule))
        .route("/api/v1/{id}/grants", get(approvals::grants))
        .route("/api/v1/{id}/grants/{grant}", delete(approvals::revoke))
        .route("/api/v1/{id}/blockers", get(approvals::blockers))
        .route("/api/v1/{id}/blockers/{blocker}", post(approvals::resolve))
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn(guard))
        .with_state(state)
}

/// What is true for every answer and every request.
async fn guard(request: Request, next: Next) -> Response {
    let lengths = request.headers().get_all(CONTENT_LENGTH).iter().count();
    let mut response = if lengths > 1 {
        // Two ends that count differently read different requests.
        Refusal::bad_request("two_lengths", "the request has two lengths").into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn no_such_route(uri: Uri) -> Refusal {
    let message = format!("there is no route {}", printable(uri.path()));
    Refusal::new(StatusCode::NOT_FOUND, "route_unknown", message)
}

async fn no_such_method(method: Method, uri: extract::OriginalUri) -> Refusal {
    let message = format!("{} is not possible on {}", printable(method.as_str()), printable(uri.path()));
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}
