//! A server in a process of its own. Its memory and its start can be measured, and it can be killed.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use sosik_feed::Timestamp;
use sosik_service::feeds::{FeedQuery, FeedStart};

use crate::measure::resident_bytes;
use crate::report::say;
use crate::serving::{Server, api};
use crate::world::{Filled, Shape, World};

/// What the child serves.
#[derive(Serialize, Deserialize)]
struct Job {
    file: PathBuf,
    people: u64,
    timeline_stories: usize,
    large_above: u32,
    made_millis: u64,
}

/// What to load into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Warm {
    /// Circle and timeline of a person.
    Timelines,
    /// The first page, with its stories and their authors.
    Pages,
}

impl Warm {
    const fn word(self) -> &'static str {
        match self {
            Self::Timelines => "timelines",
            Self::Pages => "pages",
        }
    }
}

/// A running child. Dropping it kills the child.
pub(crate) struct Served {
    child: Child,
    /// Closing it lets the child stop.
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    /// The address of the server.
    pub(crate) address: String,
}

impl Served {
    /// Starts a server on a world. Returns when it listens.
    pub(crate) fn start(filled: &Filled) -> anyhow::Result<Self> {
        let job = Job {
            file: filled.file(),
            people: filled.shape.people,
            timeline_stories: filled.shape.timeline_stories,
            large_above: filled.shape.large_above,
            made_millis: filled.made.as_millis(),
        };
        let program = std::env::current_exe().context("find this program")?;
        let mut child = Command::new(&program)
            .arg("--serve")
            .arg(serde_json::to_string(&job)?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {}", program.display()))?;
        let stdin = child.stdin.take();
        let stdout = BufReader::new(
            child
                .stdout
                .take()
                .context("the child has no standard output")?,
        );
        let mut served = Self {
            child,
            stdin,
            stdout,
            address: String::new(),
        };
        served.address = served.line()?;
        Ok(served)
    }

    /// Loads `what` for this number of people into the child's memory. Returns when that is done.
    pub(crate) fn warm(&mut self, what: Warm, people: usize) -> anyhow::Result<()> {
        let stdin = self
            .stdin
            .as_mut()
            .context("the child has no standard input")?;
        writeln!(stdin, "{} {people}", what.word())?;
        self.line()?;
        Ok(())
    }

    /// Memory of the child.
    pub(crate) fn resident_bytes(&self) -> u64 {
        resident_bytes(&self.child.id().to_string())
    }

    /// Stops the child in an orderly way.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        drop(self.stdin.take());
        anyhow::ensure!(self.child.wait()?.success(), "the served child failed");
        Ok(())
    }

    /// Kills the child, like `kill -9`.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        anyhow::ensure!(!line.is_empty(), "the served child ended");
        Ok(line.trim_end().to_owned())
    }
}

/// The main function of the child. It serves and executes the commands on standard input until that ends.
pub(crate) async fn run(job: &str) -> anyhow::Result<()> {
    let job: Job = serde_json::from_str(job)?;
    let shape = Shape {
        people: job.people,
        timeline_stories: job.timeline_stories,
        large_above: job.large_above,
        ..crate::scale::Scale::tiny().base
    };
    let made = Timestamp::from_millis(job.made_millis);
    let world = World::open(Path::new(&job.file), &shape, made).await?;
    let server = Server::start(api(&world.service)).await?;
    say(&server.address);
    let (send, mut asked) = tokio::sync::mpsc::channel(1);
    // Reading standard input blocks. On its own thread it cannot keep the runtime from ending.
    std::thread::spawn(move || {
        let mut lines = std::io::stdin().lines().map_while(Result::ok);
        lines.all(|line| send.blocking_send(line).is_ok())
    });
    while let Some(line) = asked.recv().await {
        let (what, people) = line
            .split_once(' ')
            .context("expected a command and a number")?;
        let what = match what == Warm::Pages.word() {
            true => Warm::Pages,
            false => Warm::Timelines,
        };
        warm(&world, &shape, what, people.parse()?).await?;
        say("done");
    }
    world.service.stop().await;
    Ok(())
}

async fn warm(world: &World, shape: &Shape, what: Warm, people: u64) -> anyhow::Result<()> {
    let apart = (shape.people / people.max(1)).max(1);
    for number in 0..people {
        let reader = world.person(number * apart % shape.people);
        let request = FeedQuery {
            from: FeedStart::Top,
            limit: crate::reads::PAGE,
        };
        match what {
            Warm::Timelines => drop(world.service.feeds().warm_up(reader).await?),
            Warm::Pages => drop(world.service.feeds().read(reader, request).await?),
        }
    }
    Ok(())
}

impl Drop for Served {
    fn drop(&mut self) {
        // Both calls fail only if the child has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
