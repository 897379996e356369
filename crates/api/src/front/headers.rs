//! Headers that keep browsers from being misled. A handler that set one itself knows better.

use axum::http::{HeaderValue, header};
use axum::response::Response;

/// JSON is shown by nobody: nothing in it may run, and nobody may frame it.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// A year, the shortest that preload lists take.
const ONLY_TLS: HeaderValue = HeaderValue::from_static("max-age=31536000");

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
        headers.insert(header::CONTENT_SECURITY_POLICY, NOTHING);
    }
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, ONLY_TLS);
    }
}
