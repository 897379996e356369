//! The chores of this repository as one command: `cargo xtask CHORE`.
//!
//! Each chore is a list of [`Step`]s, run in order up to the first failure. Whatever a machine lacks is
//! fetched by [`tools`], so that a fresh one with Rust, a C compiler, cmake and Node can run everything.
//!
//! To add a step: a line in its chore below.

mod bench;
mod generate;
mod schemathesis;
mod steps;
mod tools;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    steps::{Step, cargo, npm},
    tools::Runner,
};

/// The chores of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Chore {
    /// Everything a change must pass: format, lints, documentation, all tests. What the build machine runs
    Test,
    /// Format and lints only, for in between
    Check,
    /// Only the web client in a real browser, against a real server; installs Chromium when missing
    Browse,
    /// Licences, advisories and duplicates of dependencies, by cargo-deny
    Deny,
    /// Measures the hot paths as ratios and writes docs/performance.md; `bench --quick` takes two minutes and writes
    /// nothing, `bench -- --help` tells the rest
    Bench {
        /// Smaller worlds and fewer rounds
        #[arg(long)]
        quick: bool,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
        /// Handed to the benchmarks as it is: parts to measure
        #[arg(last = true)]
        rest: Vec<String>,
    },
    /// Compares a real server with its OpenAPI document by generated requests; installs Schemathesis when missing
    Schemathesis {
        /// Many more requests, which takes an hour
        #[arg(long)]
        long: bool,
    },
    /// Refresh the files that are made from the code; commit the result
    Generate,
}

fn main() -> ExitCode {
    let done = match Chore::parse() {
        Chore::Test => test(),
        Chore::Check => steps::run(&checks()),
        Chore::Browse => steps::run(&end_to_end()),
        Chore::Deny => deny(),
        Chore::Bench { quick, json, rest } => {
            let quick = quick.then(|| "--quick".to_owned());
            let json = json.then(|| "--json".to_owned());
            let arguments: Vec<_> = quick.into_iter().chain(json).chain(rest).collect();
            bench::run(&arguments)
        }
        Chore::Schemathesis { long } => schemathesis::run(long),
        Chore::Generate => generate::refresh(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            steps::say(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn checks() -> Vec<Step> {
    vec![
        cargo("format", &["fmt", "--all", "--check"]),
        cargo(
            "lints",
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ],
        ),
    ]
}

/// The tests of the code come after what is quickly told, and the browser, which says little unless it fails, is last: the
/// summaries of both are the end of the output.
fn test() -> anyhow::Result<()> {
    let runner = tools::test_runner();
    let mut steps = checks();
    steps.push(
        cargo("documentation", &["doc", "--workspace", "--no-deps"])
            .with_variable("RUSTDOCFLAGS", "-D warnings"),
    );
    steps.push(cargo(
        "examples in documentation",
        &["test", "--workspace", "--doc"],
    ));
    steps.push(cargo(
        "builds with a broken promise",
        &[
            "test",
            "-p",
            "sosik",
            "--features",
            "sabotage",
            "--test",
            "sabotage",
            "--test",
            "clock",
        ],
    ));
    steps.push(npm("types of the web client", &["run", "fresh"]));
    steps.push(npm("the web client", &["run", "check"]));
    steps.push(npm("components of the web client", &["test"]));
    steps.push(match runner {
        Runner::Nextest => cargo(
            "tests",
            &["nextest", "run", "--workspace", "--no-fail-fast"],
        ),
        Runner::Cargo => cargo(
            "tests",
            &[
                "test",
                "--workspace",
                "--lib",
                "--bins",
                "--tests",
                "--no-fail-fast",
            ],
        ),
    });
    steps.extend(end_to_end());
    steps::run(&steps)?;
    schemathesis::run(false)
}

/// The web client in a real browser, against the server that these tests were built with.
fn end_to_end() -> [Step; 2] {
    // The runner of the tests has built it already, unless it was told to run only some.
    let server = cargo("the server to browse", &["build", "-p", "sosik"]);
    let browser = npm(
        "the web client in a browser",
        // A server or a browser that does not work at all is told after a few tests, not after all time-outs.
        &["run", "test:e2e", "--", "--bail", "5"],
    );
    let browser = browser.needs(tools::browser).quiet();
    [
        server,
        match steps::built("sosik") {
            Some(path) => browser.with_variable("SOSIK_BIN", path),
            None => browser,
        },
    ]
}

fn deny() -> anyhow::Result<()> {
    anyhow::ensure!(
        tools::has_cargo_command("deny"),
        "cargo-deny is not installed; `cargo install --locked cargo-deny`, then try again"
    );
    steps::run(&[cargo("dependencies", &["deny", "--all-features", "check"])])
}
