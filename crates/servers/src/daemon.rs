//! A running server process, which is stopped by its process id.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::process::{Process, State};
use crate::ready;

/// Time for a server to stop. After it, the server is killed.
const STOP_MAX: Duration = Duration::from_secs(60);

/// Whether servers get process groups of their own.
static IS_DETACHED: AtomicBool = AtomicBool::new(false);

/// Servers that start from now on get process groups of their own, so that a signal to the group of this process, such as
/// that of Ctrl-C, does not reach them. For a process that leaves its servers.
pub fn detach() {
    IS_DETACHED.store(true, Ordering::Relaxed);
}

/// The signal that asks a server to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stop {
    /// SIGTERM.
    Terminate,
    /// SIGINT. PostgreSQL then ends its sessions instead of waiting for them.
    Interrupt,
}

/// A running process. Dropping it stops the process if this process started it and has not left it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Daemon {
    process: Process,
    stop: Stop,
    /// `None` for a process that was left by this or another one.
    #[serde(skip)]
    child: Option<Child>,
}

impl Daemon {
    pub(crate) fn start(command: &mut Command, stop: Stop) -> anyhow::Result<Self> {
        if IS_DETACHED.load(Ordering::Relaxed) {
            command.process_group(0);
        }
        let mut child = command
            .spawn()
            .with_context(|| format!("start {}", command.get_program().display()))?;
        let process = Process::of(child.id()).inspect_err(|_| {
            // It ended, or nothing is known of it.
            let _ended = child.kill().and_then(|()| child.wait());
        })?;
        Ok(Self {
            process,
            stop,
            child: Some(child),
        })
    }

    pub(crate) const fn process(&self) -> Process {
        self.process
    }

    /// Asks it to stop. A paused process continues, because it could not act on the signal.
    pub(crate) fn request_stop(&self) -> anyhow::Result<()> {
        let paused = self.process.state() == State::Paused;
        self.process.signal(match self.stop {
            Stop::Terminate => Signal::TERM,
            Stop::Interrupt => Signal::INT,
        })?;
        match paused {
            true => self.process.resume(),
            false => Ok(()),
        }
    }

    /// Stops it and waits until it has ended.
    pub(crate) fn stop(mut self) {
        self.end();
    }

    /// Kills it without giving it time to finish.
    pub(crate) fn kill(mut self) {
        self.process.kill();
        self.reap();
    }

    /// Waits until it has ended by itself. `None` if it is not a child of this process.
    pub(crate) fn wait(mut self) -> Option<ExitStatus> {
        self.child.take()?.wait().ok()
    }

    /// Lets it run when this process ends.
    pub(crate) fn leave(&mut self) {
        self.child = None;
    }

    fn end(&mut self) {
        let ended = || self.process.state() == State::Ended;
        if self.request_stop().is_err() || ready::poll(STOP_MAX, ended).is_err() {
            self.process.kill();
        }
        self.reap();
    }

    /// Waits for the end of a process that was killed, so that its port and its files are free.
    fn reap(&mut self) {
        match self.child.take() {
            // There is no result to read if it was read before.
            Some(mut child) => drop(child.wait()),
            // A process that the kernel cannot end keeps its port, and the next start on it reports that.
            None => drop(ready::poll(STOP_MAX, || self.process.is_gone())),
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.end();
        }
    }
}
