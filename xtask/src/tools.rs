//! What the tests need besides Rust. Anything missing is installed, or told aloud with what is done instead.
//!
//! To add a tool (a browser, Node packages): a function like [`test_runner`], called by the chore that needs it.

use std::process::Stdio;

use crate::steps::{cargo_command, say};

/// The version that the repository is tested with.
const NEXTEST: &str = "cargo-nextest@0.9.143";

/// What runs the tests.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Runner {
    /// cargo-nextest: each test in a process of its own.
    Nextest,
    /// `cargo test`: the same tests, with less to see when one hangs.
    Cargo,
}

/// cargo-nextest, installed when missing; `cargo test` where that fails, since the tests matter more than their runner.
pub(crate) fn test_runner() -> Runner {
    if has_cargo_command("nextest") {
        return Runner::Nextest;
    }
    say(&format!(
        "cargo-nextest is missing: installing {NEXTEST}, which takes some minutes"
    ));
    let installed = cargo_command()
        .args(["install", "--locked", NEXTEST])
        .status();
    if installed.is_ok_and(|status| status.success()) && has_cargo_command("nextest") {
        return Runner::Nextest;
    }
    say("cargo-nextest could not be installed: the tests are run by `cargo test` instead");
    Runner::Cargo
}

/// Whether cargo knows a command of this name.
pub(crate) fn has_cargo_command(name: &str) -> bool {
    cargo_command()
        .args([name, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
