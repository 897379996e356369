//! Runs the benchmarks: builds them as they are shipped and installs the servers of the alternatives.

use anyhow::{Context, ensure};

use crate::steps::{cargo_command, root, say};
use crate::tools;

/// The document that the full run writes. The plots are in a folder of the same name beside it.
const DOCUMENT: &str = "docs/performance.md";

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
    if let Err(error) = tools::servers() {
        say(&format!(
            "the rows of a missing server are left out: {error:#}"
        ));
    }
}
