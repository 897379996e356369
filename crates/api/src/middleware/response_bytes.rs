//! The memory that a response occupies until it is written.

use axum::response::Response;
use hyper::body::Body as HttpBody;

use super::compression::COMPRESSED_BYTES_MIN;

/// Memory of a compressor until it has read its response: the window and the tables of the largest encoding, at the
/// fastest level.
const COMPRESSOR_BYTES: u64 = 512 * 1_024;

/// Memory of a response in addition to its body: a stream, a task, a head and buffers. A connection with 128 small
/// responses took 0.55 MB.
pub(super) const OVERHEAD_BYTES: usize = 4 * 1_024;

/// The body of this response is shared by all responses with the same body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SharedBody;

/// Marks a response with a streamed body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Streamed {
    /// Bytes of the body that are in memory at a time.
    pub(crate) bytes: usize,
}

/// The length of a response before compression.
#[derive(Debug, Clone, Copy)]
struct Length(u64);

/// Records the length of a response before it is compressed. Smaller responses are not compressed, so their final length
/// is known.
pub(super) fn note_length(mut response: Response) -> Response {
    let length = response.body().size_hint().exact();
    if let Some(length) = length.filter(|length| *length >= COMPRESSED_BYTES_MIN) {
        response.extensions_mut().insert(Length(length));
    }
    response
}

/// Bytes that a response occupies until it is written. Live streams have their own limit and produce their bytes as the
/// client takes them, so they occupy none.
pub(super) fn bytes(response: &Response) -> usize {
    if let Some(streamed) = response.extensions().get::<Streamed>() {
        return streamed.bytes + OVERHEAD_BYTES;
    }
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::body::Body;
    use axum::http::{Request, header};
    use tower::util::MapResponse;
    use tower::{Layer, ServiceExt, service_fn};

    use super::super::compression::compression;
    use super::*;

    #[test]
    fn a_response_that_is_read_while_it_is_sent_counts_with_what_is_in_memory() {
        let mut response = Response::new(Body::from(vec![b'a'; 1_000_000]));
        response.extensions_mut().insert(Streamed { bytes: 5_000 });
        assert_eq!(bytes(&response), 5_000 + OVERHEAD_BYTES);
    }

    #[tokio::test]
    async fn a_response_that_is_compressed_counts_with_its_compressor() {
        for (length, compressed) in [(1_023, false), (1_024, true), (1_025, true)] {
            let handler = service_fn(move |_request: Request<Body>| async move {
                Ok::<_, Infallible>(Response::new(Body::from(vec![b'a'; length])))
            });
            let service = compression().layer(MapResponse::new(handler, note_length));
            let request = Request::get("/").header(header::ACCEPT_ENCODING, "gzip");
            let request = request.body(Body::empty()).unwrap();
            let response = service.oneshot(request).await.unwrap().map(Body::new);
            let encoded = response.headers().contains_key(header::CONTENT_ENCODING);
            assert_eq!(encoded, compressed, "{length}");
            let counted = bytes(&response) as u64 > COMPRESSOR_BYTES;
            assert_eq!(counted, compressed, "{length}");
        }
    }
}
