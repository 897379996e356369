//! The read position.

use axum::extract::State;
use sosik_feed::StoryId;

use crate::app::App;
use crate::extract::{Json, Viewer};
use crate::limits::Marking;
use crate::problem::Problem;
use crate::schema::{MarkRead, ReadPosition};

/// Show your read position
#[utoipa::path(get, path = "/v1/feed/read-position", tag = "feed", operation_id = "show_read_position",
    responses((status = 200, description = "the newest story seen", body = ReadPosition)))]
pub(crate) async fn show(
    State(app): State<App>,
    viewer: Viewer,
) -> Result<Json<ReadPosition>, Problem> {
    let position = app.service.feeds().read_position(viewer.id).await?;
    Ok(Json(to_schema(position)))
}

/// Move your read position
///
/// It only moves forward: the device that has seen most determines it. Returns the new position.
#[utoipa::path(put, path = "/v1/feed/read-position", tag = "feed", operation_id = "move_read_position",
    request_body = MarkRead,
    responses((status = 200, description = "the newest story seen", body = ReadPosition)))]
pub(crate) async fn mark(
    State(app): State<App>,
    viewer: Viewer<Marking>,
    Json(body): Json<MarkRead>,
) -> Result<Json<ReadPosition>, Problem> {
    let position = app.service.feeds().mark_read(viewer.id, body.story).await?;
    Ok(Json(to_schema(position)))
}

fn to_schema(position: StoryId) -> ReadPosition {
    ReadPosition {
        story: Some(position).filter(|position| *position != StoryId::default()),
    }
}
