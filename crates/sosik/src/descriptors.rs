//! Open files: the limit of the process, and the share of connections.
//!
//! A server without a free descriptor can neither accept connections nor open its store. So the soft limit is raised to
//! the hard limit, and public connections get only what everything else leaves.

use anyhow::bail;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Open files reserved for everything except public connections: 64 connections of the administration listener,
/// listeners, the runtime, the log, and files opened briefly.
const RESERVED: usize = 128;

/// Open files of one connection to the store: the database, its log, and a temporary file.
const PER_STORE_CONNECTION: usize = 3;

/// Connections to the store in addition to the readers: the writer and one for maintenance.
const STORE_CONNECTIONS_BESIDE_READERS: usize = 2;

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
pub fn allow(wanted: Wanted, readers: usize) -> anyhow::Result<usize> {
    let files = raise_limit();
    let fit = connections_that_fit(files, readers);
    if fit < CONNECTIONS_MIN {
        let needed = CONNECTIONS_MIN + set_aside(readers);
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

const fn connections_that_fit(files: usize, readers: usize) -> usize {
    files.saturating_sub(set_aside(readers))
}

const fn set_aside(readers: usize) -> usize {
    RESERVED + (readers + STORE_CONNECTIONS_BESIDE_READERS) * PER_STORE_CONNECTION
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_get_what_the_store_and_administration_leave() {
        assert_eq!(connections_that_fit(1_024, 8), 1_024 - 128 - 30);
        assert_eq!(connections_that_fit(100, 8), 0);
        assert_eq!(connections_that_fit(usize::MAX, 8), usize::MAX - 158);
    }
}
