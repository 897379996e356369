//! A backup of PostgreSQL by `pg_basebackup` and an archive of its log: everything acknowledged before the last archived
//! file is there after a restore, and `sosik verify` finds no difference.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use common::{Folder, Server};
use reqwest::Client;
use serde_json::{Value, json};
use sosik_servers::{Postgres, find};
use tokio::time::{Instant, interval};

/// A state that is not reached within this time counts as never reached.
const PATIENCE: Duration = Duration::from_secs(60);

fn store(postgres: &Postgres) -> String {
    format!("--set=store.url={}", postgres.url("postgres"))
}

async fn sends(node: &Server, token: &str, path: &str, body: Value) -> Value {
    let request = Client::new().post(format!("{}{path}", node.url));
    let answer = request.bearer_auth(token).json(&body).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json().await.unwrap()
}

async fn texts(node: &Server, token: &str) -> Vec<String> {
    let request = Client::new().get(format!("{}/v1/feed", node.url));
    let answer = request.bearer_auth(token).send().await.unwrap();
    let page: Value = answer.json().await.unwrap();
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["text"].as_str().unwrap().to_owned())
        .collect()
}

/// Ends the current file of the log and waits until it is in the archive.
async fn archive_the_log(postgres: &Postgres, archive: &Path) {
    let psql = find("psql").unwrap();
    let switch = "SELECT pg_walfile_name(pg_switch_wal())";
    let mut command = Command::new(psql);
    command.args([&postgres.url("postgres"), "-qtAc", switch]);
    let switched = command.output().unwrap();
    assert!(switched.status.success(), "{switched:?}");
    let file = String::from_utf8(switched.stdout).unwrap();
    assert!(!file.trim().is_empty(), "there is no file to archive");
    let until = Instant::now() + PATIENCE;
    let mut tick = interval(Duration::from_millis(20));
    while !archive.join(file.trim()).exists() {
        tick.tick().await;
        assert!(Instant::now() < until, "{file} is not archived");
    }
}

#[tokio::test]
async fn a_base_backup_and_the_archived_log_restore_everything() {
    let (folder, archive) = (Folder::new(), tempfile::tempdir().unwrap());
    // The server runs as another user.
    fs::set_permissions(archive.path(), Permissions::from_mode(0o777)).unwrap();
    let place = archive.path().display();
    let copy = format!("archive_command=cp %p {place}/%f.part && mv {place}/%f.part {place}/%f");
    let mut postgres = Postgres::start(&["archive_mode=on", &copy]).unwrap();
    let node = Server::start(&folder, &[&store(&postgres)]);
    let person =
        json!({ "handle": "mina", "display_name": "Mina", "password": "a magpie at the gate" });
    let token = sends(&node, "", "/v1/people", person).await["token"].clone();
    let token = token.as_str().unwrap();
    sends(
        &node,
        token,
        "/v1/stories",
        json!({ "text": "before the backup" }),
    )
    .await;
    let backup = postgres.base_backup().unwrap();
    sends(
        &node,
        token,
        "/v1/stories",
        json!({ "text": "after the backup" }),
    )
    .await;
    archive_the_log(&postgres, archive.path()).await;
    node.kill();
    postgres.kill();

    let restored = backup.restore(&format!("cp {place}/%f %p"), &[]).unwrap();
    let settings = store(&restored);
    folder.run(&["verify", &settings]).ends_with(0);
    let node = Server::start(&folder, &[&settings]);
    assert_eq!(
        texts(&node, token).await,
        ["after the backup", "before the backup"],
        "and the session is still there"
    );
}
