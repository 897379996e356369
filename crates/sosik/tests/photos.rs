//! Photos in the executable: decoded by processes of itself, also after a kill.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::fs;
use std::path::Path;

use common::{Folder, Server};
use reqwest::Client;
use serde_json::{Value, json};
use sosik_testkit::eventually;
use sosik_testkit::media::{photo, with_file};

/// Photos that wait when the process is killed.
const PHOTOS: u8 = 4;

async fn read(request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    answer.error_for_status().unwrap().json().await.unwrap()
}

fn files(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path().is_dir() {
            true => files(&entry.path(), found),
            false => found.push(entry.file_name().into_string().unwrap()),
        }
    }
}

#[tokio::test]
async fn photos_that_a_killed_server_left_are_processed_by_the_next() {
    let folder = Folder::new();
    let client = Client::builder().no_proxy().build().unwrap();
    let server = Server::start(&folder, &[]);
    let mina =
        json!({ "handle": "mina", "display_name": "Mina", "password": "a magpie at the gate" });
    let people = client.post(format!("{}/v1/people", server.url));
    let signed_in = read(people.json(&mina)).await;
    let token = signed_in["token"].as_str().unwrap();
    let mut attachments = Vec::new();
    for seed in 0..PHOTOS {
        let request = client.post(format!("{}/v1/media", server.url));
        let file = photo(3_000, 2_000, seed);
        let upload = read(with_file(request.bearer_auth(token), &file)).await;
        attachments.push(json!({ "media": upload["id"] }));
    }
    let story = json!({ "text": "four", "audience": "public", "attachments": attachments });
    let stories = client.post(format!("{}/v1/stories", server.url));
    let story = read(stories.bearer_auth(token).json(&story)).await;
    let states = |story: &Value| -> Vec<String> {
        let attachments = story["attachments"].as_array().unwrap();
        let state = |it: &Value| it["state"].as_str().unwrap().to_owned();
        attachments.iter().map(state).collect()
    };
    assert!(states(&story).contains(&"processing".to_owned()));
    server.kill();

    let server = Server::start(&folder, &[]);
    let path = format!(
        "{}/v1/stories/{}",
        server.url,
        story["id"].as_str().unwrap()
    );
    let mut shown = story;
    eventually("all photos are ready", async || {
        shown = read(client.get(&path).bearer_auth(token)).await;
        states(&shown).iter().all(|state| state == "ready")
    })
    .await;
    eventually("only the files of the story remain", async || {
        let mut found = Vec::new();
        files(&folder.path("data/media"), &mut found);
        found.len() == 6 * usize::from(PHOTOS)
    })
    .await;
    for attachment in shown["attachments"].as_array().unwrap() {
        let webp = attachment["sizes"][0]["webp"].as_str().unwrap();
        let answer = client.get(format!("{}{webp}", server.url)).send().await;
        let answer = answer.unwrap().error_for_status().unwrap();
        assert_eq!(answer.headers()["content-type"], "image/webp");
    }
}

#[tokio::test]
async fn a_process_that_decodes_has_no_files_no_network_and_no_more_memory() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let mut log = String::new();
    eventually("the protection is logged", async || {
        log = server.logged();
        log.contains("processes that decode photos are protected")
    })
    .await;
    for enforced in ["files_denied", "sockets_denied", "memory_denied"] {
        assert!(log.contains(&format!("{enforced}: true")), "{log}");
    }
}

#[test]
fn a_folder_for_several_nodes_is_a_contradiction() {
    let several = [
        "serve",
        "--set=media.url=file:media",
        "--set=store.url=postgres://nobody@127.0.0.1:1/none",
        "--set=fabric.url=redis://127.0.0.1:1",
        "--set=queue.url=nats://127.0.0.1:1",
    ];
    let ran = Folder::new().run(&several).ends_with(2);
    assert!(ran.err.contains("media.url"), "{}", ran.err);
}
