//! The memory that a response occupies until it is written.

use axum::response::Response;
use hyper::body::Body as HttpBody;

/// Responses smaller than this are never compressed, so their final length is known.
const NOTED_BYTES_MIN: u64 = 1_024;

/// Memory of a compressor until it has read its response: the window and the tables of the largest encoding, at the
/// fastest level.
const COMPRESSOR_BYTES: u64 = 512 * 1_024;

/// The length of a response before compression.
#[derive(Debug, Clone, Copy)]
struct Length(u64);

/// Records the length of a response before it is compressed.
pub(super) fn note_length(mut response: Response) -> Response {
    let length = response.body().size_hint().exact();
    if let Some(length) = length.filter(|length| *length > NOTED_BYTES_MIN) {
        response.extensions_mut().insert(Length(length));
    }
    response
}

/// Bytes that a response occupies until it is written. A live stream produces its bytes as the client takes them, so it
/// occupies none.
pub(super) fn bytes(response: &Response) -> usize {
    let exact = response.body().size_hint().exact();
    let bytes = exact.unwrap_or_else(|| {
        let length = response.extensions().get::<Length>();
        length.map_or(0, |length| length.0 + COMPRESSOR_BYTES)
    });
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
