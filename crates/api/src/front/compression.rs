//! Smaller answers for those who can read them.
//!
//! Only for the routes of the API. Each of their answers that is large enough to be compressed needs a session, or is
//! paid for with a password hash, so nobody can have this work done for nothing. What everybody may ask for is compressed
//! beforehand: see [`encoded`](crate::encoded).

use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, NotForContentType, Predicate, SizeAbove};

/// Below this an answer fits into one packet anyway.
const COMPRESSED_BYTES_MIN: u64 = 1024;

/// gzip, brotli or zstd, whichever the client prefers; fast rather than small, since pages are made for one reader
/// and sent once. Never on a live stream, whose events must leave at once.
pub(crate) fn compression() -> CompressionLayer<And<SizeAbove, NotForContentType>> {
    let wanted = SizeAbove::new(COMPRESSED_BYTES_MIN).and(NotForContentType::SSE);
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(wanted)
}
