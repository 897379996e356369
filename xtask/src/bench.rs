//! Runs the benchmarks: builds them as they are shipped and installs the servers of the alternatives.

use std::path::Path;

use anyhow::{Context, ensure};

use crate::steps::{cargo_command, root, say};
use crate::tools;

/// The document that the full run writes. The plots are in a folder of the same name beside it.
const DOCUMENT: &str = "docs/performance.md";

/// The servers of the alternatives: the executable of each, and its package on Debian and derived systems.
const SERVERS: [(&str, &str); 2] = [
    ("/usr/lib/postgresql/15/bin/postgres", "postgresql-15"),
    ("/usr/bin/redis-server", "redis-server"),
];

/// Runs the benchmarks with these arguments. Without arguments that make the run smaller, it writes the document.
///
/// # Errors
/// The benchmarks do not build, or a measurement fails.
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

/// Installs missing servers. If that fails, the rows of that server report it and everything else is measured.
fn servers() {
    let missing = SERVERS.iter().filter(|(file, _)| !Path::new(file).exists());
    let packages: Vec<&str> = missing.map(|(_, package)| *package).collect();
    if packages.is_empty() {
        return;
    }
    say(&format!(
        "installing {} for the comparison",
        packages.join(", ")
    ));
    if let Err(error) = tools::install_without_starting(&packages) {
        say(&format!(
            "could not be installed, so their rows are left out: {error:#}"
        ));
    }
}
