//! Photos of several nodes, whose files are in one bucket.

use std::path::Path;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sosik_servers::{Node, Role};
use sosik_testkit::media::{photo, with_file};
use sosik_testkit::s3::{BUCKET, KEY, S3Server, SECRET};
use sosik_testkit::{eventually, files_below};

use super::{Cluster, Person};

/// Files of a photo of 900 pixels: two sizes in two formats.
const FILES: usize = 4;

struct Photos {
    cluster: Cluster,
    bucket: S3Server,
    /// The folder of all nodes for videos in work, because they are on one machine.
    work: tempfile::TempDir,
}

impl Photos {
    async fn start() -> Self {
        Self {
            cluster: Cluster::start(),
            bucket: S3Server::start().await,
            work: tempfile::tempdir().unwrap(),
        }
    }

    fn node(&self, name: &str) -> Node {
        let settings = [
            format!("media.url=s3://{BUCKET}/sosik"),
            format!("media.s3_endpoint={}", self.bucket.url),
            format!("media.s3_access_key={KEY}"),
            format!("media.s3_secret_key={SECRET}"),
            format!("media.work_folder={}", self.work.path().display()),
        ];
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        self.cluster.node_as(Role::Serve, name, &settings)
    }

    async fn uploads(&self, node: &Node, person: &Person, file: &[u8]) -> Value {
        let url = format!("{}/v1/media", node.url.as_ref().unwrap());
        let request = self.cluster.client.post(url).bearer_auth(&person.token);
        let answer = with_file(request, file).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        answer.json().await.unwrap()
    }

    /// Posts a story for friends with a photo that another node takes.
    async fn posts(&self, uploads: &Node, posts: &Node, person: &Person) -> String {
        let media = self.uploads(uploads, person, &photo(900, 600, 7)).await;
        let story = json!({
            "text": "look", "audience": "friends",
            "attachments": [{ "media": media["id"], "alt": "a field" }],
        });
        let ask = self
            .cluster
            .ask(posts, &person.token, Method::POST, "/v1/stories", story);
        let (status, story) = ask.await;
        assert_eq!(status, StatusCode::CREATED, "{story}");
        story["id"].as_str().unwrap().to_owned()
    }

    /// The paths of the files of a story, once they are there.
    async fn paths(&self, node: &Node, reader: &Person, story: &str) -> Vec<String> {
        let path = format!("/v1/stories/{story}");
        let mut paths = Vec::new();
        eventually("the photo is ready", async || {
            let ask = self
                .cluster
                .ask(node, &reader.token, Method::GET, &path, Value::Null);
            let (_, story) = ask.await;
            let sizes = story["attachments"][0]["sizes"].as_array().unwrap().iter();
            let names = sizes.flat_map(|size| [size["webp"].clone(), size["jpeg"].clone()]);
            paths = names
                .map(|name| name.as_str().unwrap().to_owned())
                .collect();
            !paths.is_empty()
        })
        .await;
        paths
    }

    async fn reads(&self, node: &Node, token: &str, path: &str) -> StatusCode {
        self.cluster
            .ask(node, token, Method::GET, path, Value::Null)
            .await
            .0
    }
}

#[tokio::test]
async fn a_photo_that_one_node_took_is_served_by_the_other_to_friends_only_and_removed_by_either() {
    let photos = Photos::start().await;
    let (one, other) = (photos.node("one"), photos.node("other"));
    let (mina, joon) = photos.cluster.friends(&one, &other).await;
    let story = photos.posts(&one, &other, &mina).await;
    let paths = photos.paths(&other, &joon, &story).await;
    assert_eq!(paths.len(), FILES);
    for node in [&one, &other] {
        for path in &paths {
            assert_eq!(photos.reads(node, &joon.token, path).await, StatusCode::OK);
            assert_eq!(photos.reads(node, "", path).await, StatusCode::UNAUTHORIZED);
        }
    }
    eventually("only the files of the story remain", async || {
        files_below(&photos.bucket.bucket().join("sosik")).len() == FILES
    })
    .await;
    let unfriend = format!("/v1/friends/{}", joon.id);
    photos
        .cluster
        .does(&one, &mina, Method::DELETE, &unfriend)
        .await;
    for node in [&one, &other] {
        let seen = photos.reads(node, &joon.token, &paths[0]).await;
        assert_eq!(seen, StatusCode::NOT_FOUND, "after the unfriending");
    }
    let delete = format!("/v1/stories/{story}");
    photos
        .cluster
        .does(&other, &mina, Method::DELETE, &delete)
        .await;
    assert_eq!(
        photos.reads(&one, &mina.token, &paths[0]).await,
        StatusCode::NOT_FOUND
    );
    eventually("no file remains", async || {
        files_below(&photos.bucket.bucket().join("sosik")).is_empty()
    })
    .await;
}

#[tokio::test]
async fn photos_of_a_killed_node_are_served_by_the_other() {
    let photos = Photos::start().await;
    let (mut one, other) = (photos.node("one"), photos.node("other"));
    let (mina, joon) = photos.cluster.friends(&one, &other).await;
    let story = photos.posts(&one, &one, &mina).await;
    let paths = photos.paths(&one, &mina, &story).await;
    one.kill();
    for path in &paths {
        assert_eq!(
            photos.reads(&other, &joon.token, path).await,
            StatusCode::OK
        );
    }
}

/// A node is not to blame, so a balancer must not eject it.
#[tokio::test]
async fn without_the_bucket_files_are_answered_with_503_and_feeds_are_served() {
    let photos = Photos::start().await;
    let one = photos.node("one");
    let mina = photos.cluster.person(&one, "mina").await;
    let story = photos.posts(&one, &one, &mina).await;
    let paths = photos.paths(&one, &mina, &story).await;
    let Photos {
        cluster, bucket, ..
    } = photos;
    drop(bucket);
    let ask = cluster.ask(&one, &mina.token, Method::GET, &paths[0], Value::Null);
    let (status, problem) = ask.await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    assert_eq!(problem["code"], "media_away");
    assert_eq!(cluster.feed(&one, &mina).await, ["look"]);
}

#[tokio::test]
async fn a_node_with_a_key_that_the_bucket_rejects_does_not_start() {
    let cluster = Cluster::start();
    let bucket = S3Server::start().await;
    let executable = Path::new(env!("CARGO_BIN_EXE_sosik"));
    let settings = [
        format!("media.url=s3://{BUCKET}"),
        format!("media.s3_endpoint={}", bucket.url),
        format!("media.s3_access_key={KEY}"),
        "media.s3_secret_key=another".to_owned(),
        format!(
            "media.work_folder={}",
            cluster.folder.path("work").display()
        ),
    ];
    let folder = cluster.folder.path("one");
    let started = cluster
        .servers
        .start_node(executable, Role::Serve, "one", &folder, &settings);
    let why = format!("{:#}", started.err().unwrap());
    assert!(why.contains("check media.s3_access_key"), "{why}");
    assert!(!why.contains("another"), "{why}");
}
