//! The state of one connection, and the list of all open ones.
//!
//! A connection counts its requests in flight and records the second of the last one.
//! [`enforce_deadlines`](super::deadlines::enforce_deadlines) reads these and orders a connection to close. The clock
//! is a counter of seconds that this task advances, so that no request reads a clock for this.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use foldhash::HashMap;
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;

use super::budget::{BudgetExceeded, HeldResponse, RequestPermit, ResponseBudget, Room};
use super::networks::{NetworkShare, NetworkShares};
use super::waiting::WaitingRequests;
use crate::extract::ClientNetworks;
use crate::settings::Connections;

/// All connections of one listener.
#[derive(Debug)]
pub(super) struct Registry {
    limits: Connections,
    /// Seconds since the listener opened.
    now: AtomicU32,
    next: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Connection>>>,
    permits: Arc<Semaphore>,
    networks: Arc<NetworkShares>,
    waiting: WaitingRequests,
    budget: ResponseBudget,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    registry: Arc<Registry>,
    number: u64,
    peer: SocketAddr,
    opened: u32,
    has_asked: AtomicBool,
    in_flight: AtomicUsize,
    last_request: AtomicU32,
    close_request: AtomicU8,
    close_requested_at: AtomicU32,
    close_notify: Notify,
    is_trusted: bool,
    request_permits: Arc<Semaphore>,
    /// Bytes of responses that wait to be written.
    held: AtomicUsize,
    answers: Mutex<Vec<Weak<HeldResponse>>>,
}

/// Keeps a connection in the registry. Dropping it removes the connection, also after a panic.
#[derive(Debug)]
pub(super) struct OpenConnection(Arc<Connection>);

/// An order to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum CloseRequest {
    /// No order.
    None,
    /// Accept no further request, and end after the requests in flight.
    Drain,
    /// End now.
    Abort,
}

/// The reason why a connection was ordered to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// No complete request within the time for the first.
    Silent,
    /// No request for a while.
    Idle,
    /// The client read a response too slowly.
    Stalled,
    /// The connection did not end after an order to close.
    Unresponsive,
}

/// A request in flight, counted until its response is written. The middleware and the protocol share one allocation
/// instead of several entries in the extensions of the request and the response.
#[derive(Debug)]
pub(crate) struct InFlight {
    connection: Arc<Connection>,
    held: OnceLock<Arc<HeldResponse>>,
}

impl Registry {
    pub(super) fn new(limits: Connections) -> Self {
        // Created at the start, so that alerts find their series before the first event.
        for reason in CloseReason::ALL {
            reason.count(limits.listener, 0);
        }
        count_refused(limits.listener, 0);
        Self {
            permits: Arc::new(Semaphore::new(limits.open_max)),
            networks: NetworkShares::with_narrow_max(
                limits.per_network_max as u64,
                limits.open_max as u64,
            ),
            waiting: WaitingRequests::new(),
            now: AtomicU32::new(0),
            next: AtomicU64::new(0),
            open: Mutex::default(),
            budget: ResponseBudget::new(&limits),
            limits,
        }
    }

    pub(super) const fn limits(&self) -> &Connections {
        &self.limits
    }

    /// Permits for connections. Each open connection holds one.
    pub(super) const fn permits(&self) -> &Arc<Semaphore> {
        &self.permits
    }

    /// Counts a connection for the networks of its peer. Connections of trusted proxies are not counted.
    ///
    /// # Errors
    /// If a network of the peer has the maximum number of connections.
    pub(super) fn admit(&self, peer: SocketAddr) -> Result<Option<NetworkShare>, TooMany> {
        if self.is_trusted(peer) {
            return Ok(None);
        }
        let taken = self.networks.take(ClientNetworks::of(peer.ip()), 1);
        taken.map(Some).ok_or(TooMany)
    }

    pub(super) fn open(self: &Arc<Self>, peer: SocketAddr) -> OpenConnection {
        let connection = Arc::new(Connection {
            registry: Arc::clone(self),
            number: self.next.fetch_add(1, Ordering::Relaxed),
            peer,
            opened: self.now(),
            has_asked: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            last_request: AtomicU32::new(self.now()),
            close_request: AtomicU8::new(CloseRequest::None as u8),
            close_requested_at: AtomicU32::new(0),
            close_notify: Notify::new(),
            is_trusted: self.is_trusted(peer),
            request_permits: Arc::new(Semaphore::new(REQUESTS_PER_CONNECTION)),
            held: AtomicUsize::new(0),
            answers: Mutex::default(),
        });
        let mut open = self.open.lock();
        open.insert(connection.number, Arc::clone(&connection));
        drop(open);
        OpenConnection(connection)
    }

    pub(super) fn close_all(&self, close_request: CloseRequest) {
        for connection in self.open.lock().values() {
            connection.request_close(close_request);
        }
    }

    /// Advances the clock by one second, scans every connection and returns the number of open ones.
    pub(super) fn advance(&self) -> usize {
        let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
        let open = self.open.lock();
        for connection in open.values() {
            if let Some((close_request, reason)) = connection.due(now) {
                reason.count(self.limits.listener, 1);
                connection.request_close(close_request);
            }
        }
        open.len()
    }

    fn is_trusted(&self, peer: SocketAddr) -> bool {
        self.limits.trusts(peer.ip())
    }

    /// The bytes of responses that wait to be written.
    pub(super) const fn budget(&self) -> &ResponseBudget {
        &self.budget
    }

    fn now(&self) -> u32 {
        self.now.load(Ordering::Relaxed)
    }
}

/// The network has the maximum number of connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct TooMany;

impl CloseReason {
    const ALL: [Self; 4] = [Self::Silent, Self::Idle, Self::Stalled, Self::Unresponsive];

    fn count(self, listener: &'static str, connections: u64) {
        let reason = match self {
            Self::Silent => "silent",
            Self::Idle => "idle",
            Self::Stalled => "stalled",
            Self::Unresponsive => "unresponsive",
        };
        metrics::counter!("sosik_http_connections_closed_total", "listener" => listener, "reason" => reason)
            .increment(connections);
    }
}

/// Counts connections beyond the maximum of their network.
pub(super) fn count_refused(listener: &'static str, connections: u64) {
    metrics::counter!("sosik_http_connections_refused_total", "listener" => listener)
        .increment(connections);
}

/// Maximum number of requests of one connection that are handled at once, or whose anonymous responses are not written
/// yet. Further HTTP/2 requests wait. A browser that loads the client requests a dozen files.
const REQUESTS_PER_CONNECTION: usize = 8;

/// Maximum wait of a request for a permit of its connection. A slow phone takes this long for eight files.
const REQUEST_PERMIT_WAIT: Duration = Duration::from_secs(15);

/// The maximum time in seconds for a connection to end after an order to close with nothing in flight. HTTP/2 waits for
/// the client to acknowledge, and a silent client never does.
const CLOSE_SECONDS: u32 = 5;

impl Connection {
    pub(crate) const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Waits for a permit to handle a request. Connections of trusted proxies carry many people and need none.
    ///
    /// # Errors
    /// When no permit is free within the maximum time, and immediately when too many requests wait.
    pub(crate) async fn acquire_permit(
        &self,
        client: ClientNetworks,
    ) -> Result<Option<RequestPermit>, BudgetExceeded> {
        if self.is_trusted {
            return Ok(None);
        }
        if let Ok(permit) = Arc::clone(&self.request_permits).try_acquire_owned() {
            return Ok(Some(permit));
        }
        let _waits = self.registry.waiting.join(client).ok_or(BudgetExceeded)?;
        let waiting = timeout(
            REQUEST_PERMIT_WAIT,
            Arc::clone(&self.request_permits).acquire_owned(),
        );
        let permit = waiting.await.ok().and_then(Result::ok);
        permit.map(Some).ok_or(BudgetExceeded)
    }

    /// Whether this is a connection of a trusted proxy.
    pub(super) const fn is_trusted(&self) -> bool {
        self.is_trusted
    }

    /// Whether there is room for the response to a further request of this client.
    pub(crate) fn has_capacity(&self, client: ClientNetworks) -> bool {
        let own_max = self.registry.limits.answer_bytes_per_connection_max;
        (self.is_trusted || self.held.load(Ordering::Acquire) < own_max)
            && self.registry.budget.has_capacity(client)
    }

    /// Reserves room for a response. The response takes the permit and keeps it until it is written. Without room the
    /// result is `None` and the permit stays.
    pub(crate) fn hold(
        self: &Arc<Self>,
        room: Room,
        permit: &mut Option<RequestPermit>,
    ) -> Option<Arc<HeldResponse>> {
        let (held, fits) = self.registry.budget.hold(self, room);
        fits.then(|| self.watch(held.with_permit(permit.take())))
    }

    /// Like [`hold`](Self::hold), but without a limit: for refusals, and for the response to a committed change.
    pub(crate) fn hold_unlimited(
        self: &Arc<Self>,
        room: Room,
        permit: Option<RequestPermit>,
    ) -> Arc<HeldResponse> {
        let (held, _fits) = self.registry.budget.hold(self, room);
        self.watch(held.with_permit(permit))
    }

    /// Puts a response under the deadline for reading it.
    fn watch(&self, held: HeldResponse) -> Arc<HeldResponse> {
        let held = Arc::new(held);
        self.answers.lock().push(Arc::downgrade(&held));
        held
    }

    /// Counts bytes of a response. Returns whether there was room for them.
    pub(super) fn take_bytes(&self, bytes: usize) -> bool {
        let own_max = self.registry.limits.answer_bytes_per_connection_max;
        self.held.fetch_add(bytes, Ordering::AcqRel) < own_max || self.is_trusted
    }

    /// A response was written or dropped.
    pub(super) fn release(&self, answer: &HeldResponse, room: Room) {
        self.held.fetch_sub(room.bytes, Ordering::AcqRel);
        self.registry.budget.release(room);
        let mut answers = self.answers.lock();
        if let Some(place) = answers
            .iter()
            .position(|one| std::ptr::eq(one.as_ptr(), answer))
        {
            answers.swap_remove(place);
        }
    }

    pub(super) fn now(&self) -> u32 {
        self.registry.now()
    }

    /// Whether the client reads one of its responses too slowly.
    fn is_stalled(&self, now: u32) -> bool {
        let answers = self.answers.lock();
        if answers.is_empty() {
            return false;
        }
        // Checked after the lock is released, because the last owner of a response takes it on drop.
        let answers_now: Vec<Arc<HeldResponse>> =
            answers.iter().filter_map(Weak::upgrade).collect();
        drop(answers);
        let span = self.registry.limits.answer_stall.as_secs();
        let bytes_min = self.registry.budget.rate_min() * span;
        let span = u32::try_from(span).unwrap_or(u32::MAX);
        answers_now
            .iter()
            .filter(|answer| answer.is_stalled(now, span, bytes_min))
            .count()
            > 0
    }

    /// Counts a request.
    pub(super) fn begin(self: &Arc<Self>) -> Arc<InFlight> {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        self.has_asked.store(true, Ordering::Relaxed);
        Arc::new(InFlight {
            connection: Arc::clone(self),
            held: OnceLock::new(),
        })
    }

    /// The order that is due at this second, if any.
    fn due(&self, now: u32) -> Option<(CloseRequest, CloseReason)> {
        let limits = &self.registry.limits;
        let past = |since: u32, seconds: u64| u64::from(now.saturating_sub(since)) >= seconds;
        let is_idle = self.in_flight.load(Ordering::Acquire) == 0;
        match self.current_close_request() {
            CloseRequest::Abort => None,
            CloseRequest::Drain if self.is_stalled(now) => {
                Some((CloseRequest::Abort, CloseReason::Stalled))
            }
            CloseRequest::Drain => {
                let close_requested_at = self.close_requested_at.load(Ordering::Relaxed);
                (is_idle && past(close_requested_at, CLOSE_SECONDS.into()))
                    .then_some((CloseRequest::Abort, CloseReason::Unresponsive))
            }
            CloseRequest::None if !self.has_asked.load(Ordering::Relaxed) => {
                past(self.opened, limits.first_request.as_secs())
                    .then_some((CloseRequest::Abort, CloseReason::Silent))
            }
            CloseRequest::None if self.is_stalled(now) => {
                Some((CloseRequest::Abort, CloseReason::Stalled))
            }
            CloseRequest::None => {
                let last = self.last_request.load(Ordering::Relaxed);
                (is_idle && past(last, limits.idle.as_secs()))
                    .then_some((CloseRequest::Drain, CloseReason::Idle))
            }
        }
    }

    /// Gives an order to the connection. An order is never revoked, and `Drain` never follows `Abort`.
    fn request_close(&self, close_request: CloseRequest) {
        let before = self
            .close_request
            .fetch_max(close_request as u8, Ordering::AcqRel);
        if before < close_request as u8 {
            self.close_requested_at
                .store(self.registry.now(), Ordering::Relaxed);
            self.close_notify.notify_one();
        }
    }

    fn current_close_request(&self) -> CloseRequest {
        match self.close_request.load(Ordering::Acquire) {
            0 => CloseRequest::None,
            1 => CloseRequest::Drain,
            _ => CloseRequest::Abort,
        }
    }

    /// Whether the order is to end immediately.
    pub(super) fn is_aborted(&self) -> bool {
        self.current_close_request() == CloseRequest::Abort
    }

    /// Waits for an order.
    pub(super) async fn close_requested(&self) -> CloseRequest {
        self.close_notify.notified().await;
        self.current_close_request()
    }
}

impl std::ops::Deref for OpenConnection {
    type Target = Arc<Connection>;

    fn deref(&self) -> &Arc<Connection> {
        &self.0
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let mut open = self.0.registry.open.lock();
        open.remove(&self.0.number);
    }
}

impl InFlight {
    /// The connection that the request came through.
    pub(crate) const fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Keeps the reservation until the response is written. Only the first call counts.
    pub(crate) fn keep(&self, held: Arc<HeldResponse>) {
        self.held.get_or_init(|| held);
    }

    /// The reservation of the response. A response without one is one that no layer reserved room for. It occupies
    /// little, but it has the same deadline as any other.
    pub(super) fn held(&self) -> Arc<HeldResponse> {
        let unreserved = || {
            let room = Room {
                networks: ClientNetworks::of(self.connection.peer().ip()),
                person: None,
                bytes: 0,
            };
            self.connection.hold_unlimited(room, None)
        };
        Arc::clone(self.held.get_or_init(unreserved))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let connection = &self.connection;
        connection
            .last_request
            .store(connection.registry.now(), Ordering::Relaxed);
        connection.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}
