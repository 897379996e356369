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
        eject_because(pool, node, Failure::Broken);
    }

    fn eject_because(pool: &Pool, node: &Arc<Node>, why: Failure) {
        for _ in 0..Ejection::default().failures {
            let mut pick = Pick::new(node, Attempt::Regular, Instant::now());
            pool.failed(&mut pick, why, Instant::now());
        }
    }

    /// The request that decides whether this node returns, if it is not in flight yet.
    fn trial_of(pool: &Pool, node: &Arc<Node>) -> Option<Pick> {
        let picks = (0..4).filter_map(|_| pool.pick(&[], Instant::now()));
        let mut trials = picks.filter(Pick::is_trial);
        trials.find(|pick| Arc::ptr_eq(pick.node(), node))
    }

    /// A pool of three nodes. The first one is on trial.
    fn with_a_trial() -> (Pool, Arc<Node>) {
        let pool = pool(&Settings::default(), &[1, 1, 1]);
        let first = Arc::clone(&pool.nodes()[0]);
        eject(&pool, &first);
        pool.tick(Instant::now() + Ejection::default().first);
        (pool, first)
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
        assert_eq!(counts(&pool, 30), [3, 15, 15]);
        pool.tick(Instant::now() + Ejection::default().first);
        let mut picks: Vec<Pick> = (0..30)
            .filter_map(|_| pool.pick(&[], Instant::now()))
            .collect();
        let mut trials = picks.iter_mut().filter(|pick| pick.is_trial());
        let trial = trials.next().unwrap();
        assert!(trials.next().is_none());
        pool.succeeded(trial, Instant::now());
        drop(picks);
        let before = counts(&pool, 0);
        let after = counts(&pool, 30);
        let added = after
            .iter()
            .zip(&before)
            .map(|(after, before)| after - before);
        assert_eq!(added.collect::<Vec<_>>(), [10, 10, 10]);
    }

    #[test]
    fn a_trial_by_a_request_that_goes_on_ends_when_it_is_decided() {
        let (pool, first) = with_a_trial();
        let mut stream = trial_of(&pool, &first).unwrap();
        pool.succeeded(&mut stream, Instant::now());
        eject(&pool, &first);
        pool.tick(Instant::now() + Ejection::default().longest);
        let trial = trial_of(&pool, &first).unwrap();
        // The end of the old stream does not free the place of the new trial.
        drop(stream);
        assert!(trial_of(&pool, &first).is_none());
        drop(trial);
        assert!(trial_of(&pool, &first).is_some());
    }

    #[test]
    fn requests_that_began_before_an_ejection_do_not_decide_the_trial() {
        let pool = pool(&Settings::default(), &[1, 1, 1]);
        let first = Arc::clone(&pool.nodes()[0]);
        let mut before = Pick::new(&first, Attempt::Regular, Instant::now());
        eject(&pool, &first);
        pool.tick(Instant::now() + Ejection::default().first);
        pool.succeeded(&mut before, Instant::now());
        assert_eq!(first.status().state, "trial");
    }

    #[test]
    fn when_all_nodes_are_on_trial_all_requests_are_served() {
        let pool = pool(&Settings::default(), &[1, 1]);
        for node in pool.nodes() {
            eject(&pool, &node);
        }
        pool.tick(Instant::now() + Ejection::default().first);
        let picks: Vec<Pick> = (0..20)
            .filter_map(|_| pool.pick(&[], Instant::now()))
            .collect();
        assert_eq!(picks.len(), 20);
        assert_eq!(picks.iter().filter(|pick| pick.is_trial()).count(), 2);
    }

    #[test]
    fn nodes_whose_connections_fail_get_nothing_while_another_one_works() {
        let pool = pool(&Settings::default(), &[1, 1, 1]);
        let nodes = pool.nodes();
        for node in &nodes[1..] {
            eject_because(&pool, node, Failure::Connect);
        }
        let before = counts(&pool, 0);
        assert_eq!(counts(&pool, 30), [before[0] + 30, before[1], before[2]]);
    }

    #[test]
    fn the_turns_of_a_node_that_is_passed_over_are_shared_by_all_others() {
        let (pool, first) = with_a_trial();
        let _trial = trial_of(&pool, &first).unwrap();
        let before = counts(&pool, 0);
        let after = counts(&pool, 30);
        assert_eq!((after[1] - before[1], after[2] - before[2]), (15, 15));
    }

    #[test]
    fn a_node_keeps_its_health_and_its_requests_when_its_weight_changes() {
        let pool = pool(&Settings::default(), &[1, 1]);
        let held = pool.pick(&[], Instant::now()).unwrap();
        assert!(pool.replace(&[(address(1), 3), (address(2), 1)]).is_empty());
        assert_eq!(held.node().outstanding(), 1);
        let before = counts(&pool, 0);
        let after = counts(&pool, 40);
        assert_eq!((after[0] - before[0], after[1] - before[1]), (30, 10));
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
        assert_eq!(counts(&pool, 30), [0, 13, 10, 10]);
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
