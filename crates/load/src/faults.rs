//! Taking the server away while it is asked: `kill -9`, and start again.

use std::future::pending;
use std::io;
use std::process::Stdio;
use std::time::Duration;

use reqwest::Method;
use tokio::process::{Child, Command};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::cast::Recorder;
use crate::check::Entry;
use crate::client::{Ask, Client};

/// How long a server may take until it is ready.
const START_MAX: Duration = Duration::from_secs(60);

/// How often it is asked whether it is.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// A server of our own, to do with as we please. It ends with this value.
#[derive(Debug)]
pub struct Server {
    client: Client,
    command: Vec<String>,
    process: Child,
}

impl Server {
    /// Starts it, and waits until it is ready.
    ///
    /// # Errors
    /// When it cannot be started, ends by itself, or takes too long.
    pub async fn start(client: &Client, command: Vec<String>) -> io::Result<Self> {
        let process = spawn(&command)?;
        let mut server = Self {
            client: client.clone(),
            command,
            process,
        };
        server.ready().await?;
        Ok(server)
    }

    /// Kills it without warning and starts it again, every so often, for as long as told; answers how many times. Notes
    /// when it was away, since what fails then is nobody's fault.
    ///
    /// # Errors
    /// When it does not come back.
    pub async fn kill_again_and_again(
        &mut self,
        every: Duration,
        length: Duration,
        recorder: &Recorder,
    ) -> io::Result<u32> {
        let mut kills = 0;
        while every * (kills + 1) < length {
            // A wait for nothing but time: the server works meanwhile.
            let _in_peace = timeout(every, pending::<()>()).await;
            let begin = recorder.now();
            self.process.kill().await?;
            self.process = spawn(&self.command)?;
            self.ready().await?;
            recorder.note(Entry::Away(recorder.since(begin)));
            kills += 1;
        }
        Ok(kills)
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
            let answer = self.client.ask(Method::GET, "/readyz", Ask::default());
            if answer.await.is_ok_and(|answer| answer.is_served()) {
                return Ok(());
            }
        }
    }
}

fn spawn(command: &[String]) -> io::Result<Child> {
    let [program, arguments @ ..] = command else {
        return Err(io::Error::other("no command to start the server with"));
    };
    let mut command = Command::new(program);
    let quiet = command.args(arguments).stdin(Stdio::null());
    quiet.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.kill_on_drop(true).spawn()
}
