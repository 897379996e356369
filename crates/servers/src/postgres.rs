//! PostgreSQL with a cluster of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::daemon::Stop;
use crate::find::{find, free_port};
use crate::folder::Folder;
use crate::launch::{Launch, Ready, drop_root};
use crate::server::{Server, is_a_server};

/// The user that PostgreSQL runs as when this process is root.
const USER: &str = "postgres";

/// The startup message of a session of `postgres` in the database `postgres`: length, protocol 3.0, parameters.
const STARTUP: &[u8] =
    b"\x00\x00\x00\x29\x00\x03\x00\x00user\x00postgres\x00database\x00postgres\x00\x00";

/// A running PostgreSQL server. Dropping it stops the server and removes its data. After [`Server::kill`] it recovers
/// when it is started again.
#[derive(Debug, Serialize, Deserialize)]
pub struct Postgres {
    server: Server,
    pub(crate) folder: Folder,
    port: u16,
}
is_a_server!(Postgres);

impl Postgres {
    /// Creates a cluster and starts a server with these settings, such as `["fsync=off"]`. The user `postgres` connects
    /// without a password.
    ///
    /// # Errors
    /// The server is not installed or does not start.
    pub fn start(settings: &[&str]) -> anyhow::Result<Self> {
        let folder = Folder::new()?;
        // PostgreSQL runs as another user.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        let port = free_port()?;
        initialize(folder.path())?;
        Ok(Self {
            server: Server::start(launch(folder.path(), port, settings)?)?,
            folder,
            port,
        })
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

    /// The data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        data(self.folder.path())
    }
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn launch(folder: &Path, port: u16, settings: &[&str]) -> anyhow::Result<Launch> {
    let shown = |path: &Path| path.display().to_string();
    let mut arguments = vec!["-D".to_owned(), shown(&data(folder))];
    arguments.extend(["-p".to_owned(), port.to_string()]);
    arguments.extend(["-k".to_owned(), shown(folder)]);
    for setting in ["listen_addresses=127.0.0.1"].iter().chain(settings) {
        arguments.extend(["-c".to_owned(), (*setting).to_owned()]);
    }
    Ok(Launch {
        program: find("postgres").context("postgres is not installed")?,
        arguments,
        environment: Vec::new(),
        folder: folder.to_owned(),
        log: folder.join("log"),
        user: Some(USER.to_owned()),
        stop: Stop::Interrupt,
        // The first message of an accepted session is `R`; while the server starts it is an error, `E`.
        ready: Ready::Responds {
            port,
            request: STARTUP.to_vec(),
            expected: b"R".to_vec(),
        },
    })
}

fn initialize(folder: &Path) -> anyhow::Result<()> {
    let mut init = Command::new(find("initdb").context("initdb is not installed")?);
    init.args(["-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"])
        .args(["--locale=C.UTF-8", "-D"])
        .arg(data(folder))
        .current_dir(folder)
        .stdout(Stdio::null());
    drop_root(&mut init, USER, folder)?;
    ensure!(init.status()?.success(), "initdb failed");
    Ok(())
}
