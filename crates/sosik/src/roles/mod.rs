//! The roles of the executable. One file per role, each with `Args` and `run`.
//!
//! To add a role, add a file like `config.rs`, a `mod` line, a variant of [`Role`] whose comment becomes its help, and
//! its line in [`CommandLine::run`]. A role that needs the configuration starts with [`Sources::start`].

mod backup;
mod balance;
mod config;
mod demo;
mod import;
mod load;
mod migrate;
mod plan;
mod rebuild;
mod restore;
mod serve;
mod verify;
mod verify_media;
mod work;
mod world;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sosik_plan::assumptions::InvalidAssumptions;

pub use self::sources::Sources;
use crate::config::Problems;

mod sources;

/// A news feed server: people post stories, their friends and followers see them on their home page, newest first.
#[derive(Debug, Parser)]
#[command(name = "sosik", version, about, max_term_width = 100, after_help = EXIT_CODES)]
pub struct CommandLine {
    #[command(flatten)]
    sources: Sources,
    #[command(subcommand)]
    role: Role,
}

/// Part of the help, where authors of scripts look first.
const EXIT_CODES: &str = "\
Exit codes: 0 success; 1 the work was done and found a difference or a failure; \
2 wrong usage or configuration; 3 a failure outside the program, such as a disk or a port; \
4 the work was not completed: a part was skipped.";

/// The role to run.
#[derive(Debug, Subcommand)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, made once from the command line"
)]
enum Role {
    /// Serve the API and the web client until a stop is requested
    Serve(serve::Args),
    /// Deliver stories for the nodes that serve, without an API, until a stop is requested
    Work(work::Args),
    /// Serve a demo town whose simulated people continue to post
    Demo(demo::Args),
    /// Be the one address in front of several nodes
    Balance(balance::Args),
    /// Import people, friendships, follows and stories from files
    Import(import::Args),
    /// Fill a store with a generated world of realistic friendships, for measurements
    World(world::Args),
    /// Copy the store into one file while a server uses it
    Backup(backup::Args),
    /// Make a store from a backup
    Restore(restore::Args),
    /// Move everything from an SQLite store to an empty PostgreSQL database
    Migrate(migrate::Args),
    /// Compare the served feeds with feeds computed from the store
    Verify(verify::Args),
    /// Put load on a running server and measure its answers
    Load(load::Args),
    /// Estimate the machines needed for a number of users, and show every assumption
    Plan(plan::Args),
    /// Recompute counts, marks and search terms from the rows they derive from
    Rebuild(rebuild::Args),
    /// Print the configuration in effect, a sample file, or the reference page
    Config(config::Args),
}

impl CommandLine {
    /// Runs the role.
    ///
    /// # Errors
    /// Any error that stopped the role. [`Outcome::of`] maps it to an exit code.
    pub async fn run(self) -> anyhow::Result<Outcome> {
        match self.role {
            Role::Serve(args) => serve::run(args, self.sources).await,
            Role::Work(args) => work::run(args, self.sources).await,
            Role::Demo(args) => Box::pin(demo::run(args, self.sources)).await,
            Role::Balance(args) => balance::run(args, self.sources).await,
            Role::Import(args) => import::run(args, self.sources).await,
            Role::World(args) => world::run(args, self.sources).await,
            Role::Backup(args) => backup::run(args, self.sources).await,
            Role::Restore(args) => restore::run(args, self.sources).await,
            Role::Migrate(args) => migrate::run(args, self.sources).await,
            Role::Verify(args) => verify::run(args, self.sources).await,
            Role::Load(args) => load::run(args, self.sources).await,
            Role::Plan(args) => plan::run(args, self.sources).await,
            Role::Rebuild(args) => rebuild::run(args, self.sources).await,
            Role::Config(args) => config::run(args, self.sources).await,
        }
    }
}

/// The result of a role, as its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Success.
    Fine = 0,
    /// The work was done and found a difference or a failure.
    Difference = 1,
    /// Wrong usage or configuration. The command line's own parser ends with the same code.
    WrongUsage = 2,
    /// A failure outside the program, such as a disk or a port.
    Outside = 3,
    /// The work succeeded, but a part was skipped.
    Incomplete = 4,
}

impl Outcome {
    /// The outcome of a role that failed.
    pub fn of(error: &anyhow::Error) -> Self {
        if error.is::<Problems>() || error.is::<InvalidAssumptions>() {
            Self::WrongUsage
        } else {
            Self::Outside
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome as u8)
    }
}
