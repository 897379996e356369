//! Conditional responses: 304 instead of a body that the client already has.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::json::json_bytes;
use crate::app::App;
use crate::hex;
use crate::problem::Problem;
use crate::render::Tagged;

/// The `If-None-Match` header, if any.
pub(crate) struct IfNoneMatch(Option<HeaderValue>);

impl FromRequestParts<App> for IfNoneMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        Ok(Self(parts.headers.get(header::IF_NONE_MATCH).cloned()))
    }
}

impl IfNoneMatch {
    /// The JSON with its tag, or `304` if the client has it. The tag is weak, because compression may change the bytes.
    ///
    /// The response belongs to one person, so no cache may store it: a browser would still show it after the person has
    /// logged out. Clients that want a `304` keep their own copy and send its tag.
    pub(crate) fn respond(&self, Tagged { json, tag }: Tagged) -> Response {
        let tag = weak(tag);
        let mut response = if self.0.as_ref().is_some_and(|known| names(known, &tag)) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            json_bytes(json)
        };
        let headers = response.headers_mut();
        if let Ok(tag) = HeaderValue::from_bytes(&tag) {
            headers.insert(header::ETAG, tag);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Whether `If-None-Match` contains this tag.
pub(crate) fn names_tag(headers: &HeaderMap, tag: &str) -> bool {
    let mut lines = headers.get_all(header::IF_NONE_MATCH).iter();
    lines.any(|known| names(known, tag.as_bytes()))
}

/// `W/"…"`, with the tag in hexadecimal digits.
fn weak(tag: u64) -> [u8; 20] {
    let mut text = *b"W/\"                \"";
    text[3..19].copy_from_slice(&hex::digits(tag));
    text
}

/// Compares weakly, as RFC 9110 requires for this header.
fn names(known: &HeaderValue, tag: &[u8]) -> bool {
    let mut listed = known.as_bytes().split(|byte| *byte == b',');
    listed.any(|one| {
        let one = one.trim_ascii();
        one == b"*" || opaque(one) == opaque(tag)
    })
}

/// The tag without the mark of a weak one.
fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}
