//! PostgreSQL with a cluster of its own.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::daemon::Stop;
use crate::databases::random;
use crate::find::{find, free_port};
use crate::folder::Folder;
use crate::launch::{Launch, Ready, drop_root, give};
use crate::server::{Server, is_a_server};

/// The user that PostgreSQL runs as when this process is root.
pub(crate) const USER: &str = "postgres";

/// The startup message of a session of `postgres` in the database `postgres`: length, protocol 3.0, parameters.
pub(crate) const STARTUP: &[u8] =
    b"\x00\x00\x00\x29\x00\x03\x00\x00user\x00postgres\x00database\x00postgres\x00\x00";

/// A running PostgreSQL server. Dropping it stops the server and removes its data. After [`Server::kill`] it recovers
/// when it is started again.
#[derive(Serialize, Deserialize)]
pub struct Postgres {
    server: Server,
    pub(crate) folder: Folder,
    port: u16,
    /// Of the user `postgres`, who may run programs on this machine.
    password: String,
}
is_a_server!(Postgres);

impl Postgres {
    /// Creates a cluster and starts a server with these settings, such as `["fsync=off"]`. The user `postgres` has a
    /// random password, because every account of this machine reaches the port.
    ///
    /// # Errors
    /// The server is not installed or does not start.
    pub fn start(settings: &[&str]) -> anyhow::Result<Self> {
        let folder = Folder::new()?;
        let password = format!("{:016x}{:016x}", random(), random());
        initialize(folder.path(), &password)?;
        Self::with(folder, password, settings)
    }

    /// As [`start`](Self::start), with TLS for connections that ask for it. Takes the certificate and its key (PEM).
    ///
    /// # Errors
    /// The server is not installed or does not start.
    pub fn start_with_tls(certificate: &str, key: &str, settings: &[&str]) -> anyhow::Result<Self> {
        let folder = Folder::new()?;
        let password = format!("{:016x}{:016x}", random(), random());
        initialize(folder.path(), &password)?;
        for (name, content) in [("server.crt", certificate), ("server.key", key)] {
            write_private(&data(folder.path()).join(name), content)?;
        }
        Self::with(folder, password, &[settings, &["ssl=on"]].concat())
    }

    /// Starts a server on the data in a folder.
    fn with(folder: Folder, password: String, settings: &[&str]) -> anyhow::Result<Self> {
        let port = free_port()?;
        Ok(Self {
            server: Server::start(launch(folder.path(), port, settings)?)?,
            folder,
            port,
            password,
        })
    }

    /// Copies its data while it runs, with `pg_basebackup`. What is written later is in the archive of its log, if its
    /// settings have one.
    ///
    /// # Errors
    /// The copy failed.
    pub fn base_backup(&self) -> anyhow::Result<BaseBackup> {
        let folder = Folder::new()?;
        let mut backup = Command::new(find("pg_basebackup").context("no pg_basebackup")?);
        backup
            .args(["-h", "127.0.0.1", "-U", USER, "-X", "fetch", "-c", "fast"])
            .args(["-p", &self.port.to_string(), "-D"])
            .arg(data(folder.path()))
            .env("PGPASSWORD", &self.password)
            .current_dir(folder.path());
        drop_root(&mut backup, USER, folder.path())?;
        ensure!(backup.status()?.success(), "pg_basebackup failed");
        Ok(BaseBackup {
            folder,
            password: self.password.clone(),
        })
    }

    /// The address of a database. The database `postgres` always exists.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let Self { port, password, .. } = self;
        format!("postgres://postgres:{password}@127.0.0.1:{port}/{database}")
    }

    /// The password of the user `postgres`.
    pub(crate) fn password(&self) -> &str {
        &self.password
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

/// A copy of the data of a server.
pub struct BaseBackup {
    folder: Folder,
    password: String,
}

impl BaseBackup {
    /// Starts a server on the copy. It first replays what this shell command restores from the archive: `%f` is the name
    /// of the file, and `%p` its destination.
    ///
    /// # Errors
    /// The server does not start.
    pub fn restore(self, command: &str, settings: &[&str]) -> anyhow::Result<Postgres> {
        let signal = data(self.folder.path()).join("recovery.signal");
        fs::write(&signal, "").with_context(|| format!("write {}", signal.display()))?;
        let command = format!("restore_command={command}");
        // It accepts nobody before it has replayed everything: until then it would be read-only.
        let recovery = ["hot_standby=off", command.as_str()];
        Postgres::with(self.folder, self.password, &[settings, &recovery].concat())
    }
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn launch(folder: &Path, port: u16, settings: &[&str]) -> anyhow::Result<Launch> {
    let shown = |path: &Path| path.display().to_string();
    let mut arguments = vec!["-D".to_owned(), shown(&data(folder))];
    arguments.extend(["-p".to_owned(), port.to_string()]);
    // No socket: everybody uses the port.
    arguments.extend(["-k".to_owned(), String::new()]);
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

fn initialize(folder: &Path, password: &str) -> anyhow::Result<()> {
    let file = folder.join("password");
    write_private(&file, password)?;
    let mut init = Command::new(find("initdb").context("initdb is not installed")?);
    init.args(["-U", "postgres", "-A", "scram-sha-256", "--no-sync"])
        .args(["-E", "UTF8", "--locale=C.UTF-8", "-D"])
        .arg(data(folder))
        .arg("--pwfile")
        .arg(&file)
        .current_dir(folder)
        .stdout(Stdio::null());
    drop_root(&mut init, USER, folder)?;
    ensure!(init.status()?.success(), "initdb failed");
    Ok(fs::remove_file(&file)?)
}

/// Writes a file that only the user of the server can read.
pub(crate) fn write_private(file: &Path, content: &str) -> anyhow::Result<()> {
    let mut open = OpenOptions::new();
    let opened = open.write(true).create_new(true).mode(0o600).open(file);
    opened?.write_all(content.as_bytes())?;
    if rustix::process::geteuid().is_root() {
        give(file, USER)?;
    }
    Ok(())
}

/// Without the password.
impl fmt::Debug for Postgres {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Postgres");
        shown
            .field("server", &self.server)
            .field("port", &self.port);
        shown.finish_non_exhaustive()
    }
}

/// Without the password.
impl fmt::Debug for BaseBackup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("BaseBackup");
        shown.field("folder", &self.folder).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn nobody_connects_without_the_password_or_enters_the_folder() {
        let server = Postgres::start(&["fsync=off"]).unwrap();
        let psql = |url: &str| {
            let mut psql = Command::new(find("psql").unwrap());
            psql.args([url, "-wqtAc", "SELECT 1"]).stderr(Stdio::null());
            psql.status().unwrap().success()
        };
        let url = server.url("postgres");
        assert!(psql(&url));
        let (_, host) = url.split_once('@').unwrap();
        assert!(!psql(&format!("postgres://postgres@{host}")));
        assert!(!format!("{server:?}").contains(&server.password));
        let folder = fs::metadata(server.folder.path()).unwrap();
        assert_eq!(folder.permissions().mode() & 0o077, 0);
    }
}
