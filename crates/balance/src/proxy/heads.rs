//! What the heads of requests and answers say, and what of it is removed.

use std::borrow::Cow;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use pingora_error::Result;
use pingora_http::{RequestHeader, ResponseHeader};

use super::front::HEAD_BYTES_MAX;
use crate::is_hidden;

/// Most header fields of a request, as nodes have it.
const HEADER_FIELDS_MAX: usize = 100;

/// Largest body that nodes accept in a request other than an upload.
const PLAIN_BODY_BYTES_MAX: u64 = 64 * 1024;

/// The header in which a node gets the time that is left for its answer, in milliseconds. A trusted proxy in front may
/// send it too.
pub(super) const X_DEADLINE_MS: &str = "x-deadline-ms";

/// The time that a trusted proxy in front has left.
pub(super) fn time_of_front(headers: &HeaderMap) -> Option<Duration> {
    let left = headers.get(X_DEADLINE_MS)?.to_str().ok()?;
    left.parse().ok().map(Duration::from_millis)
}

/// Replaces repeated lengths by one. The library has checked that they are equal; not every reader would accept them.
pub(super) fn write_length_once(request: &mut RequestHeader) -> Result<()> {
    let lengths = request.headers.get_all(header::CONTENT_LENGTH);
    let plain = |value: &HeaderValue| value.as_bytes().iter().all(u8::is_ascii_digit);
    let Some(first) = lengths.iter().next().cloned() else {
        return Ok(());
    };
    if lengths.iter().count() == 1 && plain(&first) {
        return Ok(());
    }
    let text = first.to_str().unwrap_or_default();
    let length = text.split(',').next().unwrap_or_default().trim().to_owned();
    request.insert_header(header::CONTENT_LENGTH, length)
}

/// A request with no host or two means different things to different readers.
pub(super) fn has_one_host(headers: &HeaderMap) -> bool {
    headers.get_all(header::HOST).iter().count() == 1
}

/// Whether a request with a body may be an upload: it is larger than nodes accept for other requests, or has no length.
pub(super) fn is_upload(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    length.is_none_or(|length| length > PLAIN_BODY_BYTES_MAX)
}

pub(super) fn wants_events(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/event-stream"))
}

pub(super) fn is_too_large(request: &RequestHeader) -> bool {
    let bytes: usize = request
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    let bytes = bytes + request.raw_path().len();
    request.headers.len() > HEADER_FIELDS_MAX || bytes > HEAD_BYTES_MAX as usize
}

/// Whether a request whose effect is unknown may be sent again: it is idempotent, or the node recognizes it.
pub(super) fn is_repeatable(request: &RequestHeader) -> bool {
    request.method.is_idempotent() || request.headers.contains_key("idempotency-key")
}

/// Whether the target is for operators. It may be a whole address, whose path is what counts.
pub(super) fn is_for_operators(request: &RequestHeader) -> bool {
    let target = request.raw_path();
    is_hidden(target) || !target.starts_with(b"/") && is_hidden(request.uri.path().as_bytes())
}

/// The addresses that proxies in front have written, possibly on several lines.
pub(super) fn chain_of(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let lines = headers.get_all("x-forwarded-for").iter();
    let mut lines = lines.map(|line| line.to_str().unwrap_or_default());
    let first = Cow::Borrowed(lines.next()?);
    Some(lines.fold(first, |chain, line| Cow::Owned(format!("{chain}, {line}"))))
}

/// Removes what concerns the connection to the node only. The library frames the answer itself.
pub(super) fn remove_hop_by_hop(answer: &mut ResponseHeader) {
    let named: Vec<String> = answer
        .headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| name != "transfer-encoding" && name != "content-length")
        .collect();
    for name in named.iter().map(String::as_str) {
        answer.remove_header(name);
    }
    for name in ["connection", "keep-alive", "proxy-connection", "upgrade"] {
        answer.remove_header(name);
    }
}
