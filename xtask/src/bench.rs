//! Measuring: builds the benchmarks as they are shipped, sees to the servers of the alternatives, and runs them.

use std::path::Path;

use anyhow::{Context, ensure};

use crate::steps::{cargo_command, root, say};
use crate::tools;

/// What the full run writes; beside it a folder of the same name with the plots.
const DOCUMENT: &str = "docs/performance.md";

/// Servers that the alternatives run on: a file of each, and the package that brings it on Debian and its kin.
const SERVERS: [(&str, &str); 2] = [
    ("/usr/lib/postgresql/15/bin/postgres", "postgresql-15"),
    ("/usr/bin/redis-server", "redis-server"),
];

/// Runs the benchmarks with these arguments; without any that make it smaller, the document is written.
///
/// # Errors
/// When they do not build or a measurement fails.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let whole = arguments.iter().all(|argument| argument == "--json");
    if whole {
        servers();
    }
    let mut command = cargo_command();
    command.args(["run", "--release", "--quiet", "-p", "sosik-bench", "--"]);
    command.args(arguments).current_dir(root());
    if whole {
        command.args(["--document", DOCUMENT]);
    }
    let status = command.status().context("run cargo")?;
    ensure!(status.success(), "the benchmarks failed");
    Ok(())
}

/// Installs what is missing. Where that is not possible the rows of that server say so, and everything else is
/// measured.
fn servers() {
    let missing = SERVERS.iter().filter(|(file, _)| !Path::new(file).exists());
    let packages: Vec<&str> = missing.map(|(_, package)| *package).collect();
    if packages.is_empty() {
        return;
    }
    say(&format!(
        "installing {} to compare with",
        packages.join(", ")
    ));
    if let Err(error) = tools::install_without_starting(&packages) {
        say(&format!("not installed, so not compared with: {error:#}"));
    }
}
