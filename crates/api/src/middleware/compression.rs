//! Compression of responses.
//!
//! Only the routes of the API are compressed, and only for people with a session: nobody can cause this work for free.
//! A response to somebody without an account is marked as [`Uncompressed`]. Public files are compressed in advance: see
//! [`encoded`](crate::encoded).

use axum::http::Response;
use hyper::body::Body;
use tower_http::CompressionLevel;
use tower_http::compression::predicate::{And, NotForContentType, Predicate, SizeAbove};
use tower_http::compression::{Compression, CompressionLayer};

/// A smaller response fits into one packet without compression.
const COMPRESSED_BYTES_MIN: u64 = 1024;

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
