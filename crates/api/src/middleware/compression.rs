//! Compression of responses.
//!
//! Only the routes of the API are compressed. Each of their responses that is large enough needs a session or a
//! password hash, so nobody can cause this work for free. Public files are compressed in advance: see
//! [`encoded`](crate::encoded).

use tower_http::CompressionLevel;
use tower_http::compression::predicate::{And, NotForContentType, Predicate, SizeAbove};
use tower_http::compression::{Compression, CompressionLayer};

/// A smaller response fits into one packet anyway.
const COMPRESSED_BYTES_MIN: u64 = 1024;

/// The answers that are worth compressing.
type Wanted = And<SizeAbove, NotForContentType>;

/// A service whose answers are compressed.
pub(super) type Compressing<S> = Compression<S, Wanted>;

/// gzip, brotli or zstd, whichever the client prefers; fast rather than small, since pages are made for one reader
/// and sent once. Never on a live stream, whose events must leave at once.
pub(super) fn compression() -> CompressionLayer<Wanted> {
    let wanted = SizeAbove::new(COMPRESSED_BYTES_MIN).and(NotForContentType::SSE);
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(wanted)
}
