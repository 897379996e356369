//! The state of one connection, and the list of all open ones.
//!
//! A connection counts its requests in flight and records the second of the last one.
//! [`patrol`](super::deadlines::patrol) reads these and orders a connection to close. The clock is a counter of seconds
//! that the patrol advances, so that no request reads a clock for this.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;

use super::networks::{Networks, Taken};
use super::room::{Held, NoRoom, Room, Turn};
use crate::extract::Network;
use crate::settings::Connections;

/// All connections of one listener.
#[derive(Debug)]
pub(crate) struct Registry {
    limits: Connections,
    /// Seconds since the listener opened.
    now: AtomicU32,
    next: AtomicU64,
    open: Mutex<FxHashMap<u64, Arc<Connection>>>,
    places: Arc<Semaphore>,
    networks: Arc<Networks>,
    room: Room,
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
    order: AtomicU8,
    ordered_at: AtomicU32,
    told: Notify,
    is_trusted: bool,
    turns: Arc<Semaphore>,
    /// Bytes of responses that wait to be written.
    held: AtomicUsize,
    answers: Mutex<Vec<Weak<Held>>>,
}

/// An order to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Order {
    /// No order.
    None,
    /// Accept no further request, and end after the requests in flight.
    Close,
    /// End now.
    Cut,
}

/// The reason why a connection was ordered to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// No complete request within the time for the first.
    Silent,
    /// No request for a while.
    Idle,
    /// The client read a response too slowly.
    Stalled,
    /// The connection did not end after an order to close.
    Unresponsive,
}

/// A request in flight; counted until its answer is written. One allocation that the front and the protocol share, in
/// place of several entries in the extensions of the request and of its response.
#[derive(Debug)]
pub(crate) struct InFlight {
    connection: Arc<Connection>,
    held: OnceLock<Arc<Held>>,
}

impl Registry {
    pub(super) fn new(limits: Connections) -> Self {
        // Created at the start, so that alerts find their series before the first event.
        for reason in Reason::ALL {
            reason.count(limits.listener, 0);
        }
        count_refused(limits.listener, 0);
        Self {
            places: Arc::new(Semaphore::new(limits.open_max)),
            networks: Networks::new(limits.per_network_max as u64),
            now: AtomicU32::new(0),
            next: AtomicU64::new(0),
            open: Mutex::default(),
            room: Room::new(&limits),
            limits,
        }
    }

    pub(super) const fn limits(&self) -> &Connections {
        &self.limits
    }

    /// Permits for connections. Each open connection holds one.
    pub(super) const fn places(&self) -> &Arc<Semaphore> {
        &self.places
    }

    /// Counts a connection for the network of its peer. Connections of trusted proxies are not counted.
    ///
    /// # Errors
    /// If the network has the maximum number of connections.
    pub(super) fn admit(&self, peer: SocketAddr) -> Result<Option<Taken>, TooMany> {
        if self.is_trusted(peer) {
            return Ok(None);
        }
        let taken = self.networks.take(Network::of(peer.ip()).key(), 1);
        taken.map(Some).ok_or(TooMany)
    }

    pub(super) fn open(self: &Arc<Self>, peer: SocketAddr) -> Arc<Connection> {
        let connection = Arc::new(Connection {
            registry: Arc::clone(self),
            number: self.next.fetch_add(1, Ordering::Relaxed),
            peer,
            opened: self.now(),
            has_asked: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            last_request: AtomicU32::new(self.now()),
            order: AtomicU8::new(Order::None as u8),
            ordered_at: AtomicU32::new(0),
            told: Notify::new(),
            is_trusted: self.is_trusted(peer),
            turns: Arc::new(Semaphore::new(TURNS_PER_CONNECTION)),
            held: AtomicUsize::new(0),
            answers: Mutex::default(),
        });
        let mut open = self.open.lock();
        open.insert(connection.number, Arc::clone(&connection));
        drop(open);
        connection
    }

    pub(super) fn close(&self, connection: &Connection) {
        self.open.lock().remove(&connection.number);
    }

    pub(super) fn order_all(&self, order: Order) {
        for connection in self.open.lock().values() {
            connection.order(order);
        }
    }

    /// Advances the clock by one second, scans every connection and returns the number of open ones.
    pub(super) fn advance(&self) -> usize {
        let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
        let open = self.open.lock();
        for connection in open.values() {
            if let Some((order, reason)) = connection.due(now) {
                reason.count(self.limits.listener, 1);
                connection.order(order);
            }
        }
        open.len()
    }

    fn is_trusted(&self, peer: SocketAddr) -> bool {
        self.limits.trusts(peer.ip())
    }

    /// The bytes of responses that wait to be written.
    pub(super) const fn room(&self) -> &Room {
        &self.room
    }

    fn now(&self) -> u32 {
        self.now.load(Ordering::Relaxed)
    }
}

/// The network has the maximum number of connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct TooMany;

impl Reason {
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
const TURNS_PER_CONNECTION: usize = 8;

/// Maximum wait of a request for a turn of its connection. A slow phone takes this long for eight files.
const TURN_WAIT: Duration = Duration::from_secs(15);

/// The maximum time in seconds for a connection to end after an order to close with nothing in flight. HTTP/2 waits for
/// the client to acknowledge, and a silent client never does.
const CLOSE_SECONDS: u32 = 5;

impl Connection {
    pub(crate) const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Waits for a turn to handle a request. Connections of trusted proxies carry many people and need none.
    ///
    /// # Errors
    /// When no turn is free within the maximum time.
    pub(crate) async fn turn(&self) -> Result<Option<Turn>, NoRoom> {
        if self.is_trusted {
            return Ok(None);
        }
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(Some(turn));
        }
        let waiting = timeout(TURN_WAIT, Arc::clone(&self.turns).acquire_owned());
        let turn = waiting.await.ok().and_then(Result::ok);
        turn.map(Some).ok_or(NoRoom)
    }

    /// Whether there is room for the response to a further request of this network.
    pub(crate) fn has_room(&self, network: u64) -> bool {
        let own_max = self.registry.limits.answer_bytes_per_connection_max;
        (self.is_trusted || self.held.load(Ordering::Acquire) < own_max)
            && self.registry.room.has_room(network)
    }

    /// Reserves room for a response, together with the turn that it keeps until it is written.
    ///
    /// # Errors
    /// When there is no room for it.
    pub(crate) fn hold(
        self: &Arc<Self>,
        network: u64,
        bytes: usize,
        turn: Option<Turn>,
    ) -> Result<Arc<Held>, NoRoom> {
        let (held, fits) = self.registry.room.hold(self, network, bytes, turn);
        if !fits {
            return Err(NoRoom);
        }
        self.answers.lock().push(Arc::downgrade(&held));
        Ok(held)
    }

    /// Like [`hold`](Self::hold), but without a limit: for the response to a committed change.
    pub(crate) fn hold_anyway(
        self: &Arc<Self>,
        network: u64,
        bytes: usize,
        turn: Option<Turn>,
    ) -> Arc<Held> {
        let (held, _fits) = self.registry.room.hold(self, network, bytes, turn);
        self.answers.lock().push(Arc::downgrade(&held));
        held
    }

    /// Counts bytes of a response. Returns whether there was room for them.
    pub(super) fn take_bytes(&self, bytes: usize) -> bool {
        let own_max = self.registry.limits.answer_bytes_per_connection_max;
        self.held.fetch_add(bytes, Ordering::AcqRel) < own_max || self.is_trusted
    }

    /// A response was written or dropped.
    pub(super) fn gives_back(&self, answer: &Held, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::AcqRel);
        self.registry.room.give_back(bytes);
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
        let answers_now: Vec<Arc<Held>> = answers.iter().filter_map(Weak::upgrade).collect();
        drop(answers);
        let span = self.registry.limits.answer_stall.as_secs();
        let bytes_min = self.registry.room.rate_min() * span;
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
    fn due(&self, now: u32) -> Option<(Order, Reason)> {
        let limits = &self.registry.limits;
        let past = |since: u32, seconds: u64| u64::from(now.saturating_sub(since)) >= seconds;
        let is_idle = self.in_flight.load(Ordering::Acquire) == 0;
        match self.order_given() {
            Order::Cut => None,
            Order::Close if self.is_stalled(now) => Some((Order::Cut, Reason::Stalled)),
            Order::Close => {
                let ordered_at = self.ordered_at.load(Ordering::Relaxed);
                (is_idle && past(ordered_at, CLOSE_SECONDS.into()))
                    .then_some((Order::Cut, Reason::Unresponsive))
            }
            Order::None if !self.has_asked.load(Ordering::Relaxed) => {
                past(self.opened, limits.first_request.as_secs())
                    .then_some((Order::Cut, Reason::Silent))
            }
            Order::None if self.is_stalled(now) => Some((Order::Cut, Reason::Stalled)),
            Order::None => {
                let last = self.last_request.load(Ordering::Relaxed);
                (is_idle && past(last, limits.idle.as_secs()))
                    .then_some((Order::Close, Reason::Idle))
            }
        }
    }

    /// Gives an order to the connection. An order is never revoked, and `Close` never follows `Cut`.
    fn order(&self, order: Order) {
        let before = self.order.fetch_max(order as u8, Ordering::AcqRel);
        if before < order as u8 {
            self.ordered_at
                .store(self.registry.now(), Ordering::Relaxed);
            self.told.notify_one();
        }
    }

    fn order_given(&self) -> Order {
        match self.order.load(Ordering::Acquire) {
            0 => Order::None,
            1 => Order::Close,
            _ => Order::Cut,
        }
    }

    /// Whether the order is to end immediately.
    pub(super) fn is_cut(&self) -> bool {
        self.order_given() == Order::Cut
    }

    /// Waits for an order.
    pub(super) async fn ordered(&self) -> Order {
        self.told.notified().await;
        self.order_given()
    }
}

impl InFlight {
    /// The connection that the request came through.
    pub(crate) const fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Keeps the room for the answer until the answer is written. The first one counts.
    pub(crate) fn keep(&self, held: Arc<Held>) {
        self.held.get_or_init(|| held);
    }

    /// The room for the answer.
    pub(super) fn held(&self) -> Option<Arc<Held>> {
        self.held.get().map(Arc::clone)
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
