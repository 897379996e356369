//! The three health probes.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use crate::app::App;

/// A dependency that does not respond within this time counts as failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// Is the process alive?
#[utoipa::path(get, path = "/livez", tag = "health", operation_id = "livez", security(()),
    responses((status = 200, description = "the process is alive", body = String, content_type = "text/plain")))]
pub(crate) async fn livez() -> &'static str {
    "alive\n"
}

/// Is this node ready for requests?
#[utoipa::path(get, path = "/readyz", tag = "health", operation_id = "readyz", security(()),
    responses(
        (status = 200, description = "the node is ready", body = String, content_type = "text/plain"),
        (status = 503, description = "the reason: the node is stopping, its clock is wrong, its disk failed, or a background task was given up", body = String, content_type = "text/plain"),
    ))]
pub(crate) async fn readyz(State(app): State<App>) -> Response {
    let refuse = |reason: String| (StatusCode::SERVICE_UNAVAILABLE, reason).into_response();
    if app.draining.is_cancelled() {
        return refuse("leaving\n".to_owned());
    }
    let service = &app.service;
    if let Some(problem) = service
        .clock_problem()
        .or_else(|| service.store().unready())
    {
        return refuse(format!("{problem}\n"));
    }
    match service.failed_tasks().first() {
        Some(given_up) => refuse(format!("{given_up}\n")),
        None => "ready\n".into_response(),
    }
}

/// Reports whether the dependencies work.
pub(crate) async fn healthz(State(app): State<App>) -> Response {
    match timeout(CHECK_TIMEOUT, app.service.store().check()).await {
        Ok(Ok(())) => "store: well\n".into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the store failed its health check");
            (StatusCode::SERVICE_UNAVAILABLE, "store: failed\n").into_response()
        }
        Err(_too_long) => (StatusCode::SERVICE_UNAVAILABLE, "store: no response\n").into_response(),
    }
}
