//! A Redis Sentinel.

use std::fs;
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::find::free_port;
use crate::folder::Folder;
use crate::launch::Launch;
use crate::ready::poll;
use crate::redis::{Redis, answers_ping, ask};
use crate::server::{Server, is_a_server};

/// Time until a sentinel knows a new replica. It asks its primary every ten seconds.
const REPLICA_KNOWN_MAX: Duration = Duration::from_secs(60);

/// A sentinel that decides alone, about one primary. Dropping it stops the sentinel.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sentinel {
    server: Server,
    folder: Folder,
    port: u16,
}
is_a_server!(Sentinel);

impl Sentinel {
    /// Starts a sentinel. It promotes a replica when the primary has not answered for half a second.
    ///
    /// # Errors
    /// The server is not installed or does not start.
    pub fn start(primary: &Redis) -> anyhow::Result<Self> {
        let (folder, port) = (Folder::new()?, free_port()?);
        let settings = format!(
            "port {port}\n\
             bind 127.0.0.1\n\
             sentinel monitor site 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds site 500\n\
             sentinel failover-timeout site 2000\n",
            primary.port(),
        );
        let file = folder.path().join("sentinel.conf");
        fs::write(&file, settings)?;
        let arguments = vec![file.display().to_string(), "--sentinel".to_owned()];
        let launch = Launch::of("redis-server", arguments, &folder, answers_ping(port))?;
        Ok(Self {
            server: Server::start(launch)?,
            folder,
            port,
        })
    }

    /// Waits until it knows a replica of the primary, which it could promote.
    ///
    /// # Errors
    /// The primary has no replica.
    pub fn wait_for_replica(&self) -> anyhow::Result<()> {
        poll(REPLICA_KNOWN_MAX, || {
            let replicas = ask(self.port, &["SENTINEL", "REPLICAS", "site"]);
            replicas.is_ok_and(|replicas| !replicas.is_empty())
        })
        .context("wait until the sentinel knows a replica")
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The address of the primary, as a setting of a node.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis-sentinel://127.0.0.1:{}/site", self.port)
    }
}
