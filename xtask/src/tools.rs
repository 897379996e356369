//! What the tests need besides Rust. Anything missing is installed, or told aloud with what is done instead.
//!
//! To add a tool: a function like [`test_runner`] for a choice of tools, or like [`browser`] for what a step cannot do
//! without, called by the chore or given to [`Step::needs`](crate::steps::Step::needs).

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};

use crate::steps::{cargo_command, say};

/// The version that the repository is tested with.
const NEXTEST: &str = "cargo-nextest@0.9.143";

/// Where Debian puts Chromium; `CHROMIUM` names another one.
const CHROMIUM: &str = "/usr/bin/chromium";

/// The browser, and letters for what people write in Korea and Japan.
const BROWSER_PACKAGES: [&str; 2] = ["chromium", "fonts-noto-cjk"];

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

/// The browser of the end-to-end tests. Missing on Debian and its kin, it is installed.
///
/// # Errors
/// There is none and it cannot be installed; says what to do by hand.
pub(crate) fn browser() -> anyhow::Result<()> {
    if let Some(wanted) = env::var_os("CHROMIUM") {
        let wanted = Path::new(&wanted);
        ensure!(
            wanted.exists(),
            "CHROMIUM names {}, which is not there",
            wanted.display()
        );
        return Ok(());
    }
    if Path::new(CHROMIUM).exists() {
        return Ok(());
    }
    let packages = BROWSER_PACKAGES.join(" ");
    say(&format!("Chromium is missing: installing {packages}"));
    let by_hand = format!(
        "the browser tests need Chromium: run `apt-get install --no-install-recommends {packages}` as root, \
         or set CHROMIUM to the path of one, and try again"
    );
    install(&BROWSER_PACKAGES).with_context(|| by_hand.clone())?;
    ensure!(Path::new(CHROMIUM).exists(), by_hand);
    Ok(())
}

/// Installs servers that nobody wants running: what uses them starts its own. Root only, since the file that keeps
/// packages from starting what they bring is root's.
///
/// # Errors
/// Not root, or the packages cannot be had.
pub(crate) fn install_without_starting(packages: &[&str]) -> anyhow::Result<()> {
    const POLICY: &str = "/usr/sbin/policy-rc.d";
    ensure!(
        is_root(),
        "run `apt-get install --no-install-recommends {}` as root",
        packages.join(" ")
    );
    let ours = !Path::new(POLICY).exists();
    if ours {
        let named = || format!("write {POLICY}");
        fs::write(POLICY, "#!/bin/sh\nexit 101\n").with_context(named)?;
        fs::set_permissions(POLICY, fs::Permissions::from_mode(0o755)).with_context(named)?;
    }
    let installed = install(packages);
    if ours {
        fs::remove_file(POLICY).with_context(|| format!("remove {POLICY}: remove it by hand"))?;
    }
    installed
}

/// Installs Debian packages, as root or by a `sudo` that asks nothing.
fn install(packages: &[&str]) -> anyhow::Result<()> {
    // A stale list of packages is worse than a slow start; without a network the list there is may still do.
    let _stale_may_do = apt_get(&["update"]);
    let wanted = ["install", "-y", "--no-install-recommends"];
    apt_get(&[&wanted, packages].concat())
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<()> {
    let mut command = match is_root() {
        true => Command::new("apt-get"),
        false => {
            let mut sudo = Command::new("sudo");
            sudo.args(["-n", "apt-get"]);
            sudo
        }
    };
    let status = command
        .arg("-q")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .status()
        .context("run apt-get")?;
    ensure!(
        status.success(),
        "apt-get {} failed (not root, and sudo wants a password?)",
        arguments.join(" ")
    );
    Ok(())
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
