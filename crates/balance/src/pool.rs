//! The nodes, and the choice of one for a request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use metrics::{counter, gauge};
use parking_lot::{Mutex, RwLock};
use tokio::time::Instant;

use crate::choice::{Schedule, WEIGHT_MAX};
use crate::health::{Change, CheckFailure, Failure, Health, State};
use crate::node::Node;
use crate::settings::{Checks, Ejection, Policy, Settings};
use crate::status::NodeStatus;

/// Most nodes. Each is checked every second, and a schedule of this length is quick to make.
const NODES_MAX: usize = 1_000;

/// Smallest share of a node that warms up, in per cent.
const WARM_FROM_PERCENT: u32 = 10;

/// All nodes of a balancer.
#[derive(Debug)]
pub struct Pool {
    rules: Rules,
    nodes: Mutex<Vec<Arc<Node>>>,
    schedule: RwLock<Arc<Schedule>>,
    turn: AtomicUsize,
}

#[derive(Debug)]
struct Rules {
    checks: Checks,
    ejection: Ejection,
    panic_percent: u32,
    slow_start: Duration,
    policy: Policy,
}

/// A node that was chosen for a request. Dropping it ends the request.
#[derive(Debug)]
pub struct Pick {
    node: Arc<Node>,
    trial: bool,
}

impl Pick {
    /// The node.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Whether the request decides if an ejected node returns.
    pub fn is_trial(&self) -> bool {
        self.trial
    }
}

impl Drop for Pick {
    fn drop(&mut self) {
        self.node.end();
        if self.trial {
            self.node.end_trial();
        }
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
            let same = |node: &&Arc<Node>| node.address() == *address && node.weight() == weight;
            if next.iter().any(|node| node.address() == *address) {
                continue;
            }
            let node = nodes.iter().find(same).cloned().unwrap_or_else(|| {
                let node = Arc::new(Node::new(*address, weight));
                added.push(Arc::clone(&node));
                node
            });
            next.push(node);
        }
        for gone in nodes
            .iter()
            .filter(|old| !next.iter().any(|new| Arc::ptr_eq(old, new)))
        {
            tracing::info!(node = %gone.address(), "node removed: it gets no new requests");
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
        let in_turn = schedule.from(start).filter(untried);
        match self.rules.policy {
            Policy::RoundRobin => self.first(in_turn, now),
            Policy::LeastOutstanding => {
                let mut nodes: Vec<&Arc<Node>> = in_turn.collect();
                nodes.sort_by_key(|node| node.load());
                self.first(nodes.into_iter(), now)
            }
        }
    }

    /// The first node that takes a request, or one that warms up if there is no other.
    fn first<'a>(&self, nodes: impl Iterator<Item = &'a Arc<Node>>, now: Instant) -> Option<Pick> {
        let mut passed_over = None;
        for node in nodes {
            match self.take(node, now) {
                Take::Yes(trial) => return Some(begin(node, trial)),
                Take::Warming => passed_over = passed_over.or(Some(node)),
                Take::No => {}
            }
        }
        passed_over.map(|node| begin(node, false))
    }

    fn take(&self, node: &Node, now: Instant) -> Take {
        if node.health.lock().state() == State::Trial {
            return match node.begin_trial() {
                true => Take::Yes(true),
                false => Take::No,
            };
        }
        match self.gets_this_one(node, now) {
            true => Take::Yes(false),
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
        let offer = node.offers.fetch_add(1, Ordering::Relaxed) % 100;
        (offer + 1) * share / 100 > offer * share / 100
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
    pub fn succeeded(&self, node: &Arc<Node>, now: Instant) {
        self.change(node, |health| health.succeeded(now), now);
    }

    /// Takes a request that failed at its node.
    pub fn failed(&self, node: &Arc<Node>, why: Failure, now: Instant) {
        node.counts.failures.fetch_add(1, Ordering::Relaxed);
        counter!("sosik_balance_failures_total", "node" => node.address().to_string(), "why" => why.word())
            .increment(1);
        self.change(
            node,
            |health| health.failed(why, now, &self.rules.ejection),
            now,
        );
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
        tell(node, &change);
        self.reschedule(&self.nodes.lock());
    }

    /// Makes the schedule again. If too few of the nodes that may work are usable, the judgement is probably wrong, and
    /// all of them are used.
    fn reschedule(&self, nodes: &[Arc<Node>]) {
        let having = |trait_of: fn(&Health) -> bool| -> Vec<Arc<Node>> {
            let has = |node: &&Arc<Node>| trait_of(&node.health.lock());
            nodes.iter().filter(has).cloned().collect()
        };
        let (usable, may_work) = (having(Health::is_usable), having(Health::may_work));
        let panics = usable.len() * 100 < may_work.len() * self.rules.panic_percent as usize;
        gauge!("sosik_balance_panic").set(f64::from(u8::from(panics)));
        for node in nodes {
            let up = usable.iter().any(|it| Arc::ptr_eq(it, node));
            gauge!("sosik_balance_node_usable", "node" => node.address().to_string())
                .set(f64::from(u8::from(up)));
        }
        let schedule = Schedule::new(if panics { &may_work } else { &usable });
        *self.schedule.write() = Arc::new(schedule);
    }
}

/// Whether a node takes a request.
enum Take {
    /// It does, possibly as its trial.
    Yes(bool),
    /// It does if no other node can: it warms up.
    Warming,
    No,
}

fn begin(node: &Arc<Node>, trial: bool) -> Pick {
    node.begin();
    Pick {
        node: Arc::clone(node),
        trial,
    }
}

fn percent_of(part: Duration, whole: Duration) -> u32 {
    let percent = part.as_millis() * 100 / whole.as_millis().max(1);
    u32::try_from(percent).unwrap_or(100).min(100)
}

/// One sentence in the log for each change.
fn tell(node: &Node, change: &Change) {
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
mod tests {
    use super::*;

    fn address(number: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], number))
    }

    /// A pool of nodes with these weights, on ports from 1, all up.
    fn pool(settings: &Settings, weights: &[u32]) -> Pool {
        let pool = Pool::new(settings);
        let wanted: Vec<_> = (1..).map(address).zip(weights.iter().copied()).collect();
        for node in pool.replace(&wanted) {
            pool.checked(&node, Ok(()), Instant::now());
        }
        pool
    }

    fn counts(pool: &Pool, picks: usize) -> Vec<u64> {
        for _ in 0..picks {
            drop(pool.pick(&[], Instant::now()));
        }
        pool.status().iter().map(|node| node.requests).collect()
    }

    fn eject(pool: &Pool, node: &Arc<Node>) {
        for _ in 0..Ejection::default().failures {
            pool.failed(node, Failure::Broken, Instant::now());
        }
    }

    #[test]
    fn requests_go_around_and_weights_are_shares() {
        let settings = Settings::default();
        assert_eq!(counts(&pool(&settings, &[1, 1, 1]), 300), [100, 100, 100]);
        assert_eq!(counts(&pool(&settings, &[3, 1]), 400), [300, 100]);
    }

    #[test]
    fn the_node_with_the_fewest_requests_in_flight_for_its_weight_is_next() {
        let settings = Settings {
            policy: Policy::LeastOutstanding,
            ..Settings::default()
        };
        let pool = pool(&settings, &[1, 2]);
        let pick = || pool.pick(&[], Instant::now()).unwrap();
        let held: Vec<Pick> = (0..30).map(|_| pick()).collect();
        let outstanding: Vec<u32> = pool.nodes().iter().map(|node| node.outstanding()).collect();
        assert_eq!(outstanding, [10, 20]);
        drop(held);
        assert_eq!(counts(&pool, 30)[0] - 10, 10, "in turn among equals");
    }

    #[test]
    fn a_request_is_not_repeated_on_a_node_that_it_was_sent_to() {
        let pool = pool(&Settings::default(), &[1, 1]);
        for _ in 0..4 {
            let pick = pool.pick(&[address(1)], Instant::now()).unwrap();
            assert_eq!(pick.node().address(), address(2));
        }
        assert!(
            pool.pick(&[address(1), address(2)], Instant::now())
                .is_none()
        );
    }

    #[test]
    fn an_ejected_node_gets_one_request_at_a_time_when_its_period_is_over() {
        let pool = pool(&Settings::default(), &[1, 1, 1]);
        let first = Arc::clone(&pool.nodes()[0]);
        eject(&pool, &first);
        assert_eq!(counts(&pool, 30), [0, 15, 15]);
        pool.tick(Instant::now() + Ejection::default().first);
        let picks: Vec<Pick> = (0..30)
            .filter_map(|_| pool.pick(&[], Instant::now()))
            .collect();
        assert_eq!(picks.iter().filter(|pick| pick.is_trial()).count(), 1);
        pool.succeeded(&first, Instant::now());
        drop(picks);
        let before = first.status().requests;
        counts(&pool, 30);
        assert_eq!(first.status().requests - before, 10);
    }

    #[test]
    fn when_most_nodes_look_unhealthy_those_that_may_work_are_used() {
        let pool = pool(&Settings::default(), &[1, 1, 1, 1]);
        let nodes = pool.nodes();
        let down = |node, why| {
            for _ in 0..Checks::default().fall {
                pool.checked(node, Err(why), Instant::now());
            }
        };
        down(&nodes[0], CheckFailure::Unreachable);
        eject(&pool, &nodes[1]);
        down(&nodes[2], CheckFailure::Silent);
        // One of three is usable, which is less than half.
        assert_eq!(counts(&pool, 30), [0, 10, 10, 10]);
    }

    #[test]
    fn nodes_that_refuse_or_are_not_ready_get_nothing_even_if_no_other_is_left() {
        let pool = pool(&Settings::default(), &[1, 1]);
        let nodes = pool.nodes();
        for _ in 0..Checks::default().fall {
            pool.checked(&nodes[0], Err(CheckFailure::Unreachable), Instant::now());
            pool.checked(&nodes[1], Err(CheckFailure::NotReady), Instant::now());
        }
        assert!(pool.pick(&[], Instant::now()).is_none() && !pool.has_usable());
    }

    #[test]
    fn a_node_that_comes_up_gets_a_growing_share() {
        let settings = Settings {
            slow_start: Duration::from_secs(10),
            ..Settings::default()
        };
        let pool = pool(&settings, &[1, 1]);
        let nodes = pool.nodes();
        *nodes[0].warming_since.lock() = None;
        let began = Instant::now();
        *nodes[1].warming_since.lock() = Some(began);
        let share_after = |seconds: u64| {
            let before = nodes[1].status().requests;
            for _ in 0..400 {
                drop(pool.pick(&[], began + Duration::from_secs(seconds)));
            }
            nodes[1].status().requests - before
        };
        assert_eq!(share_after(1), 20);
        assert_eq!(share_after(5), 100);
        assert_eq!(share_after(11), 200);
    }

    #[test]
    fn nodes_that_stay_keep_their_health_and_a_removed_one_gets_nothing() {
        let pool = pool(&Settings::default(), &[1, 1]);
        let added = pool.replace(&[(address(2), 1), (address(3), 1), (address(3), 1)]);
        assert_eq!(added.len(), 1);
        assert_eq!(
            counts(&pool, 10),
            [10, 0],
            "the new one was not checked yet"
        );
        pool.checked(&added[0], Ok(()), Instant::now());
        assert_eq!(counts(&pool, 10), [15, 5]);
    }

    #[test]
    fn requests_in_flight_are_counted_until_they_end() {
        let pool = pool(&Settings::default(), &[1]);
        let pick = pool.pick(&[], Instant::now()).unwrap();
        assert_eq!(pick.node().outstanding(), 1);
        let node = Arc::clone(pick.node());
        drop(pick);
        assert_eq!(node.outstanding(), 0);
    }
}
