//! NATS with JetStream.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context;
use rustix::process::Signal;
use tempfile::TempDir;

use crate::daemon::{Daemon, find, free_port};
use crate::ready;

/// A running NATS server with JetStream. Dropping it stops the server and removes its data.
pub struct Nats {
    daemon: Option<Daemon>,
    folder: TempDir,
    port: u16,
}

impl Nats {
    /// Starts a server with an empty JetStream folder.
    ///
    /// # Errors
    /// The server is not installed or does not start.
    pub fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let mut server = Self {
            daemon: None,
            folder,
            port,
        };
        server.restart()?;
        Ok(server)
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Its process id. 0 if it is stopped.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.daemon.as_ref().map_or(0, Daemon::pid)
    }

    /// The JetStream folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("jetstream")
    }

    /// Kills the server without giving it time to finish. Its data remains.
    pub fn kill(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.kill();
        }
    }

    /// Removes the JetStream folder, as the loss of a disk does. The server may run.
    ///
    /// # Errors
    /// The folder cannot be removed.
    pub fn wipe(&self) -> anyhow::Result<()> {
        let data = self.data();
        fs::remove_dir_all(&data).with_context(|| format!("remove {}", data.display()))
    }

    /// Starts the server again on the same port, with the data that is there.
    ///
    /// # Errors
    /// The server does not start.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.kill();
        let mut command =
            Command::new(find("nats-server").context("nats-server is not installed")?);
        command
            .args([
                "-a",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
                "-js",
                "-sd",
            ])
            .arg(self.data())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.daemon = Some(Daemon::start(&mut command, Signal::TERM)?);
        let port = self.port;
        ready::wait("NATS", || ready::answers(port, b"", b"INFO "))
    }
}
