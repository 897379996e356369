//! Logging out.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::extract::{Viewer, forget_session};
use crate::problem::Problem;

/// Log out
///
/// Ends the session of this request. Live streams opened with it end within seconds.
#[utoipa::path(delete, path = "/v1/sessions/current", tag = "sessions", operation_id = "log_out",
    responses((status = 204, description = "the session has ended")))]
pub(crate) async fn log_out(State(app): State<App>, viewer: Viewer) -> Result<Response, Problem> {
    app.service.log_out(&viewer).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = forget_session(&app) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
