//! How a server is started. It can be written to a file, so that another process can start the server again.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::daemon::{Daemon, Stop};
use crate::find::find;
use crate::folder::Folder;
use crate::ready;

/// A command line, its surroundings, and how to see that the server accepts requests.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Launch {
    /// The executable.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its whole environment: nothing is inherited.
    pub environment: Vec<(String, String)>,
    /// Its working directory.
    pub folder: PathBuf,
    /// The file to which it writes its output. It grows until the server is removed.
    pub log: PathBuf,
    /// The user that it runs as if this process is root.
    pub user: Option<String>,
    /// How it is asked to stop.
    pub stop: Stop,
    /// How it shows that it is ready.
    pub ready: Ready,
}

/// How a server shows that it accepts requests.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Ready {
    /// A response on a port of the loopback interface begins with these bytes.
    Responds {
        /// The port.
        port: u16,
        /// The request that is sent to the port. Empty if the server speaks first.
        request: Vec<u8>,
        /// How the response begins.
        expected: Vec<u8>,
    },
    /// A complete line of its log contains this text.
    Logs(String),
}

impl Ready {
    pub(crate) fn reached(&self, logged: &str) -> io::Result<bool> {
        match self {
            Self::Responds {
                port,
                request,
                expected,
            } => ready::answers(*port, request, expected),
            Self::Logs(text) => Ok(complete_lines(logged).any(|line| line.contains(text))),
        }
    }
}

/// The lines of a log that is being written.
pub(crate) fn complete_lines(log: &str) -> impl Iterator<Item = &str> {
    log.split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n'))
}

impl Launch {
    /// A program from the packages of the system, with its files and its log in `folder`.
    pub(crate) fn of(
        program: &str,
        arguments: Vec<String>,
        folder: &Folder,
        ready: Ready,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            program: find(program).with_context(|| format!("{program} is not installed"))?,
            arguments,
            environment: Vec::new(),
            folder: folder.path().to_owned(),
            log: folder.path().join("log"),
            user: None,
            stop: Stop::Terminate,
            ready,
        })
    }

    pub(crate) fn spawn(&self) -> anyhow::Result<Daemon> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.log)
            .with_context(|| format!("open {}", self.log.display()))?;
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        if let Some(user) = &self.user {
            drop_root(&mut command, user, &self.folder)?;
        }
        Daemon::start(&mut command, self.stop)
    }
}

/// Runs a command as the user of that name if this process is root: PostgreSQL refuses root.
pub(crate) fn drop_root(command: &mut Command, user: &str, folder: &Path) -> anyhow::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let (uid, gid) = give(folder, user)?;
    command.uid(uid).gid(gid);
    Ok(())
}

/// Makes this user the owner of a file. Returns the ids of the user and of its group. Only root may do that.
pub(crate) fn give(path: &Path, user: &str) -> anyhow::Result<(u32, u32)> {
    let (uid, gid) = user_ids(user).with_context(|| format!("there is no user {user}"))?;
    std::os::unix::fs::chown(path, Some(uid), Some(gid))?;
    Ok((uid, gid))
}

fn user_ids(user: &str) -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let fields = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let found = fields
        .into_iter()
        .find(|fields| fields.first() == Some(&user))?;
    Some((found.get(2)?.parse().ok()?, found.get(3)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_still_being_written_shows_nothing() {
        let ready = Ready::Logs("\"admin\"".to_owned());
        assert!(!ready.reached("{\"a\":1}\n{\"admin\":").unwrap());
        assert!(ready.reached("{\"a\":1}\n{\"admin\":2}\n").unwrap());
    }
}
