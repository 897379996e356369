//! Stopping on request, and starting when something is in the way.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::net::TcpListener;
use std::time::Duration;

use common::{Folder, Server};
use reqwest::{Client, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::time::Instant;

/// A state that is not reached within this time counts as never reached.
const PATIENCE: Duration = Duration::from_secs(60);

async fn signed_in(client: &Client, server: &Server, path: &str, ask: &Value) -> String {
    let answer = client
        .post(format!("{}{path}", server.url))
        .json(ask)
        .send()
        .await
        .unwrap();
    let answer: Value = answer.error_for_status().unwrap().json().await.unwrap();
    answer["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_server_that_is_asked_to_stop_says_goodbye_to_streams_and_keeps_what_it_took() {
    let folder = Folder::new();
    let client = Client::builder().no_proxy().build().unwrap();
    let server = Server::start(&folder, &[]);
    let mina =
        json!({ "handle": "mina", "display_name": "Mina", "password": "a magpie at the gate" });
    let token = signed_in(&client, &server, "/v1/people", &mina).await;
    let stream = client
        .get(format!("{}/v1/feed/stream", server.url))
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    assert_eq!(stream.status().as_u16(), 200);
    let post = client
        .post(format!("{}/v1/stories", server.url))
        .bearer_auth(&token);
    post.json(&json!({ "text": "before the end" }))
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap();

    server.ask_to_stop();
    let events = stream.text().await.unwrap();
    assert!(events.starts_with("event: hello\n"), "{events}");
    let last = events.trim_end().rsplit("\n\n").next().unwrap();
    assert!(last.starts_with("event: bye\nretry: "), "{events}");
    assert!(server.ended().await.success());

    let server = Server::start(&folder, &[]);
    let log_in = json!({ "handle": "mina", "password": "a magpie at the gate" });
    let token = signed_in(&client, &server, "/v1/sessions", &log_in).await;
    let feed = client
        .get(format!("{}/v1/feed", server.url))
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    let feed: Value = feed.json().await.unwrap();
    assert_eq!(feed["items"][0]["text"], "before the end");
}

#[test]
fn a_port_that_is_taken_is_told_with_the_key_to_change() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("--set=server.listen={}", taken.local_addr().unwrap());
    let ran = Folder::new().run(&["serve", &listen]).ends_with(3);
    assert!(
        ran.err.contains("listen on 127.0.0.1:") && ran.err.contains("server.listen"),
        "{}",
        ran.err
    );
}

/// Connections that send nothing.
fn silent(server: &Server, count: usize) -> Vec<std::net::TcpStream> {
    let address = server.url.trim_start_matches("http://");
    let connect = |_| std::net::TcpStream::connect(address).unwrap();
    (0..count).map(connect).collect()
}

async fn status(client: &Client, url: &str) -> u16 {
    client.get(url).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn silent_connections_beyond_the_open_files_stop_neither_administration_nor_the_public() {
    let folder = Folder::new();
    let server = Server::start_limited(
        &folder,
        "ulimit -n 300",
        &["--set=server.first_request_seconds=2"],
    );
    let bounded = server.log.iter().find(|entry| entry["allowed"] == 154);
    assert_eq!(bounded.unwrap()["level"], "INFO", "nobody set the key");
    let client = Client::builder().no_proxy().build().unwrap();
    let _silent = silent(&server, 320);
    let health = format!("{}/healthz", server.admin_url);
    assert_eq!(status(&client, &health).await, 200);
    // Waits in the accept queue of the system until the silent connections before it are closed.
    let alive = format!("{}/livez", server.url);
    assert_eq!(status(&client, &alive).await, 200);
}

#[test]
fn the_soft_limit_of_open_files_is_raised_to_the_hard_limit() {
    let folder = Folder::new();
    let server = Server::start_limited(&folder, "ulimit -Sn 300 && ulimit -Hn 2000", &[]);
    let limits = server.proc("limits");
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let files: Vec<&str> = files.unwrap().split_whitespace().collect();
    assert_eq!(files[3..5], ["2000", "2000"]);
}

#[test]
fn a_maximum_of_connections_that_was_set_and_does_not_fit_is_warned_about() {
    let folder = Folder::new();
    let set = ["--set=server.connections_max=1000"];
    let server = Server::start_limited(&folder, "ulimit -n 300", &set);
    let lowered = server.log.iter().find(|entry| entry["allowed"] == 154);
    assert_eq!(lowered.unwrap()["level"], "WARN");
}

#[test]
fn a_process_that_may_open_too_few_files_does_not_start_and_says_how_many_it_needs() {
    let folder = Folder::new();
    let ran = folder.run_another(
        "sh",
        &[
            "-c",
            "ulimit -n 200 && exec \"$0\" serve --set=server.listen=127.0.0.1:0 --set=server.admin_listen=127.0.0.1:0",
            env!("CARGO_BIN_EXE_sosik"),
        ],
    );
    assert!(ran.err.contains("allow at least 210"), "{ran:?}");
    ran.ends_with(3);
}

async fn session(postgres: &sosik_servers::Postgres) -> tokio_postgres::Client {
    let url = postgres.url("postgres");
    let connect = tokio_postgres::connect(&url, tokio_postgres::NoTls);
    let (session, connection) = connect.await.unwrap();
    tokio::spawn(connection);
    session
}

/// Waits until a session of a node waits for a lock of this kind.
async fn eventually_waits(session: &tokio_postgres::Client, kind: &str) {
    let waits = format!("SELECT count(*) FROM pg_locks WHERE NOT granted AND {kind}");
    let until = Instant::now() + PATIENCE;
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    while session
        .query_one(&waits, &[])
        .await
        .unwrap()
        .get::<_, i64>(0)
        == 0
    {
        assert!(Instant::now() < until, "no node waits");
        tick.tick().await;
    }
}

/// The advisory lock that a node takes to update the schema: "sosik" in ASCII.
const MIGRATIONS_LOCK: i64 = 0x73_6F_73_69_6B;

#[tokio::test]
async fn a_node_that_waits_for_a_migration_is_alive_and_not_ready_and_stops_at_once() {
    let postgres = sosik_servers::Postgres::start(&["fsync=off"]).unwrap();
    let (url, folder) = (postgres.url("postgres"), Folder::new());
    let session = session(&postgres).await;
    let lock = "SELECT pg_advisory_lock($1)";
    session.query(lock, &[&MIGRATIONS_LOCK]).await.unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = free.local_addr().unwrap();
    drop(free);
    let settings = [
        format!("--set=store.url={url}"),
        format!("--set=server.admin_listen={admin}"),
        "--set=server.listen=127.0.0.1:0".to_owned(),
    ];
    let settings = settings.iter().map(String::as_str);
    let arguments: Vec<_> = ["serve"].into_iter().chain(settings).collect();
    let mut node = folder.command(&arguments).spawn().unwrap();
    let client = Client::builder().timeout(PATIENCE).build().unwrap();
    let status = async |path: &str| {
        let answer = client.get(format!("http://{admin}{path}")).send().await;
        answer.ok().map(|answer| answer.status())
    };
    let until = Instant::now() + PATIENCE;
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    while status("/livez").await != Some(StatusCode::OK) {
        assert!(Instant::now() < until, "it is not alive");
        tick.tick().await;
    }
    let unready = StatusCode::SERVICE_UNAVAILABLE;
    assert_eq!(status("/readyz").await, Some(unready));
    eventually_waits(&session, "locktype = 'advisory'").await;
    kill_process(Pid::from_child(&node), Signal::TERM).unwrap();
    let ended = tokio::task::spawn_blocking(move || node.wait());
    let ended = tokio::time::timeout(PATIENCE, ended).await;
    assert!(ended.expect("it stops").unwrap().unwrap().success());
}
