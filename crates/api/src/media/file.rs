//! Serves the files of stories and avatars. Every request checks whether the visitor may see the story or the person.

use std::convert::Infallible;
use std::ops::Range;
use std::str::FromStr;

use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures::TryStreamExt;
use sosik_feed::StoryId;
use sosik_service::ServiceError;
use sosik_service::media::{Content, GetRange, MediaFile, STREAM_PIECE_BYTES};

use crate::app::App;
use crate::extract::{AnyVisitor, ClientAddress, Visitor, names_tag};
use crate::middleware::Streamed;
use crate::problem::Problem;

/// The name contains the digest of the content, so the content never changes. `private`: no shared cache may store what a
/// friend may see.
const FOR_EVER: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

/// A file runs nothing and loads nothing, even if a browser shows it as a page.
const INERT: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// No page of another site shows the photos of a person with their cookie.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Memory of a streamed response, in bytes: three pieces.
const STREAM_BYTES: usize = 3 * STREAM_PIECE_BYTES;

/// Show a file of a story
///
/// A size of a photo or of the poster of a video, or a video. The paths are in the attachments of the story. Browsers keep
/// the file; every request is checked against the audience of the story. Send `Range` for a part of it.
#[utoipa::path(get, path = "/media/{story}/{file}", tag = "media", operation_id = "show_file",
    security((), ("bearer" = []), ("cookie" = [])),
    params(
        ("story" = String, Path, description = "id of the story"),
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
    FilePath { owner, name }: FilePath<StoryId>,
    wanted: WantedPart,
) -> Result<Response, Problem> {
    let media = app.service.media();
    let file = media.file(visitor.person(), owner, &name).await?;
    answer(&app, &file, &wanted).await
}

/// Responds with the file (200), with the requested range (206 or 416), or with 304 if the client has the file.
pub(super) async fn answer(
    app: &App,
    file: &MediaFile,
    wanted: &WantedPart,
) -> Result<Response, Problem> {
    let media = app.service.media();
    let tag = format!("\"{}\"", file.name.digest());
    if names_tag(&wanted.headers, &tag) {
        return Ok(respond(StatusCode::NOT_MODIFIED, file, &tag, Body::empty()));
    }
    match wanted.range(&tag) {
        Some(range) => part(app, file, &tag, &range).await,
        None => {
            let content = media.read_whole(file).await?;
            let content = content.ok_or(Problem::NotFound("file"))?;
            send(file, &tag, StatusCode::OK, content).await
        }
    }
}

async fn part(
    app: &App,
    file: &MediaFile,
    tag: &str,
    asked: &GetRange,
) -> Result<Response, Problem> {
    let media = app.service.media();
    let size = media.size(file).await?.ok_or(Problem::NotFound("file"))?;
    let Some(asked) = within(asked, size) else {
        return Ok(unsatisfiable(file, tag, size));
    };
    let content = media.read_part(file, GetRange::Bounded(asked)).await?;
    let content = content.ok_or(Problem::NotFound("file"))?;
    let (range, size) = (content.range.clone(), content.size);
    let mut response = send(file, tag, StatusCode::PARTIAL_CONTENT, content).await?;
    let last = range.end.saturating_sub(1);
    content_range(
        &mut response,
        &format!("bytes {}-{last}/{size}", range.start),
    );
    Ok(response)
}

/// A response with a file or a part of it. More than [`STREAM_PIECE_BYTES`] are streamed.
async fn send(
    file: &MediaFile,
    tag: &str,
    status: StatusCode,
    content: Content,
) -> Result<Response, Problem> {
    let length = content.range.end - content.range.start;
    if length <= STREAM_PIECE_BYTES as u64 {
        let pieces: Vec<Bytes> = content
            .pieces
            .try_collect()
            .await
            .map_err(ServiceError::from)?;
        let body = match <[Bytes; 1]>::try_from(pieces) {
            Ok([whole]) => Body::from(whole),
            Err(pieces) => Body::from(pieces.concat()),
        };
        return Ok(respond(status, file, tag, body));
    }
    let mut response = respond(status, file, tag, Body::from_stream(content.pieces));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response.extensions_mut().insert(Streamed {
        bytes: STREAM_BYTES,
    });
    Ok(response)
}

fn unsatisfiable(file: &MediaFile, tag: &str, size: u64) -> Response {
    let mut response = respond(StatusCode::RANGE_NOT_SATISFIABLE, file, tag, Body::empty());
    content_range(&mut response, &format!("bytes */{size}"));
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn respond(status: StatusCode, file: &MediaFile, tag: &str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let content_type = HeaderValue::from_static(content_type(file.name.as_str()));
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CACHE_CONTROL, FOR_EVER);
    headers.insert(header::CONTENT_SECURITY_POLICY, INERT);
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(
        header::VARY,
        HeaderValue::from_static("cookie, authorization"),
    );
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn content_range(response: &mut Response, range: &str) {
    if let Ok(range) = HeaderValue::from_str(range) {
        response.headers_mut().insert(header::CONTENT_RANGE, range);
    }
}

/// The server made every file, so its ending is true.
fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "webp")) => "image/webp",
        Some((_, "jpg")) => "image/jpeg",
        Some((_, "mp4")) => "video/mp4",
        _ => "application/octet-stream",
    }
}

/// The headers that say which part of a file a request wants, or which copy the client has.
pub(crate) struct WantedPart {
    headers: HeaderMap,
    /// False for `HEAD`: `Range` is defined for `GET` only (RFC 9110, section 14.2).
    has_range: bool,
}

impl WantedPart {
    fn range(&self, tag: &str) -> Option<GetRange> {
        self.has_range.then(|| range_of(&self.headers, tag))?
    }
}

impl<S: Sync> FromRequestParts<S> for WantedPart {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self {
            headers: parts.headers.clone(),
            has_range: parts.method == Method::GET,
        })
    }
}

/// The part that is asked for, unless the client has another version. Several parts are answered with the whole file.
fn range_of(headers: &HeaderMap, tag: &str) -> Option<GetRange> {
    let condition = headers.get(header::IF_RANGE);
    if condition.is_some_and(|condition| condition != tag) {
        return None;
    }
    let asked = headers.get(header::RANGE)?.to_str().ok()?;
    let (first, last) = asked.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.trim().parse::<u64>().ok();
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => {
            Some(GetRange::Bounded(first..last.saturating_add(1)))
        }
        (Some(first), None) if last.trim().is_empty() => Some(GetRange::Offset(first)),
        (None, Some(last)) if first.trim().is_empty() => Some(GetRange::Suffix(last)),
        _ => None,
    }
}

/// The bytes of a file that a range has; `None` if it has none of them.
fn within(range: &GetRange, size: u64) -> Option<Range<u64>> {
    let range = match range {
        GetRange::Bounded(range) => range.start..range.end.min(size),
        GetRange::Offset(first) => *first..size,
        GetRange::Suffix(last) => size.saturating_sub(*last)..size,
    };
    (range.start < range.end).then_some(range)
}

/// A visitor. Requests for files have their own rate limit, because one page loads many files.
pub(crate) struct FileReader(pub(super) Visitor);

impl FromRequestParts<App> for FileReader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let AnyVisitor(visitor) = AnyVisitor::from_request_parts(parts, app).await?;
        if matches!(visitor, Visitor::Stranger) {
            if !app.settings.admits_strangers() {
                return Err(Problem::Unauthenticated);
            }
            let address = ClientAddress::from_request_parts(parts, app).await?;
            let limiter = &app.limits.stranger_files;
            limiter.take(address.networks().narrow, None).await?;
        }
        Ok(Self(visitor))
    }
}

/// The owner and the name of a file in the path. `T` is the id of the owner: a story or a person. A malformed id gets
/// 404.
pub(crate) struct FilePath<T> {
    pub(super) owner: T,
    pub(super) name: String,
}

impl<T: FromStr> FromRequestParts<App> for FilePath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let missing = || Problem::NotFound("file");
        let parameters = RawPathParams::from_request_parts(parts, app).await;
        let parameters = parameters.map_err(|_not_text| missing())?;
        let mut values = parameters.iter().map(|(_, value)| value);
        let (Some(owner), Some(name)) = (values.next(), values.next()) else {
            return Err(missing());
        };
        Ok(Self {
            owner: owner.parse().map_err(|_no_id| missing())?,
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &'static str) -> Option<GetRange> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static(range));
        range_of(&headers, "\"a\"")
    }

    #[test]
    fn one_range_of_bytes_is_understood_and_everything_else_is_the_whole_file() {
        assert_eq!(asked("bytes=0-9"), Some(GetRange::Bounded(0..10)));
        assert_eq!(asked("bytes=5-"), Some(GetRange::Offset(5)));
        assert_eq!(asked("bytes=-5"), Some(GetRange::Suffix(5)));
        let whole = [
            "bytes=",
            "bytes=-",
            "bytes=9-0",
            "bytes=0-1,3-4",
            "bytes=a-b",
            "lines=0-9",
        ];
        for range in whole {
            assert_eq!(asked(range), None, "{range}");
        }
    }

    #[test]
    fn a_range_ends_with_the_file() {
        assert_eq!(within(&GetRange::Bounded(2..100), 10), Some(2..10));
        assert_eq!(within(&GetRange::Offset(9), 10), Some(9..10));
        assert_eq!(within(&GetRange::Suffix(100), 10), Some(0..10));
        for behind in [
            GetRange::Offset(10),
            GetRange::Bounded(10..11),
            GetRange::Suffix(0),
        ] {
            assert_eq!(within(&behind, 10), None, "{behind:?}");
        }
    }
}
