//! The nodes, and the choice of one for a request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use metrics::{counter, gauge};
use parking_lot::{Mutex, RwLock};
use tokio::time::Instant;

use crate::choice::{Schedule, WEIGHT_MAX};
use crate::health::{Attempt, Change, CheckFailure, Failure, Health, State};
use crate::node::Node;
use crate::settings::{Checks, Ejection, Policy, Settings};
use crate::status::NodeStatus;

/// Most nodes. Each is checked every second, and a schedule of this length is quick to make.
const NODES_MAX: usize = 1_000;

/// Shares of nodes that warm up are whole parts of this.
const PERCENT: u32 = 100;

/// Smallest share of a node that warms up, in per cent.
const WARM_FROM_PERCENT: u32 = 10;

/// All nodes of a balancer.
#[derive(Debug)]
pub struct Pool {
    rules: Rules,
    nodes: Mutex<Vec<Arc<Node>>>,
    schedule: RwLock<Arc<Schedule>>,
    turn: AtomicUsize,
    /// Counts requests that were not taken by the node whose turn it was.
    refused: AtomicUsize,
}

#[derive(Debug)]
struct Rules {
    checks: Checks,
    ejection: Ejection,
    panic_percent: u32,
    slow_start: Duration,
    policy: Policy,
}

/// A node that was chosen for a request. Dropping it ends the request and records its outcome.
#[derive(Debug)]
pub struct Pick {
    node: Arc<Node>,
    attempt: Attempt,
    began: Instant,
    judged: bool,
    /// The status of the answer; 0 if there is none.
    pub status: u16,
}

impl Pick {
    fn new(node: &Arc<Node>, attempt: Attempt, began: Instant) -> Self {
        node.begin();
        Self {
            node: Arc::clone(node),
            attempt,
            began,
            judged: false,
            status: 0,
        }
    }

    /// The node.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Whether the request decides if an ejected node returns.
    pub fn is_trial(&self) -> bool {
        self.attempt == Attempt::Trial
    }

    /// Whether the node was judged by this request.
    pub fn is_judged(&self) -> bool {
        self.judged
    }

    /// The time since the node was chosen.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// A trial ends when it is decided, although an event stream may stay open for hours.
    fn judge(&mut self) {
        if self.is_trial() && !self.judged {
            self.node.end_trial();
        }
        self.judged = true;
    }
}

impl Drop for Pick {
    fn drop(&mut self) {
        self.judge();
        self.node.answered(self.status, self.elapsed());
        self.node.end();
    }
}

impl Pool {
    /// A pool without nodes.
    pub fn new(settings: &Settings) -> Self {
        Self {
            rules: Rules {
                checks: settings.checks,
                ejection: settings.ejection,
                panic_percent: settings.panic_percent,
                slow_start: settings.slow_start,
                policy: settings.policy,
            },
            nodes: Mutex::default(),
            schedule: RwLock::default(),
            turn: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
        }
    }

    /// Replaces the list of nodes by these addresses with their weights. Nodes that stay keep their health. A node that
    /// is removed gets no new request, and those in flight continue. Returns the nodes that were added.
    pub fn replace(&self, wanted: &[(SocketAddr, u32)]) -> Vec<Arc<Node>> {
        let mut nodes = self.nodes.lock();
        let mut added = Vec::new();
        let mut next: Vec<Arc<Node>> = Vec::new();
        for (address, weight) in wanted.iter().take(NODES_MAX) {
            let weight = (*weight).clamp(1, WEIGHT_MAX);
            let same = |node: &&Arc<Node>| node.address() == *address;
            if next.iter().any(|node| node.address() == *address) {
                continue;
            }
            let node = nodes.iter().find(same).cloned().unwrap_or_else(|| {
                let node = Arc::new(Node::new(*address, weight));
                added.push(Arc::clone(&node));
                node
            });
            node.set_weight(weight);
            next.push(node);
        }
        for gone in nodes
            .iter()
            .filter(|old| !next.iter().any(|new| Arc::ptr_eq(old, new)))
        {
            tracing::info!(node = %gone.address(), "node removed: it gets no new requests");
            show_usable(gone, false);
        }
        *nodes = next;
        self.reschedule(&nodes);
        added
    }

    /// The nodes at this moment.
    pub fn nodes(&self) -> Vec<Arc<Node>> {
        self.nodes.lock().clone()
    }

    /// Whether some node gets requests.
    pub fn has_usable(&self) -> bool {
        self.schedule.read().len() > 0
    }

    /// The rows of the table.
    pub fn status(&self) -> Vec<NodeStatus> {
        self.nodes.lock().iter().map(|node| node.status()).collect()
    }

    /// Chooses a node that is not in `tried`. `None` if there is none.
    pub fn pick(&self, tried: &[SocketAddr], now: Instant) -> Option<Pick> {
        let schedule = Arc::clone(&self.schedule.read());
        let start = self.turn.fetch_add(1, Ordering::Relaxed);
        let untried = |node: &&Arc<Node>| !tried.contains(&node.address());
        let panics = schedule.panics;
        match self.rules.policy {
            Policy::RoundRobin => {
                let in_turn = self.in_turn(&schedule, start).filter(untried);
                self.first(in_turn, panics, now)
            }
            Policy::LeastOutstanding => {
                let mut nodes: Vec<&Arc<Node>> = schedule.from(start).filter(untried).collect();
                nodes.sort_by_key(|node| node.load());
                self.first(nodes.into_iter(), panics, now)
            }
        }
    }

    /// The place whose turn it is, and then the others. If the first one refuses, they take its turns one after another:
    /// otherwise the next place would get them all.
    fn in_turn<'a>(
        &'a self,
        schedule: &'a Schedule,
        start: usize,
    ) -> impl Iterator<Item = &'a Arc<Node>> {
        let others = schedule.len().saturating_sub(1).max(1);
        let shift = move || self.refused.fetch_add(1, Ordering::Relaxed) % others;
        let rest = std::iter::once_with(shift);
        let rest = rest.flat_map(move |shift| schedule.from(start.wrapping_add(1 + shift)));
        schedule.from(start).take(1).chain(rest)
    }

    /// The first node that takes a request, or one that warms up if there is no other.
    fn first<'a>(
        &self,
        nodes: impl Iterator<Item = &'a Arc<Node>>,
        panics: bool,
        now: Instant,
    ) -> Option<Pick> {
        let mut passed_over = None;
        for node in nodes {
            match self.take(node, panics, now) {
                Take::As(attempt) => return Some(Pick::new(node, attempt, now)),
                Take::Warming => passed_over = passed_over.or(Some(node)),
                Take::No => {}
            }
        }
        passed_over.map(|node| Pick::new(node, Attempt::Regular, now))
    }

    /// While most nodes look unhealthy, one on trial takes further requests too.
    fn take(&self, node: &Node, panics: bool, now: Instant) -> Take {
        if node.health.lock().state() == State::Trial {
            return match node.begin_trial() {
                true => Take::As(Attempt::Trial),
                false if panics => Take::As(Attempt::Regular),
                false => Take::No,
            };
        }
        match self.gets_this_one(node, now) {
            true => Take::As(Attempt::Regular),
            false => Take::Warming,
        }
    }

    /// Whether a node gets the request that is its turn. One that warms up gets a growing share.
    fn gets_this_one(&self, node: &Node, now: Instant) -> bool {
        let mut since = node.warming_since.lock();
        let Some(began) = *since else { return true };
        let warm = now.saturating_duration_since(began);
        if warm >= self.rules.slow_start {
            *since = None;
            return true;
        }
        let share = percent_of(warm, self.rules.slow_start).max(WARM_FROM_PERCENT);
        let offer = node.offers.fetch_add(1, Ordering::Relaxed) % PERCENT;
        (offer + 1) * share / PERCENT > offer * share / PERCENT
    }

    /// Takes the outcome of an active check.
    pub fn checked(&self, node: &Arc<Node>, outcome: Result<(), CheckFailure>, now: Instant) {
        self.change(
            node,
            |health| health.check(outcome, &self.rules.checks),
            now,
        );
    }

    /// Takes a request that succeeded.
    pub fn succeeded(&self, pick: &mut Pick, now: Instant) {
        let attempt = pick.attempt;
        self.change(&pick.node, |health| health.succeeded(attempt, now), now);
        pick.judge();
    }

    /// Takes a request that failed at its node.
    pub fn failed(&self, pick: &mut Pick, why: Failure, now: Instant) {
        let (node, attempt) = (&pick.node, pick.attempt);
        node.counts.failures.fetch_add(1, Ordering::Relaxed);
        counter!("sosik_balance_failures_total", "node" => node.address().to_string(), "why" => why.word())
            .increment(1);
        self.change(
            node,
            |health| health.failed(attempt, why, now, &self.rules.ejection),
            now,
        );
        pick.judge();
    }

    /// Ends ejections whose period is over. To be called several times a second.
    pub fn tick(&self, now: Instant) {
        for node in self.nodes() {
            self.change(&node, |health| health.tick(now), now);
        }
    }

    fn change(
        &self,
        node: &Arc<Node>,
        how: impl FnOnce(&mut Health) -> Option<Change>,
        now: Instant,
    ) {
        let changed = how(&mut node.health.lock());
        let Some(change) = changed else { return };
        if matches!(change, Change::Up | Change::Returned) && !self.rules.slow_start.is_zero() {
            *node.warming_since.lock() = Some(now);
        }
        if matches!(change, Change::Ejected(..)) {
            node.counts.ejections.fetch_add(1, Ordering::Relaxed);
        }
        log_change(node, &change);
        self.reschedule(&self.nodes.lock());
    }

    /// Makes the schedule again. If too few of the nodes that may work are usable, the judgement is probably wrong, and
    /// all of them are used.
    fn reschedule(&self, nodes: &[Arc<Node>]) {
        let that = |is: fn(&Health) -> bool| -> Vec<Arc<Node>> {
            let has = |node: &&Arc<Node>| is(&node.health.lock());
            nodes.iter().filter(has).cloned().collect()
        };
        let (usable, may_work) = (that(Health::is_usable), that(Health::may_work));
        // A node on trial takes one request at a time, so it cannot stand in for those that are ejected.
        let up = that(|health| health.state() == State::Up).len();
        let panics = up * 100 < may_work.len() * self.rules.panic_percent as usize;
        gauge!("sosik_balance_panic").set(f64::from(u8::from(panics)));
        for node in nodes {
            show_usable(node, usable.iter().any(|it| Arc::ptr_eq(it, node)));
        }
        let schedule = Schedule::new(if panics { &may_work } else { &usable }, panics);
        *self.schedule.write() = Arc::new(schedule);
    }
}

fn show_usable(node: &Node, usable: bool) {
    gauge!("sosik_balance_node_usable", "node" => node.address().to_string())
        .set(f64::from(u8::from(usable)));
}

/// Whether a node takes a request.
enum Take {
    /// It does.
    As(Attempt),
    /// It does if no other node can: it warms up.
    Warming,
    No,
}

fn percent_of(part: Duration, whole: Duration) -> u32 {
    let percent = part.as_millis() * 100 / whole.as_millis().max(1);
    u32::try_from(percent).unwrap_or(100).min(100)
}

/// One sentence in the log for each change.
fn log_change(node: &Node, change: &Change) {
    let node = node.address();
    match change {
        Change::Up => tracing::info!(%node, "node is up"),
        Change::Down(why) => tracing::warn!(%node, "node is down: {why}"),
        Change::Ejected(why, period) => {
            tracing::warn!(%node, seconds = period.as_secs(), "node ejected: {why}");
        }
        Change::Trial => tracing::info!(%node, "node gets one request as a trial"),
        Change::Returned => tracing::info!(%node, "node returned: its trial succeeded"),
    }
}

#[cfg(test)]
mod tests;
