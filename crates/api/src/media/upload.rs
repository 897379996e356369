//! Uploads a photo or a short video in one request.

use axum::extract::{FromRequest, Request, State};
use axum::http::header;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use http_body_util::BodyExt;

use crate::app::App;
use crate::extract::Viewer;
use crate::limits::Uploading;
use crate::problem::{FieldError, Problem};
use crate::render;
use crate::schema::{Media, UploadMedia};
use crate::stories::post::created;

/// The field of the form that has the file.
const FIELD: &str = "file";

/// Upload a photo or a video
///
/// The first bytes decide what the file is: a JPEG, PNG, GIF or WebP photo, or an MP4, MOV or WebM video of up to ten
/// minutes. It is processed after the response. Then a photo has three sizes and nothing of the upload but its pixels; a
/// video is an MP4 with H.264 and AAC, without metadata, and has a poster in the sizes of a photo. You may post it before.
/// An upload that belongs to no story is deleted after a day.
#[utoipa::path(post, path = "/v1/media", tag = "media", operation_id = "upload_media",
    request_body(content = UploadMedia, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "the photo or video, which is being processed", body = Media, headers(("Location" = String, description = "the photo or video"))),
        (status = 403, description = "`media_off`: this server takes no photos and videos"),
        (status = 409, description = "`videos_wait`: five videos of yours are being prepared; send this one when one of them is ready"),
        (status = 413, description = "`media_too_large`, `media_quota`"),
        (status = 415, description = "`media_type_unsupported`"),
        (status = 507, description = "`media_storage_full`"),
    ))]
pub(crate) async fn upload(
    State(app): State<App>,
    viewer: Viewer<Uploading>,
    FormFile(file): FormFile,
) -> Result<Response, Problem> {
    let media = app.service.media().upload(viewer.id, file).await?;
    let location = format!("/v1/media/{}", media.id);
    Ok(created(&location, render::media(&media)))
}

/// The file of a form.
pub(crate) struct FormFile(pub(super) Bytes);

impl FromRequest<App> for FormFile {
    type Rejection = Problem;

    async fn from_request(request: Request, _app: &App) -> Result<Self, Problem> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let boundary = content_type.and_then(|value| multer::parse_boundary(value).ok());
        let boundary = boundary.ok_or(Problem::NoForm)?;
        // The middleware has already read the body within its limits of time and size.
        let body = request.into_body().collect().await;
        let body = body.map_err(|_not_read_by_the_front| Problem::BodyUnreadable)?;
        file_of(body.to_bytes(), boundary).await.map(Self)
    }
}

async fn file_of(body: Bytes, boundary: String) -> Result<Bytes, Problem> {
    let body = stream::iter([Ok::<_, std::io::Error>(body)]);
    let mut form = multer::Multipart::new(body, boundary);
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() == Some(FIELD) {
            return field.bytes().await.map_err(broken);
        }
    }
    Err(Problem::BodyInvalid(FieldError {
        field: FIELD.to_owned(),
        message: "the form has no field `file`: send the photo or video in it".to_owned(),
    }))
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn broken(error: multer::Error) -> Problem {
    Problem::BodyInvalid(FieldError {
        field: String::new(),
        message: format!("the form cannot be read: {error}"),
    })
}
