//! Taking from the server what it needs while it is asked: its life, its time, its disk, its clock.
//!
//! Each fault ends by itself, and the record says when it was: what fails meanwhile is excused as far as that fault
//! excuses it, and not a moment longer. The server is ours: it was started for the purpose and ends with us.

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

/// What is done to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL, and started again.
    Kill,
    /// SIGSTOP, and SIGCONT after a while.
    Pause,
    /// Its disk is full for a while.
    FullDisk,
    /// Its clock jumps, and jumps back after a while. Only builds that are made to be tried have such a clock.
    Clock,
}

/// What is done, and when.
#[derive(Debug, Clone)]
pub struct Plan {
    /// In turn.
    pub faults: Vec<Fault>,
    /// From the begin of one fault to that of the next.
    pub every: Duration,
    /// How long a fault lasts; a kill, until the server is back.
    pub lasts: Duration,
    /// A folder on the disk to fill.
    pub disk: Option<PathBuf>,
    /// How far the clock jumps, in seconds; negative is back.
    pub jump: i64,
}

/// Does to a server what a plan says.
#[derive(Debug)]
pub struct Troublemaker {
    plan: Plan,
    disk: Option<Filler>,
    clock: Clock,
}

impl Troublemaker {
    /// Gets ready.
    ///
    /// # Errors
    /// When the disk to fill is missing, or too large to be meant.
    pub fn new(plan: Plan) -> io::Result<Self> {
        let disk = match (plan.faults.contains(&Fault::FullDisk), &plan.disk) {
            (true, Some(folder)) => Some(Filler::new(folder)?),
            (true, None) => return Err(io::Error::other("say which disk to fill")),
            (false, _) => None,
        };
        Ok(Self {
            plan,
            disk,
            clock: Clock::new()?,
        })
    }

    /// What the server has to find in its environment.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, PathBuf)> {
        vec![(CLOCK_VARIABLE.to_owned(), self.clock.file())]
    }

    /// Makes trouble for as long as told, and answers how often.
    ///
    /// # Errors
    /// When the server does not come back, or the fault cannot be done.
    pub async fn trouble(
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
            // A wait for nothing but time: the server works meanwhile.
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
                server.go_on().await?;
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

/// An error of the system with what was being done to which file: by itself it names neither.
fn naming(doing: &str, path: &std::path::Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{doing} {}: {error}", path.display()))
}
