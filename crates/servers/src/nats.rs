//! NATS with JetStream.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::find::free_port;
use crate::folder::Folder;
use crate::launch::{Launch, Ready};
use crate::server::{Server, is_a_server};

/// A running NATS server with JetStream. Dropping it stops the server and removes its data.
#[derive(Debug, Serialize, Deserialize)]
pub struct Nats {
    server: Server,
    pub(crate) folder: Folder,
    port: u16,
}
is_a_server!(Nats);

impl Nats {
    /// Starts a server with an empty JetStream folder.
    ///
    /// # Errors
    /// The server is not installed or does not start.
    pub fn start() -> anyhow::Result<Self> {
        let folder = Folder::new()?;
        let port = free_port()?;
        let data = data(&folder).display().to_string();
        let arguments = ["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"];
        let arguments = arguments.map(str::to_owned).into_iter().chain([data]);
        let ready = Ready::Responds {
            port,
            request: Vec::new(),
            expected: b"INFO ".to_vec(),
        };
        let launch = Launch::of("nats-server", arguments.collect(), &folder, ready)?;
        Ok(Self {
            server: Server::start(launch)?,
            folder,
            port,
        })
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The JetStream folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        data(&self.folder)
    }

    /// Removes the JetStream folder, as the loss of a disk does. The server may run.
    ///
    /// # Errors
    /// The folder cannot be removed.
    pub fn wipe(&self) -> anyhow::Result<()> {
        let data = self.data();
        fs::remove_dir_all(&data).with_context(|| format!("remove {}", data.display()))
    }
}

fn data(folder: &Folder) -> PathBuf {
    folder.path().join("jetstream")
}
