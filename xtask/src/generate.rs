//! Files that are generated from the code and committed, so that they can be read without a build. For each, a test
//! beside the generating code fails when the file is stale.
//!
//! To add one, add a line to [`GENERATED`].

use std::fs;

use anyhow::{Context, ensure};

use crate::steps::{cargo_command, root, say};

/// A file, and the arguments that make `sosik` print it.
const GENERATED: &[(&str, &[&str])] = &[
    ("sosik.sample.toml", &["config", "--sample"]),
    ("docs/guide/configuration.md", &["config", "--reference"]),
];

/// The test that checks the OpenAPI document also writes it.
const OPENAPI: &[&str] = &[
    "test",
    "--quiet",
    "--package",
    "sosik-api",
    "--test",
    "openapi",
];

/// The test that checks the web client's rule of allowed characters also writes it.
const ALLOWED_TEXT: &[&str] = &[
    "test",
    "--quiet",
    "--package",
    "sosik-feed",
    "--test",
    "allowed_text",
];

/// The test that checks the examples of text in the guide also writes them.
const TEXT_GUIDE: &[&str] = &[
    "test",
    "--quiet",
    "--package",
    "sosik-feed",
    "--test",
    "entities",
];

/// The test that checks the list of common passwords also writes it.
const COMMON_PASSWORDS: &[&str] = &[
    "test",
    "--quiet",
    "--package",
    "sosik-service",
    "--lib",
    "the_list_is_what_the_words_make",
];

/// Writes every generated file again.
///
/// # Errors
/// `sosik` does not build or cannot print a file, or a file cannot be written.
pub(crate) fn refresh() -> anyhow::Result<()> {
    for (path, arguments) in GENERATED {
        let printed = cargo_command()
            .args(["run", "--quiet", "--package", "sosik", "--"])
            .args(*arguments)
            .output()
            .context("run sosik")?;
        ensure!(
            printed.status.success(),
            "make {path}: {}",
            String::from_utf8_lossy(&printed.stderr)
        );
        fs::write(root().join(path), &printed.stdout).with_context(|| format!("write {path}"))?;
        say(&format!("made {path}"));
    }
    by_test("docs/openapi.json", OPENAPI, "UPDATE_OPENAPI")?;
    by_test(
        "web/src/text/rule.json",
        ALLOWED_TEXT,
        "UPDATE_ALLOWED_TEXT",
    )?;
    by_test("docs/guide/text.md", TEXT_GUIDE, "UPDATE_TEXT_GUIDE")?;
    by_test(
        "crates/service/src/accounts/common-passwords.txt",
        COMMON_PASSWORDS,
        "UPDATE_COMMON_PASSWORDS",
    )
}

/// Runs the test that writes a file when this environment variable is set.
fn by_test(path: &str, arguments: &[&str], variable: &str) -> anyhow::Result<()> {
    let written = cargo_command().args(arguments).env(variable, "1").status();
    ensure!(written.context("run cargo")?.success(), "make {path}");
    say(&format!("made {path}"));
    Ok(())
}
