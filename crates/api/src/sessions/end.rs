//! Ends sessions on other devices.

use axum::extract::State;
use axum::http::StatusCode;
use sosik_feed::SessionId;

use crate::app::App;
use crate::extract::{Id, Viewer};
use crate::limits::Deleting;
use crate::problem::Problem;

/// End a session
#[utoipa::path(delete, path = "/v1/sessions/{session}", tag = "sessions", operation_id = "end_session",
    params(("session" = String, Path, description = "id from the list of sessions")),
    responses((status = 204, description = "the session has ended")))]
pub(crate) async fn one(
    State(app): State<App>,
    viewer: Viewer<Deleting>,
    Id(session): Id<SessionId>,
) -> Result<StatusCode, Problem> {
    app.service.sessions().end(&viewer, session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End all other sessions
///
/// The session of this request stays open.
#[utoipa::path(delete, path = "/v1/sessions", tag = "sessions", operation_id = "end_other_sessions",
    responses((status = 204, description = "all others have ended")))]
pub(crate) async fn others(
    State(app): State<App>,
    viewer: Viewer<Deleting>,
) -> Result<StatusCode, Problem> {
    app.service.sessions().end_others(&viewer).await?;
    Ok(StatusCode::NO_CONTENT)
}
