//! Shows the offset of an upload.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::UploadPath;
use super::headers::{Tus, UPLOAD_LENGTH, state};
use crate::app::App;
use crate::extract::Viewer;
use crate::problem::Problem;

/// Show how far an upload is
///
/// A complete upload is shown for a day: then `Upload-Offset` is `Upload-Length`, and the medium exists.
#[utoipa::path(head, path = "/v1/uploads/{upload}", tag = "media", operation_id = "show_upload",
    params(
        ("upload" = String, Path, description = "id of your upload"),
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
    ),
    responses(
        (status = 200, description = "how far it is", headers(
            ("Upload-Offset" = i64, description = "bytes that arrived"),
            ("Upload-Length" = i64, description = "bytes of the whole file"),
            ("Upload-Expires" = String, description = "when it is deleted if nothing arrives"),
        )),
        (status = 412, description = "`upload_version`: another version of the protocol"),
    ))]
pub(crate) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    UploadPath(upload): UploadPath,
    _tus: Tus,
) -> Result<Response, Problem> {
    let upload = app.service.media().upload_state(viewer.id, upload).await?;
    let mut response = state(StatusCode::OK, &upload);
    response
        .headers_mut()
        .insert(UPLOAD_LENGTH, upload.length.into());
    Ok(response)
}
