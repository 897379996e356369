//! Redis without persistence.

use std::process::Command;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::find::{find, free_port};
use crate::folder::Folder;
use crate::launch::{Launch, Ready};
use crate::server::{Server, is_a_server};

/// Seconds that an answer may take. A server that is paused gives none.
const ANSWER_SECONDS_MAX: &str = "30";

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
        let launch = Launch::of("redis-server", arguments, &folder, answers_ping(port))?;
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

    /// Sends a command with `redis-cli`. Returns the answer as it prints it.
    ///
    /// # Errors
    /// The server does not answer, or answers with an error.
    pub fn ask(&self, command: &[&str]) -> anyhow::Result<String> {
        ask(self.port, command)
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }
}

/// A server or a sentinel is ready when it answers `PING`.
pub(crate) fn answers_ping(port: u16) -> Ready {
    Ready::Responds {
        port,
        request: b"PING\r\n".to_vec(),
        expected: b"+PONG".to_vec(),
    }
}

/// Sends a command to the server at this port.
pub(crate) fn ask(port: u16, command: &[&str]) -> anyhow::Result<String> {
    let client = find("redis-cli").context("redis-cli is not installed")?;
    let mut within = Command::new("timeout");
    within.arg(ANSWER_SECONDS_MAX).arg(client);
    within.args(["-e", "-p", &port.to_string()]).args(command);
    let answer = within.output()?;
    let text = |output| String::from_utf8_lossy(output).trim().to_owned();
    let (answered, failed) = (text(&answer.stdout), text(&answer.stderr));
    ensure!(answer.status.success(), "{command:?}: {answered} {failed}");
    Ok(answered)
}
