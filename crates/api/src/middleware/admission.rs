//! Admission: bounds the requests in progress.
//!
//! If more requests run at once than the machine can process, all of them are late. At most N requests run at once and
//! a few wait. The rest get 503 immediately. Reads of the feed are shed last: a part of the permits is reserved for
//! them. One network takes a part only (see [`NetworkShares`]).
//!
//! A request gets here with its body complete. It holds its permit until the response begins. So a live stream holds
//! none while it is open; streams have their own limits, and so have the bytes of responses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::http::Method;
use axum::response::Response;
use sosik_feed::PersonId;
use sosik_service::media::{PART_BYTES_MAX, PART_BYTES_MIN};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout, timeout_at};

use super::bodies::{announced, has_body};
use super::response_bytes::OVERHEAD_BYTES;
use super::routes::Front;
use super::streamed::StreamedBody;
use super::{host, response_bytes};
use crate::app::App;
use crate::extract::{ClientAddress, ClientNetworks, time_limit};
use crate::media;
use crate::media::uploads::{ONE_UPLOAD, UPLOADS};
use crate::problem::Problem;
use crate::serve::{
    BudgetExceeded, HEADER_FIELDS_MAX, InFlight, NetworkShare, NetworkShares, RequestPermit, Room,
};
use crate::settings::Settings;
use crate::site::{self, WithoutCard};

/// One permit in this number is reserved for reads of the feed.
const FEED_RESERVED_PART: usize = 8;

/// Responses up to this size are sent even without room: a refusal would be as large.
const SMALL_BYTES: usize = OVERHEAD_BYTES + 1_024;

/// A client that was shed retries after this time at the earliest.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The requests in progress and those that wait.
pub(crate) struct Admission {
    all: Gate,
    /// All requests except reads of the feed pass this gate first.
    others: Gate,
    /// The share of the permits that each network holds or waits for.
    networks: Arc<NetworkShares>,
    wait: Duration,
}

struct Gate {
    permits: Semaphore,
    waiting: AtomicUsize,
    waiting_max: usize,
}

/// The right to be processed. Dropping it releases the permit.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    _all: SemaphorePermit<'a>,
    _others: Option<SemaphorePermit<'a>>,
    _network: NetworkShare,
}

/// The class of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestClass {
    /// A read of the home feed.
    Feed,
    /// The client's page about a person or a story.
    Page,
    /// An upload in one request, which is read into memory. It takes no permit of the other requests.
    Upload,
    /// A request that begins or continues an upload (tus). Its body is stored while it arrives. With a body it takes no
    /// permit: the memory limit for uploads bounds their number.
    Stream,
    /// A file of a story or an avatar. It takes no permit of the other requests.
    File,
    /// Anything else.
    Other,
}

impl Admission {
    pub(crate) fn new(settings: &Settings) -> Self {
        let permits = settings.requests_at_once_max;
        Self::of(
            permits,
            settings.requests_waiting_max,
            settings.request_wait,
        )
    }

    /// A number of permits, and as many requests that wait for one.
    pub(crate) fn apart(permits: usize, settings: &Settings) -> Self {
        Self::of(permits, permits, settings.request_wait)
    }

    fn of(permits: usize, waiting_max: usize, wait: Duration) -> Self {
        let gate = |permits| Gate {
            permits: Semaphore::new(permits),
            waiting: AtomicUsize::new(0),
            waiting_max,
        };
        // Created at the start, so that alerts find their series before the first event.
        count_shed(0);
        Self {
            all: gate(permits),
            others: gate((permits - permits / FEED_RESERVED_PART).max(1)),
            networks: NetworkShares::of(permits as u64),
            wait,
        }
    }

    /// Waits for a permit, for a short time.
    ///
    /// # Errors
    /// `Busy`, immediately if the queue is full or the network has its share.
    pub(crate) async fn acquire(
        &self,
        class: RequestClass,
        client: ClientNetworks,
    ) -> Result<Permit<'_>, Problem> {
        let taken = self.networks.take(client, 1).ok_or_else(shed)?;
        let others = match class {
            RequestClass::Feed | RequestClass::Upload | RequestClass::File => None,
            RequestClass::Page | RequestClass::Stream | RequestClass::Other => {
                Some(self.others.acquire(self.wait).await?)
            }
        };
        Ok(Permit {
            _all: self.all.acquire(self.wait).await?,
            _others: others,
            _network: taken,
        })
    }

    /// Requests in progress and waiting, for metrics.
    pub(crate) fn stats(&self, permits_max: usize) -> (usize, usize) {
        let working = permits_max.saturating_sub(self.all.permits.available_permits());
        (
            working,
            self.all.waiting.load(Ordering::Relaxed) + self.others.waiting.load(Ordering::Relaxed),
        )
    }
}

impl Gate {
    async fn acquire(&self, wait: Duration) -> Result<SemaphorePermit<'_>, Problem> {
        if let Ok(permit) = self.permits.try_acquire() {
            return Ok(permit);
        }
        let _waiting = Waiting::join(self).ok_or_else(shed)?;
        match timeout(wait, self.permits.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(shed()),
        }
    }
}

/// Counts a request that gets 503 because of a limit on resources.
pub(crate) fn shed() -> Problem {
    count_shed(1);
    Problem::Busy(RETRY_AFTER)
}

fn count_shed(requests: u64) {
    metrics::counter!("sosik_http_shed_total").increment(requests);
}

/// A place in the queue. It is released even if the client disconnects.
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

/// Handles a request after it has acquired a permit of its connection, space for its response, its body, and, for the
/// API, a permit and a deadline.
///
/// # Errors
/// The resource that the request could not acquire.
pub(super) async fn admit(
    front: &Front,
    route: Option<&str>,
    request: Request,
    reservation: &mut RequestReservation,
) -> Result<Response, Problem> {
    if request.headers().len() > HEADER_FIELDS_MAX {
        return Err(Problem::HeaderFieldsTooMany);
    }
    host::check(&request)?;
    if !route.is_some_and(is_probe) {
        reservation.acquire().await?;
    }
    let class = route.and_then(|route| class_of(route, request.method()));
    let Some(class) = class else {
        return Ok(front.call(request).await);
    };
    let app = &front.app;
    let limit = time_limit(request.extensions(), request.headers(), &app.settings);
    // Without a body it waits for a permit, as other requests do: no reservation of memory bounds its number.
    if class == RequestClass::Stream && has_body(&request) {
        return stream(front, request, reservation.client, limit).await;
    }
    let (admission, bodies) = match class {
        RequestClass::Upload => (&app.upload_admission, &app.upload_bodies),
        RequestClass::File => (&app.file_admission, &app.bodies),
        RequestClass::Feed | RequestClass::Page | RequestClass::Stream | RequestClass::Other => {
            (&app.admission, &app.bodies)
        }
    };
    let (mut request, _body) = bodies.read(request, reservation.client).await?;
    let deadline = Instant::now() + limit;
    let permit = admission.acquire(class, reservation.client).await;
    let _permit = match permit {
        // Without its card the page is a file, and the client retries what it asks for by itself.
        Err(_shed) if class == RequestClass::Page => {
            request.extensions_mut().insert(WithoutCard);
            None
        }
        permit => Some(permit?),
    };
    let handling = async {
        match class {
            // Photos are compressed already, and a part of a file has no other encoding.
            RequestClass::File => front.call(request).await,
            _ => front.call_compressing(request).await,
        }
    };
    timeout_at(deadline, handling)
        .await
        .map_err(|_too_long| Problem::TimedOut)
}

/// Runs the handler while the body arrives. If the request fails, discards some of the rest of the body.
async fn stream(
    front: &Front,
    mut request: Request,
    client: ClientNetworks,
    limit: Duration,
) -> Result<Response, Problem> {
    let app = &front.app;
    let bytes = announced(request.body(), PART_BYTES_MAX).saturating_add(PART_BYTES_MIN);
    let bytes = bytes.min(PART_BYTES_MAX);
    let body = StreamedBody::take(&app.upload_bodies, &mut request, client, bytes)?;
    let deadline = Instant::now() + app.settings.upload_timeout + limit;
    let response = timeout_at(deadline, front.call(request))
        .await
        .map_err(|_too_long| Problem::TimedOut)?;
    if let Some(body) = body.filter(|_| !response.status().is_success()) {
        body.discard().await;
    }
    Ok(response)
}

/// The path of a request through its connection, and of its response back.
pub(super) struct RequestReservation {
    /// Missing if the request did not come through a socket.
    request: Option<Arc<InFlight>>,
    client: ClientNetworks,
    permit: Option<RequestPermit>,
    changes_something: bool,
}

impl RequestReservation {
    pub(super) fn of(app: &App, request: &Request) -> Self {
        let client =
            ClientAddress::of_parts(request.extensions(), request.headers(), &app.settings);
        Self {
            request: request.extensions().get::<Arc<InFlight>>().cloned(),
            client: client.networks(),
            permit: None,
            changes_something: !request.method().is_safe(),
        }
    }

    /// Waits for a permit of the connection, and for room for a response.
    async fn acquire(&mut self) -> Result<(), Problem> {
        let Some(request) = &self.request else {
            return Ok(());
        };
        let connection = request.connection();
        self.permit = connection
            .acquire_permit(self.client)
            .await
            .map_err(|BudgetExceeded| shed())?;
        match connection.has_capacity(self.client) {
            true => Ok(()),
            false => Err(shed()),
        }
    }

    /// Reserves room for a response until it is written. The response to a committed change is sent even without room.
    /// The response to a signed-in person releases the permit now. Any other response keeps it, which bounds the unread
    /// responses of a connection without an account.
    ///
    /// # Errors
    /// When there is no room for the response. The refusal has room, and a deadline like any other response.
    pub(super) fn hold(
        &mut self,
        response: &Response,
        person: Option<PersonId>,
    ) -> Result<(), Problem> {
        let mut permit = self.permit.take().filter(|_| person.is_none());
        let Some(request) = &self.request else {
            return Ok(());
        };
        let connection = request.connection();
        let bytes = response_bytes::bytes(response);
        let room = |bytes| Room {
            networks: self.client,
            person,
            bytes,
        };
        if self.changes_something || bytes <= SMALL_BYTES {
            request.keep(connection.hold_unlimited(room(bytes), permit));
        } else if let Some(held) = connection.hold(room(bytes), &mut permit) {
            request.keep(held);
        } else {
            request.keep(connection.hold_unlimited(room(OVERHEAD_BYTES), permit));
            return Err(shed());
        }
        Ok(())
    }
}

/// Balancers restart a node that does not respond to these, so they are never shed.
fn is_probe(route: &str) -> bool {
    matches!(route, "/livez" | "/readyz" | "/healthz")
}

fn class_of(route: &str, method: &Method) -> Option<RequestClass> {
    match route {
        "/v1/feed" => Some(RequestClass::Feed),
        site::PERSON | site::STORY => Some(RequestClass::Page),
        media::UPLOAD | media::AVATAR => Some(RequestClass::Upload),
        media::FILE | media::AVATAR_FILE => Some(RequestClass::File),
        UPLOADS if method == Method::POST => Some(RequestClass::Stream),
        ONE_UPLOAD if method == Method::PATCH => Some(RequestClass::Stream),
        _ => route.starts_with("/v1/").then_some(RequestClass::Other),
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn admission(permits: usize, waiting: usize) -> Admission {
        Admission::new(&Settings {
            requests_at_once_max: permits,
            requests_waiting_max: waiting,
            request_wait: Duration::from_millis(1),
            ..Settings::default()
        })
    }

    fn client(network: u64) -> ClientNetworks {
        ClientNetworks {
            narrow: network,
            wide: network,
        }
    }

    #[tokio::test]
    async fn the_last_places_are_kept_for_reads_of_the_feed() {
        let admission = admission(8, 0);
        let mut held = Vec::new();
        for network in 0..7 {
            held.push(
                admission
                    .acquire(RequestClass::Other, client(network))
                    .await
                    .expect("there is a place"),
            );
        }
        assert!(
            admission
                .acquire(RequestClass::Other, client(8))
                .await
                .is_err()
        );
        held.push(
            admission
                .acquire(RequestClass::Feed, client(8))
                .await
                .expect("one place is kept"),
        );
        assert!(
            admission
                .acquire(RequestClass::Feed, client(9))
                .await
                .is_err()
        );
        held.clear();
        assert!(
            admission
                .acquire(RequestClass::Other, client(1))
                .await
                .is_ok()
        );
    }

    #[tokio::test]
    async fn one_network_takes_half_of_the_places_and_leaves_the_rest_to_others() {
        let admission = admission(8, 8);
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(
                admission
                    .acquire(RequestClass::Feed, client(1))
                    .await
                    .expect("its half"),
            );
        }
        assert!(
            admission
                .acquire(RequestClass::Feed, client(1))
                .await
                .is_err()
        );
        held.push(
            admission
                .acquire(RequestClass::Other, client(2))
                .await
                .expect("there is a place"),
        );
        held.truncate(3);
        assert!(
            admission
                .acquire(RequestClass::Feed, client(1))
                .await
                .is_ok()
        );
    }

    #[tokio::test]
    async fn a_customer_with_many_networks_of_version_6_leaves_places_to_others() {
        let admission = admission(8, 8);
        let address = |last: u16| ClientNetworks::of([0x2001, 0xdb8, 1, last, 0, 0, 0, 1].into());
        let mut held = Vec::new();
        for number in 0..6 {
            let place = admission
                .acquire(RequestClass::Feed, address(number % 4))
                .await;
            held.push(place.expect("three quarters"));
        }
        for number in 0..8 {
            let more = admission.acquire(RequestClass::Feed, address(number));
            assert!(more.await.is_err());
        }
        let other = ClientNetworks::of([0x2001, 0xdb8, 2, 0, 0, 0, 0, 1].into());
        assert!(admission.acquire(RequestClass::Feed, other).await.is_ok());
    }

    #[tokio::test]
    async fn a_request_beyond_the_queue_is_shed_at_once() {
        const FOR_EVER: Duration = Duration::from_secs(100_000);
        for class in [RequestClass::Feed, RequestClass::Other] {
            let admission = Admission {
                wait: FOR_EVER,
                ..admission(8, 2)
            };
            let enter = |network| admission.acquire(class, client(network)).now_or_never();
            let held: Vec<_> = (0..8).map_while(|network| enter(network)?.ok()).collect();
            let mut waiting =
                [8, 9].map(|network| Box::pin(admission.acquire(class, client(network))));
            for request in &mut waiting {
                assert!(request.now_or_never().is_none(), "it waits");
            }
            let shed = enter(10).expect("it does not wait");
            assert!(matches!(shed, Err(Problem::Busy(_))));
            drop(held);
            let [first, second] = waiting;
            assert!(first.await.is_ok() && second.await.is_ok());
        }
    }

    #[tokio::test]
    async fn who_waits_too_long_is_sent_away_and_leaves_the_queue() {
        let admission = admission(1, 1);
        let held = admission.acquire(RequestClass::Feed, client(1)).await;
        for _ in 0..3 {
            assert!(
                admission
                    .acquire(RequestClass::Feed, client(1))
                    .await
                    .is_err()
            );
        }
        drop(held);
        assert!(
            admission
                .acquire(RequestClass::Feed, client(1))
                .await
                .is_ok()
        );
        assert_eq!(admission.stats(1), (0, 0));
    }
}
