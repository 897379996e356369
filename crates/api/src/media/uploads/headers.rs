//! The header fields of tus 1.0.

use std::time::{Duration, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use sosik_service::media::Checksum;
use sosik_store::UploadRecord;

use super::UPLOADS;
use crate::app::App;
use crate::middleware::{Pieces, StreamedBody};
use crate::problem::Problem;

/// The only version of the protocol that is supported.
pub(super) const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");

pub(super) const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub(super) const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
pub(super) const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
pub(super) const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
pub(super) const TUS_CHECKSUM_ALGORITHM: HeaderName =
    HeaderName::from_static("tus-checksum-algorithm");
pub(super) const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(crate) const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
const UPLOAD_DEFER_LENGTH: HeaderName = HeaderName::from_static("upload-defer-length");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");

const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

/// Request headers that pages of other origins may send (CORS).
pub(crate) const PROTOCOL_HEADERS_SENT: [HeaderName; 7] = [
    TUS_RESUMABLE,
    UPLOAD_LENGTH,
    UPLOAD_OFFSET,
    UPLOAD_CHECKSUM,
    UPLOAD_DEFER_LENGTH,
    UPLOAD_METADATA,
    METHOD_OVERRIDE,
];

/// Response headers that pages of other origins may read (CORS).
pub(crate) const PROTOCOL_HEADERS_EXPOSED: [HeaderName; 8] = [
    TUS_RESUMABLE,
    TUS_VERSION,
    TUS_EXTENSION,
    TUS_MAX_SIZE,
    TUS_CHECKSUM_ALGORITHM,
    UPLOAD_LENGTH,
    UPLOAD_OFFSET,
    UPLOAD_EXPIRES,
];

/// The type of a body with bytes of a file.
const OFFSET_STREAM: &str = "application/offset+octet-stream";

/// Adds `Tus-Resumable`. A 412 also gets `Tus-Version`.
pub(crate) fn add_version(response: &mut Response) {
    let is_other_version = response.status() == StatusCode::PRECONDITION_FAILED;
    let headers = response.headers_mut();
    headers.insert(TUS_RESUMABLE, VERSION);
    if is_other_version {
        headers.insert(TUS_VERSION, VERSION);
    }
}

/// Gives a `POST` to an upload the method of `X-HTTP-Method-Override`, for clients that can send neither `PATCH` nor
/// `DELETE`.
pub(crate) fn override_method(request: &mut Request) {
    let of_one_upload = request.uri().path().strip_prefix(UPLOADS);
    if request.method() != Method::POST || of_one_upload.is_none_or(|path| path.len() < 2) {
        return;
    }
    let wanted = request.headers().get(METHOD_OVERRIDE);
    let wanted = wanted.and_then(|method| Method::from_bytes(method.as_bytes()).ok());
    if let Some(method @ (Method::PATCH | Method::DELETE)) = wanted {
        *request.method_mut() = method;
    }
}

/// Extractor: the request has `Tus-Resumable: 1.0.0`. Other requests get 412.
pub(crate) struct Tus;

impl FromRequestParts<App> for Tus {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        match parts.headers.get(TUS_RESUMABLE) {
            Some(version) if version == VERSION => Ok(Self),
            Some(_) | None => Err(Problem::UploadVersion),
        }
    }
}

/// `Upload-Length`: bytes of the whole file.
pub(crate) struct UploadLength(pub(super) u64);

impl FromRequestParts<App> for UploadLength {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        if parts.headers.contains_key(UPLOAD_DEFER_LENGTH) {
            let message = "Upload-Defer-Length is not supported: send Upload-Length";
            return Err(Problem::UploadHeader(message));
        }
        let message = "send the bytes of the whole file as a number in Upload-Length";
        let length = number(&parts.headers, &UPLOAD_LENGTH);
        length.map(Self).ok_or(Problem::UploadHeader(message))
    }
}

/// `Upload-Offset`: the offset at which the body continues.
pub(crate) struct UploadOffset(pub(super) u64);

impl FromRequestParts<App> for UploadOffset {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        let message = "send the offset at which the body continues as a number in Upload-Offset";
        let offset = number(&parts.headers, &UPLOAD_OFFSET);
        offset.map(Self).ok_or(Problem::UploadHeader(message))
    }
}

/// The body of a request that begins or continues an upload, with its checksum. `None` without a body.
pub(crate) struct PartOfFile(pub(super) Option<sosik_service::media::Body<Pieces>>);

impl FromRequestParts<App> for PartOfFile {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        let Some(body) = parts.extensions.remove::<StreamedBody>() else {
            return Ok(Self(None));
        };
        let content_type = parts.headers.get(header::CONTENT_TYPE);
        if content_type.is_none_or(|value| value != OFFSET_STREAM) {
            return Err(Problem::UploadBodyType);
        }
        Ok(Self(Some(sosik_service::media::Body {
            pieces: body.pieces(),
            checksum: checksum(&parts.headers)?,
        })))
    }
}

fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, Problem> {
    let Some(value) = headers.get(UPLOAD_CHECKSUM) else {
        return Ok(None);
    };
    let message = "send sha256 or sha1, a space, and the digest as base64 in Upload-Checksum";
    let checksum = value.to_str().ok().and_then(Checksum::parse);
    let checksum = checksum.ok_or(Problem::UploadHeader(message))?;
    Ok(Some(checksum))
}

/// Parses a header as a decimal number of at most sixteen digits.
fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    let text = headers.get(name)?.to_str().ok()?;
    let is_number = text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// A response without a body and with `Upload-Offset`, and with `Upload-Expires` while the upload is incomplete.
pub(super) fn state(status: StatusCode, upload: &UploadRecord) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(UPLOAD_OFFSET, upload.received.into());
    let expires_at = UNIX_EPOCH + Duration::from_millis(upload.expires_at.as_millis());
    if !upload.is_complete()
        && let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(expires_at))
    {
        headers.insert(UPLOAD_EXPIRES, date);
    }
    response
}
