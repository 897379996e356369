//! PostgreSQL, Redis, NATS and nodes as processes of this machine: for tests, benchmarks and a cluster on one machine.
//!
//! Each listens on a free port of the loopback interface and is stopped by its process id. The servers keep their data
//! in temporary folders. Their executables come from Debian's packages; [`PACKAGES`] names them.
//!
//! Usually a server stops when its value is dropped. A [`Cluster`] can also be left running, and another process finds
//! it by the file with its state.

mod cluster;
mod daemon;
mod databases;
mod find;
mod folder;
mod launch;
mod nats;
mod node;
mod pgbouncer;
mod postgres;
mod process;
mod ready;
mod redis;
mod redis_cluster;
mod roll;
mod sentinel;
mod server;

pub use cluster::{Cluster, NODES_MAX, Part};
pub use daemon::{Stop, detach};
pub use databases::{TEST_SERVER, TEST_SETTINGS, test_database};
pub use find::find;
pub use launch::{Launch, Ready};
pub use nats::Nats;
pub use node::{Node, Role};
pub use pgbouncer::PgBouncer;
pub use postgres::{BaseBackup, Postgres};
pub use process::{Process, State};
pub use redis::Redis;
pub use redis_cluster::RedisCluster;
pub use sentinel::Sentinel;
pub use server::Server;

/// The executable of each server, and of the tool that checks units of systemd, and its package on Debian and derived
/// systems.
pub const PACKAGES: [(&str, &str); 5] = [
    ("postgres", "postgresql-15"),
    ("pgbouncer", "pgbouncer"),
    ("redis-server", "redis-server"),
    ("nats-server", "nats-server"),
    ("systemd-analyze", "systemd"),
];
