//! Ids of requests. They appear in the log of the balancer, in the log of the node, and in the answer.

use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderMap;

/// The header, both ways.
pub(super) const X_REQUEST_ID: &str = "x-request-id";

/// Longest id that is kept from a trusted proxy, as nodes do.
const BYTES_MAX: usize = 64;

/// Makes ids.
#[derive(Debug)]
pub(super) struct RequestIds(AtomicU64);

impl RequestIds {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(getrandom::u64().unwrap_or_default()))
    }

    pub(super) fn make(&self) -> String {
        // An odd factor: different numbers give different ids.
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

/// The id that a trusted proxy sent.
pub(super) fn sent(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get(X_REQUEST_ID)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    ((1..=BYTES_MAX).contains(&id.len()) && id.bytes().all(plain)).then_some(id)
}
