//! Deletes an upload.

use axum::extract::State;
use axum::http::StatusCode;

use super::UploadPath;
use super::headers::Tus;
use crate::app::App;
use crate::extract::Viewer;
use crate::limits::Deleting;
use crate::problem::Problem;

/// Delete an upload
///
/// Everything that arrived is deleted. If the upload is complete, its medium is deleted, unless it belongs to a story.
#[utoipa::path(delete, path = "/v1/uploads/{upload}", tag = "media", operation_id = "delete_upload",
    params(
        ("upload" = String, Path, description = "id of your upload"),
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
    ),
    responses(
        (status = 204, description = "the upload is deleted"),
        (status = 409, description = "`media_used`: it is complete and belongs to a story"),
        (status = 412, description = "`upload_version`: another version of the protocol"),
    ))]
pub(crate) async fn delete(
    State(app): State<App>,
    viewer: Viewer<Deleting>,
    UploadPath(upload): UploadPath,
    _tus: Tus,
) -> Result<StatusCode, Problem> {
    app.service.media().delete_upload(viewer.id, upload).await?;
    Ok(StatusCode::NO_CONTENT)
}
