//! Backs up a running server and makes a store from the backup.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use common::{Folder, Server};
use reqwest::Client;
use serde_json::{Value, json};

/// A person who posts the next story as soon as the last one is answered.
struct Poster {
    client: Client,
    url: String,
    token: String,
    acknowledged: AtomicU64,
    ended: AtomicBool,
}

impl Poster {
    async fn sign_up(server: &Server) -> Arc<Self> {
        let client = Client::builder().no_proxy().build().unwrap();
        let body =
            json!({ "handle": "mina", "display_name": "Mina", "password": "a magpie at the gate" });
        let asked = client.post(format!("{}/v1/people", server.url)).json(&body);
        let answer = asked.send().await.unwrap().error_for_status().unwrap();
        let answer: Value = answer.json().await.unwrap();
        Arc::new(Self {
            client,
            url: server.url.clone(),
            token: answer["token"].as_str().unwrap().to_owned(),
            acknowledged: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        })
    }

    async fn post(&self) {
        let asked = self
            .client
            .post(format!("{}/v1/stories", self.url))
            .bearer_auth(&self.token)
            .json(&json!({ "text": "a story ".repeat(100), "audience": "public" }));
        asked.send().await.unwrap().error_for_status().unwrap();
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
    }

    async fn post_until_ended(self: Arc<Self>) {
        while !self.ended.load(Ordering::SeqCst) {
            self.post().await;
        }
    }

    fn count(&self) -> u64 {
        self.acknowledged.load(Ordering::SeqCst)
    }
}

const NO_RATES: [&str; 1] = ["--set=rates.stories_per_person_burst=1000000"];

fn files(folder: &Folder, name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.path(name)).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_writes_is_restored_and_verified_clean() {
    let folder = Folder::new();
    let server = Server::start(&folder, &NO_RATES);
    let poster = Poster::sign_up(&server).await;
    for _ in 0..50 {
        poster.post().await;
    }
    let writing = tokio::spawn(Arc::clone(&poster).post_until_ended());
    let before = poster.count();
    let made = folder
        .run(&["backup", "--into=backups", "--json"])
        .ends_with(0)
        .json();
    let after = poster.count();
    poster.ended.store(true, Ordering::SeqCst);
    writing.await.unwrap();

    let file = made["file"].as_str().unwrap();
    let sums = folder.run_another("sh", &["-c", "cd backups && sha256sum --check *.sha256"]);
    sums.ends_with(0);
    for path in files(&folder, "backups") {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
    }
    folder
        .run(&["restore", file, "--to=restored/sosik.db"])
        .ends_with(0);
    let store = "--set=store.url=sqlite:restored/sosik.db";
    let verified = folder.run(&["verify", "--json", store]).ends_with(0).json();
    let stories = verified["stories"].as_u64().unwrap();
    assert!(
        before <= stories && stories <= after + 1,
        "{before} <= {stories} <= {after}"
    );

    // The server is not affected.
    poster.post().await;
    server.ask_to_stop();
    assert!(server.ended().await.success());
    let verified = folder.run(&["verify", "--json"]).ends_with(0).json();
    assert_eq!(verified["stories"], poster.count());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_the_database_file_of_a_running_server_is_refused_until_it_is_accepted() {
    let folder = Folder::new();
    let server = Server::start(&folder, &NO_RATES);
    let poster = Poster::sign_up(&server).await;
    poster.post().await;
    fs::copy(folder.database(), folder.path("copied.db")).unwrap();
    let store = "--set=store.url=sqlite:copied.db";
    let listen = "--set=server.listen=127.0.0.1:0";
    let admin = "--set=server.admin_listen=127.0.0.1:0";
    for role in ["verify", "serve", "rebuild"] {
        let ran = folder.run(&[role, store, listen, admin]).ends_with(3);
        assert!(ran.err.contains("copied.db-wal"), "{ran:?}");
        assert!(ran.err.contains("sosik backup"), "{ran:?}");
    }
    folder.run(&["backup", "--to=b.db", store]).ends_with(3);
    // Nor is it restored as a backup, although its checksum is right.
    let sum = ["-c", "sha256sum copied.db > copied.db.sha256"];
    folder.run_another("sh", &sum).ends_with(0);
    let restore = ["restore", "copied.db", "--to=restored.db"];
    let refused = folder.run(&restore).ends_with(3);
    assert!(refused.err.contains("--without-log"), "{refused:?}");
    assert!(!folder.path("restored.db").exists());
    let accepted = ["restore", "--without-log", "copied.db", "--to=accepted.db"];
    folder.run(&accepted).ends_with(0);
    folder
        .run(&["verify", "--set=store.url=sqlite:accepted.db"])
        .ends_with(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_log_is_there_is_not_restored_without_it() {
    let folder = Folder::new();
    let server = Server::start(&folder, &NO_RATES);
    Poster::sign_up(&server).await.post().await;
    let restore = ["restore", "--without-log", "data/sosik.db", "--to=new.db"];
    let running = folder.run(&restore).ends_with(3);
    assert!(running.err.contains("another process"), "{running:?}");
    assert!(running.err.contains("sosik backup"), "{running:?}");
    server.kill();
    let killed = folder.run(&restore).ends_with(3);
    assert!(killed.err.contains("sosik.db-wal is there"), "{killed:?}");
    assert!(!folder.path("new.db").exists());
    // An operator who accepts the loss moves the log away.
    fs::rename(folder.path("data/sosik.db-wal"), folder.path("moved")).unwrap();
    folder.run(&restore).ends_with(0);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = Folder::new();
    folder.run(&["verify"]).ends_with(0);
    let ran = folder.run(&["backup", "--into=/proc/nope"]).ends_with(3);
    assert!(ran.err.contains("/proc/nope"), "{ran:?}");
}

#[test]
fn restoring_overwrites_nothing_and_refuses_what_is_damaged() {
    let folder = Folder::new();
    folder.write("friends", "1 2\n2 3\n");
    folder
        .run(&["import", "--friendships=friends"])
        .ends_with(0);
    folder.run(&["backup", "--to=b.db"]).ends_with(0);
    let again = folder.run(&["backup", "--to=b.db"]).ends_with(3);
    assert!(again.err.contains("b.db already exists"), "{again:?}");

    let occupied = folder.run(&["restore", "b.db"]).ends_with(3);
    assert!(occupied.err.contains("already exists"), "{occupied:?}");
    folder.run(&["verify"]).ends_with(0);

    let whole = fs::read(folder.path("b.db")).unwrap();
    let check_refused = |why: &str, told: &str| {
        let ran = folder
            .run(&["restore", "b.db", "--to=new/sosik.db"])
            .ends_with(3);
        assert!(ran.err.contains(told), "{why}: {ran:?}");
        assert!(ran.err.contains("b.db"), "{why}: {ran:?}");
        assert_eq!(files(&folder, "new"), Vec::<PathBuf>::new(), "{why}");
    };
    fs::create_dir(folder.path("new")).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    fs::write(folder.path("b.db"), flipped).unwrap();
    check_refused("a flipped bit", "does not match its checksum");
    fs::write(folder.path("b.db"), &whole[..whole.len() / 2]).unwrap();
    check_refused("half of it", "does not match its checksum");
    fs::write(
        folder.path("b.db"),
        "no database, but its checksum is right",
    )
    .unwrap();
    folder
        .run_another("sh", &["-c", "sha256sum b.db > b.db.sha256"])
        .ends_with(0);
    check_refused("a text", "not a database");
    fs::remove_file(folder.path("b.db.sha256")).unwrap();
    check_refused("no checksum", "b.db.sha256");
    fs::remove_file(folder.path("b.db")).unwrap();
    check_refused("no backup", "there is no backup b.db");
}

#[test]
fn so_many_backups_stay_as_asked_and_other_files_of_the_folder_too() {
    let folder = Folder::new();
    folder.run(&["verify"]).ends_with(0);
    fs::create_dir(folder.path("backups")).unwrap();
    folder.write("backups/notes.txt", "mine");
    let mut made = Vec::new();
    for _ in 0..4 {
        let ran = folder
            .run(&["backup", "--into=backups", "--keep=2", "--json"])
            .ends_with(0);
        made.push(folder.path(ran.json()["file"].as_str().unwrap()));
    }
    let mut expected = vec![folder.path("backups/notes.txt")];
    for file in &made[2..] {
        expected.push(file.clone());
        expected.push(format!("{}.sha256", file.display()).into());
    }
    expected.sort();
    assert_eq!(files(&folder, "backups"), expected);
    folder
        .run(&["backup", "--to=b.db", "--keep=2"])
        .ends_with(2);
    folder.run(&["backup"]).ends_with(2);
}

#[test]
fn keeping_backups_removes_no_other_file_and_never_the_new_backup() {
    let folder = Folder::new();
    folder.run(&["verify"]).ends_with(0);
    fs::create_dir(folder.path("backups")).unwrap();
    let others = ["sosik-before-upgrade.db", "sosik-1.db", "sosik-zoo.db"];
    // The clock was ahead when the last two were made.
    let backups = ["20260101", "29990101", "29990102"];
    let backups = backups.map(|day| format!("sosik-{day}T000000.000Z.db"));
    for name in others
        .iter()
        .copied()
        .chain(backups.iter().map(String::as_str))
    {
        folder.write(&format!("backups/{name}"), "");
    }
    let ran = folder.run(&["backup", "--into=backups", "--keep=2", "--json"]);
    let new = ran.ends_with(0).json()["file"].as_str().unwrap().to_owned();
    let mut expected = others
        .map(|name| folder.path("backups").join(name))
        .to_vec();
    expected.push(folder.path("backups").join(&backups[2]));
    expected.push(folder.path(&new));
    expected.push(folder.path(&format!("{new}.sha256")));
    expected.sort();
    assert_eq!(files(&folder, "backups"), expected);
}

#[test]
fn a_store_that_is_no_file_is_neither_backed_up_nor_restored() {
    let folder = Folder::new();
    folder.run(&["verify"]).ends_with(0);
    folder.run(&["backup", "--to=b.db"]).ends_with(0);
    let store = "--set=store.url=postgres://sosik:s3cret@db.internal/feed";
    let before = files(&folder, ".");
    for arguments in [
        ["backup", "--to=c.db", store],
        ["backup", "--into=backups", store],
        ["restore", "b.db", store],
    ] {
        let ran = folder.run(&arguments).ends_with(2);
        assert!(ran.err.contains("store.url"), "{ran:?}");
        assert!(ran.err.contains("pg_basebackup"), "{ran:?}");
        assert!(!format!("{ran:?}").contains("s3cret"), "{ran:?}");
    }
    assert_eq!(files(&folder, "."), before);
    let restore = ["restore", "b.db", "--to=new.db", store];
    folder.run(&restore).ends_with(0);
}

#[test]
fn without_a_store_there_is_no_backup() {
    let folder = Folder::new();
    let ran = folder.run(&["backup", "--into=backups"]).ends_with(3);
    assert!(ran.err.contains("data/sosik.db"), "{ran:?}");
    assert!(ran.err.contains("store.url"), "{ran:?}");
    assert_eq!(files(&folder, "backups"), Vec::<PathBuf>::new());
    assert!(!folder.database().exists());
}
