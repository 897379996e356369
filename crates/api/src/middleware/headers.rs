//! Security headers for browsers. A header that a handler has set stays.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

/// Size of the bucket that the request took from.
pub(super) const RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");

/// The number of requests that the bucket still allows.
pub(super) const RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");

/// Seconds until the bucket is full again, or until its next token if it is empty.
pub(super) const RATELIMIT_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// JSON is not displayed: nothing in it may run, and no page may frame it.
const CSP_API: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// A year, the minimum for preload lists.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

pub(super) fn finish(response: &mut Response, is_https: bool) {
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, CSP_API);
    }
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
}
