//! Photos over HTTP: uploading, posting, reading files by right, and what remains of them.

#![expect(
    clippy::unwrap_used,
    reason = "whatever cannot be done fails the test, as it should"
)]

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;
use sosik_api::schema::{Media, MediaKind, MediaState, Story, StoryState};
use sosik_testkit::app::PASSWORD;
use sosik_testkit::media::photo;
use sosik_testkit::{TIMEOUT, TestApp, TestPerson, eventually, file_names_below, files_below};
use tempfile::TempDir;

/// Another server takes up the work of a stopped one after this time. With SQLite it does so at its start.
const CLAIM: Duration = Duration::from_secs(5);

/// Interval at which uploads of deleted accounts are removed.
const SWEEP_EVERY: Duration = Duration::from_millis(500);

/// Memory for files of photos.
const CACHE_BYTES: u64 = 8 << 20;

struct Studio {
    app: TestApp,
    folder: TempDir,
}

impl Studio {
    async fn open() -> Self {
        Self::with_cache(CACHE_BYTES).await
    }

    async fn with_cache(bytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let app = TestApp::with(|settings| {
            settings.media = Some(path);
            settings.service.media.claim = CLAIM;
            settings.service.media.sweep_every = SWEEP_EVERY;
            settings.service.media.cache_bytes = bytes;
        })
        .await;
        Self { app, folder }
    }

    /// The names of all stored files.
    fn files(&self) -> Vec<String> {
        file_names_below(self.folder.path())
    }
}

/// The paths of all files of a story.
fn paths(story: &Story) -> Vec<String> {
    let sizes = story.attachments.iter().flat_map(|it| &it.sizes);
    let files = sizes.flat_map(|size| [Some(size.webp.clone()), size.jpeg.clone()]);
    files.flatten().collect()
}

async fn status(reader: &TestPerson, path: &str) -> u16 {
    let answer = reader.request(Method::GET, path).send().await.unwrap();
    answer.status().as_u16()
}

async fn posts_ready(person: &TestPerson, audience: &str) -> Story {
    let upload = person.uploads(&photo(600, 400, 7)).await;
    let story = person.posts_photos("a view", audience, &[&upload]).await;
    person.sees_processed(&story).await
}

#[tokio::test]
async fn a_photo_is_uploaded_posted_processed_and_read() {
    let studio = Studio::open().await;
    let mina = studio.app.user("mina").await;
    let upload = mina.uploads(&photo(600, 400, 7)).await;
    assert_eq!((upload.kind, upload.problem), (MediaKind::Photo, None));

    let ask = json!({ "text": "", "attachments": [{ "media": upload.id, "alt": "hills" }] });
    let posted: Story = mina.post("/v1/stories", &ask).await.expect(201).read();
    assert_eq!(posted.text, "");
    assert_eq!(posted.attachments[0].alt, "hills");
    let story = mina.sees_processed(&posted).await;
    assert_eq!(story.edited_at, None, "processing is no edit");
    let attachment = &story.attachments[0];
    assert_eq!(attachment.state, MediaState::Ready);
    assert_eq!((attachment.width, attachment.height), (600, 400));
    assert!(attachment.thumbhash.is_some());
    let widths: Vec<_> = attachment.sizes.iter().map(|size| size.width).collect();
    assert_eq!(widths, [480, 600], "photos are not enlarged");

    for path in paths(&story) {
        let answer = mina.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-type").starts_with("image/"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(
            header("content-security-policy"),
            "default-src 'none'; sandbox"
        );
        assert_eq!(
            header("cache-control"),
            "private, max-age=31536000, immutable"
        );
        let digest = path.rsplit('/').next().unwrap().split('.').next().unwrap();
        assert_eq!(header("etag"), format!("\"{digest}\""));
        let body = answer.bytes().await.unwrap();
        let is_webp = body.starts_with(b"RIFF");
        assert!(is_webp || body.starts_with(b"\xFF\xD8\xFF"), "{path}");
        assert_eq!(is_webp, path.ends_with(".webp"));
    }
    let mut expected: Vec<_> = paths(&story)
        .iter()
        .map(|path| path.rsplit('/').next().unwrap().to_owned())
        .collect();
    expected.sort();
    eventually("the upload itself is gone", async || {
        let mut stored = studio.files();
        stored.sort();
        stored == expected
    })
    .await;
}

#[tokio::test]
async fn a_file_has_parts_and_conditions() {
    let studio = Studio::open().await;
    let mina = studio.app.user("mina").await;
    let story = posts_ready(&mina, "public").await;
    let path = &paths(&story)[0];
    let whole = mina.request(Method::GET, path).send().await.unwrap();
    let tag = whole.headers()["etag"].clone();
    let whole = whole.bytes().await.unwrap();
    let with = async |name: &str, value: &str| {
        let request = mina.request(Method::GET, path).header(name, value);
        request.send().await.unwrap()
    };
    let known = with("if-none-match", tag.to_str().unwrap()).await;
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    let part = with("range", "bytes=4-9").await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    let range = format!("bytes 4-9/{}", whole.len());
    assert_eq!(part.headers()["content-range"], range.as_str());
    assert_eq!(part.bytes().await.unwrap(), whole[4..10]);
    let tail = with("range", "bytes=-5").await.bytes().await.unwrap();
    assert_eq!(tail, whole[whole.len() - 5..]);
    let behind = with("range", "bytes=99999999-").await;
    assert_eq!(behind.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let range = format!("bytes */{}", whole.len());
    assert_eq!(behind.headers()["content-range"], range.as_str());
    assert_eq!(behind.headers()["cache-control"], "no-store");
    let head = mina
        .request(Method::HEAD, path)
        .header("range", "bytes=4-9");
    let head = head.send().await.unwrap();
    assert_eq!(head.status(), StatusCode::OK, "only GET has parts");
    assert_eq!(
        head.headers()["content-length"],
        whole.len().to_string().as_str()
    );
}

#[tokio::test]
async fn a_former_friend_gets_no_part_and_no_condition_of_a_file_on_any_node() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let nodes = TestApp::two_on_postgres(|settings| settings.media = Some(path)).await;
    let [mina, jun] = nodes[0].users(["mina", "jun"]).await;
    mina.befriends(&jun).await;
    let story = posts_ready(&mina, "friends").await;
    let path = &paths(&story)[0];
    let whole = mina.request(Method::GET, path).send().await.unwrap();
    let tag = whole.headers()["etag"].to_str().unwrap().to_owned();
    let statuses = async || {
        let mut all = Vec::new();
        for node in &nodes {
            let jun = jun.at(node);
            for request in [
                jun.request(Method::GET, path),
                jun.request(Method::HEAD, path),
                jun.request(Method::GET, path).header("range", "bytes=0-9"),
                jun.request(Method::GET, path).header("if-none-match", &tag),
            ] {
                all.push(request.send().await.unwrap().status().as_u16());
            }
        }
        all
    };
    let each = [200, 200, 206, 304];
    eventually("both nodes know the friend", async || {
        statuses().await == [each, each].concat()
    })
    .await;
    jun.unfriends(&mina).await;
    assert_eq!(statuses().await, [404; 8]);
}

#[tokio::test]
async fn a_former_friend_loses_the_files_with_the_story() {
    let studio = Studio::open().await;
    let [mina, jun, stranger] = studio.app.users(["mina", "jun", "stranger"]).await;
    mina.befriends(&jun).await;
    let story = posts_ready(&mina, "friends").await;
    let path = &paths(&story)[0];
    assert_eq!(status(&mina, path).await, 200);
    assert_eq!(status(&jun, path).await, 200);
    assert_eq!(status(&stranger, path).await, 404);
    studio.app.get(path).await.expect(404);
    jun.unfriends(&mina).await;
    assert_eq!(status(&jun, path).await, 404);
    let public = json!({ "audience": "public" });
    let edit = format!("/v1/stories/{}", story.id);
    mina.patch(&edit, &public).await.expect(200);
    assert_eq!(status(&jun, path).await, 200);
    assert_eq!(status(&stranger, path).await, 200);
    mina.blocks(&jun).await;
    assert_eq!(status(&jun, path).await, 404);
}

#[tokio::test]
async fn a_file_is_read_once_for_all_readers_and_shown_to_nobody_else() {
    let studio = Studio::open().await;
    let [mina, jun, stranger] = studio.app.users(["mina", "jun", "stranger"]).await;
    mina.befriends(&jun).await;
    let story = posts_ready(&mina, "friends").await;
    let [first, second] = [0, 1].map(|number| paths(&story)[number].clone());
    let read = async |reader: &TestPerson, path: &str| {
        let answer = reader.request(Method::GET, path).send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap())
    };
    let (_, content) = read(&mina, &first).await;
    // The disk has no files now, so only the cache can answer.
    for file in files_below(studio.folder.path()) {
        std::fs::remove_file(file).unwrap();
    }
    assert_eq!(read(&jun, &first).await, (200, content));
    assert_eq!(status(&jun, &second).await, 404);
    assert_eq!(status(&stranger, &first).await, 404);
    jun.unfriends(&mina).await;
    assert_eq!(status(&jun, &first).await, 404);
    let path = format!("/v1/stories/{}", story.id);
    mina.delete(&path).await.expect(204);
    assert_eq!(status(&mina, &first).await, 404);
}

/// Bytes of a piece in which files are read.
const PIECE_BYTES: usize = 65_536;

#[tokio::test]
async fn a_file_of_several_pieces_is_whole_with_and_without_room_in_the_cache() {
    for (cache_bytes, survives) in [(CACHE_BYTES, true), (1_000_000, false), (0, false)] {
        let studio = Studio::with_cache(cache_bytes).await;
        let mina = studio.app.user("mina").await;
        let upload = mina.uploads(&photo(4_000, 3_000, 7)).await;
        let story = mina.posts_photos("a view", "public", &[&upload]).await;
        let story = mina.sees_processed(&story).await;
        let read = async |path: &str| {
            let answer = mina.request(Method::GET, path).send().await.unwrap();
            let length = answer.content_length();
            let content = answer.bytes().await;
            content.ok().filter(|it| length == Some(it.len() as u64))
        };
        let files = paths(&story);
        let stored = |path: &String| {
            let name = path.rsplit('/').next().unwrap();
            let files = files_below(studio.folder.path());
            let file = files.iter().find(|file| file.ends_with(name)).unwrap();
            std::fs::read(file).unwrap()
        };
        let contents: Vec<_> = files.iter().map(stored).collect();
        // The second time, other files may have evicted some pieces.
        for (path, content) in files
            .iter()
            .zip(&contents)
            .chain(files.iter().zip(&contents))
        {
            assert!(
                read(path).await.unwrap() == *content,
                "{path}, {cache_bytes}"
            );
        }
        let (path, content) = files
            .iter()
            .zip(&contents)
            .max_by_key(|(_, it)| it.len())
            .unwrap();
        assert!(content.len() > 2 * PIECE_BYTES, "{}", content.len());
        assert!(read(path).await.unwrap() == *content);
        for file in files_below(studio.folder.path()) {
            std::fs::remove_file(file).unwrap();
        }
        let is_there = read(path).await.is_some_and(|read| read == *content);
        assert!(is_there || !survives, "{cache_bytes}");
    }
}

#[tokio::test]
async fn a_file_is_found_only_in_its_own_story() {
    let studio = Studio::open().await;
    let mina = studio.app.user("mina").await;
    let story = posts_ready(&mina, "public").await;
    let other = mina.posts("no photo").await;
    let name = paths(&story)[0].rsplit('/').next().unwrap().to_owned();
    let digest = name.split('.').next().unwrap();
    for path in [
        format!("/media/{}/{name}", other.id),
        format!("/media/{}/{digest}.jpg.webp", story.id),
        format!("/media/{}/{digest}.up", story.id),
        format!("/media/{}/..%2f..%2fsosik.db", story.id),
        format!("/media/0/{name}"),
        format!("/media/x/{name}"),
    ] {
        assert_eq!(status(&mina, &path).await, 404, "{path}");
    }
}

#[tokio::test]
async fn files_go_with_their_story_and_equal_files_of_another_story_stay() {
    let studio = Studio::open().await;
    let mina = studio.app.user("mina").await;
    let [gone, stays] = [
        posts_ready(&mina, "public").await,
        posts_ready(&mina, "public").await,
    ];
    mina.deletes(&gone).await;
    assert_eq!(status(&mina, &paths(&gone)[0]).await, 404);
    eventually("the files are removed", async || {
        studio.files().len() == paths(&stays).len()
    })
    .await;
    for path in paths(&stays) {
        assert_eq!(status(&mina, &path).await, 200);
    }
    let ask = json!({ "text": "words only", "attachments": [] });
    let edit = format!("/v1/stories/{}", stays.id);
    let edited: Story = mina.patch(&edit, &ask).await.expect(200).read();
    assert_eq!(edited.attachments, []);
    assert_eq!(status(&mina, &paths(&stays)[0]).await, 404);
    eventually("no file is left", async || studio.files().is_empty()).await;
}

#[tokio::test]
async fn a_deleted_account_shows_no_file_and_leaves_none() {
    let studio = Studio::open().await;
    let [mina, joon] = studio.app.users(["mina", "joon"]).await;
    mina.befriends(&joon).await;
    let story = posts_ready(&mina, "friends").await;
    let avatar = mina.changes_avatar(&photo(300, 300, 3)).await;
    mina.uploads(&photo(200, 100, 5)).await;
    mina.begins_upload(100_000, Some(&photo(200, 100, 6)))
        .await
        .expect(201);
    let files = [paths(&story), vec![avatar.small, avatar.large]].concat();
    for path in &files {
        assert_eq!(status(&joon, path).await, 200, "{path}");
    }
    let delete = json!({ "current": PASSWORD });
    mina.post("/v1/me/deletion", &delete).await.expect(204);
    for path in &files {
        assert_eq!(status(&joon, path).await, 404, "{path}");
    }
    eventually("no file is left", async || studio.files().is_empty()).await;
}

#[tokio::test]
async fn what_is_no_photo_is_refused_with_a_reason() {
    let studio = Studio::open().await;
    let mina = studio.app.user("mina").await;
    let refused = async |file: &[u8], status, code| {
        mina.sends_file(file).await.problem(status, code);
    };
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0heicmif1";
    for file in [&b"%PDF-1.7"[..], b"", b"<script>", heic] {
        refused(file, 415, "media_type_unsupported").await;
    }
    let large = [photo(4, 4, 1), vec![0; 20_100_000]].concat();
    refused(&large, 413, "body_too_large").await;
    let largest = [photo(4, 4, 1), vec![0; 20_000_000]].concat();
    refused(&largest, 413, "media_too_large").await;
    let none = mina.post("/v1/media", &json!({})).await;
    none.problem(415, "unsupported_media_type");
    assert_eq!(studio.files().len(), 0);

    let mut cut = photo(300, 200, 3);
    cut.truncate(cut.len() / 2);
    let broken = mina.uploads(&cut).await;
    let story = mina.posts_photos("broken", "public", &[&broken]).await;
    let story = mina.sees_processed(&story).await;
    assert_eq!(story.attachments[0].state, MediaState::Failed);
    let shown: Media = mina
        .get(&format!("/v1/media/{}", broken.id))
        .await
        .expect(200)
        .read();
    let problem = shown.problem.unwrap();
    assert_eq!(problem.code, "media_broken");
    assert!(!problem.detail.is_empty());
}

#[tokio::test]
async fn photos_are_attached_once_by_their_owner() {
    let studio = Studio::open().await;
    let [mina, jun] = studio.app.users(["mina", "jun"]).await;
    let upload = mina.uploads(&photo(40, 30, 1)).await;
    let post = async |person: &TestPerson, attachments: serde_json::Value| {
        let ask = json!({ "text": "x", "attachments": attachments });
        person.post("/v1/stories", &ask).await
    };
    let attachment = json!({ "media": upload.id });
    post(&jun, json!([attachment]))
        .await
        .problem(404, "media_not_yours");
    post(&mina, json!([attachment, attachment]))
        .await
        .problem(409, "media_used");
    post(&mina, json!(vec![attachment.clone(); 11]))
        .await
        .problem(422, "attachments_too_many");
    let long = json!([{ "media": upload.id, "alt": "x".repeat(501) }]);
    post(&mina, long).await.problem(422, "alt_text_too_long");
    post(&mina, json!([attachment])).await.expect(201);
    post(&mina, json!([attachment]))
        .await
        .problem(409, "media_used");
    let delete = format!("/v1/media/{}", upload.id);
    mina.delete(&delete).await.problem(409, "media_used");
    let free = mina.uploads(&photo(40, 30, 2)).await;
    let delete = format!("/v1/media/{}", free.id);
    jun.delete(&delete).await.expect(404);
    mina.delete(&delete).await.expect(204);
    mina.get(&delete).await.expect(404);
}

#[tokio::test]
async fn a_story_in_the_feed_changes_when_its_photo_is_ready() {
    let studio = Studio::open().await;
    let mina = studio.app.user("mina").await;
    let upload = mina.uploads(&photo(1200, 900, 9)).await;
    let story = mina.posts_photos("soon", "public", &[&upload]).await;
    let ready = mina.sees_processed(&story).await;
    let page = mina.feed().await;
    assert_eq!(page.items[0].attachments, ready.attachments);
}

#[tokio::test]
async fn pages_that_are_open_learn_that_a_photo_is_ready() {
    let studio = Studio::open().await;
    let mina = studio.app.user("mina").await;
    let story = mina.posts("no photo yet").await;
    let mut stream = mina.stream_of(&[&story]).await;
    stream.expect("hello").await;
    let upload = mina.uploads(&photo(2000, 1500, 9)).await;
    let ask = json!({ "attachments": [{ "media": upload.id }] });
    let path = format!("/v1/stories/{}", story.id);
    mina.patch(&path, &ask).await.expect(200);
    let learns = async {
        loop {
            let event = stream.expect("changed").await;
            let state: StoryState = serde_json::from_str(&event.data).unwrap();
            let attachments = state.story.unwrap().attachments;
            if attachments.iter().any(|it| it.state == MediaState::Ready) {
                return;
            }
        }
    };
    tokio::time::timeout(TIMEOUT, learns).await.unwrap();
}

#[tokio::test]
async fn a_service_without_a_folder_takes_no_photos() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let refused = mina.sends_file(&photo(4, 4, 1)).await;
    refused.problem(403, "media_off");
}

#[tokio::test]
async fn nobody_stores_more_than_the_quota() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let app = TestApp::with(|settings| {
        settings.media = Some(path);
        settings.service.media.quota.count_max = 1;
    })
    .await;
    let [mina, jun] = app.users(["mina", "jun"]).await;
    let upload = mina.uploads(&photo(40, 30, 1)).await;
    let refused = mina.sends_file(&photo(40, 30, 2)).await;
    refused.problem(413, "media_quota");
    jun.uploads(&photo(40, 30, 2)).await;
    let delete = format!("/v1/media/{}", upload.id);
    mina.delete(&delete).await.expect(204);
    eventually("there is room again", async || {
        mina.sends_file(&photo(40, 30, 2)).await.status == 201
    })
    .await;
}

#[tokio::test]
async fn uploads_that_a_stopped_server_left_are_processed_after_the_start() {
    let mut studio = Studio::open().await;
    let mina = studio.app.user("mina").await;
    let uploads = [
        mina.uploads(&photo(2000, 1500, 1)).await,
        mina.uploads(&photo(2000, 1500, 2)).await,
        mina.uploads(&photo(2000, 1500, 3)).await,
    ];
    let photos: Vec<_> = uploads.iter().collect();
    let story = mina.posts_photos("three", "public", &photos).await;
    studio.app.restart().await;
    let story = mina.sees_processed(&story).await;
    assert_eq!(story.attachments.len(), 3);
    for path in paths(&story) {
        assert_eq!(status(&mina, &path).await, 200);
    }
}
