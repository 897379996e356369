//! Pools of connections, one for each class of work, so that no class uses up the connections of another.
//!
//! Every pool bounds its connections, the operations that wait for one, and how long they wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Pool as Connections, QueueMode, RecyclingMethod, Runtime, Timeouts,
};
use sosik_store::{StoreError, StoreResult};
use tokio::sync::Semaphore;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::connection::{Connection, Settings};
use super::failure::of_pool;
use super::options::{PoolOptions, Pooler, PostgresOptions};
use super::tls;

/// How long closing waits for the operations in progress. Longer than a statement and a wait for a connection may take
/// by default.
const CLOSE_MAX: Duration = Duration::from_secs(60);

/// How long the probes of a silent connection continue before it counts as lost.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);

/// Longest name of a node in `application_name`, of which the server keeps 63 bytes: the prefix, the longest name of a
/// class and a number of five digits take 27 of them.
const NODE_CHARACTERS_MAX: usize = 36;

/// A class of work. Each has its own connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Writes of requests.
    Post,
    /// Reads of requests.
    Read,
    /// Feeds that are read to rebuild timelines.
    Rebuild,
    /// Deliveries, purges and removals.
    Background,
    /// Imports, repairs and checks.
    Administration,
    /// Leases of node numbers and caches. No other work may delay them.
    Lease,
}

impl Class {
    pub(crate) const ALL: [Self; 6] = [
        Self::Post,
        Self::Read,
        Self::Rebuild,
        Self::Background,
        Self::Administration,
        Self::Lease,
    ];

    /// The third part of `application_name`.
    const fn name(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Read => "read",
            Self::Rebuild => "rebuild",
            Self::Background => "background",
            Self::Administration => "administration",
            Self::Lease => "lease",
        }
    }
}

/// The pools of a node.
pub(crate) struct Pools {
    by_class: [Pool; 6],
    closed: AtomicBool,
    settings: Settings,
}

struct Pool {
    connections: Connections,
    /// One permit for each operation that has a connection or waits for one.
    admitted: Arc<Semaphore>,
    admitted_max: u32,
}

impl Pools {
    /// Creates the pools. Connects to nothing yet.
    pub(crate) fn new(config: &Config, options: &PostgresOptions) -> StoreResult<Self> {
        let tls = tls::connector(options)?;
        let [post, read, rebuild, background, administration, lease] =
            Class::ALL.map(|class| Pool::new(config, options, class, tls.clone()));
        Ok(Self {
            by_class: [post?, read?, rebuild?, background?, administration?, lease?],
            closed: AtomicBool::new(false),
            settings: Settings::new(options, tls),
        })
    }

    /// A connection of the class.
    ///
    /// # Errors
    /// `Busy` if too many operations wait, or if none of the connections became free in time.
    pub(crate) async fn connection(&self, class: Class) -> StoreResult<Connection> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        let pool = self.of(class);
        let permit = Arc::clone(&pool.admitted).try_acquire_owned();
        let permit = permit.map_err(|_too_many_wait| StoreError::Busy)?;
        let client = pool.connections.get().await.map_err(of_pool)?;
        Ok(Connection::new(client, permit, self.settings.clone()))
    }

    /// Closes the connections that are not in use. For a server that became read-only: new connections find the new
    /// primary.
    pub(crate) fn reconnect(&self) {
        for pool in &self.by_class {
            pool.connections.retain(|_, _| false);
        }
    }

    /// Operations that have a connection or wait for one.
    pub(crate) fn admitted(&self, class: Class) -> u64 {
        let pool = self.of(class);
        u64::from(pool.admitted_max).saturating_sub(pool.admitted.available_permits() as u64)
    }

    /// Rejects new operations, waits for those in progress, and closes the connections.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        for pool in &self.by_class {
            let all = pool.admitted.acquire_many(pool.admitted_max);
            if tokio::time::timeout(CLOSE_MAX, all).await.is_err() {
                tracing::warn!("operations were still in progress when the store was closed");
            }
            pool.connections.close();
        }
    }

    const fn of(&self, class: Class) -> &Pool {
        &self.by_class[class as usize]
    }
}

impl Pool {
    fn new(
        config: &Config,
        options: &PostgresOptions,
        class: Class,
        tls: MakeRustlsConnect,
    ) -> StoreResult<Self> {
        let PoolOptions {
            connections_max,
            waiting_max,
            acquire_max,
        } = options.pools.of(class);
        let mut config = config.clone();
        config.application_name(application_name(options, class.name()));
        let recycling_method = RecyclingMethod::Fast;
        let manager = Manager::from_config(config, tls, ManagerConfig { recycling_method });
        let connections = Connections::builder(manager)
            .max_size(connections_max.max(1))
            .runtime(Runtime::Tokio1)
            // The connection used last has the statements and the plans in its caches.
            .queue_mode(QueueMode::Lifo)
            .timeouts(Timeouts {
                wait: Some(acquire_max),
                create: Some(options.connect_max),
                recycle: Some(options.connect_max),
            })
            .build()
            .map_err(|error| StoreError::failed("create a pool of connections", error))?;
        let admitted_max = (connections_max.max(1) + waiting_max).min(Semaphore::MAX_PERMITS);
        Ok(Self {
            connections,
            admitted: Arc::new(Semaphore::new(admitted_max)),
            admitted_max: u32::try_from(admitted_max).unwrap_or(u32::MAX),
        })
    }
}

/// What the server shows of a connection: the node, the class of work, and the number of connections that the node may
/// open. Nodes that start add these numbers up.
pub(crate) fn application_name(options: &PostgresOptions, class: &str) -> String {
    let (node, connections) = (shown_name(options), options.pools.connections_max());
    format!("sosik/{node}/{class}/{connections}")
}

/// The name of the node as the server shows it.
pub(crate) fn shown_name(options: &PostgresOptions) -> String {
    let shown = |char: char| match char {
        // The server replaces other characters, and a slash separates the parts.
        char if char.is_ascii_graphic() && char != '/' => char,
        _ => '?',
    };
    let name = options.node.chars().map(shown);
    name.take(NODE_CHARACTERS_MAX).collect()
}

/// The settings of every connection.
///
/// # Errors
/// The address is malformed.
pub(crate) fn config(options: &PostgresOptions) -> Result<Config, tokio_postgres::Error> {
    let mut config: Config = options.url.expose().parse()?;
    config.connect_timeout(options.connect_max);
    config.keepalives_idle(KEEPALIVE_IDLE);
    // The default of the address. A server may have TLS with a certificate that nobody trusts.
    if config.get_ssl_mode() == SslMode::Prefer {
        config.ssl_mode(SslMode::Disable);
    }
    if options.pooler == Pooler::None {
        let before = config.get_options().unwrap_or_default().to_owned();
        let session = format!(
            "{before} -c statement_timeout={} -c idle_in_transaction_session_timeout={}",
            options.statement_max.as_millis(),
            options.idle_in_transaction_max.as_millis()
        );
        config.options(session.trim_start());
    }
    Ok(config)
}
