//! Limits of the protocol libraries: this module sets every buffer, count and window.

use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;

use super::connection::Connection;
use crate::settings::Connections;

/// Accepts HTTP/1.1 or HTTP/2, as the client begins.
type Http = Builder<TokioExecutor>;

/// The limits of both kinds of peers. A trusted proxy sends the requests of many people through one connection.
pub(super) struct Protocols {
    clients: Http,
    proxies: Http,
}

/// The limits of HTTP/2 on what one connection has in flight.
struct Http2Limits {
    /// Streams that the peer may open.
    streams_max: u32,
    /// Bytes of bodies that the peer may send in advance on all streams.
    window_bytes: u32,
}

/// Bytes of the head of a request. Enough for a token, a cursor and the cookies of neighbour sites on the same host.
pub(crate) const HEAD_BYTES_MAX: u32 = 16 * 1024;

/// Bytes that HTTP/1.1 buffers for one connection in each direction. The library reads heads through this buffer, so it
/// is larger than a head.
const BUFFER_BYTES_MAX: usize = HEAD_BYTES_MAX as usize * 4;

/// Header fields of a request: what HTTP/1.1 accepts. HTTP/2 sends a repeated field as one byte, and each occupies a
/// hundred bytes here. Browsers send twenty, and one for each cookie.
pub(crate) const HEADER_FIELDS_MAX: usize = 100;

/// Bytes of a body that a client may send in advance on one stream. It is the default maximum of a body, so that no
/// body waits for a window update.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;

/// A connection of a client handles eight requests, and 24 wait. The client keeps further ones itself, at no cost for the
/// server. A browser that loads the client requests a dozen files. What is sent of bodies is held while their requests
/// wait, so it is one of the largest bodies by default.
const CLIENT: Http2Limits = Http2Limits {
    streams_max: 32,
    window_bytes: STREAM_WINDOW_BYTES,
};

/// Requests of a trusted proxy do not wait, so nothing is held for them.
const PROXY: Http2Limits = Http2Limits {
    streams_max: 128,
    window_bytes: 4 * STREAM_WINDOW_BYTES,
};

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

impl Protocols {
    pub(super) fn new(limits: &Connections) -> Self {
        Self {
            clients: http(limits, &CLIENT),
            proxies: http(limits, &PROXY),
        }
    }

    /// The limits of the peer of this connection.
    pub(super) const fn of(&self, connection: &Connection) -> &Http {
        match connection.is_trusted() {
            true => &self.proxies,
            false => &self.clients,
        }
    }
}

fn http(limits: &Connections, http2: &Http2Limits) -> Http {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle)
        .max_buf_size(BUFFER_BYTES_MAX);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(http2.streams_max)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(http2.window_bytes)
        .max_frame_size(FRAME_BYTES_MAX)
        .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
        .max_header_list_size(HEAD_BYTES_MAX)
        .max_pending_accept_reset_streams(RESET_STREAMS_PENDING_MAX)
        .max_local_error_reset_streams(RESET_STREAMS_OURS_MAX)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_EVERY);
    http
}
