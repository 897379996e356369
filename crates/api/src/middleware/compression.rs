//! Compression of responses.
//!
//! Only the routes of the API are compressed, and only for people with a session: nobody can cause this work for free.
//! A response to somebody without an account is marked as [`Uncompressed`]. Public files are compressed in advance: see
//! [`encoded`](crate::encoded).

use axum::http::{HeaderMap, Response, header};
use hyper::body::Body;
use tower_http::CompressionLevel;
use tower_http::compression::predicate::{And, NotForContentType, Predicate, SizeAbove};
use tower_http::compression::{Compression, CompressionLayer};

/// The smallest response that is compressed: a smaller one fits into one packet.
pub(super) const COMPRESSED_BYTES_MIN: u64 = 1024;

/// The encodings that responses are compressed with.
const ENCODINGS: [&str; 3] = ["gzip", "br", "zstd"];

/// A response that is never compressed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Uncompressed;

/// Responses that are not marked as [`Uncompressed`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Unmarked;

impl Predicate for Unmarked {
    fn should_compress<B: Body>(&self, response: &Response<B>) -> bool {
        response.extensions().get::<Uncompressed>().is_none()
    }
}

/// The responses that are compressed.
type Wanted = And<And<SizeAbove, NotForContentType>, Unmarked>;

/// A service that compresses its responses.
pub(super) type Compressing<S> = Compression<S, Wanted>;

/// gzip, brotli or zstd, as the client prefers. Fast rather than small, because a page is made for one reader and sent
/// once. Live streams are never compressed, because their events must be sent immediately.
pub(super) fn compression() -> CompressionLayer<Wanted> {
    let wanted = SizeAbove::new(COMPRESSED_BYTES_MIN)
        .and(NotForContentType::SSE)
        .and(Unmarked);
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(wanted)
}

/// Whether the client accepts one of the encodings. The compression layer answers 406 to a client that accepts neither
/// an encoding nor the plain response, after the request was handled. Such a client gets the plain response.
pub(super) fn accepts_compression(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(is_accepted)
}

/// Whether an element like `gzip;q=0.5` names one of the encodings, and not with weight 0.
fn is_accepted(element: &str) -> bool {
    let (name, weight) = element.split_once(';').unwrap_or((element, "q=1"));
    let name = name.trim();
    let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
    let is_refused = weight
        .trim()
        .parse::<f32>()
        .is_ok_and(|weight| weight <= 0.0);
    !is_refused
        && ENCODINGS
            .iter()
            .any(|encoding| name.eq_ignore_ascii_case(encoding))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_client_that_refuses_every_encoding_gets_plain_responses() {
        let accepts = |value: &'static str| {
            let value = HeaderValue::from_static(value);
            accepts_compression(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, value)]))
        };
        for accepted in ["gzip", "deflate, GZIP;q=0.5", "br;q=0.001", "*;q=0, zstd"] {
            assert!(accepts(accepted), "{accepted}");
        }
        for refused in [
            "",
            "*;q=0",
            "identity;q=0",
            "gzip;q=0, br; q=0.000",
            "*",
            "deflate",
        ] {
            assert!(!accepts(refused), "{refused}");
        }
    }
}
