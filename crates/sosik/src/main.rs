//! The news feed server: one executable, one subcommand per role.
//!
//! `main` parses the command line, runs the role, and maps its outcome to an exit code. Everything else is in
//! [`roles`]. The exit codes are part of the interface, see [`roles::Outcome`].

#![expect(
    unreachable_pub,
    reason = "nothing is reachable from outside an executable; `pub` marks what a module offers to other modules"
)]

mod backups;
mod breached;
mod config;
mod descriptors;
mod engines;
mod logging;
mod media;
mod metrics;
#[cfg(feature = "sabotage")]
mod offset_clock;
mod print;
mod progress;
mod random;
mod roles;
#[cfg(feature = "sabotage")]
mod sabotaged;
mod self_check;
mod server;
mod web;
mod wiring;

use std::process::ExitCode;

use clap::Parser;
use rustix::fs::Mode;
use rustix::process::umask;

use crate::roles::{CommandLine, Outcome};

/// A page makes about seventy small allocations. This allocator needs a third of the instructions of the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Permissions removed from every file and folder that this process makes: stores, reports and backups are accessible
/// to their owner only. It is set before a second thread starts. It replaces the inherited umask, which could also
/// remove the owner's permissions.
const UMASK: Mode = Mode::RWXG.union(Mode::RWXO);

fn main() -> ExitCode {
    umask(UMASK);
    if let Some(order) = order_to_decode() {
        return sosik_service::media::decode(&order);
    }
    let outcome = run(CommandLine::parse()).unwrap_or_else(|error| {
        print::failure(&error);
        Outcome::of(&error)
    });
    outcome.into()
}

/// The order of a process that decodes one file of a stranger. It is no role: it has neither configuration nor threads.
fn order_to_decode() -> Option<String> {
    let mut arguments = std::env::args().skip(1);
    let is_worker = arguments.next()? == media::MEDIA_WORKER;
    is_worker.then(|| arguments.next()).flatten()
}

fn run(command_line: CommandLine) -> anyhow::Result<Outcome> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(command_line.run())
}
