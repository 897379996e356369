//! Compression of responses.
//!
//! Only the routes of the API are compressed. Each of their responses that is large enough needs a session or a
//! password hash, so nobody can cause this work for free. Public files are compressed in advance: see
//! [`encoded`](crate::encoded).

use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, NotForContentType, Predicate, SizeAbove};

/// A smaller response fits into one packet anyway.
const COMPRESSED_BYTES_MIN: u64 = 1024;

/// gzip, brotli or zstd, whichever the client prefers; fast rather than small, since pages are made for one reader
/// and sent once. Never on a live stream, whose events must leave at once.
pub(crate) fn compression() -> CompressionLayer<And<SizeAbove, NotForContentType>> {
    let wanted = SizeAbove::new(COMPRESSED_BYTES_MIN).and(NotForContentType::SSE);
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(wanted)
}
