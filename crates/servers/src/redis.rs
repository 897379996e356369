//! Redis without persistence.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use rustix::process::Signal;
use tempfile::TempDir;

use crate::daemon::{Daemon, find, free_port};
use crate::ready;

/// A running Redis server that keeps nothing on disk. Dropping it stops the server.
pub struct Redis {
    daemon: Option<Daemon>,
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
}

impl Redis {
    /// Starts a server with these additional arguments, such as `["--maxmemory", "64mb"]`.
    ///
    /// # Errors
    /// The server is not installed or does not start.
    pub fn start(settings: &[&str]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let mut server = Self {
            daemon: None,
            folder,
            port,
            settings: settings.iter().map(ToString::to_string).collect(),
        };
        server.restart()?;
        Ok(server)
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

    /// Its process id. 0 if it is stopped.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.daemon.as_ref().map_or(0, Daemon::pid)
    }

    /// CPU time of the server, in user and system mode.
    ///
    /// # Errors
    /// The server is stopped, or `/proc` cannot be read.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        self.daemon.as_ref().context("the server is stopped")?.cpu()
    }

    /// Pauses the server: it answers nobody, and its connections stay open.
    ///
    /// # Errors
    /// The server is stopped.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.daemon
            .as_ref()
            .context("the server is stopped")?
            .pause()
    }

    /// Lets the paused server run again.
    ///
    /// # Errors
    /// The server is stopped.
    pub fn resume(&self) -> anyhow::Result<()> {
        self.daemon
            .as_ref()
            .context("the server is stopped")?
            .resume()
    }

    /// Kills the server without giving it time to finish. Its data is lost.
    pub fn kill(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.kill();
        }
    }

    /// Starts the server again on the same port, empty.
    ///
    /// # Errors
    /// The server does not start.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.kill();
        let mut command =
            Command::new(find("redis-server").context("redis-server is not installed")?);
        command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .arg(self.folder.path())
            .args(&self.settings)
            .stdout(Stdio::null());
        self.daemon = Some(Daemon::start(&mut command, Signal::TERM)?);
        let port = self.port;
        ready::wait("Redis", || ready::answers(port, b"PING\r\n", b"+PONG"))
    }
}
