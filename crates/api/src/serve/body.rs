//! The body of a response, passed to the protocol library in small pieces that are counted until they are written.
//!
//! The protocol libraries take a whole piece, HTTP/2 even before the client accepts a byte of it, and keep it. With
//! pieces of one frame they keep one or two, and the rest stays here, where it is counted.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Error;
use axum::body::Body;
use bytes::{Buf, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::budget::HeldResponse;
use super::connection::InFlight;

/// Bytes of a piece: one frame of HTTP/2, a size that every client accepts.
const PIECE_BYTES_MAX: usize = 16 * 1024;

/// A response on its way to the client.
pub(super) struct ResponseBody {
    body: Body,
    /// The bytes of the body that follow the last piece.
    rest: Bytes,
    held: Arc<HeldResponse>,
    _in_flight: Arc<InFlight>,
}

/// Bytes that were passed to the protocol library.
#[derive(Debug)]
pub(super) struct Piece {
    bytes: Bytes,
    held: Option<Arc<HeldResponse>>,
}

impl ResponseBody {
    pub(super) fn new(body: Body, in_flight: Arc<InFlight>) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            held: in_flight.held(),
            _in_flight: in_flight,
        }
    }

    fn piece(&mut self, mut bytes: Bytes) -> Frame<Piece> {
        if bytes.len() > PIECE_BYTES_MAX {
            self.rest = bytes.split_off(PIECE_BYTES_MAX);
        }
        Frame::data(Piece::new(bytes, Some(Arc::clone(&self.held))))
    }
}

impl HttpBody for ResponseBody {
    type Data = Piece;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, Error>>> {
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            return Poll::Ready(Some(Ok(self.piece(rest))));
        }
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            None => return Poll::Ready(None),
        };
        let frame = match frame.into_data() {
            Ok(bytes) => self.piece(bytes),
            Err(other) => other.map_data(|bytes| Piece::new(bytes, None)),
        };
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let body = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower() + rest);
        if let Some(upper) = body.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

impl Piece {
    fn new(bytes: Bytes, held: Option<Arc<HeldResponse>>) -> Self {
        if let Some(held) = &held {
            held.handed_over(bytes.len());
        }
        Self { bytes, held }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        if let Some(held) = &self.held {
            held.wrote(count);
        }
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        if let Some(held) = &self.held {
            held.dropped(self.bytes.remaining());
        }
    }
}
