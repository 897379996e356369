//! The session with Redis, kept by a task of its own.
//!
//! A call never connects and never waits for a connection: without one it fails at once. The task connects, with pauses
//! that grow, and asks the server for its state before anybody may use the connection. So it is also the probe of the
//! circuit breaker: after a broken connection, or too many calls in a row without an answer in time, no call is sent
//! until the task got an answer on a new connection.
//!
//! Every call has a deadline and a place among a bounded number in flight. A call that is given up may still take
//! effect; all calls of this crate allow that.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use redis::{Cmd, Pipeline, Value};
use sosik_fabric::timelines::TimelineStats;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval_at, sleep_until, timeout_at};

use crate::address::{Address, NotARedisUrl};
use crate::breaker::Breaker;
use crate::deliver::GROUPS_AT_ONCE;
use crate::keys::Key;
use crate::no_memory::NoMemory;
use crate::options::RedisOptions;
use crate::reply::{self, Failure};
use crate::scripts::By;
use crate::server::ServerInfo;
use crate::session::{self, Lane, NotConnected, Session};

/// Calls in flight, except deliveries. A server answers some ten calls a millisecond, so it answers a few thousand
/// within the time that a call has, for all nodes.
const CALLS_MAX: usize = 1_024;

/// Pipelines of deliveries in flight: one for each slot group that a call serves at the same time, for more calls than a
/// node has workers.
const DELIVERIES_MAX: usize = 16 * GROUPS_AT_ONCE;

/// Pause before the first attempt to connect again.
const PAUSE_FIRST: Duration = Duration::from_millis(50);

/// Longest pause between two attempts. A feed from the store costs a hundred times as much, so the return of the server
/// should be noticed soon.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Pause between two looks at the state of the server: statistics, and a probe while nobody calls.
const LOOK_PAUSE: Duration = Duration::from_secs(5);

/// The current session, and the task that keeps it. Dropping it ends both.
pub(crate) struct Link {
    shared: Arc<Shared>,
    keeper: JoinHandle<()>,
    pub(crate) no_memory: NoMemory,
}

struct Shared {
    session: RwLock<Option<Arc<Session>>>,
    /// Signals a change of `session`.
    changed: Notify,
    breaker: Breaker,
    calls: Limits,
    deliveries: Limits,
    stats: Stats,
}

/// The limits of the calls in one lane.
struct Limits {
    in_flight: Semaphore,
    in_flight_max: usize,
    timeout: Duration,
}

#[derive(Default)]
struct Stats {
    keys: AtomicUsize,
    used_bytes: AtomicUsize,
    evicted: AtomicU64,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Link {
    pub(crate) fn open(options: &RedisOptions) -> Result<Self, NotARedisUrl> {
        let address = Address::parse(options)?;
        let shared = Arc::new(Shared {
            session: RwLock::default(),
            changed: Notify::new(),
            breaker: Breaker::default(),
            calls: Limits::new(CALLS_MAX, options.call_timeout),
            deliveries: Limits::new(DELIVERIES_MAX, options.delivery_timeout),
            stats: Stats::default(),
        });
        let keeper = tokio::spawn(keep_session(Arc::clone(&shared), address));
        Ok(Self {
            shared,
            keeper,
            no_memory: NoMemory::default(),
        })
    }

    /// Waits until there is a session. Returns whether there is one within `wait`.
    pub(crate) async fn connected(&self, wait: Duration) -> bool {
        let until = Instant::now() + wait;
        loop {
            // Registered before the look, so that no change is missed.
            let changed = self.shared.changed.notified();
            if self.session().is_ok() {
                return true;
            }
            if timeout_at(until, changed).await.is_err() {
                return false;
            }
        }
    }

    /// The current session.
    pub(crate) fn session(&self) -> Result<Arc<Session>, Failure> {
        let session = self.shared.session.read();
        session.clone().ok_or(Failure::Disconnected)
    }

    /// Runs a script where the key is. Sends its text if the server does not have it.
    pub(crate) async fn run(
        &self,
        session: &Arc<Session>,
        near: Key,
        script: impl Fn(By) -> Cmd,
    ) -> Result<Value, Failure> {
        let value = self.one(session, near, script(By::Hash)).await?;
        if reply::lacks_script(&value) {
            return self.one(session, near, script(By::Text)).await;
        }
        Ok(value)
    }

    /// Sends one command.
    pub(crate) async fn one(
        &self,
        session: &Arc<Session>,
        near: Key,
        command: Cmd,
    ) -> Result<Value, Failure> {
        self.shared.one(session, near, command).await
    }

    /// Sends a few commands, not on the connection of deliveries.
    pub(crate) async fn call(
        &self,
        session: &Arc<Session>,
        near: Key,
        commands: &Pipeline,
    ) -> Result<Vec<Value>, Failure> {
        let deadline = self.deadline(Lane::Calls);
        self.send(session, Lane::Calls, near, commands, deadline)
            .await
    }

    /// When a call that begins now has to end.
    pub(crate) fn deadline(&self, lane: Lane) -> Instant {
        self.shared.deadline(lane)
    }

    /// Sends commands together to the server that has the key. Returns the reply to each.
    pub(crate) async fn send(
        &self,
        session: &Arc<Session>,
        lane: Lane,
        near: Key,
        commands: &Pipeline,
        deadline: Instant,
    ) -> Result<Vec<Value>, Failure> {
        let shared = &self.shared;
        shared.send(session, lane, near, commands, deadline).await
    }

    /// A place on each server that has timelines.
    pub(crate) async fn servers(&self, session: &Arc<Session>) -> Result<Vec<Key>, Failure> {
        self.shared.servers(session).await
    }

    /// The last known statistics.
    pub(crate) fn stats(&self) -> TimelineStats {
        let stats = &self.shared.stats;
        TimelineStats {
            timelines: stats.keys.load(Ordering::Relaxed),
            bytes: stats.used_bytes.load(Ordering::Relaxed),
            evicted: stats.evicted.load(Ordering::Relaxed),
        }
    }
}

impl Limits {
    fn new(in_flight_max: usize, timeout: Duration) -> Self {
        Self {
            in_flight: Semaphore::new(in_flight_max),
            in_flight_max,
            timeout,
        }
    }
}

impl Shared {
    async fn send(
        &self,
        session: &Arc<Session>,
        lane: Lane,
        near: Key,
        commands: &Pipeline,
        deadline: Instant,
    ) -> Result<Vec<Value>, Failure> {
        let limits = self.limits(lane);
        let Ok(_place) = limits.in_flight.try_acquire() else {
            return Err(Failure::TooMany(limits.in_flight_max));
        };
        let Ok(replies) = timeout_at(deadline, session.send(lane, near, commands)).await else {
            if self.breaker.timed_out() {
                self.end(session, &Failure::Timeout(limits.timeout));
            }
            return Err(Failure::Timeout(limits.timeout));
        };
        self.breaker.answered();
        let outcome = replies.map_err(Failure::from).and_then(reply::of_a_primary);
        let outcome = outcome.inspect_err(|failure| {
            // The other nodes of a cluster still answer.
            if failure.ends_the_session() && !session.is_cluster() {
                self.end(session, failure);
            }
        });
        match commands.is_transaction() {
            true => reply::all(reply::only(outcome?)?),
            false => outcome,
        }
    }

    async fn one(&self, session: &Arc<Session>, near: Key, command: Cmd) -> Result<Value, Failure> {
        let mut commands = Pipeline::with_capacity(1);
        commands.add_command(command);
        let deadline = self.deadline(Lane::Calls);
        let replies = self
            .send(session, Lane::Calls, near, &commands, deadline)
            .await?;
        reply::only(replies)
    }

    async fn servers(&self, session: &Arc<Session>) -> Result<Vec<Key>, Failure> {
        let places = session.places();
        if !session.is_cluster() {
            return Ok(places);
        }
        let mut servers = BTreeMap::new();
        for place in places {
            let id = reply::text(self.one(session, place, session::my_id()).await?)?;
            servers.insert(id, place);
        }
        Ok(servers.into_values().collect())
    }

    fn deadline(&self, lane: Lane) -> Instant {
        Instant::now() + self.limits(lane).timeout
    }

    fn limits(&self, lane: Lane) -> &Limits {
        match lane {
            Lane::Calls => &self.calls,
            Lane::Deliveries => &self.deliveries,
        }
    }

    /// Returns when the session has ended, or with an error if there was none.
    async fn connect_and_watch(&self, address: &Address) -> Result<(), NotConnected> {
        let session = Arc::new(Session::connect(address, CALLS_MAX).await?);
        self.breaker.answered();
        self.begin(&session).await?;
        self.watch(&session).await;
        Ok(())
    }

    /// Begins with a session, whose servers report their state first.
    async fn begin(&self, session: &Arc<Session>) -> Result<(), Failure> {
        let infos = self.ask(session).await?;
        for advice in infos.iter().filter_map(ServerInfo::advice).take(1) {
            tracing::warn!("settings of Redis: {advice}");
        }
        tracing::info!(servers = infos.len(), "connected to Redis");
        self.stats.show(&infos);
        *self.session.write() = Some(Arc::clone(session));
        self.changed.notify_waiters();
        Ok(())
    }

    fn end(&self, session: &Arc<Session>, failure: &Failure) {
        let mut current = self.session.write();
        let is_current = current.as_ref().is_some_and(|it| Arc::ptr_eq(it, session));
        if is_current {
            *current = None;
            drop(current);
            tracing::warn!(%failure, "gave up the connection to Redis");
            self.changed.notify_waiters();
        }
    }

    /// Returns when the session has ended. Looks at the state of the server in between.
    async fn watch(&self, session: &Arc<Session>) {
        let mut looks = interval_at(Instant::now() + LOOK_PAUSE, LOOK_PAUSE);
        loop {
            let changed = self.changed.notified();
            if self.session.read().is_none() {
                return;
            }
            tokio::select! {
                () = changed => {}
                _ = looks.tick() => self.look(session).await,
            }
        }
    }

    async fn look(&self, session: &Arc<Session>) {
        match self.ask(session).await {
            Ok(infos) => self.stats.show(&infos),
            Err(failure @ Failure::Unusable(_)) => self.end(session, &failure),
            // It has been counted, and the next look shows newer statistics.
            Err(_) => {}
        }
    }

    async fn ask(&self, session: &Arc<Session>) -> Result<Vec<ServerInfo>, Failure> {
        let mut infos = Vec::new();
        for server in self.servers(session).await? {
            let info = reply::text(self.one(session, server, session::info()).await?)?;
            infos.push(ServerInfo::parse(&info)?);
        }
        Ok(infos)
    }
}

impl Stats {
    fn show(&self, infos: &[ServerInfo]) {
        let keys = infos.iter().map(|info| info.keys).sum();
        let used_bytes = infos.iter().map(|info| info.used_bytes).sum();
        let evicted = infos.iter().map(|info| info.evicted).sum();
        self.keys.store(keys, Ordering::Relaxed);
        self.used_bytes.store(used_bytes, Ordering::Relaxed);
        self.evicted.store(evicted, Ordering::Relaxed);
    }
}

async fn keep_session(shared: Arc<Shared>, address: Address) {
    let mut pause = PAUSE_FIRST;
    loop {
        let begun = Instant::now();
        if let Err(failure) = shared.connect_and_watch(&address).await {
            tracing::warn!(%failure, "cannot connect to Redis; feeds are read from the store");
        }
        if begun.elapsed() > 2 * PAUSE_MAX {
            pause = PAUSE_FIRST;
        }
        sleep_until(Instant::now() + with_jitter(pause)).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Adds up to a half, so that the nodes do not return at the same moment.
fn with_jitter(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(1.0..1.5))
}
