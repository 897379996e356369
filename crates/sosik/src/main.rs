//! The news feed server: one executable, one subcommand per role.
//!
//! `main` reads the command line, runs the role, and turns its outcome into an exit code; everything else is in
//! [`roles`]. The exit codes are part of the interface, see [`roles::Outcome`].

#![expect(
    unreachable_pub,
    reason = "nothing is reachable from outside of an executable; `pub` marks what a module offers the others"
)]

mod backups;
#[cfg(feature = "sabotage")]
mod bent_clock;
mod breached;
#[expect(dead_code, reason = "most keys are for roles that are not there yet")]
mod config;
mod demo;
mod descriptors;
mod house;
mod import;
mod logging;
mod measure;
mod metrics;
mod print;
mod progress;
mod roles;
mod self_check;
mod town;
mod web;
mod wiring;
mod world;

use std::process::ExitCode;

use clap::Parser;
use rustix::fs::Mode;
use rustix::process::umask;

use crate::roles::{CommandLine, Outcome};

/// A page makes some seventy small allocations; this one spends a third of the instructions of the system's on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Permissions that no file or folder of this process has: stores, reports and backups are their owner's alone. Set
/// before there is a second thread, and instead of the umask that was inherited, which may take the owner's away too.
const UMASK: Mode = Mode::RWXG.union(Mode::RWXO);

fn main() -> ExitCode {
    umask(UMASK);
    let outcome = run(CommandLine::parse()).unwrap_or_else(|error| {
        print::failure(&error);
        Outcome::of(&error)
    });
    outcome.into()
}

fn run(command_line: CommandLine) -> anyhow::Result<Outcome> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(command_line.run())
}
