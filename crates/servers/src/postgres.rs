//! PostgreSQL with a cluster of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::daemon::{Daemon, drop_root, find, free_port};
use crate::ready;

/// The user that PostgreSQL runs as when this process is root.
const USER: &str = "postgres";

/// The startup message of a session of `postgres` in the database `postgres`: length, protocol 3.0, parameters.
const STARTUP: &[u8] =
    b"\x00\x00\x00\x29\x00\x03\x00\x00user\x00postgres\x00database\x00postgres\x00\x00";

/// A running PostgreSQL server. Dropping it stops the server and removes its data.
pub struct Postgres {
    daemon: Option<Daemon>,
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
}

impl Postgres {
    /// Creates a cluster and starts a server with these settings, such as `["fsync=off"]`. The user `postgres` connects
    /// without a password.
    ///
    /// # Errors
    /// The server is not installed or does not start.
    pub fn start(settings: &[&str]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        // PostgreSQL runs as another user.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        let port = free_port()?;
        initialize(folder.path())?;
        let mut server = Self {
            daemon: None,
            folder,
            port,
            settings: settings.iter().map(ToString::to_string).collect(),
        };
        server.restart()?;
        Ok(server)
    }

    /// The address of a database. The database `postgres` always exists.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The process id of the postmaster. 0 if it is stopped.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.daemon.as_ref().map_or(0, Daemon::pid)
    }

    /// The data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// CPU time of the server and its backends, in user and system mode.
    ///
    /// # Errors
    /// The server is stopped, or `/proc` cannot be read.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        self.daemon.as_ref().context("the server is stopped")?.cpu()
    }

    /// Kills the server without giving it time to finish, like `kill -9`. Its data remains.
    pub fn kill(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.kill();
        }
    }

    /// Starts the server again on the same port. After [`Self::kill`] it recovers first.
    ///
    /// # Errors
    /// The server does not start.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        drop(self.daemon.take());
        let mut command = Command::new(find("postgres").context("postgres is not installed")?);
        command
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string(), "-k"])
            .arg(self.folder.path())
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(self.settings.iter().flat_map(|setting| ["-c", setting]))
            .current_dir(self.folder.path())
            .stderr(Stdio::null());
        drop_root(&mut command, USER, self.folder.path())?;
        self.daemon = Some(Daemon::start(&mut command, Signal::INT)?);
        let port = self.port;
        // The first message of an accepted session is `R`; while the server starts it is an error, `E`.
        ready::wait("PostgreSQL", || ready::answers(port, STARTUP, b"R"))
    }
}

fn initialize(folder: &Path) -> anyhow::Result<()> {
    let mut init = Command::new(find("initdb").context("initdb is not installed")?);
    init.args(["-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"])
        .args(["--locale=C.UTF-8", "-D"])
        .arg(folder.join("data"))
        .current_dir(folder)
        .stdout(Stdio::null());
    drop_root(&mut init, USER, folder)?;
    ensure!(init.status()?.success(), "initdb failed");
    Ok(())
}
