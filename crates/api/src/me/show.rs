//! The viewer's own profile.

use axum::extract::State;

use crate::app::App;
use crate::extract::{Json, Viewer};
use crate::people::profile::to_schema;
use crate::problem::Problem;
use crate::schema::Person;

/// Show your profile
#[utoipa::path(get, path = "/v1/me", tag = "me", operation_id = "show_me",
    responses((status = 200, description = "your profile with its counts", body = Person)))]
pub(crate) async fn show(State(app): State<App>, viewer: Viewer) -> Result<Json<Person>, Problem> {
    let me = app.service.people().me(viewer.id).await?;
    Ok(Json(to_schema(&me, viewer.id)))
}
