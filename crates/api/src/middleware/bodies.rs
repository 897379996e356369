//! Request bodies, read before a request gets a permit.
//!
//! A slow body holds no permit. It must arrive at a minimum rate and within its own deadline. The memory of all bodies
//! is bounded, and so are the parts of it that a network takes. While a request waits for its connection, its client
//! can send at most an HTTP/2 window of the body, which is not counted here.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::Method;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body as HttpBody;
use tokio::time::{Instant, timeout_at};

use super::admission::shed;
use crate::extract::ClientNetworks;
use crate::media::FILE_BYTES_MAX;
use crate::problem::Problem;
use crate::serve::{NetworkShare, NetworkShares};
use crate::settings::Settings;

/// Up to this many further bytes of a body that is too large are read and discarded: a client that is still sending
/// when the connection closes would not see the response. A client that sends even more may not see it.
pub(super) const READ_BEYOND_BYTES: usize = 1024 * 1024;

/// Minimum average rate of a body, in bytes a second, after the first [`GRACE`]. The slowest phones are ten times as
/// fast.
pub(super) const RATE_MIN: u64 = 1_024;

/// A body may be late by this time: a mobile network interrupts for a few seconds.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// Bytes counted for each body in addition to its content, so that short bodies that arrive slowly are bounded, too.
const OVERHEAD_BYTES: usize = 4 * 1_024;

/// Bytes of a body with one photo: the largest photo, and the parts of the form around it.
const UPLOAD_BYTES_MAX: usize = FILE_BYTES_MAX + 16 * 1_024;

/// The bodies being read.
pub(crate) struct Bodies {
    /// Bytes reserved for bodies that are being read or in use.
    held: Arc<AtomicUsize>,
    bytes_max: usize,
    each_bytes_max: usize,
    networks: Arc<NetworkShares>,
    deadline: Duration,
}

/// Room for one body. Dropping it releases the room.
pub(super) struct BodyReservation {
    held: Arc<AtomicUsize>,
    bytes: usize,
    _network: NetworkShare,
}

impl Bodies {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            each_bytes_max: settings.request_body_bytes_max,
            deadline: settings.body_timeout,
            ..Self::of(settings.bodies_bytes_max)
        }
    }

    /// The bodies of uploads.
    pub(crate) fn of_uploads(settings: &Settings) -> Self {
        Self {
            each_bytes_max: UPLOAD_BYTES_MAX,
            deadline: settings.upload_timeout,
            ..Self::of(settings.uploads_bytes_max)
        }
    }

    fn of(bytes_max: usize) -> Self {
        Self {
            held: Arc::new(AtomicUsize::new(0)),
            bytes_max,
            each_bytes_max: bytes_max,
            networks: NetworkShares::of(bytes_max as u64),
            deadline: Duration::MAX,
        }
    }

    /// Reads the whole body of a request that has one.
    ///
    /// # Errors
    /// If there is no room for it, or it is too large, too slow or incomplete.
    pub(super) async fn read(
        &self,
        request: Request,
        client: ClientNetworks,
    ) -> Result<(Request, Option<BodyReservation>), Problem> {
        if !has_body(&request) {
            return Ok((request, None));
        }
        let (parts, body) = request.into_parts();
        let reservation = self.take(announced(&body, self.each_bytes_max), client)?;
        let bytes = self.collect(body).await?;
        Ok((
            Request::from_parts(parts, Body::from(bytes)),
            Some(reservation),
        ))
    }

    /// Reserves memory for a body of which at most `bytes` are in memory at a time.
    ///
    /// # Errors
    /// `Busy` if there is no room for it.
    pub(super) fn take(
        &self,
        bytes: usize,
        client: ClientNetworks,
    ) -> Result<BodyReservation, Problem> {
        let bytes = bytes + OVERHEAD_BYTES;
        let taken = self.networks.take(client, bytes as u64);
        let taken = taken.ok_or_else(shed)?;
        let before = self.held.fetch_add(bytes, Ordering::AcqRel);
        let reservation = BodyReservation {
            held: Arc::clone(&self.held),
            bytes,
            _network: taken,
        };
        if before + bytes > self.bytes_max {
            return Err(shed());
        }
        Ok(reservation)
    }

    /// The time limit for a body to arrive.
    pub(super) const fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The time after the start of a body by which more than `bytes` must have arrived.
    fn due_after(&self, bytes: usize) -> Duration {
        let earned = Duration::from_millis(bytes as u64 * 1_000 / RATE_MIN);
        (GRACE + earned).min(self.deadline)
    }

    async fn collect(&self, mut body: Body) -> Result<Bytes, Problem> {
        let started = Instant::now();
        let mut bytes = BytesMut::new();
        let mut total: usize = 0;
        loop {
            let due = started + self.due_after(total);
            let frame = match timeout_at(due, body.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(_broken))) => return Err(Problem::BodyUnreadable),
                Ok(None) => break,
                Err(_late) => return Err(Problem::BodyTooSlow),
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            total += data.len();
            if total > self.each_bytes_max + READ_BEYOND_BYTES {
                break;
            }
            if total <= self.each_bytes_max {
                bytes.extend_from_slice(&data);
            }
        }
        if total > self.each_bytes_max {
            return Err(Problem::BodyTooLarge(self.each_bytes_max));
        }
        Ok(bytes.freeze())
    }
}

impl Drop for BodyReservation {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

/// Handlers of other methods take no body.
pub(super) fn has_body(request: &Request) -> bool {
    matches!(
        *request.method(),
        Method::POST | Method::PUT | Method::PATCH
    ) && !request.body().is_end_stream()
}

/// Bytes of memory that a body may need: its declared length, or the maximum.
pub(super) fn announced(body: &Body, bytes_max: usize) -> usize {
    let upper = body.size_hint().upper();
    let upper = upper.and_then(|bytes| usize::try_from(bytes).ok());
    upper.map_or(bytes_max, |bytes| bytes.min(bytes_max))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::{StreamExt, stream};

    use super::*;

    fn bodies(bytes_max: usize) -> Bodies {
        Bodies::new(&Settings {
            bodies_bytes_max: bytes_max,
            ..Settings::default()
        })
    }

    fn client(network: u64) -> ClientNetworks {
        ClientNetworks {
            narrow: network,
            wide: network,
        }
    }

    fn post(body: Body) -> Request {
        let request = Request::post("/v1/stories");
        request.body(body).unwrap()
    }

    #[test]
    fn each_byte_earns_time_up_to_the_deadline() {
        let bodies = bodies(1 << 20);
        let due = |bytes| bodies.due_after(bytes).as_millis();
        assert_eq!(due(0), 5_000);
        assert_eq!(due(1_024), 6_000);
        assert_eq!(due(6 * 1_024), 11_000);
        assert_eq!(due(64 * 1_024), 15_000);
    }

    #[tokio::test]
    async fn a_body_is_put_back_in_full() {
        let pieces = stream::iter(["{\"a\"", ":1}"]).map(Ok::<_, Infallible>);
        let bodies = bodies(1 << 20);
        let read = bodies
            .read(post(Body::from_stream(pieces)), client(1))
            .await;
        let (request, _room) = read.unwrap_or_else(|problem| panic!("{problem}"));
        let whole = request.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(&whole[..], b"{\"a\":1}");
    }

    #[tokio::test]
    async fn bodies_together_have_only_so_many_bytes_and_one_network_half_of_them() {
        let all = bodies(100_000);
        let first = all.take(60_000, client(1));
        assert!(first.is_ok());
        assert!(all.take(60_000, client(2)).is_err());
        assert!(all.take(1, client(1)).is_err(), "its half is taken");
        drop(first);
        assert!(all.take(60_000, client(2)).is_ok());
        let of_one: Vec<_> = (0..100)
            .map_while(|_| all.take(0, client(3)).ok())
            .collect();
        assert_eq!(of_one.len(), (100_000 / 2usize).div_ceil(OVERHEAD_BYTES));
        assert!(all.take(0, client(4)).is_ok());
    }
}
