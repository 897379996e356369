//! Deletes a photo or a video that belongs to no story.

use axum::extract::State;
use axum::http::StatusCode;
use sosik_feed::MediaId;

use crate::app::App;
use crate::extract::{Id, Viewer};
use crate::limits::Deleting;
use crate::problem::Problem;

/// Delete your photo or video
///
/// Only while it belongs to no story and is not your avatar. Edit the story, or remove the avatar.
#[utoipa::path(delete, path = "/v1/media/{media}", tag = "media", operation_id = "delete_media",
    params(("media" = String, Path, description = "id of your photo or video")),
    responses(
        (status = 204, description = "it is deleted"),
        (status = 409, description = "`media_used`: it belongs to a story, or is your avatar"),
    ))]
pub(crate) async fn delete(
    State(app): State<App>,
    viewer: Viewer<Deleting>,
    Id(media): Id<MediaId>,
) -> Result<StatusCode, Problem> {
    app.service.media().delete(viewer.id, media).await?;
    Ok(StatusCode::NO_CONTENT)
}
