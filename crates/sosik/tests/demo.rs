//! The demo as a new user sees it.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::Folder;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::time::{interval, timeout};

/// No step takes this long without a fault.
const TIMEOUT: Duration = Duration::from_secs(100);

/// A running demo, and its output up to the address.
struct Demo {
    child: Child,
    _out: BufReader<ChildStdout>,
    printed: String,
    url: String,
    password: String,
}

impl Demo {
    /// Starts a small town whose temporary folder is in `folder/tmp`.
    fn start(folder: &Folder, arguments: &[&str]) -> Self {
        fs::create_dir_all(folder.path("tmp")).unwrap();
        let mut command = folder.command(&["demo", "--people", "60", "--listen", "127.0.0.1:0"]);
        command
            .args(["--set", "server.admin_listen=127.0.0.1:0"])
            .args(arguments);
        let child = command
            .env("TMPDIR", folder.path("tmp"))
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut printed = String::new();
        while !printed.contains("The people of the town continue to post") {
            assert!(
                out.read_line(&mut printed).unwrap() > 0,
                "the demo ended early: {printed}"
            );
        }
        let word_behind = |what: &str| {
            let rest = &printed[printed.find(what).unwrap() + what.len()..];
            rest.split_whitespace().next().unwrap().to_owned()
        };
        let (url, password) = (word_behind("\n\n"), word_behind("with the password "));
        Self {
            child,
            _out: out,
            printed,
            url,
            password,
        }
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    fn stop(mut self) -> ExitStatus {
        self.signal("-TERM");
        self.child.wait().unwrap()
    }
}

impl Drop for Demo {
    /// Stops the process even if the test fails.
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _gone_already = self.child.wait();
    }
}

async fn log_in(demo: &Demo, handle: &str) -> String {
    let body = json!({"handle": handle, "password": demo.password});
    let answer = Client::new()
        .post(format!("{}/v1/sessions", demo.url))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201, "{handle}");
    answer.json::<Value>().await.unwrap()["token"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn get(demo: &Demo, token: &str, path: &str) -> Response {
    let asked = Client::new()
        .get(format!("{}{path}", demo.url))
        .bearer_auth(token);
    timeout(TIMEOUT, asked.send()).await.unwrap().unwrap()
}

#[tokio::test]
async fn hosts_log_in_read_a_full_page_and_see_the_town_go_on_live() {
    let folder = Folder::new();
    let demo = Demo::start(&folder, &["--pace", "0.02"]);
    for handle in ["mina", "oliver", "haruka"] {
        assert!(demo.printed.contains(handle), "{}", demo.printed);
        log_in(&demo, handle).await;
    }
    let token = log_in(&demo, "mina").await;
    let page: Value = get(&demo, &token, "/v1/feed").await.json().await.unwrap();
    assert_eq!(page["items"].as_array().unwrap().len(), 20);
    assert_eq!(page["end"], false);

    let mut stream = get(&demo, &token, "/v1/feed/stream").await;
    let mut events = String::new();
    while !events.contains("event: story") {
        let chunk = timeout(TIMEOUT, stream.chunk()).await.unwrap().unwrap();
        events.push_str(std::str::from_utf8(&chunk.expect("the stream goes on")).unwrap());
    }
    assert_eq!(demo.stop().code(), Some(0));
}

#[tokio::test]
async fn the_cast_get_avatars_and_stories_get_photos_that_are_described() {
    let folder = Folder::new();
    let demo = Demo::start(&folder, &["--pace", "3600"]);
    let token = log_in(&demo, "mina").await;
    let mut looks = interval(Duration::from_millis(200));
    let seen = async {
        loop {
            looks.tick().await;
            let me: Value = get(&demo, &token, "/v1/me").await.json().await.unwrap();
            let page = get(&demo, &token, "/v1/feed?limit=100").await;
            let page: Value = page.json().await.unwrap();
            let stories = page["items"].as_array().unwrap().iter();
            let pictured = stories.filter(|story| story["attachments"] != json!([]));
            let ready = pictured.filter(|story| {
                assert_eq!(story["edited_at"], Value::Null);
                let photo = &story["attachments"][0];
                assert!(photo["alt"].as_str().unwrap().len() > 8, "{photo}");
                photo["state"] == "ready"
            });
            if me["avatar"] != Value::Null && ready.count() >= 3 {
                return me;
            }
        }
    };
    let me = timeout(TIMEOUT, seen).await.unwrap();
    let path = me["avatar"]["large"].as_str().unwrap();
    assert_eq!(get(&demo, &token, path).await.status(), 200);
    assert_eq!(demo.stop().code(), Some(0));
}

#[tokio::test]
async fn a_story_has_a_video_and_others_link_to_sites_of_the_town() {
    let folder = Folder::new();
    let demo = Demo::start(&folder, &["--pace", "0.1"]);
    let mut tokens = Vec::new();
    for host in ["mina", "oliver", "haruka"] {
        tokens.push(log_in(&demo, host).await);
    }
    let mut looks = interval(Duration::from_millis(200));
    let (mut video, mut card) = (None, None);
    let seen = async {
        // Each with the host who sees it.
        for token in tokens.iter().cycle() {
            looks.tick().await;
            let page = get(&demo, token, "/v1/feed?limit=100").await;
            let page: Value = page.json().await.unwrap();
            for story in page["items"].as_array().unwrap() {
                let attachment = story["attachments"][0].clone();
                if attachment["kind"] == "video" && attachment["state"] == "ready" {
                    video = Some((token, attachment));
                }
                if story["link"]["picture"] != Value::Null {
                    card = Some((token, story["link"].clone()));
                }
            }
            if video.is_some() && card.is_some() {
                return;
            }
        }
    };
    timeout(TIMEOUT, seen).await.unwrap();
    let ((viewer, video), (reader, card)) = (video.unwrap(), card.unwrap());
    assert!(video["alt"].as_str().unwrap().len() > 8, "{video}");
    assert_eq!(video["duration_ms"], 8_000, "{video}");
    let picture = &card["picture"]["sizes"][0]["webp"];
    for (token, path) in [(viewer, &video["video"]), (reader, picture)] {
        let path = path.as_str().unwrap();
        assert_eq!(get(&demo, token, path).await.status(), 200, "{path}");
    }
    assert_eq!(demo.stop().code(), Some(0));
}

/// A server that closes every connection, and counts them.
fn counting_server() -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for _connection in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (address, count)
}

#[tokio::test]
async fn a_demo_with_the_configuration_of_a_cluster_connects_to_none_of_its_servers() {
    let folder = Folder::new();
    let servers = [(); 3].map(|()| counting_server());
    let [(postgres, _), (redis, _), (nats, _)] = &servers;
    let urls = [
        format!("--set=store.url=postgres://{postgres}/feed"),
        format!("--set=fabric.url=redis://{redis}"),
        format!("--set=queue.url=nats://{nats}"),
    ];
    let demo = Demo::start(&folder, &urls.each_ref().map(String::as_str));
    log_in(&demo, "mina").await;
    assert_eq!(demo.stop().code(), Some(0));
    let counts = servers.map(|(_, count)| count.load(Ordering::SeqCst));
    assert_eq!(counts, [0, 0, 0]);
}

#[tokio::test]
async fn what_a_host_posts_is_answered_by_the_town() {
    let folder = Folder::new();
    let demo = Demo::start(&folder, &["--pace", "0.01"]);
    let token = log_in(&demo, "mina").await;
    let posted = Client::new()
        .post(format!("{}/v1/stories", demo.url))
        .bearer_auth(&token);
    let story: Value = posted
        .json(&json!({"text": "안녕!"}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let path = format!("/v1/stories/{}", story["id"].as_str().unwrap());
    let mut tick = interval(Duration::from_millis(100));
    let answered = async {
        loop {
            tick.tick().await;
            let story: Value = get(&demo, &token, &path).await.json().await.unwrap();
            let count = |of: &str| story[of].as_u64().expect("the story is answered");
            if count("likes") + count("comments") > 0 {
                return;
            }
        }
    };
    timeout(TIMEOUT, answered).await.unwrap();
}

#[test]
fn asked_to_stop_it_leaves_no_temporary_folder() {
    let folder = Folder::new();
    for signal in ["-TERM", "-INT"] {
        let mut demo = Demo::start(&folder, &[]);
        assert_eq!(fs::read_dir(folder.path("tmp")).unwrap().count(), 1);
        demo.signal(signal);
        assert_eq!(demo.child.wait().unwrap().code(), Some(0), "{signal}");
        assert_eq!(
            fs::read_dir(folder.path("tmp")).unwrap().count(),
            0,
            "{signal}"
        );
    }
}

#[tokio::test]
async fn a_town_that_is_kept_goes_on_with_what_was_posted() {
    let folder = Folder::new();
    let demo = Demo::start(&folder, &["--data", "town", "--pace", "3600"]);
    let token = log_in(&demo, "oliver").await;
    let posted = Client::new()
        .post(format!("{}/v1/stories", demo.url))
        .bearer_auth(&token);
    let answer = posted
        .json(&json!({"text": "still here tomorrow"}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(demo.stop().code(), Some(0));

    let demo = Demo::start(
        &folder,
        &["--data", "town", "--seed", "2", "--pace", "3600"],
    );
    assert!(
        demo.printed.contains("continues: 60 people"),
        "{}",
        demo.printed
    );
    assert!(
        demo.printed.contains("it was created with"),
        "{}",
        demo.printed
    );
    let token = log_in(&demo, "oliver").await;
    let page: Value = get(&demo, &token, "/v1/feed").await.json().await.unwrap();
    assert_eq!(page["items"][0]["text"], "still here tomorrow");
    assert_eq!(demo.stop().code(), Some(0));
    assert_eq!(fs::read_dir(folder.path("tmp")).unwrap().count(), 0);
}

#[test]
fn the_town_is_found_right_by_verify_and_rebuild() {
    let folder = Folder::new();
    let demo = Demo::start(&folder, &["--data", "town", "--pace", "0.01"]);
    assert_eq!(demo.stop().code(), Some(0));
    let store = "store.url=sqlite:town/sosik.db";
    let verified = folder
        .run(&["verify", "--json", "--set", store])
        .ends_with(0)
        .json();
    assert_eq!(verified["readers"], 60);
    let rebuilt = folder.run(&["rebuild", "--set", store]).ends_with(0);
    assert!(rebuilt.out.starts_with("nothing was wrong"), "{rebuilt:?}");
}

#[tokio::test]
async fn while_it_serves_feeds_are_compared_with_the_truth_and_counted() {
    let folder = Folder::new();
    // The address was free a moment ago. The test has to know it in advance.
    let admin = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let demo = Demo::start(
        &folder,
        &[
            "--pace",
            "0.05",
            "--set",
            &format!("server.admin_listen={admin}"),
        ],
    );
    let value = |page: &str, name: &str| {
        let line = page
            .lines()
            .find(|line| line.split(' ').next() == Some(name));
        line.and_then(|line| line.split(' ').nth(1)?.parse::<f64>().ok())
    };
    let client = Client::new();
    let mut tick = interval(Duration::from_millis(100));
    let checked = async {
        loop {
            tick.tick().await;
            let answer = client
                .get(format!("http://{admin}/metrics"))
                .send()
                .await
                .unwrap();
            let page = answer.text().await.unwrap();
            if value(&page, "sosik_verify_readers_total").is_some_and(|readers| readers >= 20.0) {
                return value(&page, "sosik_verify_differences_total");
            }
        }
    };
    assert_eq!(timeout(TIMEOUT, checked).await.unwrap(), Some(0.0));
    assert_eq!(demo.stop().code(), Some(0));
}

#[test]
fn a_port_that_was_asked_for_and_is_taken_is_told() {
    let folder = Folder::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = folder.run(&["demo", "--listen", &address]).ends_with(3);
    assert!(ran.err.contains(&format!("listen on {address}")), "{ran:?}");
}
