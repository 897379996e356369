//! Places to work in.
//!
//! More requests at once than the machine can work on only make all of them late. So there is a number of places, a
//! short queue before them, and everybody else is told at once to come back. Reads of the feed are shed last: the
//! others may not take all places.
//!
//! A place is held until the answer begins. A live stream therefore holds none while it is open; it has limits of its
//! own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::app::App;
use crate::problem::Problem;
use crate::settings::Settings;

/// One place in so many is kept for reads of the feed.
const KEPT_FOR_FEED: usize = 8;

/// A client that was shed comes back after this at the earliest.
const COME_BACK: Duration = Duration::from_secs(1);

/// Who may work now, and who waits.
pub(crate) struct Admission {
    all: Gate,
    /// All but reads of the feed pass this one first.
    others: Gate,
    wait: Duration,
}

struct Gate {
    places: Semaphore,
    waiting: AtomicUsize,
    waiting_max: usize,
}

/// The right to work, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    _all: SemaphorePermit<'a>,
    _others: Option<SemaphorePermit<'a>>,
}

/// What asks for a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    /// A read of the home feed.
    Feed,
    /// Anything else.
    Other,
}

impl Admission {
    pub(crate) fn new(settings: &Settings) -> Self {
        let (places, waiting_max) = (settings.requests_at_once_max, settings.requests_waiting_max);
        let gate = |places| Gate {
            places: Semaphore::new(places),
            waiting: AtomicUsize::new(0),
            waiting_max,
        };
        Self {
            all: gate(places),
            others: gate((places - places / KEPT_FOR_FEED).max(1)),
            wait: settings.request_wait,
        }
    }

    /// Waits for a place, briefly.
    ///
    /// # Errors
    /// `Busy`, at once when the queue is full.
    pub(crate) async fn enter(&self, errand: Errand) -> Result<Place<'_>, Problem> {
        let others = match errand {
            Errand::Feed => None,
            Errand::Other => Some(self.others.enter(self.wait).await?),
        };
        Ok(Place {
            _all: self.all.enter(self.wait).await?,
            _others: others,
        })
    }

    /// Requests at work and waiting, for metrics.
    pub(crate) fn figures(&self, places_max: usize) -> (usize, usize) {
        let working = places_max.saturating_sub(self.all.places.available_permits());
        (
            working,
            self.all.waiting.load(Ordering::Relaxed) + self.others.waiting.load(Ordering::Relaxed),
        )
    }
}

impl Gate {
    async fn enter(&self, wait: Duration) -> Result<SemaphorePermit<'_>, Problem> {
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        let _waiting = Waiting::join(self).ok_or_else(shed)?;
        match timeout(wait, self.places.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(shed()),
        }
    }
}

fn shed() -> Problem {
    metrics::counter!("sosik_http_shed_total").increment(1);
    Problem::Busy(COME_BACK)
}

/// A place in the queue, given back also when the client goes away.
struct Waiting<'a>(&'a Gate);

impl<'a> Waiting<'a> {
    fn join(gate: &'a Gate) -> Option<Self> {
        let before = gate.waiting.fetch_add(1, Ordering::AcqRel);
        let joined = Self(gate);
        (before < gate.waiting_max).then_some(joined)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Has a request handled when there is a place for it, and gives it up when it takes too long. Health, the first page
/// and what matches no route need no place.
pub(super) async fn admit(
    app: &App,
    route: Option<&str>,
    request: Request,
    next: Next,
) -> Response {
    let Some(errand) = route.and_then(errand_of) else {
        return next.run(request).await;
    };
    let _place = match app.admission.enter(errand).await {
        Ok(place) => place,
        Err(busy) => return busy.into_response(),
    };
    match timeout(app.settings.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_too_long) => Problem::TimedOut.into_response(),
    }
}

fn errand_of(route: &str) -> Option<Errand> {
    match route {
        "/v1/feed" => Some(Errand::Feed),
        _ => route.starts_with("/v1/").then_some(Errand::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(places: usize, waiting: usize) -> Admission {
        Admission::new(&Settings {
            requests_at_once_max: places,
            requests_waiting_max: waiting,
            request_wait: Duration::from_millis(1),
            ..Settings::default()
        })
    }

    #[tokio::test]
    async fn the_last_places_are_kept_for_reads_of_the_feed() {
        let admission = admission(8, 0);
        let mut held = Vec::new();
        for _ in 0..7 {
            held.push(
                admission
                    .enter(Errand::Other)
                    .await
                    .expect("there is a place"),
            );
        }
        assert!(admission.enter(Errand::Other).await.is_err());
        held.push(
            admission
                .enter(Errand::Feed)
                .await
                .expect("one place is kept"),
        );
        assert!(admission.enter(Errand::Feed).await.is_err());
        held.clear();
        assert!(admission.enter(Errand::Other).await.is_ok());
    }

    #[tokio::test]
    async fn who_waits_too_long_is_sent_away_and_leaves_the_queue() {
        let admission = admission(1, 1);
        let held = admission.enter(Errand::Feed).await;
        for _ in 0..3 {
            assert!(admission.enter(Errand::Feed).await.is_err());
        }
        drop(held);
        assert!(admission.enter(Errand::Feed).await.is_ok());
        assert_eq!(admission.figures(1), (0, 0));
    }
}
