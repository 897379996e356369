//! The time that a proxy in front has left for a request.

use std::time::Duration;

use axum::http::{Extensions, HeaderMap};

use super::address::peer_of;
use crate::settings::Settings;

/// The header in which a trusted proxy passes the time until it gives up, in milliseconds.
const X_DEADLINE_MS: &str = "x-deadline-ms";

/// How long a request may take, counted from the arrival of its body: `request_timeout`, or less if a trusted proxy gives
/// up earlier. Work for a client that no longer waits would only delay others.
pub(crate) fn time_limit(
    extensions: &Extensions,
    headers: &HeaderMap,
    settings: &Settings,
) -> Duration {
    let own = settings.request_timeout;
    if !settings.trusts(peer_of(extensions)) {
        return own;
    }
    let left = headers
        .get(X_DEADLINE_MS)
        .and_then(|value| value.to_str().ok());
    let left = left
        .and_then(|value| value.parse().ok())
        .map(Duration::from_millis);
    left.map_or(own, |left| own.min(left))
}
