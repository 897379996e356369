//! The memory that a response occupies until it is written.

use axum::response::Response;
use hyper::body::Body as HttpBody;

/// Responses smaller than this are never compressed, so their final length is known.
const NOTED_BYTES_MIN: u64 = 1_024;

/// Memory of a compressor until it has read its response: the window and the tables of the largest encoding, at the
/// fastest level.
const COMPRESSOR_BYTES: u64 = 512 * 1_024;

/// Memory of a response in addition to its body: a stream, a task, a head and buffers. A connection with 128 small
/// responses took 0.55 MB.
pub(super) const OVERHEAD_BYTES: usize = 4 * 1_024;

/// The body of this response is shared by all responses with the same body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SharedBody;

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

/// Bytes that a response occupies until it is written. Live streams have their own limit and produce their bytes as the
/// client takes them, so they occupy none.
pub(super) fn bytes(response: &Response) -> usize {
    let exact = response.body().size_hint().exact();
    let body = match exact {
        Some(_) if response.extensions().get::<SharedBody>().is_some() => 0,
        Some(bytes) => bytes,
        None => match response.extensions().get::<Length>() {
            Some(length) => length.0 + COMPRESSOR_BYTES,
            None => return 0,
        },
    };
    let body = usize::try_from(body).unwrap_or(usize::MAX);
    body.saturating_add(OVERHEAD_BYTES)
}
