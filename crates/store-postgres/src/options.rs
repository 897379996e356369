//! The operator's options of the PostgreSQL engine.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use sosik_feed::Timestamp;
use sosik_store::PersonLimits;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::pool::Class;

/// The address of a database, with its password. `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// An address such as `postgres://sosik:secret@db.example.org/sosik`. Several hosts are tried in turn:
    /// `postgres://one,two/sosik?target_session_attrs=read-write`. With `sslmode=require` connections have TLS.
    #[must_use]
    pub const fn new(url: String) -> Self {
        Self(url)
    }

    /// The address with its password.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether connections must have TLS. A malformed address needs none.
    #[must_use]
    pub fn has_tls(&self) -> bool {
        let config = self.0.parse::<Config>().unwrap_or_default();
        config.get_ssl_mode() == SslMode::Require
    }

    /// Whether one of its hosts is another machine. A malformed address has no hosts.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        let config = self.0.parse::<Config>().unwrap_or_default();
        config.get_hosts().iter().any(|host| match host {
            Host::Tcp(name) => {
                let address = name.parse::<IpAddr>();
                name != "localhost" && !address.is_ok_and(|address| address.is_loopback())
            }
            Host::Unix(_) => false,
        })
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

/// The connections for one class of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolOptions {
    /// Maximum number of connections. They are opened when they are needed.
    pub connections_max: usize,
    /// Maximum number of operations that wait for a connection. Further ones get `Busy` immediately.
    pub waiting_max: usize,
    /// How long an operation waits for a connection before it gets `Busy`.
    pub acquire_max: Duration,
}

/// The connections of one node, by class of work. Their sum over all nodes must stay below `max_connections` of the
/// server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolsOptions {
    /// Writes of requests.
    pub post: PoolOptions,
    /// Reads of requests.
    pub read: PoolOptions,
    /// Feeds that are read to rebuild timelines.
    pub rebuild: PoolOptions,
    /// Deliveries, purges and removals.
    pub background: PoolOptions,
    /// Imports, repairs and checks.
    pub administration: PoolOptions,
    /// Leases of node numbers and caches: a renewal of each at a time.
    pub lease: PoolOptions,
}

impl PoolsOptions {
    pub(crate) const fn of(&self, class: Class) -> PoolOptions {
        match class {
            Class::Post => self.post,
            Class::Read => self.read,
            Class::Rebuild => self.rebuild,
            Class::Background => self.background,
            Class::Administration => self.administration,
            Class::Lease => self.lease,
        }
    }

    /// The largest number of connections that one node opens.
    #[must_use]
    pub fn connections_max(&self) -> usize {
        let of_class = |class: &Class| self.of(*class).connections_max;
        Class::ALL.iter().map(of_class).sum()
    }
}

impl Default for PoolsOptions {
    /// 26 connections, so that three nodes fit into the 100 of a server with its default settings.
    fn default() -> Self {
        let pool = |connections_max, waiting_max, seconds| PoolOptions {
            connections_max,
            waiting_max,
            acquire_max: Duration::from_secs(seconds),
        };
        Self {
            // At half a millisecond for each write, eight connections process these in a quarter of a second.
            post: pool(8, 4_096, 2),
            // At a fifth of a millisecond for each read, eight connections process these in a fifth of a second.
            read: pool(8, 8_192, 2),
            rebuild: pool(3, 1_024, 5),
            background: pool(3, 1_024, 10),
            // A check of all feeds runs as many comparisons at once as the machine has cores.
            administration: pool(2, 256, 30),
            // A lease lasts seconds, so a renewal that waits longer comes too late.
            lease: pool(2, 64, 2),
        }
    }
}

/// The connection pooler in front of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pooler {
    /// Nothing, or a proxy that leaves sessions alone. Statements are prepared once for each connection.
    #[default]
    None,
    /// PgBouncer in transaction mode. Statements have no names, and settings hold for one transaction.
    PgBouncer,
}

/// Options of [`PostgresStore::open`](super::PostgresStore::open).
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// The address of the database.
    pub url: DatabaseUrl,
    /// The name of this node. The server shows it with the class of work and the number of connections as `application_name`.
    pub node: String,
    /// Connections by class of work.
    pub pools: PoolsOptions,
    /// How long connecting to the server may take.
    pub connect_max: Duration,
    /// The server cancels a statement that takes longer. The operation gets `Busy`.
    pub statement_max: Duration,
    /// The server ends a session whose transaction waits longer for this node, so that its locks are released.
    pub idle_in_transaction_max: Duration,
    /// The connection pooler in front of the server.
    pub pooler: Pooler,
    /// The certificates (PEM) of the authorities whose servers are trusted. `None`: those of the system.
    pub authorities: Option<Vec<u8>>,
    /// Limits on what one person may store and trigger.
    pub person_limits: PersonLimits,
    /// A story, comment or notification whose id is older than this when it is committed, by the clock of the server, is not
    /// stored. Nodes get the time of the server with their leases, and make ids by it. `None`: all are stored, and leases
    /// contain no time.
    pub id_age_max: Option<Duration>,
    /// The current time, recorded with the migrations that opening applies.
    pub now: Timestamp,
}

impl PostgresOptions {
    /// The defaults of the configuration.
    #[must_use]
    pub fn at(url: DatabaseUrl, node: &str, now: Timestamp) -> Self {
        Self {
            url,
            node: node.to_owned(),
            pools: PoolsOptions::default(),
            connect_max: Duration::from_secs(5),
            statement_max: Duration::from_secs(30),
            idle_in_transaction_max: Duration::from_secs(60),
            pooler: Pooler::None,
            authorities: None,
            person_limits: PersonLimits::default(),
            id_age_max: None,
            now,
        }
    }
}
