//! Going away when asked, and starting where something is in the way.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]

mod common;

use common::{Folder, Server};
use reqwest::Client;
use serde_json::{Value, json};

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
