//! A server that this process starts, kills and pauses.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::client::{Client, RequestOptions};

/// The longest time until a server is ready.
const START_MAX: Duration = Duration::from_secs(60);

/// How often its readiness is checked.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// A server that this process controls. It is stopped when this is dropped.
#[derive(Debug)]
pub struct Server {
    client: Client,
    command: Vec<String>,
    environment: Vec<(String, PathBuf)>,
    process: Child,
}

impl Server {
    /// Starts the server with additional environment variables and waits until it is ready.
    ///
    /// # Errors
    /// It cannot be started, ends by itself, or takes too long.
    pub async fn start(
        client: &Client,
        command: Vec<String>,
        environment: Vec<(String, PathBuf)>,
    ) -> io::Result<Self> {
        let process = spawn(&command, &environment)?;
        let mut server = Self {
            client: client.clone(),
            command,
            environment,
            process,
        };
        server.ready().await?;
        Ok(server)
    }

    /// Kills it with SIGKILL and starts it again.
    pub(super) async fn kill(&mut self) -> io::Result<()> {
        self.process.kill().await?;
        self.process = spawn(&self.command, &self.environment)?;
        self.ready().await
    }

    /// Stops its execution without notice, as an overloaded machine does.
    pub(super) fn pause(&self) -> io::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Continues its execution and waits until it answers.
    pub(super) async fn resume(&mut self) -> io::Result<()> {
        self.signal(Signal::CONT)?;
        self.ready().await
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        let gone = || io::Error::other("the server ended by itself");
        let id = self.process.id().and_then(|id| i32::try_from(id).ok());
        let id = id.and_then(Pid::from_raw).ok_or_else(gone)?;
        Ok(kill_process(id, signal)?)
    }

    async fn ready(&mut self) -> io::Result<()> {
        match timeout(START_MAX, self.becomes_ready()).await {
            Ok(ready) => ready,
            Err(_too_long) => Err(io::Error::other("the server is not ready after a minute")),
        }
    }

    async fn becomes_ready(&mut self) -> io::Result<()> {
        let mut tick = interval(ASK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if let Some(status) = self.process.try_wait()? {
                return Err(io::Error::other(format!("the server ended: {status}")));
            }
            let answer = self
                .client
                .send(Method::GET, "/readyz", RequestOptions::default());
            if answer.await.is_ok_and(|answer| answer.is_served()) {
                return Ok(());
            }
        }
    }
}

fn spawn(command: &[String], environment: &[(String, PathBuf)]) -> io::Result<Child> {
    let [program, arguments @ ..] = command else {
        return Err(io::Error::other("no command to start the server with"));
    };
    let name = PathBuf::from(program);
    let mut command = Command::new(program);
    let variables = environment.iter().map(|(name, value)| (name, value));
    let quiet = command.args(arguments).envs(variables).stdin(Stdio::null());
    quiet.stdout(Stdio::null()).stderr(Stdio::null());
    let started = quiet.kill_on_drop(true).spawn();
    started.map_err(|error| super::with_path("start the program", &name, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_that_cannot_be_started_is_named() {
        let told = spawn(&["/absent/sosik".to_owned()], &[]).unwrap_err();
        assert!(told.to_string().contains("/absent/sosik"), "{told}");
    }
}
