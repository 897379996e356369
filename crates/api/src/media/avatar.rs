//! Uploads, removes and serves avatars. Everybody who may see the person may see the files.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sosik_feed::PersonId;

use super::file::{FilePath, FileReader, WantedPart, answer};
use super::upload::FormFile;
use crate::app::App;
use crate::extract::{Viewer, json_bytes};
use crate::limits::{ChangingProfile, Uploading};
use crate::problem::Problem;
use crate::render;
use crate::schema::{Media, UploadMedia};

/// Change your avatar
///
/// A photo as JPEG, PNG, GIF or WebP. A square from its middle is shown, without any metadata. Your profile changes when it
/// is processed: ask for the medium until its state is `ready` or `failed`. Another upload replaces this one.
#[utoipa::path(put, path = "/v1/me/avatar", tag = "me", operation_id = "change_avatar",
    request_body(content = UploadMedia, content_type = "multipart/form-data"),
    responses(
        (status = 202, description = "the photo, which is being processed", body = Media, headers(("Location" = String, description = "the photo"))),
        (status = 403, description = "`media_off`: this server takes no photos"),
        (status = 413, description = "`media_too_large`, `media_quota`"),
        (status = 415, description = "`media_type_unsupported`"),
        (status = 507, description = "`media_storage_full`"),
    ))]
pub(crate) async fn change(
    State(app): State<App>,
    viewer: Viewer<Uploading>,
    FormFile(file): FormFile,
) -> Result<Response, Problem> {
    let media = app.service.media().change_avatar(viewer.id, file).await?;
    let location = [(header::LOCATION, format!("/v1/media/{}", media.id))];
    let body = json_bytes(render::media(&media));
    Ok((StatusCode::ACCEPTED, location, body).into_response())
}

/// Remove your avatar
///
/// Also an upload that is still processed. Its files are deleted.
#[utoipa::path(delete, path = "/v1/me/avatar", tag = "me", operation_id = "remove_avatar",
    responses((status = 204, description = "you have no avatar")))]
pub(crate) async fn remove(
    State(app): State<App>,
    viewer: Viewer<ChangingProfile>,
) -> Result<StatusCode, Problem> {
    app.service.media().remove_avatar(viewer.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show a file of an avatar
///
/// The paths are in the person. Browsers keep the file; every request is checked: people who blocked you, and people you
/// blocked, are not found.
#[utoipa::path(get, path = "/avatars/{person}/{file}", tag = "media", operation_id = "show_avatar",
    security((), ("bearer" = []), ("cookie" = [])),
    params(
        ("person" = String, Path, description = "id of the person"),
        ("file" = String, Path, description = "name of the file"),
        ("If-None-Match" = Option<String>, Header, description = "the `ETag` of your copy"),
        ("Range" = Option<String>, Header, description = "the bytes that you want: `bytes=0-499`, `bytes=500-` or `bytes=-500`"),
        ("If-Range" = Option<String>, Header, description = "the `ETag` of the file of which you have a part; for another file the response is whole"),
    ),
    responses(
        (status = 200, description = "the file", headers(("ETag" = String, description = "the digest of the file"))),
        (status = 206, description = "the part of the file"),
        (status = 304, description = "not modified"),
        (status = 416, description = "the part is behind the end of the file"),
    ))]
pub(crate) async fn file(
    State(app): State<App>,
    FileReader(visitor): FileReader,
    FilePath { owner, name }: FilePath<PersonId>,
    wanted: WantedPart,
) -> Result<Response, Problem> {
    let media = app.service.media();
    let file = media.avatar_file(visitor.person(), owner, &name).await?;
    answer(&app, &file, &wanted).await
}
