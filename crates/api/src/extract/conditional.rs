//! Conditional responses: 304 instead of a body that the client already has.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::json::json_bytes;
use crate::app::App;
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
    pub(crate) fn answer(&self, Tagged { json, tag }: Tagged) -> Response {
        let tag = format!("W/\"{tag:016x}\"");
        let mut response = if self.0.as_ref().is_some_and(|known| names(known, &tag)) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            json_bytes(json)
        };
        let headers = response.headers_mut();
        if let Ok(tag) = HeaderValue::try_from(tag) {
            headers.insert(header::ETAG, tag);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Whether `If-None-Match` contains this tag.
pub(crate) fn names_tag(headers: &HeaderMap, tag: &str) -> bool {
    let mut lines = headers.get_all(header::IF_NONE_MATCH).iter();
    lines.any(|known| names(known, tag))
}

/// Compares weakly, as RFC 9110 wants it for this header.
fn names(known: &HeaderValue, tag: &str) -> bool {
    let opaque = tag.trim_start_matches("W/");
    known.to_str().is_ok_and(|known| {
        known
            .split(',')
            .map(str::trim)
            .any(|one| one == "*" || one.trim_start_matches("W/") == opaque)
    })
}
