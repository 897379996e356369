//! The chores of this repository as one command: `cargo xtask CHORE`.
//!
//! Each chore is a list of [`Step`]s, which run in order until one fails. [`tools`] installs what is missing, so that a
//! fresh machine with Rust, a C compiler, Node and Python 3.10 can run everything.
//!
//! To add a step, add a line to its chore below.

mod bench;
mod cluster;
mod generate;
mod schemathesis;
mod steps;
mod tools;

use std::{process::ExitCode, thread};

use anyhow::Context;
use clap::Parser;
use sosik_servers::{Postgres, TEST_SERVER, TEST_SETTINGS};

use crate::{
    steps::{Step, cargo, npm},
    tools::Runner,
};

/// The environment variable that selects the store of the tests of the API.
const TEST_STORE: &str = "SOSIK_TEST_STORE";

/// The feature of the executable that is off by default, because it needs cmake. Everything is checked with it.
const BALANCER: &str = "sosik/balance";

/// The features of the builds that break a promise. As [`NEXTEST`], they are built with the whole workspace.
const SABOTAGED: &str = "sosik/balance,sosik/sabotage";

/// The environment variable of nextest for the number of tests that run at once.
const TEST_THREADS: &str = "NEXTEST_TEST_THREADS";

/// Tests that run at once for each core. Most tests wait for a timeout, a lease or another process. On two cores, all tests
/// take 769 s with one for each core, which uses half of the cores' time.
const TESTS_PER_CORE: usize = 2;

/// The test runner on everything, as selections with other features would be compiled anew.
const NEXTEST: &[&str] = &[
    "nextest",
    "run",
    "--workspace",
    "--features",
    BALANCER,
    "--no-fail-fast",
];

/// The chores of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Chore {
    /// Everything a change must pass: format, lints, documentation, all tests. CI runs this
    Test,
    /// Format and lints only
    Check,
    /// Only the web client in a real browser, against a real server; installs Chromium if it is missing
    Browse,
    /// Licences, advisories and duplicate versions of dependencies, checked by cargo-deny
    Deny,
    /// Measures the hot paths as ratios and writes docs/performance.md; `bench --quick` takes two minutes and writes
    /// nothing, `bench -- --help` lists the other options
    Bench {
        /// Smaller worlds and fewer rounds
        #[arg(long)]
        quick: bool,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
        /// Arguments that are passed to the benchmarks unchanged: the parts to measure
        #[arg(last = true)]
        rest: Vec<String>,
    },
    /// Checks a real server against its OpenAPI document with generated requests; installs Schemathesis if it is
    /// missing
    Schemathesis {
        /// Sends many more requests; takes an hour
        #[arg(long)]
        long: bool,
        /// Tests the server that was built last instead of building it
        #[arg(long)]
        built: bool,
    },
    /// Writes the generated files again; commit the result
    Generate,
    /// Several nodes with PostgreSQL, Redis and NATS on this machine; installs the servers if they are missing
    Cluster(cluster::Args),
}

fn main() -> ExitCode {
    let done = match Chore::parse() {
        Chore::Test => test(),
        Chore::Check => tools::cmake().and_then(|()| steps::run(&checks())),
        Chore::Browse => tools::cmake().and_then(|()| steps::run(&end_to_end())),
        Chore::Deny => deny(),
        Chore::Bench { quick, json, rest } => {
            let quick = quick.then(|| "--quick".to_owned());
            let json = json.then(|| "--json".to_owned());
            let arguments: Vec<_> = quick.into_iter().chain(json).chain(rest).collect();
            bench::run(&arguments)
        }
        Chore::Schemathesis { long, built } => {
            tools::cmake().and_then(|()| schemathesis::run(long, built))
        }
        Chore::Generate => generate::refresh(),
        Chore::Cluster(args) => cluster::run(args),
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
                "--features",
                BALANCER,
                "--",
                "-D",
                "warnings",
            ],
        ),
    ]
}

/// The fast checks run first, then the tests of the code. The browser tests run last, because they print little unless
/// they fail. So the output ends with the summaries of both.
fn test() -> anyhow::Result<()> {
    let runner = tools::test_runner();
    tools::servers()?;
    tools::network()?;
    tools::cmake()?;
    tools::ffmpeg()?;
    // Each test has its own database on this server. Without it, every test would start a server.
    let postgres = Postgres::start(&TEST_SETTINGS).context("start PostgreSQL for the tests")?;
    let mut steps = checks();
    steps.push(
        cargo(
            "documentation",
            &["doc", "--workspace", "--no-deps", "--features", BALANCER],
        )
        .with_variable("RUSTDOCFLAGS", "-D warnings"),
    );
    steps.push(cargo(
        "examples in documentation",
        &["test", "--workspace", "--doc", "--features", BALANCER],
    ));
    steps.push(
        cargo(
            "builds with a broken promise",
            &[
                "test",
                "--workspace",
                "--features",
                SABOTAGED,
                "--test",
                "sabotage",
                "--test",
                "broken_nodes",
                "--test",
                "clock",
                "--test",
                "schedule",
            ],
        )
        .with_variable("SOSIK_SCHEDULE_SECONDS", "30")
        .with_variable(TEST_SERVER, postgres.url("postgres")),
    );
    steps.push(npm("types of the web client", &["run", "fresh"]));
    steps.push(npm("the web client", &["run", "check"]));
    steps.push(npm("components of the web client", &["test"]));
    let tests = match runner {
        Runner::Nextest => cargo("tests", NEXTEST),
        Runner::Cargo => cargo(
            "tests",
            &[
                "test",
                "--workspace",
                "--features",
                BALANCER,
                "--lib",
                "--bins",
                "--tests",
                "--no-fail-fast",
            ],
        ),
    };
    let at_once = tests_at_once();
    steps.push(
        tests
            .with_variable(TEST_THREADS, &at_once)
            .with_variable(TEST_SERVER, postgres.url("postgres")),
    );
    steps.push(
        on_postgres(runner)
            .with_variable(TEST_THREADS, &at_once)
            .with_variable(TEST_STORE, "postgres")
            .with_variable(TEST_SERVER, postgres.url("postgres")),
    );
    // The test runner has built the server. Building it alone would compile most libraries again, with other features.
    steps.push(browser());
    steps.push(cargo(
        "generated requests against the OpenAPI document",
        &["xtask", "schemathesis", "--built"],
    ));
    steps::run(&steps)
}

/// Tests that run at once on this machine.
fn tests_at_once() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    (cores * TESTS_PER_CORE).to_string()
}

/// The tests of the API once more, on the other store.
fn on_postgres(runner: Runner) -> Step {
    let arguments = match runner {
        Runner::Nextest => [NEXTEST, &["-E", "package(sosik-api) and kind(test)"]].concat(),
        Runner::Cargo => vec!["test", "-p", "sosik-api", "--tests", "--no-fail-fast"],
    };
    cargo("tests of the API on PostgreSQL", &arguments)
}

/// The server, and the web client in a real browser.
fn end_to_end() -> [Step; 2] {
    [cargo("the server to browse", steps::SERVER), browser()]
}

/// The web client in a real browser, against the server that was built last.
fn browser() -> Step {
    let browser = npm(
        "the web client in a browser",
        // If the server or the browser does not work at all, the run fails after a few tests instead of after every
        // time-out.
        &["run", "test:e2e", "--", "--bail", "5"],
    );
    let browser = browser.needs(tools::browser).quiet();
    match steps::built("sosik") {
        Some(path) => browser.with_variable("SOSIK_BIN", path),
        None => browser,
    }
}

fn deny() -> anyhow::Result<()> {
    anyhow::ensure!(
        tools::has_cargo_command("deny"),
        "cargo-deny is not installed; `cargo install --locked cargo-deny`, then try again"
    );
    steps::run(&[cargo("dependencies", &["deny", "--all-features", "check"])])
}
