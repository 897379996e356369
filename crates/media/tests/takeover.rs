//! An `ffmpeg` that was taken over: the files that it leaves give no access to files of the server, and block nothing.

#![allow(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::{
    fs::Permissions,
    future::Future,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use common::mp4::Mp4;
use sosik_media::{
    Refusal,
    limits::PHOTO_BYTES_MAX,
    video::{Ffmpeg, Video, Videos},
    worker::{Failure, Program, Settings, Workers},
};
use tempfile::TempDir;
use tokio::time::timeout;

/// Longer than any step on a busy machine. A test that needs it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A file of this kind must be converted.
const MOV: &[u8] = b"\0\0\0\x14ftypqt  \0\0\0\0qt  ";

const WORKER: &str = env!("CARGO_BIN_EXE_sosik-media-worker");

/// Shell commands that leave something else than a file. `$secret` is a file of the server, `$result` the path of the
/// result.
const PLANTS: [(&str, &str); 4] = [
    ("a symbolic link", r#"exec ln -s "$secret" "$result""#),
    ("a hard link", r#"exec ln "$secret" "$result""#),
    ("a pipe", r#"exec mkfifo "$result""#),
    ("a folder", r#"exec mkdir "$result""#),
];

/// Where the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sandbox {
    /// In the sandbox of this machine.
    Real,
    /// Without a sandbox, as on a kernel that has none. Links and pipes can be created then.
    None,
}

struct Machine {
    folder: TempDir,
    sandbox: Sandbox,
    settings: Settings,
}

impl Machine {
    fn new(sandbox: Sandbox) -> Self {
        let machine = Self {
            folder: tempfile::tempdir().unwrap(),
            sandbox,
            settings: Settings::video(),
        };
        // Playable, and small enough for a poster: only the checks of the result refuse it.
        std::fs::write(machine.path("secret"), Mp4::default().file()).unwrap();
        std::fs::create_dir(machine.path("work")).unwrap();
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An `ffmpeg` that runs a command instead.
    fn ffmpeg(&self, command: &str) -> Ffmpeg {
        let path = self.path("ffmpeg");
        let secret = self.path("secret");
        let script = format!(
            "#!/bin/sh\nfor result; do :; done\nsecret='{}'\n{command}\n",
            secret.display()
        );
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        Ffmpeg::at(&path).unwrap()
    }

    /// Workers that check and decode as always. Without the sandbox they run `ffmpeg` as it is: the last argument of its
    /// order is the result.
    fn workers(&self) -> Arc<Workers> {
        let program = match self.sandbox {
            Sandbox::Real => Program {
                path: PathBuf::from(WORKER),
                arguments: Vec::new(),
                environment: Vec::new(),
            },
            Sandbox::None => Program {
                path: PathBuf::from("/bin/sh"),
                arguments: vec!["-c".to_owned(), unconfined(&self.path("ffmpeg"))],
                environment: vec![("PATH", "/usr/bin:/bin")],
            },
        };
        Arc::new(Workers::new(program, self.settings))
    }

    async fn prepare(&self, upload: &[u8], command: &str) -> Result<Video, Failure> {
        let file = self.path("work/upload");
        std::fs::write(&file, upload).unwrap();
        let videos = Videos::new(self.workers(), Some(self.ffmpeg(command)));
        in_time(videos.prepare(&file, &self.path("work"))).await
    }

    /// The names in the folder of the video.
    fn left(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("work")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

/// A worker in shell: orders to execute go to `ffmpeg`, all others to the real worker.
fn unconfined(ffmpeg: &Path) -> String {
    format!(
        r#"case "$0" in
            *ffprobe*) exit 1;;
            *execute*) exec {} "$(printf %s "$0" | sed 's/.*"writes":"\([^"]*\)".*/\1/')/result";;
            *) exec {WORKER} "$0";;
        esac"#,
        ffmpeg.display()
    )
}

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    timeout(PATIENCE, work).await.expect("it must not block")
}

#[tokio::test]
async fn a_result_that_is_no_ordinary_file_fails_the_upload() {
    for sandbox in [Sandbox::Real, Sandbox::None] {
        for (what, command) in PLANTS {
            let machine = Machine::new(sandbox);
            let outcome = machine.prepare(MOV, command).await;
            let failed = matches!(
                outcome,
                Err(Failure::Crashed(_) | Failure::Refused(Refusal::Damaged))
            );
            assert!(failed, "{what} {sandbox:?}: {outcome:?}");
            assert_eq!(machine.left(), ["upload"], "{what} {sandbox:?}");
        }
    }
}

#[tokio::test]
async fn a_poster_that_is_no_ordinary_file_is_no_poster() {
    for sandbox in [Sandbox::Real, Sandbox::None] {
        for (what, command) in PLANTS {
            let machine = Machine::new(sandbox);
            let upload = Mp4::default().file();
            let video = machine.prepare(&upload, command).await.unwrap();
            assert_eq!(video.poster, None, "{what} {sandbox:?}");
            assert_eq!(machine.left(), ["upload", "video.mp4"], "{what}");
        }
    }
}

#[tokio::test]
async fn an_ordinary_result_is_taken() {
    for sandbox in [Sandbox::Real, Sandbox::None] {
        let machine = Machine::new(sandbox);
        let upload = Mp4::default().file();
        let video = machine.prepare(&upload, r#"echo poster > "$result""#).await;
        let poster = video.unwrap().poster.unwrap();
        assert_eq!(poster.as_ref(), b"poster\n", "{sandbox:?}");
    }
}

#[tokio::test]
async fn an_endless_result_is_bounded() {
    for sandbox in [Sandbox::Real, Sandbox::None] {
        let machine = Machine::new(sandbox);
        let endless = r#"yes | head -c 300000000 > "$result""#;
        let outcome = machine.prepare(MOV, endless).await;
        assert!(outcome.is_err(), "{sandbox:?}: {outcome:?}");
        assert_eq!(machine.left(), ["upload"], "{sandbox:?}");

        let machine = Machine::new(sandbox);
        let above = PHOTO_BYTES_MAX + 1;
        let large = format!(r#"yes | head -c {above} > "$result""#);
        let video = machine.prepare(&Mp4::default().file(), &large).await;
        assert_eq!(video.unwrap().poster, None, "{sandbox:?}");
    }
}

#[tokio::test]
async fn a_program_does_not_change_what_the_server_made() {
    let machine = Machine::new(Sandbox::Real);
    let overwrites = r#"
        for name in upload video.mp4 planted; do
            echo changed > "${result%/*}/../$name"
        done
        echo poster > "$result""#;
    let upload = Mp4::default().file();
    let video = machine.prepare(&upload, overwrites).await.unwrap();
    assert_eq!(machine.left(), ["upload", "video.mp4"]);
    assert_eq!(std::fs::read(machine.path("work/upload")).unwrap(), upload);
    let served = std::fs::read(video.file).unwrap();
    assert!(!served.starts_with(b"changed"));
}

#[tokio::test]
async fn all_programs_of_a_video_share_one_deadline() {
    let mut machine = Machine::new(Sandbox::Real);
    let each = Duration::from_secs(2);
    machine.settings.deadline = each * 3 / 2;
    let slow = format!("#!/bin/sh\nsleep {}\n", each.as_secs());
    std::fs::write(machine.path("ffprobe"), slow).unwrap();
    let executable = Permissions::from_mode(0o755);
    std::fs::set_permissions(machine.path("ffprobe"), executable).unwrap();
    let outcome = machine.prepare(MOV, "exec sleep 2").await;
    assert!(matches!(outcome, Err(Failure::Late)), "{outcome:?}");
}

#[tokio::test]
async fn the_protection_of_another_program_is_that_of_the_kernel() {
    let workers = Machine::new(Sandbox::Real).workers();
    let decoder = workers.check().await.unwrap();
    let program = workers.check_program().await.unwrap();
    assert_eq!(program.landlock, decoder.landlock);
    assert_eq!(program.seccomp, decoder.seccomp);
    assert_eq!(program.files_denied, program.landlock);
    assert!(program.sockets_denied || !program.seccomp);
}
