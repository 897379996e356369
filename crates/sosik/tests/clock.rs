//! A server whose clock was ahead and was corrected, for a process that is stopped or killed and started again, and one
//! whose clock jumps while it runs.
//!
//! Runs with `--features sabotage` only. Other builds use the clock of the machine.

#![cfg(feature = "sabotage")]
#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::time::Duration;

use common::troubled::{stays_clean, troubled};
use common::{Folder, Server};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::time::timeout;

/// The test fails after this time. A correct server needs far less.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Milliseconds.
const TWO_DAYS: u64 = 2 * 86_400_000;

struct Fixture {
    folder: Folder,
    client: Client,
}

impl Fixture {
    fn start(&self, ahead: u64) -> Server {
        self.folder.write("ahead", &ahead.to_string());
        let file = self.folder.path("ahead");
        let file = file.to_str().unwrap();
        Server::start_with(&self.folder, &[], &[("SOSIK_CLOCK_AHEAD_FILE", file)])
    }

    async fn ask(
        &self,
        server: &Server,
        token: &str,
        method: Method,
        path: &str,
        body: Value,
    ) -> Value {
        let asked = self
            .client
            .request(method, format!("{}{path}", server.url))
            .bearer_auth(token)
            .json(&body);
        let answer = asked.send().await.unwrap().error_for_status().unwrap();
        answer.json().await.unwrap_or_default()
    }

    async fn sign_up(&self, server: &Server, handle: &str) -> (String, String) {
        let body =
            json!({ "handle": handle, "display_name": handle, "password": "a magpie at the gate" });
        let made = self.ask(server, "", Method::POST, "/v1/people", body).await;
        let text = |pointer| made.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        (text("/token"), text("/person/id"))
    }

    async fn post(&self, server: &Server, token: &str, text: &str) -> Value {
        let body = json!({ "text": text, "audience": "public" });
        self.ask(server, token, Method::POST, "/v1/stories", body)
            .await
    }

    async fn feed(&self, server: &Server, token: &str, query: &str) -> Value {
        let path = format!("/v1/feed{query}");
        self.ask(server, token, Method::GET, &path, Value::Null)
            .await
    }
}

fn texts(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|story| story["text"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn new_stories_come_above_those_of_a_clock_that_was_ahead() {
    for killed in [false, true] {
        let client = Client::builder().no_proxy().build().unwrap();
        let town = Fixture {
            folder: Folder::new(),
            client,
        };
        let server = town.start(TWO_DAYS);
        let (ana, _) = town.sign_up(&server, "ana").await;
        let (bo, bo_id) = town.sign_up(&server, "bob").await;
        let path = format!("/v1/follows/{bo_id}");
        town.ask(&server, &ana, Method::PUT, &path, Value::Null)
            .await;
        let ahead = town.post(&server, &bo, "ahead").await;
        let read = json!({ "story": ahead["id"] });
        town.ask(&server, &ana, Method::PUT, "/v1/feed/read-position", read)
            .await;
        let after = town.feed(&server, &ana, "").await["after"]
            .as_str()
            .unwrap()
            .to_owned();
        if killed {
            server.kill();
        } else {
            server.ask_to_stop();
            assert!(server.ended().await.success());
        }

        let server = town.start(0);
        let corrected = town.post(&server, &bo, "corrected").await;
        assert!(corrected["created_at"].as_str() < ahead["created_at"].as_str());
        let newer = format!("?after={after}");
        let delivered = async {
            while texts(&town.feed(&server, &ana, &newer).await).is_empty() {
                tokio::task::yield_now().await;
            }
        };
        timeout(TIMEOUT, delivered).await.unwrap();
        let page = town.feed(&server, &ana, "").await;
        assert_eq!(texts(&page), ["corrected", "ahead"], "killed: {killed}");
        assert_eq!(page["unread"], 1, "killed: {killed}");
        let log = server.logged();
        assert!(log.contains("is ahead of the clock"), "{log}");
        assert!(log.contains("\"ahead_seconds\":172"), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_before_2024_is_logged_at_start() {
    let town = Fixture {
        folder: Folder::new(),
        client: Client::new(),
    };
    let server = town.start(0);
    drop(server);
    town.folder.write("ahead", "-300000000000");
    let file = town.folder.path("ahead");
    let environment = [("SOSIK_CLOCK_AHEAD_FILE", file.to_str().unwrap())];
    let server = Server::start_with(&town.folder, &[], &environment);
    let ready = town.client.get(format!("{}/readyz", server.url)).send();
    let ready = ready.await.unwrap();
    assert_eq!(ready.status().as_u16(), 503);
    assert!(ready.text().await.unwrap().contains("before 2024"));
    let log = server.logged();
    assert!(log.contains("before 2024"), "{log}");
}

#[test]
fn a_server_whose_clock_goes_back_keeps_its_promises_and_continues_to_post() {
    let folder = Folder::new();
    let ran = troubled(&folder, &[], &["--fault=clock", "--jump=-60"]);
    let history = stays_clean(&folder, ran, "hindered");
    let refused = |line: &str| line.contains("POST /v1/stories") && line.contains("\"status\":503");
    assert!(!history.lines().any(refused));
}

#[test]
fn a_server_whose_clock_goes_ahead_and_back_a_little_keeps_its_promises() {
    let folder = Folder::new();
    let ran = troubled(&folder, &[], &["--fault=clock", "--jump=3"]);
    stays_clean(&folder, ran, "hindered");
}
