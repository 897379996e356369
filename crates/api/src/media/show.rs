//! Shows a photo or a video to its owner.

use axum::extract::State;
use axum::response::Response;
use sosik_feed::MediaId;

use crate::app::App;
use crate::extract::{Id, Viewer, json_bytes};
use crate::problem::Problem;
use crate::render;
use crate::schema::Media;

/// Show your photo or video
///
/// How far it is, and why it could not be processed.
#[utoipa::path(get, path = "/v1/media/{media}", tag = "media", operation_id = "show_media",
    params(("media" = String, Path, description = "id of your photo or video")),
    responses((status = 200, description = "the photo or video", body = Media)))]
pub(crate) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Id(media): Id<MediaId>,
) -> Result<Response, Problem> {
    let media = app.service.media().show(viewer.id, media).await?;
    Ok(json_bytes(render::media(&media)))
}
