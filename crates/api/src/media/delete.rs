//! Deletes a photo that belongs to no story.

use axum::extract::State;
use axum::http::StatusCode;
use sosik_feed::MediaId;

use crate::app::App;
use crate::extract::{Id, Viewer};
use crate::limits::Deleting;
use crate::problem::Problem;

/// Delete your photo
///
/// Only while it belongs to no story. Edit the story to remove it from there.
#[utoipa::path(delete, path = "/v1/media/{media}", tag = "media", operation_id = "delete_media",
    params(("media" = String, Path, description = "id of your photo")),
    responses(
        (status = 204, description = "the photo is deleted"),
        (status = 409, description = "`media_used`: it belongs to a story"),
    ))]
pub(crate) async fn delete(
    State(app): State<App>,
    viewer: Viewer<Deleting>,
    Id(media): Id<MediaId>,
) -> Result<StatusCode, Problem> {
    app.service.media().delete(viewer.id, media).await?;
    Ok(StatusCode::NO_CONTENT)
}
