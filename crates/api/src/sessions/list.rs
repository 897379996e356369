//! The devices on which the viewer is signed in.

use axum::extract::State;

use crate::app::App;
use crate::extract::{Json, Viewer};
use crate::problem::Problem;
use crate::schema::{Session, SessionPage};

/// List your sessions
#[utoipa::path(get, path = "/v1/sessions", tag = "sessions", operation_id = "list_sessions",
    responses((status = 200, description = "all your sessions", body = SessionPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
) -> Result<Json<SessionPage>, Problem> {
    let sessions = app.service.sessions().list(&viewer).await?;
    let items = sessions
        .iter()
        .map(|session| Session::of(session, viewer.session))
        .collect();
    Ok(Json(SessionPage {
        items,
        before: None,
        after: None,
        end: true,
    }))
}
