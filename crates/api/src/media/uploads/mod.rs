//! Resumable uploads (tus 1.0).
//!
//! The extensions are creation, creation-with-upload, checksum, expiration and termination. The id of an upload is the id of
//! the medium that it becomes.

pub(crate) mod append;
pub(crate) mod begin;
pub(crate) mod delete;
mod headers;
pub(crate) mod options;
pub(crate) mod show;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use sosik_feed::MediaId;
use sosik_service::ServiceError;
use sosik_service::media::MediaError;

use crate::app::App;
use crate::extract::Id;
use crate::problem::Problem;

pub(crate) use headers::{
    PROTOCOL_HEADERS_EXPOSED, PROTOCOL_HEADERS_SENT, UPLOAD_OFFSET, add_version, override_method,
};

/// The route of all uploads.
pub(crate) const UPLOADS: &str = "/v1/uploads";

/// The route of one upload.
pub(crate) const ONE_UPLOAD: &str = "/v1/uploads/{upload}";

/// True for the routes of the protocol.
pub(crate) fn has_route(route: &str) -> bool {
    route == UPLOADS || route == ONE_UPLOAD
}

/// The id of an upload in the path. A malformed one gets the same response as one that does not exist.
pub(crate) struct UploadPath(MediaId);

impl FromRequestParts<App> for UploadPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let id = Id::from_request_parts(parts, app).await;
        id.map(|Id(upload)| Self(upload))
            .map_err(|_malformed| Problem::NotFound("upload"))
    }
}

/// The response to a failed request. For a wrong offset, `Upload-Offset` has the expected one.
fn refused(error: ServiceError) -> Response {
    if let ServiceError::Media(MediaError::UploadOffset { received }) = error {
        let mut response = Problem::from(error).into_response();
        let headers = response.headers_mut();
        headers.insert(UPLOAD_OFFSET, received.into());
        return response;
    }
    Problem::from(error).into_response()
}
