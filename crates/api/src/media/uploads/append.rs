//! Appends to an upload.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures::StreamExt;
use futures::stream;
use sosik_service::media::{Body, Interrupted};

use super::headers::{PartOfFile, Tus, UploadOffset, state};
use super::{UploadPath, refused};
use crate::app::App;
use crate::extract::Viewer;
use crate::limits::Appending;
use crate::problem::Problem;
use crate::schema::PartOfUpload;

/// Append to an upload
///
/// The body continues at `Upload-Offset`, which must be the number of bytes that have arrived. If the connection breaks,
/// ask with `HEAD` how many have, and continue there: nothing that arrived is lost. With a checksum the whole body is
/// stored or nothing of it.
#[utoipa::path(patch, path = "/v1/uploads/{upload}", tag = "media", operation_id = "append_to_upload",
    params(
        ("upload" = String, Path, description = "id of your upload"),
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Offset" = i64, Header, description = "the offset at which the body continues"),
        ("Upload-Checksum" = Option<String>, Header, description = "`sha256` or `sha1`, a space, and the digest of the body as base64"),
    ),
    request_body(content = PartOfUpload, content_type = "application/offset+octet-stream", description = "the bytes that follow"),
    responses(
        (status = 204, description = "the bytes are stored", headers(
            ("Upload-Offset" = i64, description = "bytes that arrived"),
            ("Upload-Expires" = String, description = "when it is deleted if nothing arrives; missing after the last byte"),
        )),
        (status = 400, description = "`upload_header_invalid`"),
        (status = 408, description = "`body_too_slow`: what arrived is stored; ask for the offset"),
        (status = 409, description = "`upload_offset`: another number of bytes has arrived; the response has it in `Upload-Offset`; `videos_wait`: five videos of yours are being prepared, so send the last piece when one of them is ready"),
        (status = 410, description = "`upload_spent`: too many requests have appended to it"),
        (status = 412, description = "`upload_version`: another version of the protocol"),
        (status = 413, description = "`media_too_large`: the upload is deleted; `upload_too_long`: the body has more bytes than are missing; `media_quota`: the medium does not fit, so delete another one and send the last piece again"),
        (status = 415, description = "`media_type_unsupported`: the upload is deleted; `unsupported_media_type`"),
        (status = 423, description = "`upload_busy`: another request appends to it; ask for the offset again"),
        (status = 460, description = "`upload_checksum`: the body does not have its checksum and is dropped"),
        (status = 507, description = "`media_storage_full`"),
    ))]
pub(crate) async fn append(
    State(app): State<App>,
    viewer: Viewer<Appending>,
    UploadPath(upload): UploadPath,
    _tus: Tus,
    UploadOffset(offset): UploadOffset,
    PartOfFile(body): PartOfFile,
) -> Result<Response, Problem> {
    let body = body.unwrap_or_else(|| Body {
        pieces: stream::empty().boxed(),
        checksum: None,
    });
    let media = app.service.media();
    let appended = match media.append(viewer.id, upload, offset, body).await {
        Ok(appended) => appended,
        Err(error) => return Ok(refused(error)),
    };
    match appended.interrupted {
        None => Ok(state(StatusCode::NO_CONTENT, &appended.upload)),
        Some(Interrupted::TooSlow) => Err(Problem::BodyTooSlow),
        Some(Interrupted::Gone) => Err(Problem::BodyUnreadable),
    }
}
