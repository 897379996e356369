//! Begins an upload.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use sosik_service::media::Interrupted;

use super::headers::{PartOfFile, Tus, UploadLength, state};
use super::{UPLOADS, refused};
use crate::app::App;
use crate::extract::Viewer;
use crate::limits::Uploading;
use crate::problem::Problem;
use crate::schema::PartOfUpload;

/// Begin an upload
///
/// For files up to 200,000,000 bytes, and for networks that interrupt (tus 1.0). Send the bytes of the whole file in `Upload-Length`.
/// The body may have the first bytes of the file. The rest follows with `PATCH`. After the last byte the upload is a
/// medium with the same id. `Upload-Metadata` is not read: the first bytes decide what the file is.
#[utoipa::path(post, path = "/v1/uploads", tag = "media", operation_id = "begin_upload",
    params(
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Length" = i64, Header, description = "bytes of the whole file"),
        ("Upload-Checksum" = Option<String>, Header, description = "`sha256` or `sha1`, a space, and the digest of the body as base64"),
    ),
    request_body(content = Option<PartOfUpload>, content_type = "application/offset+octet-stream", description = "the first bytes of the file, or nothing"),
    responses(
        (status = 201, description = "the upload has begun", headers(
            ("Location" = String, description = "the upload"),
            ("Upload-Offset" = i64, description = "bytes that arrived"),
            ("Upload-Expires" = String, description = "when it is deleted if nothing arrives"),
        )),
        (status = 400, description = "`upload_header_invalid`"),
        (status = 403, description = "`media_off`: this server takes no uploads"),
        (status = 409, description = "`uploads_too_many`: too many of your uploads are not complete; `videos_wait`: five videos of yours are being prepared"),
        (status = 412, description = "`upload_version`: another version of the protocol"),
        (status = 413, description = "`media_too_large`, `media_quota`, `upload_too_long`"),
        (status = 415, description = "`media_type_unsupported`, `unsupported_media_type`"),
        (status = 460, description = "`upload_checksum`: the body does not have its checksum"),
        (status = 507, description = "`media_storage_full`"),
    ))]
pub(crate) async fn begin(
    State(app): State<App>,
    viewer: Viewer<Uploading>,
    _tus: Tus,
    UploadLength(length): UploadLength,
    PartOfFile(body): PartOfFile,
) -> Result<Response, Problem> {
    let media = app.service.media();
    let begun = match media.begin_upload(viewer.id, length, body).await {
        Ok(begun) => begun,
        Err(error) => return Ok(refused(error)),
    };
    if begun.interrupted == Some(Interrupted::Gone) {
        return Err(Problem::BodyUnreadable);
    }
    let mut response = state(StatusCode::CREATED, &begun.upload);
    if let Ok(location) = HeaderValue::from_str(&format!("{UPLOADS}/{}", begun.upload.id)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}
