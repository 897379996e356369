//! The session with Redis, kept by a task of its own.
//!
//! A call never connects and never waits for a connection: without one it fails at once. The task connects, with pauses
//! that grow, and asks the server for its state before anybody may use the connection. So it is also the probe of the
//! circuit breaker: after a broken connection, or too many calls in a row without an answer in time, no call is sent
//! until the task got an answer on a new connection.
//!
//! Every call has a deadline and a place among a bounded number in flight. A call that is given up may still take
//! effect; all calls of this crate allow that.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use redis::{Client, Cmd, Pipeline, Value};
use sosik_fabric::timelines::TimelineStats;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval_at, sleep_until, timeout_at};

use crate::NotARedisUrl;
use crate::breaker::Breaker;
use crate::deliver::GROUPS_AT_ONCE;
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
        let client = Client::open(options.url.as_str()).map_err(NotARedisUrl)?;
        let shared = Arc::new(Shared {
            session: RwLock::default(),
            changed: Notify::new(),
            breaker: Breaker::default(),
            calls: Limits::new(CALLS_MAX, options.call_timeout),
            deliveries: Limits::new(DELIVERIES_MAX, options.delivery_timeout),
            stats: Stats::default(),
        });
        let keeper = tokio::spawn(keep_session(Arc::clone(&shared), client));
        Ok(Self { shared, keeper })
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

    /// Runs a script. Sends its text if the server does not have it.
    pub(crate) async fn run(
        &self,
        session: &Arc<Session>,
        script: impl Fn(By) -> Cmd,
    ) -> Result<Value, Failure> {
        let value = self.one(session, script(By::Hash)).await?;
        if reply::lacks_script(&value) {
            return self.one(session, script(By::Text)).await;
        }
        Ok(value)
    }

    /// Sends one command.
    pub(crate) async fn one(&self, session: &Arc<Session>, command: Cmd) -> Result<Value, Failure> {
        let mut commands = Pipeline::with_capacity(1);
        commands.add_command(command);
        self.call(session, &commands).await
    }

    /// Sends one command or one transaction. Returns its reply.
    pub(crate) async fn call(
        &self,
        session: &Arc<Session>,
        commands: &Pipeline,
    ) -> Result<Value, Failure> {
        let deadline = self.deadline(Lane::Calls);
        let replies = self.send(session, Lane::Calls, commands, deadline).await?;
        reply::only(replies)
    }

    /// When a call that begins now has to end.
    pub(crate) fn deadline(&self, lane: Lane) -> Instant {
        Instant::now() + self.shared.limits(lane).timeout
    }

    /// Sends commands together. Returns the reply to each: to a transaction, the list of its replies.
    pub(crate) async fn send(
        &self,
        session: &Arc<Session>,
        lane: Lane,
        commands: &Pipeline,
        deadline: Instant,
    ) -> Result<Vec<Value>, Failure> {
        self.shared.send(session, lane, commands, deadline).await
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
        commands: &Pipeline,
        deadline: Instant,
    ) -> Result<Vec<Value>, Failure> {
        let limits = self.limits(lane);
        let Ok(_place) = limits.in_flight.try_acquire() else {
            return Err(Failure::TooMany(limits.in_flight_max));
        };
        let Ok(replies) = timeout_at(deadline, session.send(lane, commands)).await else {
            if self.breaker.timed_out() {
                self.end(session, &Failure::Timeout(limits.timeout));
            }
            return Err(Failure::Timeout(limits.timeout));
        };
        self.breaker.answered();
        let outcome = replies.map_err(Failure::from).and_then(reply::of_a_primary);
        outcome.inspect_err(|failure| {
            if failure.ends_the_session() {
                self.end(session, failure);
            }
        })
    }

    fn limits(&self, lane: Lane) -> &Limits {
        match lane {
            Lane::Calls => &self.calls,
            Lane::Deliveries => &self.deliveries,
        }
    }

    fn begin(&self, session: Arc<Session>, info: &ServerInfo) {
        tracing::info!(server.keys = info.keys, "connected to Redis");
        if let Some(advice) = info.advice() {
            tracing::warn!("settings of Redis: {advice}");
        }
        self.stats.show(info);
        self.breaker.answered();
        *self.session.write() = Some(session);
        self.changed.notify_waiters();
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
        let mut commands = Pipeline::with_capacity(1);
        commands.add_command(session::info());
        let deadline = Instant::now() + self.calls.timeout;
        let replies = self.send(session, Lane::Calls, &commands, deadline).await;
        let info = replies.and_then(reply::only).and_then(reply::text);
        // A failure has been counted. The next look shows newer statistics.
        let Ok(info) = info else { return };
        match ServerInfo::parse(&info) {
            Ok(info) => self.stats.show(&info),
            Err(unusable) => self.end(session, &Failure::Unusable(unusable)),
        }
    }
}

impl Stats {
    fn show(&self, info: &ServerInfo) {
        self.keys.store(info.keys, Ordering::Relaxed);
        self.used_bytes.store(info.used_bytes, Ordering::Relaxed);
        self.evicted.store(info.evicted, Ordering::Relaxed);
    }
}

async fn keep_session(shared: Arc<Shared>, client: Client) {
    let mut pause = PAUSE_FIRST;
    loop {
        let begun = Instant::now();
        match Session::connect(&client, CALLS_MAX).await {
            Ok((session, info)) => {
                let session = Arc::new(session);
                shared.begin(Arc::clone(&session), &info);
                shared.watch(&session).await;
            }
            Err(failure) => not_connected(&failure),
        }
        if begun.elapsed() > 2 * PAUSE_MAX {
            pause = PAUSE_FIRST;
        }
        sleep_until(Instant::now() + with_jitter(pause)).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

fn not_connected(failure: &NotConnected) {
    tracing::warn!(%failure, "cannot connect to Redis; feeds are read from the store");
}

/// Adds up to a half, so that the nodes do not return at the same moment.
fn with_jitter(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(1.0..1.5))
}
