//! Redis without persistence.

use serde::{Deserialize, Serialize};

use crate::find::free_port;
use crate::folder::Folder;
use crate::launch::{Launch, Ready};
use crate::server::{Server, is_a_server};

/// A running Redis server that keeps nothing on disk. Dropping it stops the server. When it is started again, it is
/// empty.
#[derive(Debug, Serialize, Deserialize)]
pub struct Redis {
    server: Server,
    pub(crate) folder: Folder,
    port: u16,
}
is_a_server!(Redis);

impl Redis {
    /// Starts a server with these additional arguments, such as `["--maxmemory", "64mb"]`.
    ///
    /// # Errors
    /// The server is not installed or does not start.
    pub fn start(settings: &[&str]) -> anyhow::Result<Self> {
        let folder = Folder::new()?;
        let port = free_port()?;
        let port_text = port.to_string();
        let mut arguments = vec!["--port", &port_text, "--bind", "127.0.0.1"];
        arguments.extend(["--save", "", "--appendonly", "no"]);
        arguments.extend(settings);
        let arguments = arguments.into_iter().map(str::to_owned).collect();
        let ready = Ready::Responds {
            port,
            request: b"PING\r\n".to_vec(),
            expected: b"+PONG".to_vec(),
        };
        let launch = Launch::of("redis-server", arguments, &folder, ready)?;
        Ok(Self {
            server: Server::start(launch)?,
            folder,
            port,
        })
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }
}
