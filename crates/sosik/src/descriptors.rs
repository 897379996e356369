//! Open files: the limit of the process, and the share of connections.
//!
//! A server without a free descriptor can neither accept connections nor open its store. So the soft limit is raised to
//! the hard limit, and public connections get only what everything else leaves.

#[cfg(feature = "balance")]
use std::num::NonZero;

use anyhow::bail;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;
use crate::engines::{MEMORY, SQLITE};

/// Open files reserved for everything except public connections: 64 connections of the administration listener,
/// listeners, the runtime, the log, and files opened briefly.
const RESERVED: usize = 128;

/// Open files of one connection to SQLite: the database, its log, and a temporary file.
const PER_SQLITE_CONNECTION: usize = 3;

/// Connections to SQLite in addition to the readers: the writer and one for maintenance.
const SQLITE_CONNECTIONS_BESIDE_READERS: usize = 2;

/// Connections to Redis: one for calls and one for deliveries, and the same again while they are replaced.
const REDIS_CONNECTIONS: usize = 4;

/// Connections to NATS: one each for messages, wake-ups, the log and the queue, and the same again while they are
/// replaced.
const NATS_CONNECTIONS: usize = 8;

/// Open files of a runtime. Each thread of the balancer that serves connections has one.
#[cfg(feature = "balance")]
const PER_RUNTIME: usize = 4;

/// Fewest public connections. A server with fewer does not start.
const CONNECTIONS_MIN: usize = 64;

/// The number of public connections that may be open at once.
#[derive(Debug, Clone, Copy)]
pub enum Wanted {
    /// Nobody set `server.connections_max`.
    ByDefault(usize),
    /// `server.connections_max` was set. If the limit of open files is lower, that is a mistake to warn about.
    Configured(usize),
}

/// Raises the limit of open files as far as the system allows. Returns how many public connections may be open: as many
/// as wanted, or as many as the limit leaves.
///
/// # Errors
/// Fewer than 64 connections would be left.
pub fn allow(wanted: Wanted, config: &Config) -> anyhow::Result<usize> {
    let files = raise_limit();
    let set_aside = RESERVED + of_engines(config);
    let fit = files.saturating_sub(set_aside);
    if fit < CONNECTIONS_MIN {
        let needed = CONNECTIONS_MIN + set_aside;
        bail!(
            "this process may open {files} files, which is too few: allow at least {needed} (ulimit -n, or LimitNOFILE= of systemd)"
        );
    }
    match wanted {
        Wanted::Configured(wanted) if fit < wanted => tracing::warn!(
            open_files_max = files,
            wanted,
            allowed = fit,
            "server.connections_max is lowered to what the limit of open files allows: raise the limit (ulimit -n, or \
             LimitNOFILE= of systemd), or lower the key"
        ),
        Wanted::ByDefault(wanted) if fit < wanted => tracing::info!(
            open_files_max = files,
            allowed = fit,
            "the limit of open files bounds the connections"
        ),
        Wanted::Configured(_) | Wanted::ByDefault(_) => {}
    }
    let (Wanted::Configured(wanted) | Wanted::ByDefault(wanted)) = wanted;
    Ok(wanted.min(fit))
}

/// Raises the limit of open files as far as the system allows. Returns how many connections of clients fit, if each may
/// need a connection to a node.
#[cfg(feature = "balance")]
pub fn proxied_connections_that_fit() -> usize {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let set_aside = RESERVED + threads * PER_RUNTIME;
    (raise_limit().saturating_sub(set_aside) / 2).max(CONNECTIONS_MIN)
}

/// The limit in effect after raising it. A system without a limit allows any number.
fn raise_limit() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        // Without permission to raise it, the soft limit stays in effect.
        let _not_permitted = setrlimit(
            Resource::Nofile,
            Rlimit {
                current: maximum,
                maximum,
            },
        );
    }
    let current = getrlimit(Resource::Nofile).current;
    current.map_or(usize::MAX, |files| {
        usize::try_from(files).unwrap_or(usize::MAX)
    })
}

/// Open files of the engines that the configuration selects.
fn of_engines(config: &Config) -> usize {
    let urls = &config.urls;
    let store = match urls.store.scheme() {
        SQLITE => {
            (config.store.readers + SQLITE_CONNECTIONS_BESIDE_READERS) * PER_SQLITE_CONNECTION
        }
        _ => config.pools.connections_max(),
    };
    let fabric = match urls.fabric.scheme() {
        MEMORY => 0,
        _ => REDIS_CONNECTIONS,
    };
    let queue = match urls.queue.scheme() {
        MEMORY => 0,
        _ => NATS_CONNECTIONS,
    };
    store + fabric + queue
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Inputs, load};

    fn files(flags: &[&str]) -> usize {
        let inputs = Inputs {
            file: None,
            environment: Vec::new(),
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        };
        of_engines(&load(inputs).unwrap().config)
    }

    #[test]
    fn every_engine_gets_the_files_of_its_connections() {
        assert_eq!(files(&["store.readers=8"]), 30);
        let postgres = [
            "store.url=postgres://db/sosik",
            "store.read_connections=100",
        ];
        assert_eq!(files(&postgres), 26 - 8 + 100);
        let shared = [
            "store.url=postgres://db/sosik",
            "fabric.url=redis://cache",
            "queue.url=nats://bus",
        ];
        assert_eq!(files(&shared), 26 + 4 + 8);
    }
}
