//! Worker processes: what they give up, and what remains when they crash, hang or lie.

#![allow(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use common::{gif, jpeg, landscape};
use sosik_media::{
    Refusal,
    photo::{Purpose, render},
    worker::{Failure, Input, Program, Settings, Workers},
};

/// Longer than any job takes on a busy machine. A test that needs it fails.
const PATIENCE: Duration = Duration::from_secs(120);

fn worker() -> Program {
    Program {
        path: PathBuf::from(env!("CARGO_BIN_EXE_sosik-media-worker")),
        arguments: Vec::new(),
        environment: Vec::new(),
    }
}

/// A worker that was taken over: a shell that does something else.
fn shell(script: &str) -> Program {
    Program {
        path: PathBuf::from("/bin/sh"),
        arguments: vec!["-c".to_owned(), script.to_owned()],
        environment: Vec::new(),
    }
}

fn patient() -> Settings {
    Settings {
        deadline: PATIENCE,
        cpu_time_max: PATIENCE,
        ..Settings::default()
    }
}

fn bytes(file: Vec<u8>) -> Input {
    Input::Bytes(Bytes::from(file))
}

#[tokio::test]
async fn a_process_renders_as_the_library_does() {
    let upload = jpeg(&landscape(1200, 800));
    let workers = Workers::new(worker(), patient());
    let photo = workers.photo(bytes(upload.clone()), Purpose::Story).await;
    assert_eq!(photo.unwrap(), render(&upload, Purpose::Story).unwrap());
}

#[tokio::test]
async fn a_process_reads_an_open_file_itself() {
    let upload = jpeg(&landscape(300, 200));
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&upload).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let workers = Workers::new(worker(), patient());
    let photo = workers.photo(Input::File(file), Purpose::Avatar).await;
    assert_eq!(photo.unwrap(), render(&upload, Purpose::Avatar).unwrap());
}

#[tokio::test]
async fn the_author_learns_why_a_file_is_refused() {
    let workers = Workers::new(worker(), patient());
    let refused = workers
        .photo(bytes(b"hello".to_vec()), Purpose::Story)
        .await;
    assert!(
        matches!(refused, Err(Failure::Refused(Refusal::Unknown))),
        "{refused:?}"
    );
    let large = vec![0; 21_000_000];
    let refused = workers.photo(bytes(large), Purpose::Story).await;
    let reason = matches!(refused, Err(Failure::Refused(Refusal::TooManyBytes { .. })));
    assert!(reason, "{refused:?}");
}

#[tokio::test]
async fn a_process_can_open_neither_files_nor_sockets_nor_more_memory() {
    let protection = Workers::new(worker(), patient()).check().await.unwrap();
    assert!(protection.files_denied, "{protection:?}");
    assert!(protection.sockets_denied, "{protection:?}");
    assert!(protection.memory_denied, "{protection:?}");
    if cfg!(target_os = "linux") {
        assert!(protection.seccomp, "{protection:?}");
    }
}

/// Runs another program behind the door that is for `ffmpeg`. True if it succeeds.
fn executes(program: &str, arguments: &[&str], reads: &Path, writes: &Path) -> bool {
    let execute = serde_json::json!({
        "program": program, "arguments": arguments, "reads": reads, "writes": writes,
        "file_bytes_max": 1_000_000,
    });
    let order = serde_json::json!({
        "job": { "execute": execute }, "memory_bytes": 1 << 30, "cpu_s": 100,
    });
    let mut process = Command::new(worker().path);
    process.arg(order.to_string()).stdin(Stdio::null());
    process.stdout(Stdio::null()).stderr(Stdio::null());
    process.status().unwrap().success()
}

#[tokio::test]
async fn another_program_reads_one_file_and_writes_one_folder_and_has_no_network() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("upload"), "upload").unwrap();
    std::fs::write(path("secret"), "secret").unwrap();
    std::fs::create_dir(path("results")).unwrap();
    let (upload, results) = (path("upload"), path("results"));
    let copies = |from: &Path, to: &Path| {
        let arguments = [from.to_str().unwrap(), to.to_str().unwrap()];
        executes("/bin/cp", &arguments, &upload, &results)
    };
    assert!(copies(&upload, &results.join("copy")));
    let protection = Workers::new(worker(), patient()).check().await.unwrap();
    if protection.landlock {
        assert!(!copies(&path("secret"), &results.join("stolen")));
        assert!(!copies(Path::new("/etc/passwd"), &results.join("stolen")));
        assert!(!copies(&upload, &path("elsewhere")));
    }
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let connect = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    assert!(executes("/bin/bash", &["-c", "true"], &upload, &results));
    if protection.seccomp {
        assert!(!executes("/bin/bash", &["-c", &connect], &upload, &results));
    }
}

#[tokio::test]
async fn a_process_that_needs_more_memory_than_allowed_ends_alone() {
    let settings = Settings {
        memory_bytes_max: 24_000_000,
        ..patient()
    };
    let workers = Workers::new(worker(), settings);
    let large = workers
        .photo(bytes(jpeg(&landscape(4000, 3000))), Purpose::Story)
        .await;
    assert!(matches!(large, Err(Failure::Crashed(_))), "{large:?}");
    let small = workers
        .photo(bytes(jpeg(&landscape(40, 30))), Purpose::Story)
        .await;
    assert!(small.is_ok(), "{small:?}");
}

#[tokio::test]
async fn a_process_that_uses_up_its_cpu_time_is_ended_by_the_kernel() {
    let settings = Settings {
        cpu_time_max: Duration::from_secs(1),
        ..patient()
    };
    let frames: Vec<_> = (0..90_u8)
        .map(|shade| ([shade * 2, 90, 255 - shade], 50))
        .collect();
    let workers = Workers::new(worker(), settings);
    let slow = workers
        .photo(bytes(gif(1000, 1000, &frames)), Purpose::Story)
        .await;
    assert!(matches!(slow, Err(Failure::CpuTimeUsed)), "{slow:?}");
}

#[tokio::test]
async fn a_process_that_hangs_is_killed_at_its_deadline() {
    let settings = Settings {
        deadline: Duration::from_millis(300),
        ..patient()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pid");
    let script = format!("echo $$ > {}; exec sleep 600", path.display());
    let hung = Workers::new(shell(&script), settings);
    let outcome = hung.photo(bytes(vec![0; 1_000_000]), Purpose::Story).await;
    assert!(matches!(outcome, Err(Failure::Late)), "{outcome:?}");

    let pid: i32 = std::fs::read_to_string(path)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    assert!(
        rustix::process::test_kill_process(pid).is_err(),
        "{pid:?} still runs"
    );
}

#[tokio::test]
async fn a_process_that_crashes_or_lies_fails_its_own_job_only() {
    let scripts = [
        "kill -SEGV $$",
        "kill -ABRT $$",
        "exit 101",
        "true",
        "echo '<script>alert(1)</script>'",
        r#"printf '\031\000\000\000{"photo":{"renditions":[]}}'"#,
        "head -c 70000000 /dev/zero",
        "exit 0 <&-",
    ];
    for script in scripts {
        let workers = Workers::new(shell(script), patient());
        let outcome = workers.photo(bytes(vec![7; 300_000]), Purpose::Story).await;
        assert!(
            matches!(outcome, Err(Failure::Crashed(_))),
            "{script}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_missing_program_is_reported() {
    let missing = Program {
        path: PathBuf::from("/nowhere/worker"),
        arguments: Vec::new(),
        environment: Vec::new(),
    };
    let outcome = Workers::new(missing, patient()).check().await;
    assert!(
        matches!(outcome, Err(Failure::Unavailable(_))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn jobs_beyond_the_bound_are_turned_away_at_once() {
    let settings = Settings {
        processes_max: 1,
        waiting_max: 1,
        ..patient()
    };
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("gate");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &gate,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let script = format!("cat {}", gate.display());
    let workers = Workers::new(shell(&script), settings);
    let job = || workers.photo(bytes(Vec::new()), Purpose::Story);
    let (first, second) = (job(), job());
    tokio::pin!(first, second);
    assert!(futures::poll!(&mut first).is_pending());
    assert!(futures::poll!(&mut second).is_pending());

    let third = job().await;
    assert!(matches!(third, Err(Failure::Busy)), "{third:?}");

    // Opening the pipe lets the first process end, and then the second.
    for waiting in [first, second] {
        let opened = tokio::task::spawn_blocking({
            let gate = gate.clone();
            move || std::fs::write(gate, b"")
        });
        assert!(matches!(waiting.await, Err(Failure::Crashed(_))));
        opened.await.unwrap().unwrap();
    }
    assert!(!matches!(
        futures::poll!(Box::pin(job())),
        std::task::Poll::Ready(Err(Failure::Busy))
    ));
}

#[tokio::test]
async fn malformed_files_get_an_answer() {
    let workers = Workers::new(worker(), patient());
    for path in common::real_files("malformed") {
        let file = std::fs::read(&path).unwrap();
        let outcome = workers.photo(bytes(file), Purpose::Story).await;
        let answered = matches!(outcome, Ok(_) | Err(Failure::Refused(_)));
        assert!(answered, "{}: {outcome:?}", path.display());
    }
}
