//! Bodies that a handler reads while they arrive.
//! An upload may be larger than the memory for all bodies, so it cannot be read before its handler runs. It reserves
//! only the memory that its handler uses at a time. It takes no permit, so slow uploads do not block other requests.
//! Like every body it must arrive at a minimum rate and within a deadline.
//!
//! If a handler stops reading, [`StreamedBody::discard`] reads some of the rest, so that a client that is still sending
//! sees the response.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use http_body_util::BodyExt;
use sosik_service::media::Interrupted;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::bodies::{Bodies, BodyReservation, GRACE, RATE_MIN, READ_BEYOND_BYTES, has_body};
use crate::extract::ClientNetworks;
use crate::problem::Problem;

/// Longest pause between bytes. A mobile network interrupts for a few seconds. It is shorter than the hold of an
/// upload, so that an idle request stores its bytes and ends before its hold expires.
const IDLE_MAX: Duration = Duration::from_secs(10);

/// A body in pieces.
pub(crate) type Pieces = BoxStream<'static, Result<Bytes, Interrupted>>;

/// A body that its handler reads while it arrives. Cheap to clone.
#[derive(Clone)]
pub(crate) struct StreamedBody {
    paced: Arc<Mutex<Paced>>,
    room: Arc<BodyReservation>,
}

/// A body with a minimum rate and a deadline.
struct Paced {
    body: Body,
    deadline: Instant,
    /// Time that the handler waited for bytes. The time in which it stores them does not count.
    waited: Duration,
    bytes: u64,
}

impl StreamedBody {
    /// Moves the body out of a request and puts the streamed body into the request's extensions. `None` without a body.
    ///
    /// # Errors
    /// `Busy` if there is no room for `bytes` of it.
    pub(super) fn take(
        bodies: &Bodies,
        request: &mut Request,
        client: ClientNetworks,
        bytes: usize,
    ) -> Result<Option<Self>, Problem> {
        if !has_body(request) {
            return Ok(None);
        }
        let room = Arc::new(bodies.take(bytes, client)?);
        let paced = Paced {
            body: std::mem::take(request.body_mut()),
            deadline: Instant::now() + bodies.deadline(),
            waited: Duration::ZERO,
            bytes: 0,
        };
        let streamed = Self {
            paced: Arc::new(Mutex::new(paced)),
            room,
        };
        request.extensions_mut().insert(streamed.clone());
        Ok(Some(streamed))
    }

    /// The body in pieces. The reader stops at the first error. The reservation lasts as long as the stream exists,
    /// because the reader stores the last bytes after the end.
    pub(crate) fn pieces(self) -> Pieces {
        let Self { paced, room } = self;
        let pieces = stream::unfold(paced, |paced| async move {
            let piece = paced.lock().await.next().await?;
            Some((piece, paced))
        });
        let reserved = move |piece| {
            let _room = &room;
            piece
        };
        pieces.map(reserved).boxed()
    }

    /// Reads and discards up to [`READ_BEYOND_BYTES`] of the rest of the body.
    pub(super) async fn discard(&self) {
        let mut paced = self.paced.lock().await;
        paced.deadline = paced.deadline.min(Instant::now() + GRACE);
        let most = paced.bytes + READ_BEYOND_BYTES as u64;
        while paced.bytes < most {
            match paced.next().await {
                Some(Ok(_discarded)) => {}
                Some(Err(_)) | None => return,
            }
        }
    }
}

impl Paced {
    /// The next bytes, or `None` at the end of the body.
    async fn next(&mut self) -> Option<Result<Bytes, Interrupted>> {
        loop {
            let began = Instant::now();
            let frame = timeout_at(self.due(began), self.body.frame()).await;
            self.waited += began.elapsed();
            match frame {
                Ok(Some(Ok(frame))) => {
                    let Ok(bytes) = frame.into_data() else {
                        continue;
                    };
                    self.bytes += bytes.len() as u64;
                    return Some(Ok(bytes));
                }
                Ok(Some(Err(_broken))) => return Some(Err(Interrupted::Gone)),
                Ok(None) => return None,
                Err(_late) => return Some(Err(Interrupted::TooSlow)),
            }
        }
    }

    /// The time by which the next bytes must arrive.
    fn due(&self, now: Instant) -> Instant {
        let earned = GRACE + Duration::from_millis(self.bytes.saturating_mul(1_000) / RATE_MIN);
        let left = earned.saturating_sub(self.waited).min(IDLE_MAX);
        (now + left).min(self.deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    const CLIENT: ClientNetworks = ClientNetworks { narrow: 1, wide: 1 };

    fn bodies(bytes_max: usize) -> Bodies {
        Bodies::of_uploads(&Settings {
            uploads_bytes_max: bytes_max,
            upload_timeout: Duration::from_secs(60),
            ..Settings::default()
        })
    }

    fn taken(bodies: &Bodies, body: Body) -> Result<Option<StreamedBody>, Problem> {
        let mut request = Request::patch("/v1/uploads/1").body(body).unwrap();
        StreamedBody::take(bodies, &mut request, CLIENT, 10_000)
    }

    #[test]
    fn a_body_keeps_its_rate_and_its_deadline_and_is_never_idle_for_long() {
        let now = Instant::now();
        let left = |bytes, waited, deadline| {
            let paced = Paced {
                body: Body::empty(),
                deadline: now + Duration::from_secs(deadline),
                waited: Duration::from_secs(waited),
                bytes,
            };
            (paced.due(now) - now).as_millis()
        };
        assert_eq!(left(0, 0, 60), 5_000, "the grace");
        assert_eq!(left(1_024, 0, 60), 6_000, "each byte earns time");
        assert_eq!(left(1_024, 6, 60), 0, "it is spent");
        assert_eq!(left(1 << 30, 0, 60), 10_000, "it is idle");
        assert_eq!(left(1 << 30, 0, 3), 3_000, "the deadline");
    }

    #[tokio::test]
    async fn a_body_has_room_until_its_last_reader_is_gone() {
        let bodies = bodies(20_000); // a network gets half of it
        let body = taken(&bodies, Body::from("all")).unwrap().unwrap();
        assert!(taken(&bodies, Body::from("more")).is_err());
        assert!(taken(&bodies, Body::empty()).unwrap().is_none());
        let mut pieces = body.clone().pieces();
        drop(body);
        assert_eq!(pieces.next().await, Some(Ok(Bytes::from_static(b"all"))));
        assert!(taken(&bodies, Body::from("more")).is_err());
        assert_eq!(pieces.next().await, None);
        let is_held = taken(&bodies, Body::from("more")).is_err();
        assert!(is_held, "the last bytes are being stored");
        drop(pieces);
        assert!(taken(&bodies, Body::from("more")).is_ok());
    }
}
