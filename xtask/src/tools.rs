//! Tools that the tests need in addition to Rust. A missing tool is installed. If that fails, the output names the
//! replacement.
//!
//! To add a tool that has a replacement, write a function like [`test_runner`] and call it in the chore. To add one
//! that a step requires, write a function like [`browser`] and pass it to [`Step::needs`](crate::steps::Step::needs).

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

/// Where Debian installs Chromium. `CHROMIUM` overrides it.
const CHROMIUM: &str = "/usr/bin/chromium";

/// The browser, and fonts for Korean and Japanese text.
const BROWSER_PACKAGES: [&str; 2] = ["chromium", "fonts-noto-cjk"];

/// The program that runs the tests.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Runner {
    /// cargo-nextest: each test in a process of its own.
    Nextest,
    /// `cargo test`: the same tests, with less information when one hangs.
    Cargo,
}

/// cargo-nextest, which is installed if it is missing. If that fails, `cargo test`: running the tests matters more than
/// the runner.
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

/// The browser of the end-to-end tests. On Debian and derived systems it is installed if it is missing.
///
/// # Errors
/// It is missing and cannot be installed. The error names the command to run by hand.
pub(crate) fn browser() -> anyhow::Result<()> {
    if let Some(wanted) = env::var_os("CHROMIUM") {
        let wanted = Path::new(&wanted);
        ensure!(
            wanted.exists(),
            "CHROMIUM names {}, which does not exist",
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

/// PostgreSQL, Redis and NATS, which are installed if they are missing.
///
/// # Errors
/// One is missing and cannot be installed. The error names the command to run by hand.
pub(crate) fn servers() -> anyhow::Result<()> {
    let missing = sosik_servers::PACKAGES
        .iter()
        .filter(|(program, _)| sosik_servers::find(program).is_none());
    let packages: Vec<&str> = missing.map(|(_, package)| *package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    say(&format!("installing {}", packages.join(", ")));
    install_without_starting(&packages)
}

/// cmake, which builds a library of the balancer. On Debian and derived systems it is installed if it is missing.
///
/// # Errors
/// It is missing and cannot be installed. The error names the command to run by hand.
pub(crate) fn cmake() -> anyhow::Result<()> {
    if is_installed("cmake") {
        return Ok(());
    }
    say("cmake is missing: installing it");
    install(&["cmake"]).context(
        "the balancer needs cmake: run `apt-get install --no-install-recommends cmake` as root",
    )
}

/// ffmpeg, with which the tests of videos work. On Debian and derived systems it is installed if it is missing.
///
/// # Errors
/// It is missing and cannot be installed. The error names the command to run by hand.
pub(crate) fn ffmpeg() -> anyhow::Result<()> {
    if sosik_servers::find("ffmpeg").is_some() {
        return Ok(());
    }
    say("ffmpeg is missing: installing it");
    install(&["ffmpeg"]).context(
        "the tests of videos need ffmpeg: run `apt-get install --no-install-recommends ffmpeg` as root",
    )
}

/// Programs that the tests of two balancers on one address and of a caching proxy need, each with its package on
/// Debian.
const NETWORK: [(&str, &str); 5] = [
    ("keepalived", "keepalived"),
    ("ip", "iproute2"),
    ("curl", "curl"),
    ("nginx", "nginx-light"),
    ("systemd-analyze", "systemd"),
];

/// The tools of [`NETWORK`], which are installed if they are missing.
///
/// # Errors
/// One is missing and cannot be installed. The error names the command to run by hand.
pub(crate) fn network() -> anyhow::Result<()> {
    let missing = NETWORK
        .iter()
        .filter(|(program, _)| sosik_servers::find(program).is_none());
    let packages: Vec<&str> = missing.map(|(_, package)| *package).collect();
    match packages.is_empty() {
        true => Ok(()),
        false => install_without_starting(&packages),
    }
}

fn is_installed(program: &str) -> bool {
    let mut asked = Command::new(program);
    let asked = asked
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}

/// Installs servers without starting them: the tests and benchmarks start their own. Requires root, because only root
/// may write the file that stops packages from starting their services.
///
/// # Errors
/// The caller is not root, or the packages are not available.
fn install_without_starting(packages: &[&str]) -> anyhow::Result<()> {
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

/// Installs Debian packages as root or with a `sudo` that needs no password.
fn install(packages: &[&str]) -> anyhow::Result<()> {
    // A stale package list fails more often than an update takes long. Without a network the update fails, and the
    // existing list may still work.
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
