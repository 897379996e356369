//! Request ids, as they appear in the response, the log and the problem. A valid id from the client or a proxy is kept,
//! so that one request has the same id everywhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::hex;

/// The header, both ways.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id accepted from a client: a UUID or a trace id fits.
const BYTES_MAX: usize = 64;

/// The id of one request. Visible ASCII without characters that have a meaning in a log line.
#[derive(Debug, Clone)]
pub(crate) enum RequestId {
    /// Made here: sixteen hexadecimal digits, stored inline because nearly every request has one.
    Generated([u8; 16]),
    /// Sent by the client or a proxy.
    Provided(Arc<str>),
}

/// Makes ids that are unique in this process, and most likely differ from those of others.
pub(crate) struct RequestIds {
    start: u64,
    next: AtomicU64,
}

impl RequestIds {
    /// `start` should differ from process to process.
    pub(crate) const fn new(start: u64) -> Self {
        Self {
            start,
            next: AtomicU64::new(1),
        }
    }

    /// The id that came with the request, or a new one.
    pub(crate) fn of_request(&self, headers: &HeaderMap) -> RequestId {
        let provided = headers
            .get(X_REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|name| is_valid(name));
        match provided {
            Some(name) => RequestId::Provided(name.into()),
            None => self.make(),
        }
    }

    fn make(&self) -> RequestId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        // An odd factor: different numbers give different ids.
        let name = self
            .start
            .wrapping_add(number)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        RequestId::Generated(hex::digits(name))
    }
}

impl RequestId {
    /// The id.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Generated(digits) => str::from_utf8(digits).unwrap_or_default(),
            Self::Provided(name) => name,
        }
    }

    /// The value of the response header.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        match self {
            Self::Generated(digits) => HeaderValue::from_bytes(digits).ok(),
            Self::Provided(name) => HeaderValue::from_str(name).ok(),
        }
    }
}

fn is_valid(name: &str) -> bool {
    (1..=BYTES_MAX).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(value: &'static str) -> String {
        let headers = HeaderMap::from_iter([(
            X_REQUEST_ID,
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        )]);
        RequestIds::new(7).of_request(&headers).as_str().to_owned()
    }

    #[test]
    fn a_sane_name_is_kept_and_others_are_replaced() {
        assert_eq!(named("abc-1.2_3"), "abc-1.2_3");
        for strange in ["", "a b", "a\"b", "ü", "<script>"] {
            assert_ne!(named(strange), strange);
        }
        let ids = RequestIds::new(7);
        assert_ne!(ids.make().as_str(), ids.make().as_str());
    }
}
