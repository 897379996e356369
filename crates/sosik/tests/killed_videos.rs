//! Videos in the executable: prepared by `ffmpeg` in a folder of the process, also after a kill.

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
use sosik_testkit::media::{video, with_file};
use sosik_testkit::{eventually, files_below};

async fn read(request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    answer.error_for_status().unwrap().json().await.unwrap()
}

/// Whether a process works in this folder.
fn is_worked_in(folder: &Path) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let mut lines = processes.filter_map(|one| fs::read(one.path().join("cmdline")).ok());
    let folder = folder.to_str().unwrap();
    lines.any(|line| String::from_utf8_lossy(&line).contains(folder))
}

#[tokio::test]
async fn a_video_that_a_killed_server_left_is_prepared_by_the_next_and_nothing_else_is_left() {
    let folder = Folder::new();
    let work = folder.path("data/media-work");
    let client = Client::builder().no_proxy().build().unwrap();
    let server = Server::start(&folder, &[]);
    let mina =
        json!({ "handle": "mina", "display_name": "Mina", "password": "a magpie at the gate" });
    let people = client.post(format!("{}/v1/people", server.url));
    let signed_in = read(people.json(&mina)).await;
    let token = signed_in["token"].as_str().unwrap();
    let uploads = client.post(format!("{}/v1/media", server.url));
    let file = video("a.mov", "1920x1080", "-c:v mpeg4 -q:v 3 -c:a pcm_s16le");
    let upload = read(with_file(uploads.bearer_auth(token), &file)).await;
    let attachments = [json!({ "media": upload["id"] })];
    let story = json!({ "text": "", "audience": "public", "attachments": attachments });
    let stories = client.post(format!("{}/v1/stories", server.url));
    let story = read(stories.bearer_auth(token).json(&story)).await;
    eventually("ffmpeg writes", async || {
        let mut found = files_below(&work).into_iter();
        found.any(|file| file.ends_with("result"))
    })
    .await;
    assert!(is_worked_in(&work));
    server.kill();
    eventually("ffmpeg is gone", async || !is_worked_in(&work)).await;
    assert!(
        files_below(&work).len() > 2,
        "the killed server cleans nothing"
    );

    let server = Server::start(&folder, &[]);
    let id = story["id"].as_str().unwrap();
    let path = format!("{}/v1/stories/{id}", server.url);
    let mut shown = Value::Null;
    eventually("the video is ready", async || {
        shown = read(client.get(&path).bearer_auth(token)).await["attachments"][0].take();
        shown["state"] == "ready"
    })
    .await;
    let played = client.get(format!(
        "{}{}",
        server.url,
        shown["video"].as_str().unwrap()
    ));
    let played = played.send().await.unwrap().error_for_status().unwrap();
    assert_eq!(played.headers()["content-type"], "video/mp4");
    eventually("only locks are left in the folder", async || {
        let left = files_below(&work);
        left.len() == 2 && left.iter().all(|file| file.ends_with("lock"))
    })
    .await;
    let sizes = shown["sizes"].as_array().unwrap().len();
    eventually("only the files of the story are stored", async || {
        files_below(&folder.path("data/media")).len() == 1 + 2 * sizes
    })
    .await;
}

#[tokio::test]
async fn the_log_says_what_converts_videos_or_what_is_missing() {
    let cases = [
        ("--set=media.ffmpeg=", "videos are converted by ffmpeg"),
        ("--set=media.ffmpeg=none", "there is no ffmpeg"),
    ];
    for (flag, line) in cases {
        let folder = Folder::new();
        let server = Server::start(&folder, &[flag]);
        eventually(line, async || server.logged().contains(line)).await;
    }
    let missing = [
        "serve",
        "--set=media.ffmpeg=/nowhere/ffmpeg",
        "--set=server.listen=127.0.0.1:0",
        "--set=server.admin_listen=127.0.0.1:0",
    ];
    let ran = Folder::new().run(&missing).ends_with(3);
    assert!(ran.err.contains("/nowhere/ffmpeg"), "{}", ran.err);
}
