//! Answers that need not be sent again.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
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
    /// The JSON with its tag, or `304` when the client has it. The tag is weak, since compression may change the
    /// bytes on the way. The answer is one person's, and is asked about each time.
    pub(crate) fn answer(&self, Tagged { json, tag }: Tagged) -> Response {
        let tag = format!("W/\"{tag:016x}\"");
        let mut response = if self.names(&tag) {
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
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache"),
        );
        response
    }

    /// Compares weakly, as RFC 9110 wants it for this header.
    fn names(&self, tag: &str) -> bool {
        let Some(known) = self.0.as_ref().and_then(|known| known.to_str().ok()) else {
            return false;
        };
        let opaque = tag.trim_start_matches("W/");
        known
            .split(',')
            .map(str::trim)
            .any(|one| one == "*" || one.trim_start_matches("W/") == opaque)
    }
}
