//! The configuration from the command line, and the committed files that are generated from it.

#![expect(clippy::unwrap_used, reason = "an unreadable file must fail the test")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// `sosik` in an empty folder with an empty environment.
fn sosik(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sosik"));
    command
        .current_dir(folder.path())
        .env_clear()
        .args(arguments);
    command
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn ran(mut command: Command) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn check_is_fresh(path: &str, show: &str) {
    let (code, page, _) = ran(sosik(&folder(), &["config", show]));
    assert_eq!(code, Some(0));
    let checked_in = fs::read_to_string(repository().join(path)).unwrap();
    assert!(
        checked_in == page,
        "{path} is stale; run `cargo xtask generate` and commit it"
    );
}

#[test]
fn the_checked_in_sample_is_what_the_program_says() {
    check_is_fresh("sosik.sample.toml", "--sample");
}

#[test]
fn the_checked_in_reference_page_is_what_the_program_says() {
    check_is_fresh("docs/guide/configuration.md", "--reference");
}

#[test]
fn the_configuration_in_effect_is_printed_with_the_source_of_each_value() {
    let folder = folder();
    fs::write(folder.path().join("sosik.toml"), "[node]\nregion = 1\n").unwrap();
    let mut command = sosik(
        &folder,
        &["--set", "node.name=a", "config", "--set", "node.name=b"],
    );
    command.env("SOSIK_LOG__FORMAT", "json");
    let (code, page, errors) = ran(command);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    for part in [
        "from: sosik.toml:2\nregion = 1\n",
        "from: --set\nname = \"b\"\n",
        "from: environment variable SOSIK_LOG__FORMAT\nformat = \"json\"\n",
        "from: default\nlease_seconds = 10\n",
    ] {
        assert!(page.contains(part), "{part:?} is missing in:\n{page}");
    }
}

#[test]
fn a_named_file_is_read_instead_of_the_one_in_the_folder() {
    let folder = folder();
    fs::write(folder.path().join("sosik.toml"), "[node]\nregion = 1\n").unwrap();
    fs::write(folder.path().join("other.toml"), "[node]\nregion = 2\n").unwrap();
    let (_, by_flag, _) = ran(sosik(&folder, &["config", "--config", "other.toml"]));
    assert!(by_flag.contains("from: other.toml:2\nregion = 2\n"));
    let mut command = sosik(&folder, &["config"]);
    command.env("SOSIK_CONFIG", "other.toml");
    let (_, by_variable, _) = ran(command);
    assert_eq!(by_flag, by_variable);
}

#[test]
fn a_wrong_configuration_ends_with_code_2_and_every_problem_on_standard_error() {
    let (code, page, errors) = ran(sosik(
        &folder(),
        &[
            "config",
            "--set",
            "limits.friends_max=0",
            "--set",
            "feed.page_mxa=1",
        ],
    ));
    assert_eq!((code, page.as_str()), (Some(2), ""));
    assert!(
        errors.starts_with("sosik: the configuration has 2 problems\n"),
        "{errors}"
    );
    assert!(
        errors.contains("limits.friends_max = 0 is not allowed"),
        "{errors}"
    );
    assert!(errors.contains("did you mean feed.page_max?"), "{errors}");
}

#[test]
fn a_file_that_is_named_but_missing_ends_with_code_2() {
    let (code, _, errors) = ran(sosik(&folder(), &["config", "--config", "gone.toml"]));
    assert_eq!(code, Some(2));
    assert!(
        errors.contains("gone.toml: cannot read the configuration file"),
        "{errors}"
    );
}

#[test]
fn the_sample_is_at_hand_even_when_the_configuration_is_broken() {
    let (code, _, errors) = ran(sosik(
        &folder(),
        &["config", "--sample", "--set", "nobody.knows=1"],
    ));
    assert_eq!((code, errors.as_str()), (Some(0), ""));
}

#[test]
fn wrong_usage_ends_with_code_2_and_the_help_tells_the_codes() {
    let (code, _, _) = ran(sosik(&folder(), &["fly"]));
    assert_eq!(code, Some(2));
    let (code, help, _) = ran(sosik(&folder(), &["--help"]));
    assert_eq!(code, Some(0));
    assert!(help.contains("Exit codes:"), "{help}");
}
