//! Compression of responses.
//!
//! Only the routes of the API are compressed. Each of their responses that is large enough needs a session or a
//! password hash, so nobody can cause this work for free. Public files are compressed in advance: see
//! [`encoded`](crate::encoded).

use tower_http::CompressionLevel;
use tower_http::compression::predicate::{And, NotForContentType, Predicate, SizeAbove};
use tower_http::compression::{Compression, CompressionLayer};

/// A smaller response fits into one packet without compression.
const COMPRESSED_BYTES_MIN: u64 = 1024;

/// The responses that are compressed.
type Wanted = And<SizeAbove, NotForContentType>;

/// A service that compresses its responses.
pub(super) type Compressing<S> = Compression<S, Wanted>;

/// gzip, brotli or zstd, as the client prefers. Fast rather than small, because a page is made for one reader and sent
/// once. Live streams are never compressed, because their events must be sent immediately.
pub(super) fn compression() -> CompressionLayer<Wanted> {
    let wanted = SizeAbove::new(COMPRESSED_BYTES_MIN).and(NotForContentType::SSE);
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(wanted)
}
