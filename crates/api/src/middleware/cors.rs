//! Requests by pages of other origins that the operator has configured.
//!
//! They send a bearer token and never the cookie, so credentials are not allowed: a page of another origin cannot act
//! for the person who looks at it.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::headers::{RATELIMIT_LIMIT, RATELIMIT_REMAINING, RATELIMIT_RESET};
use crate::extract::{SOSIK_PERSON, X_REQUEST_ID};
use crate::media::uploads::{PROTOCOL_HEADERS_EXPOSED, PROTOCOL_HEADERS_SENT};

/// How long a browser may cache the response to its preflight. The longest that Chromium accepts.
const PREFLIGHT_AGE: Duration = Duration::from_secs(2 * 3600);

/// For the configured origins; others get no header.
pub(crate) fn cors(origins: &[String]) -> CorsLayer {
    let origins = origins
        .iter()
        .filter_map(|origin| HeaderValue::from_str(origin).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers(
            PROTOCOL_HEADERS_SENT
                .into_iter()
                .chain([
                    header::AUTHORIZATION,
                    header::CONTENT_TYPE,
                    header::IF_NONE_MATCH,
                    HeaderName::from_static("idempotency-key"),
                    HeaderName::from_static("last-event-id"),
                    SOSIK_PERSON,
                    X_REQUEST_ID,
                ])
                .collect::<Vec<_>>(),
        )
        .expose_headers(
            PROTOCOL_HEADERS_EXPOSED
                .into_iter()
                .chain([
                    header::ETAG,
                    header::LOCATION,
                    header::RETRY_AFTER,
                    RATELIMIT_LIMIT,
                    RATELIMIT_REMAINING,
                    RATELIMIT_RESET,
                    X_REQUEST_ID,
                ])
                .collect::<Vec<_>>(),
        )
        .max_age(PREFLIGHT_AGE)
}
