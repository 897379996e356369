//! The files of the program belong to its account: no other account of the machine can open them.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use common::{Folder, Server};

/// The program, started by a shell that first sets the umask.
fn with_umask(folder: &Folder, umask: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .current_dir(folder.path(""))
        .env_clear()
        .args(["-c", "umask \"$1\"; shift; exec \"$@\"", "sh", umask])
        .arg(env!("CARGO_BIN_EXE_sosik"))
        .args(arguments);
    command
}

/// A demo. Dropping it kills the process.
struct Demo(Child);

impl Demo {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let demo = Self(child);
        let mut printed = String::new();
        while !printed.contains("The people of the town continue to post") {
            let read = out.read_line(&mut printed).unwrap();
            assert!(read > 0, "the demo ended early: {printed}");
        }
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        demo
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _gone_already = self.0.kill();
        let _gone_already = self.0.wait();
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

/// A folder and everything in it.
fn walk(path: &Path, found: &mut Vec<PathBuf>) {
    found.push(path.to_owned());
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            walk(&entry.unwrap().path(), found);
        }
    }
}

/// Checks the modes below `path` and returns the names of the files.
#[track_caller]
fn check_modes(path: &Path) -> Vec<String> {
    let mut found = Vec::new();
    walk(path, &mut found);
    for path in &found {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        let mode = mode(path);
        assert_eq!(mode, expected, "{} is {mode:o}", path.display());
    }
    let files = found.iter().filter(|path| path.is_file());
    files
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn whatever_the_umask_only_the_owner_can_open_what_the_program_makes() {
    for umask in ["000", "022", "777"] {
        let folder = Folder::new();
        let demo = Demo::start(with_umask(
            &folder,
            umask,
            &[
                "demo",
                "--people=60",
                "--data=some/town",
                "--listen=127.0.0.1:0",
                "--set=server.admin_listen=127.0.0.1:0",
            ],
        ));
        let files = check_modes(&folder.path("some"));
        for name in ["sosik.db", "sosik.db-wal", "sosik.db-shm", "town.json"] {
            assert!(files.iter().any(|file| file == name), "{name}: {files:?}");
        }
        drop(demo);
        let mut world = with_umask(
            &folder,
            umask,
            &["world", "--describe", "--people=100", "--svg=shape.svg"],
        );
        assert!(world.stdout(Stdio::null()).status().unwrap().success());
        check_modes(&folder.path("shape.svg"));
    }
}

#[test]
fn a_token_file_that_others_may_read_is_told_with_the_command_that_mends_it() {
    let folder = Folder::new();
    folder.write("token", "0123456789abcdef");
    let told = |mode| {
        let path = folder.path("token");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let server = Server::start(&folder, &["--set=server.admin_token_file=token"]);
        server.logged().contains("chmod 600 token")
    };
    assert!(told(0o640));
    assert!(!told(0o600));
}

#[test]
fn looser_modes_of_what_is_there_are_told_once_with_the_command_that_mends_them() {
    let folder = Folder::new();
    folder.run(&["verify"]).ends_with(0);
    let set = |name, mode| {
        fs::set_permissions(folder.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    set("data", 0o755);
    set("data/sosik.db", 0o644);
    let told = folder.run(&["verify"]).ends_with(0).err;
    let command = "chmod 700 data && chmod 600 data/sosik.db";
    assert_eq!(told.matches("chmod 700").count(), 1, "{told}");
    assert!(told.contains(command), "{told}");

    let mended = folder.run_another("sh", &["-c", command]);
    mended.ends_with(0);
    let told = folder.run(&["verify"]).ends_with(0).err;
    assert!(!told.contains("chmod"), "{told}");
}
