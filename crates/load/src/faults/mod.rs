//! Faults: deprives a server of its process, its time, its disk space or its clock while it gets requests.
//!
//! Each fault ends by itself, and the record contains its span. A failure is tolerated only as far as the fault
//! explains it, and only during that span. The server is our own: it is started for the run and ends with it.

mod clock;
mod disk;
mod server;

use std::future::pending;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::timeout;

pub use self::clock::CLOCK_VARIABLE;
pub use self::server::Server;

use self::clock::Clock;
use self::disk::Filler;
use crate::cast::Recorder;
use crate::check::Entry;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL, followed by a restart.
    Kill,
    /// SIGSTOP, followed by SIGCONT after a while.
    Pause,
    /// A full disk for a while.
    FullDisk,
    /// The clock jumps, and jumps back after a while. Only test builds of the server have such a clock.
    Clock,
}

/// Which faults to inject, and when.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The faults, in turn.
    pub faults: Vec<Fault>,
    /// From the begin of one fault to the begin of the next.
    pub every: Duration,
    /// How long a fault lasts. A kill lasts until the server is ready again.
    pub lasts: Duration,
    /// A folder on the disk to fill.
    pub disk: Option<PathBuf>,
    /// How far the clock jumps, in seconds; negative is backwards.
    pub jump: i64,
}

/// Injects the faults of a plan into a server.
#[derive(Debug)]
pub struct FaultInjector {
    plan: Plan,
    disk: Option<Filler>,
    clock: Clock,
}

impl FaultInjector {
    /// Prepares the faults.
    ///
    /// # Errors
    /// The disk to fill is missing from the plan, or is too large.
    pub fn new(plan: Plan) -> io::Result<Self> {
        let disk = match (plan.faults.contains(&Fault::FullDisk), &plan.disk) {
            (true, Some(folder)) => Some(Filler::new(folder)?),
            (true, None) => return Err(io::Error::other("name the disk to fill")),
            (false, _) => None,
        };
        Ok(Self {
            plan,
            disk,
            clock: Clock::new()?,
        })
    }

    /// The environment variables that the server needs.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, PathBuf)> {
        vec![(CLOCK_VARIABLE.to_owned(), self.clock.file())]
    }

    /// Injects faults until it is stopped, and returns their number.
    ///
    /// # Errors
    /// The server does not come back, or a fault cannot be injected.
    pub async fn inject(
        &mut self,
        server: &mut Server,
        length: Duration,
        recorder: &Recorder,
    ) -> io::Result<u32> {
        let mut done = 0;
        let faults = self.plan.faults.clone();
        for fault in faults.into_iter().cycle() {
            if self.plan.every * (done + 1) >= length {
                break;
            }
            // Waits only for time to pass: the server works during it.
            let _in_peace = timeout(self.plan.every, pending::<()>()).await;
            self.make(fault, server, recorder).await?;
            done += 1;
        }
        Ok(done)
    }

    async fn make(
        &mut self,
        fault: Fault,
        server: &mut Server,
        recorder: &Recorder,
    ) -> io::Result<()> {
        let begin = recorder.now();
        match fault {
            Fault::Kill => server.kill().await?,
            Fault::Pause => {
                server.pause()?;
                self.lasts().await;
                server.resume().await?;
            }
            Fault::FullDisk => {
                if let Some(disk) = &self.disk {
                    disk.fill()?;
                    self.lasts().await;
                    disk.empty()?;
                }
            }
            Fault::Clock => {
                self.clock.jumps(self.plan.jump)?;
                self.lasts().await;
                self.clock.jumps(0)?;
            }
        }
        let span = recorder.since(begin);
        recorder.note(match fault {
            Fault::Kill | Fault::Pause => Entry::Away(span),
            Fault::FullDisk | Fault::Clock => Entry::Hindered(span),
        });
        Ok(())
    }

    async fn lasts(&self) {
        let _meanwhile = timeout(self.plan.lasts, pending::<()>()).await;
    }
}

/// Adds the operation and the file to a system error, which contains neither.
fn with_path(doing: &str, path: &std::path::Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{doing} {}: {error}", path.display()))
}
