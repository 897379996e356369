//! Shows which version and extensions of tus this server supports.

use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sosik_service::media::{CHECKSUM_ALGORITHMS, UPLOAD_BYTES_MAX};

use super::headers::{TUS_CHECKSUM_ALGORITHM, TUS_EXTENSION, TUS_MAX_SIZE, TUS_VERSION, VERSION};

/// The extensions of the protocol.
const EXTENSIONS: HeaderValue =
    HeaderValue::from_static("creation,creation-with-upload,checksum,expiration,termination");

/// Show what uploads support
///
/// By the protocol tus 1.0 (<https://tus.io/protocols/resumable-upload>).
#[utoipa::path(options, path = "/v1/uploads", tag = "media", operation_id = "upload_options",
    security(()),
    responses((status = 204, description = "the version, the extensions, the checksums, and the most bytes of a file",
        headers(
            ("Tus-Version" = String, description = "the version of the protocol"),
            ("Tus-Extension" = String, description = "the extensions"),
            ("Tus-Checksum-Algorithm" = String, description = "the algorithms of checksums"),
            ("Tus-Max-Size" = i64, description = "the most bytes of a file"),
        ))))]
pub(crate) async fn options() -> Response {
    let headers = [
        (TUS_VERSION, VERSION),
        (TUS_EXTENSION, EXTENSIONS),
        (
            TUS_CHECKSUM_ALGORITHM,
            HeaderValue::from_static(CHECKSUM_ALGORITHMS),
        ),
        (TUS_MAX_SIZE, UPLOAD_BYTES_MAX.into()),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
