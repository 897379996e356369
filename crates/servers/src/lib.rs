//! PostgreSQL, Redis and NATS as child processes of tests, benchmarks and a cluster on one machine.
//!
//! Each server listens on a free port of the loopback interface, keeps its data in a temporary folder and is stopped by
//! its process id. The executables come from Debian's packages; [`PACKAGES`] names them.

mod daemon;
mod nats;
mod postgres;
mod ready;
mod redis;

pub use daemon::find;
pub use nats::Nats;
pub use postgres::Postgres;
pub use redis::Redis;

/// The executable of each server, and its package on Debian and derived systems.
pub const PACKAGES: [(&str, &str); 3] = [
    ("postgres", "postgresql-15"),
    ("redis-server", "redis-server"),
    ("nats-server", "nats-server"),
];
