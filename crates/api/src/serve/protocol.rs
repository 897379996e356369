//! Limits of the protocol libraries: this module sets every buffer, count and window.

use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;

use crate::settings::Connections;

/// Accepts HTTP/1.1 or HTTP/2, as the client begins.
pub(super) type Http = Builder<TokioExecutor>;

/// Bytes of the head of a request. Enough for a token, a cursor and the cookies of neighbour sites on the same host.
pub(crate) const HEAD_BYTES_MAX: u32 = 16 * 1024;

/// Bytes that HTTP/1.1 buffers for one connection in each direction. The library reads heads through this buffer, so it
/// is larger than a head.
const BUFFER_BYTES_MAX: usize = HEAD_BYTES_MAX as usize * 4;

/// Streams that a client may open on one HTTP/2 connection. Browsers open a hundred. The number of requests in progress
/// has its own limit.
const STREAMS_PER_CONNECTION_MAX: u32 = 128;

/// Bytes of a body that a client may send in advance on one stream. It is the default maximum of a body, so that no
/// body waits for a window update.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;

/// Bytes of bodies that a client may send in advance on all streams of a connection: four of the largest bodies by
/// default.
const CONNECTION_WINDOW_BYTES: u32 = 4 * STREAM_WINDOW_BYTES;

/// Bytes of a frame that we accept: the minimum of the protocol.
const FRAME_BYTES_MAX: u32 = 16 * 1024;

/// Bytes that HTTP/2 takes from the body of a stream before the client has a window for them: one frame. The rest stays
/// in the body, where it is counted.
const SEND_BUFFER_BYTES_MAX: usize = 16 * 1024;

/// Streams that a client may open and reset before they are handled. Beyond this the connection ends: opening and
/// resetting without a pause is an attack (CVE-2023-44487).
const RESET_STREAMS_PENDING_MAX: usize = 20;

/// Streams that we may reset because of invalid input. Beyond this the connection ends (CVE-2025-8671).
const RESET_STREAMS_OURS_MAX: usize = 128;

/// A silent HTTP/2 connection is pinged at this interval, and closed if there is no response within the same time.
const PING_EVERY: Duration = Duration::from_secs(20);

pub(super) fn http(limits: &Connections) -> Http {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle)
        .max_buf_size(BUFFER_BYTES_MAX);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES_MAX)
        .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
        .max_header_list_size(HEAD_BYTES_MAX)
        .max_pending_accept_reset_streams(RESET_STREAMS_PENDING_MAX)
        .max_local_error_reset_streams(RESET_STREAMS_OURS_MAX)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_EVERY);
    http
}
