//! Redis without persistence.

use std::process::Command;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::find::{find, free_port};
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

/// Sends a command to the server at this port.
pub(crate) fn ask(port: u16, command: &[&str]) -> anyhow::Result<String> {
    let mut client = Command::new(find("redis-cli").context("redis-cli is not installed")?);
    client.args(["-e", "-p", &port.to_string()]).args(command);
    let answer = client.output()?;
    let text = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    ensure!(answer.status.success(), "{command:?}: {text}");
    Ok(text)
}
