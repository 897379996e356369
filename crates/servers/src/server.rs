//! A server on this machine: how it is started, and the process that runs.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use crate::daemon::Daemon;
use crate::launch::Launch;
use crate::process::State;
use crate::ready;

/// Time for a server to start. PostgreSQL on a busy machine takes seconds.
const START_MAX: Duration = Duration::from_secs(60);

/// Lines of its log in the error of a server that did not start.
const LOG_LINES_MAX: usize = 10;

/// A server that can be paused, killed and started again. Dropping it stops the server, unless it was left.
#[derive(Debug, Serialize, Deserialize)]
pub struct Server {
    pub(crate) launch: Launch,
    daemon: Option<Daemon>,
    /// Where in its log the output of the last start begins.
    log_from: u64,
}

impl Server {
    /// Starts a server and waits until it accepts requests.
    ///
    /// # Errors
    /// It does not start. The error has the end of its log.
    pub fn start(launch: Launch) -> anyhow::Result<Self> {
        let mut server = Self {
            launch,
            daemon: None,
            log_from: 0,
        };
        server.restart()?;
        Ok(server)
    }

    /// Starts the server again on the same port, with the data that is there. A running one is stopped first.
    ///
    /// # Errors
    /// It does not start. The error has the end of its log.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.stop();
        self.log_from = self.launch.log.metadata().map_or(0, |log| log.len());
        let daemon = self.launch.spawn()?;
        let mut outcome = Ok(false);
        let waited = ready::poll(START_MAX, || {
            // It may end after the attempt, so its state is read first.
            let ended = daemon.process().state() == State::Ended;
            outcome = self.launch.ready.reached(&self.logged());
            matches!(outcome, Ok(true)) || ended
        });
        if !matches!(outcome, Ok(true)) {
            let why = waited.err().map(|late| format!("{late}: {outcome:?}"));
            bail!(
                "{} did not start: {}\n{}",
                self.launch.program.display(),
                why.unwrap_or_else(|| "it ended".to_owned()),
                self.log_end()
            );
        }
        self.daemon = Some(daemon);
        Ok(())
    }

    /// Its process id. 0 if it does not run.
    #[must_use]
    pub fn pid(&self) -> u32 {
        match &self.daemon {
            Some(daemon) if self.state() != State::Ended => daemon.process().pid(),
            _ => 0,
        }
    }

    /// Whether it runs.
    #[must_use]
    pub fn state(&self) -> State {
        let daemon = self.daemon.as_ref();
        daemon.map_or(State::Ended, |daemon| daemon.process().state())
    }

    /// CPU time of the server and of its children, in user and system mode.
    ///
    /// # Errors
    /// It is stopped.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        Ok(self.running()?.process().cpu())
    }

    /// Pauses the server: it answers nobody, and its connections stay open.
    ///
    /// # Errors
    /// It is stopped.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.running()?.process().pause()
    }

    /// Lets the paused server run again.
    ///
    /// # Errors
    /// It is stopped.
    pub fn resume(&self) -> anyhow::Result<()> {
        self.running()?.process().resume()
    }

    /// Asks it to stop, and does not wait.
    ///
    /// # Errors
    /// It is stopped.
    pub fn request_stop(&self) -> anyhow::Result<()> {
        self.running()?.request_stop()
    }

    /// Stops it and waits until it has ended. Its data remains.
    pub fn stop(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.stop();
        }
    }

    /// Kills it without giving it time to finish, like `kill -9`. What it has on disk remains.
    pub fn kill(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.kill();
        }
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// It is stopped, or another process started it.
    pub fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        let daemon = self.daemon.take().context("the server is stopped")?;
        daemon.wait().context("another process started the server")
    }

    /// Its output since it was started last.
    #[must_use]
    pub fn logged(&self) -> String {
        let mut text = Vec::new();
        // A log that cannot be read is empty, and the server counts as not ready.
        let _read = File::open(&self.launch.log).and_then(|mut log| {
            log.seek(SeekFrom::Start(self.log_from))?;
            log.read_to_end(&mut text)
        });
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Lets it run when this process ends.
    pub(crate) fn leave(&mut self) {
        if let Some(daemon) = &mut self.daemon {
            daemon.leave();
        }
    }

    fn running(&self) -> anyhow::Result<&Daemon> {
        self.daemon.as_ref().context("the server is stopped")
    }

    fn log_end(&self) -> String {
        let logged = self.logged();
        let lines: Vec<&str> = logged.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES_MAX)..].join("\n")
    }
}

/// Gives a type with the fields `server` and perhaps `folder` the methods of its server.
macro_rules! is_a_server {
    ($type:ident) => {
        impl std::ops::Deref for $type {
            type Target = $crate::server::Server;

            fn deref(&self) -> &Self::Target {
                &self.server
            }
        }

        impl std::ops::DerefMut for $type {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.server
            }
        }
    };
}
pub(crate) use is_a_server;
