//! Photos in the executable: decoded by processes of itself, also after a kill.

#![expect(
    clippy::unwrap_used,
    reason = "an unexpected result must fail the test"
)]

mod common;

use std::fs;
use std::time::UNIX_EPOCH;

use common::{Folder, Server};
use reqwest::Client;
use serde_json::{Value, json};
use sosik_testkit::media::{photo, piece, with_file};
use sosik_testkit::{eventually, file_names_below, files_below};

/// Photos that wait when the process is killed.
const PHOTOS: u8 = 4;

async fn read(request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    answer.error_for_status().unwrap().json().await.unwrap()
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
    // A file that was half written when the server was killed.
    let media = folder.path("data/media");
    let incomplete = format!("{}#1", files_below(&media)[0].display());
    fs::write(&incomplete, "half").unwrap();
    let begun = fs::File::options().write(true).open(incomplete).unwrap();
    begun.set_modified(UNIX_EPOCH).unwrap();

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
        files_below(&media).len() == 6 * usize::from(PHOTOS)
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

/// The number of requests that have held the only upload.
fn holder(folder: &Folder) -> u32 {
    let store = rusqlite::Connection::open(folder.database()).unwrap();
    let holder = "SELECT holder FROM uploads";
    store.query_row(holder, [], |row| row.get(0)).unwrap()
}

/// Bytes of an upload that is larger than two parts. It begins like a photo.
const LARGE: usize = 18_000_000;

#[tokio::test]
async fn an_upload_continues_after_a_kill_and_its_files_are_verified() {
    let folder = Folder::new();
    let client = Client::builder().no_proxy().build().unwrap();
    let mut server = Server::start(&folder, &[]);
    let mina =
        json!({ "handle": "mina", "display_name": "Mina", "password": "a magpie at the gate" });
    let people = client.post(format!("{}/v1/people", server.url));
    let signed_in = read(people.json(&mina)).await;
    let token = signed_in["token"].as_str().unwrap();
    let mut file = photo(600, 400, 1);
    file.resize(LARGE, 7);
    let begin = client.post(format!("{}/v1/uploads", server.url));
    let begin = begin.bearer_auth(token).header("tus-resumable", "1.0.0");
    let begun = begin.header("upload-length", LARGE).send().await.unwrap();
    let upload = begun.headers()["location"].to_str().unwrap().to_owned();
    let send = |server: &Server, from: usize, bytes: Vec<u8>| {
        let request = client.patch(format!("{}{upload}", server.url));
        let request = request.bearer_auth(token).header("upload-offset", from);
        piece(request, &bytes).send()
    };
    let offset = async |server: &Server| {
        let request = client.head(format!("{}{upload}", server.url));
        let request = request.bearer_auth(token).header("tus-resumable", "1.0.0");
        let state = request.send().await.unwrap().error_for_status().unwrap();
        let offset = state.headers()["upload-offset"].to_str().unwrap();
        offset.parse::<usize>().unwrap()
    };
    let mut from = 0;
    for more in [10_000_000, 3_000_000] {
        let sent = send(&server, from, file[from..from + more].to_vec()).await;
        assert_eq!(sent.unwrap().status(), 204);
        from += more;
        // The next request is in the middle of a part when the process is killed.
        let body = reqwest::Body::wrap_stream(futures::StreamExt::chain(
            futures::stream::iter([Ok::<_, std::io::Error>(file[from..from + 100_000].to_vec())]),
            futures::stream::pending(),
        ));
        let request = client.patch(format!("{}{upload}", server.url));
        let request = request.bearer_auth(token).header("upload-offset", from);
        let before = holder(&folder);
        let held = tokio::spawn(piece(request, &[]).body(body).send());
        eventually("the request holds the upload", async || {
            holder(&folder) > before
        })
        .await;
        server.kill();
        assert!(held.await.unwrap().is_err());
        server = Server::start(&folder, &[]);
        assert_eq!(
            offset(&server).await,
            from,
            "what was acknowledged is there"
        );
    }
    let sent = send(&server, from, file[from..].to_vec()).await;
    assert_eq!(sent.unwrap().status(), 204);
    let path = upload.replace("uploads", "media");
    eventually("the photo is ready", async || {
        let media = client.get(format!("{}{path}", server.url));
        read(media.bearer_auth(token)).await["state"] == "ready"
    })
    .await;
    eventually("only its sizes remain", async || {
        files_below(&folder.path("data/media")).len() == 4
    })
    .await;
    server.kill();
    let report = folder
        .run(&["verify", "--media", "--json"])
        .ends_with(0)
        .json();
    assert_eq!(
        (&report["intact"], &report["findings"]),
        (&json!(4), &json!(0))
    );
}

#[tokio::test]
async fn verify_finds_each_wrong_file() {
    let folder = Folder::new();
    let client = Client::builder().no_proxy().build().unwrap();
    let server = Server::start(&folder, &[]);
    let mina =
        json!({ "handle": "mina", "display_name": "Mina", "password": "a magpie at the gate" });
    let people = client.post(format!("{}/v1/people", server.url));
    let signed_in = read(people.json(&mina)).await;
    let token = signed_in["token"].as_str().unwrap();
    let request = client.post(format!("{}/v1/media", server.url));
    let upload = read(with_file(request.bearer_auth(token), &photo(600, 400, 1))).await;
    let attachments = json!([{ "media": upload["id"] }]);
    let story = json!({ "text": "x", "audience": "public", "attachments": attachments });
    let stories = client.post(format!("{}/v1/stories", server.url));
    let story = read(stories.bearer_auth(token).json(&story)).await;
    let path = format!(
        "{}/v1/stories/{}",
        server.url,
        story["id"].as_str().unwrap()
    );
    eventually("the photo is ready", async || {
        let story = read(client.get(&path).bearer_auth(token)).await;
        story["attachments"][0]["state"] == "ready"
    })
    .await;
    let media = folder.path("data/media");
    eventually("the upload is gone", async || {
        files_below(&media).len() == 4
    })
    .await;
    server.kill();
    let ran = folder.run(&["verify", "--media"]).ends_with(0);
    assert!(
        ran.out
            .starts_with("no wrong file: 1 media with 4 intact files"),
        "{ran:?}"
    );

    let number: u64 = upload["id"].as_str().unwrap().parse().unwrap();
    let medium = media
        .join(format!("{:02x}", number & 0xff))
        .join(number.to_string());
    let names = file_names_below(&medium);
    fs::remove_file(medium.join(&names[0])).unwrap();
    fs::write(medium.join(&names[1]), "other bytes").unwrap();
    let unused = format!("{}.webp", "0".repeat(64));
    fs::write(medium.join(&unused), "x").unwrap();
    fs::write(media.join("notes.txt"), "x").unwrap();
    let ran = folder.run(&["verify", "--media"]).ends_with(1);
    let id = upload["id"].as_str().unwrap();
    for line in [
        format!("medium {id}: {} is missing\n", names[0]),
        format!("medium {id}: {} is damaged\n", names[1]),
        format!("medium {id}: nothing refers to {unused}\n"),
        "notes.txt is no file of this server\n".to_owned(),
        "4 wrong files: ".to_owned(),
    ] {
        assert!(ran.out.contains(&line), "{line}: {ran:?}");
    }
    let report = folder
        .run(&["verify", "--media", "--json"])
        .ends_with(1)
        .json();
    assert_eq!(report["findings"], 4);
    let none = ["verify", "--media", "--set=media.url=none"];
    let ran = folder.run(&none).ends_with(3);
    assert!(ran.err.contains("set media.url"), "{ran:?}");
}
