//! Deletes a story.

use axum::extract::State;
use axum::http::StatusCode;
use sosik_feed::StoryId;

use crate::app::App;
use crate::extract::{Id, Viewer};
use crate::limits::Deleting;
use crate::problem::Problem;

/// Delete your story
///
/// Nobody sees it on their next read. Its comments and likes are deleted, too.
#[utoipa::path(delete, path = "/v1/stories/{story}", tag = "stories", operation_id = "delete_story",
    params(("story" = String, Path, description = "id of your story")),
    responses((status = 204, description = "the story is deleted")))]
pub(crate) async fn delete(
    State(app): State<App>,
    viewer: Viewer<Deleting>,
    Id(story): Id<StoryId>,
) -> Result<StatusCode, Problem> {
    app.service.stories().delete(viewer.id, story).await?;
    Ok(StatusCode::NO_CONTENT)
}
