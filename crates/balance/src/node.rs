//! One node: its address, its health and its counts.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use metrics::{Counter, Histogram, counter, histogram};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::health::{Health, State};
use crate::status::NodeStatus;

/// A node of a [`Pool`](crate::Pool).
#[derive(Debug)]
pub struct Node {
    address: SocketAddr,
    weight: AtomicU32,
    pub(crate) health: Mutex<Health>,
    outstanding: AtomicU32,
    /// Whether the one request of a trial is in flight.
    trial_in_flight: AtomicBool,
    pub(crate) counts: Counts,
    meters: Meters,
    /// When the node came up, if it should get less than its share at first.
    pub(crate) warming_since: Mutex<Option<Instant>>,
    /// How often the node was considered while it warmed up.
    pub(crate) offers: AtomicU32,
}

/// Counts since the balancer started.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) requests: AtomicU64,
    pub(crate) failures: AtomicU64,
    pub(crate) ejections: AtomicU64,
}

/// The classes of outcomes in metrics, by the first digit of the status. 0 stands for none.
const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// Metrics of a node. They are looked up once, because a lookup costs more than a request has to spare.
struct Meters {
    answers: [Counter; 6],
    seconds: Histogram,
}

impl fmt::Debug for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meters")
    }
}

impl Meters {
    fn new(node: &str) -> Self {
        let answer = |class| counter!("sosik_balance_requests_total", "node" => node.to_owned(), "answer" => class);
        Self {
            answers: CLASSES.map(answer),
            seconds: histogram!("sosik_balance_request_seconds", "node" => node.to_owned()),
        }
    }
}

impl Node {
    pub(crate) fn new(address: SocketAddr, weight: u32) -> Self {
        Self {
            address,
            weight: AtomicU32::new(weight),
            health: Mutex::default(),
            outstanding: AtomicU32::new(0),
            trial_in_flight: AtomicBool::new(false),
            counts: Counts::default(),
            meters: Meters::new(&address.to_string()),
            warming_since: Mutex::default(),
            offers: AtomicU32::new(0),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its share, relative to other nodes.
    pub fn weight(&self) -> u32 {
        self.weight.load(Ordering::Relaxed)
    }

    pub(crate) fn set_weight(&self, weight: u32) {
        self.weight.store(weight, Ordering::Relaxed);
    }

    /// Requests in flight.
    pub fn outstanding(&self) -> u32 {
        self.outstanding.load(Ordering::Relaxed)
    }

    /// Requests in flight for its weight, in thousandths.
    pub(crate) fn load(&self) -> u32 {
        self.outstanding().saturating_mul(1_000) / self.weight()
    }

    pub(crate) fn begin(&self) {
        self.outstanding.fetch_add(1, Ordering::Relaxed);
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end(&self) {
        self.outstanding.fetch_sub(1, Ordering::Relaxed);
    }

    /// Takes the place of the single request of a trial. `false` if it is taken.
    pub(crate) fn begin_trial(&self) -> bool {
        !self.trial_in_flight.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn end_trial(&self) {
        self.trial_in_flight.store(false, Ordering::Relaxed);
    }

    /// Records the answer to a request: its status, 0 if there was none, and the time since the node was chosen.
    pub(crate) fn answered(&self, status: u16, took: Duration) {
        let class = usize::from(status / 100);
        if let Some(answers) = self.meters.answers.get(class) {
            answers.increment(1);
        }
        self.meters.seconds.record(took);
    }

    /// Whether its checks succeed.
    pub fn is_up(&self) -> bool {
        !matches!(self.health.lock().state(), State::Unknown | State::Down)
    }

    /// Its row in the table.
    pub(crate) fn status(&self) -> NodeStatus {
        let health = self.health.lock();
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        NodeStatus {
            address: self.address.to_string(),
            state: health.state().word().to_owned(),
            reason: health.reason(),
            weight: self.weight(),
            outstanding: self.outstanding(),
            requests: count(&self.counts.requests),
            failures: count(&self.counts.failures),
            ejections: count(&self.counts.ejections),
        }
    }
}
