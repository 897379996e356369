//! Likes a story, and takes a like back.

use axum::extract::State;
use axum::http::StatusCode;
use sosik_feed::StoryId;
use sosik_store::StoryCounts;

use crate::app::App;
use crate::extract::{Id, Json, Viewer};
use crate::limits::Liking;
use crate::problem::Problem;
use crate::schema::Reaction;

/// Like a story
///
/// Repeating it changes nothing.
#[utoipa::path(put, path = "/v1/stories/{story}/like", tag = "stories", operation_id = "like_story",
    params(("story" = String, Path, description = "id of the story")),
    responses((status = 200, description = "the counts of the story now", body = Reaction)))]
pub(crate) async fn like(
    State(app): State<App>,
    viewer: Viewer<Liking>,
    Id(story): Id<StoryId>,
) -> Result<Json<Reaction>, Problem> {
    let StoryCounts {
        likes, comments, ..
    } = app.service.likes().add(viewer.id, story).await?;
    Ok(Json(Reaction {
        likes,
        comments,
        liked: true,
    }))
}

/// Take a like back
///
/// Repeating it changes nothing. You can take a like back even if you may no longer see the story. The response is the
/// same if there is no such story or no such like.
#[utoipa::path(delete, path = "/v1/stories/{story}/like", tag = "stories", operation_id = "unlike_story",
    params(("story" = String, Path, description = "id of the story")),
    responses((status = 204, description = "you do not like it")))]
pub(crate) async fn unlike(
    State(app): State<App>,
    viewer: Viewer<Liking>,
    Id(story): Id<StoryId>,
) -> Result<StatusCode, Problem> {
    app.service.likes().remove(viewer.id, story).await?;
    Ok(StatusCode::NO_CONTENT)
}
