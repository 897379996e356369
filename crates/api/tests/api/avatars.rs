//! Avatars over HTTP: uploading, showing, replacing and removing them.

#![expect(
    clippy::unwrap_used,
    reason = "whatever cannot be done fails the test, as it should"
)]

use reqwest::Method;
use serde_json::{Value, json};
use sosik_api::schema::{Avatar, Media, MediaKind, MediaState, Person};
use sosik_testkit::media::photo;
use sosik_testkit::{TestApp, TestPerson, eventually, files_below};
use tempfile::TempDir;

struct Studio {
    app: TestApp,
    folder: TempDir,
}

impl Studio {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let app = TestApp::with(|settings| settings.media = Some(path)).await;
        Self { app, folder }
    }

    async fn has_files(&self, number: usize) {
        eventually("only these files are left", async || {
            files_below(self.folder.path()).len() == number
        })
        .await;
    }
}

async fn status(reader: &TestPerson, path: &str) -> u16 {
    let answer = reader.request(Method::GET, path).send().await.unwrap();
    answer.status().as_u16()
}

/// Width and height of a WebP file without transparency.
fn sides(webp: &[u8]) -> [u16; 2] {
    assert_eq!(&webp[8..16], b"WEBPVP8 ", "a lossy picture and no metadata");
    [26, 28].map(|place| u16::from_le_bytes([webp[place], webp[place + 1]]) & 0x3FFF)
}

#[tokio::test]
async fn an_avatar_is_a_square_of_the_photo_in_two_sizes() {
    let studio = Studio::open().await;
    let mina = studio.app.user("mina").await;
    assert_eq!(mina.avatar().await, None);
    let answer = mina.sends_avatar(&photo(600, 400, 7)).await.expect(202);
    let upload: Media = answer.read();
    assert_eq!(upload.kind, MediaKind::Avatar);
    eventually("the profile changed", async || {
        mina.avatar().await.is_some()
    })
    .await;
    let Avatar { small, large } = mina.avatar().await.unwrap();
    for (path, side) in [(small, 96), (large, 384)] {
        assert!(
            path.starts_with(&format!("/avatars/{}/", mina.id)),
            "{path}"
        );
        let file = mina.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(file.status(), 200);
        let header = |name: &str| file.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "image/webp");
        assert_eq!(
            header("cache-control"),
            "private, max-age=31536000, immutable"
        );
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(sides(&file.bytes().await.unwrap()), [side, side]);
    }
    studio.has_files(2).await;
}

#[tokio::test]
async fn everybody_sees_it_at_once_wherever_the_person_is_shown() {
    let studio = Studio::open().await;
    let [mina, jun] = studio.app.users(["mina", "jun"]).await;
    mina.befriends(&jun).await;
    let story = mina.posts("hello @jun").await;
    mina.comments(&story, "first").await;
    mina.likes(&story).await;
    let pages = [
        "/v1/feed".to_owned(),
        format!("/v1/stories/{}", story.id),
        format!("/v1/stories/{}/comments", story.id),
        format!("/v1/stories/{}/likes", story.id),
        "/v1/people/mina".to_owned(),
        "/v1/people/mina/stories".to_owned(),
        "/v1/people?q=mina".to_owned(),
        "/v1/friends".to_owned(),
        "/v1/notifications".to_owned(),
    ];
    for page in &pages {
        jun.get(page).await.expect(200); // fills the caches
    }
    let Avatar { small, .. } = mina.changes_avatar(&photo(200, 200, 7)).await;
    for page in &pages {
        let body: Value = jun.get(page).await.expect(200).read();
        assert!(body.to_string().contains(&small), "{page}: {body}");
    }
    let stranger: Value = studio.app.get("/v1/people/mina").await.expect(200).read();
    assert_eq!(stranger["avatar"]["small"], small);
    assert_eq!(status(&jun, &small).await, 200);
    studio.app.get(&small).await.expect(200);
    mina.blocks(&jun).await;
    assert_eq!(status(&jun, &small).await, 404);
    studio.app.get(&small).await.expect(200);
}

#[tokio::test]
async fn a_new_avatar_replaces_the_former_and_the_last_of_two_wins() {
    let studio = Studio::open().await;
    let mina = studio.app.user("mina").await;
    let former = mina.changes_avatar(&photo(200, 200, 1)).await;
    let [one, two] = [2, 3].map(|seed| photo(900, 900, seed));
    let lost: Media = mina.sends_avatar(&one).await.expect(202).read();
    let last = mina.changes_avatar(&two).await;
    assert_eq!(status(&mina, &former.small).await, 404);
    assert_eq!(status(&mina, &last.small).await, 200);
    mina.get(&format!("/v1/media/{}", lost.id))
        .await
        .expect(404);
    studio.has_files(2).await;
    assert_eq!(mina.avatar().await, Some(last));
}

#[tokio::test]
async fn a_removed_avatar_is_gone_with_its_files() {
    let studio = Studio::open().await;
    let mina = studio.app.user("mina").await;
    let shown = mina.changes_avatar(&photo(200, 200, 1)).await;
    mina.delete("/v1/me/avatar").await.expect(204);
    assert_eq!(mina.avatar().await, None);
    assert_eq!(status(&mina, &shown.large).await, 404);
    studio.has_files(0).await;
    mina.sends_avatar(&photo(900, 900, 2)).await.expect(202);
    mina.delete("/v1/me/avatar").await.expect(204);
    studio.has_files(0).await;
    assert_eq!(
        mina.avatar().await,
        None,
        "also an upload that was processed"
    );
}

#[tokio::test]
async fn a_photo_that_cannot_be_processed_changes_nothing() {
    let studio = Studio::open().await;
    let mina = studio.app.user("mina").await;
    let shown = mina.changes_avatar(&photo(200, 200, 1)).await;
    for file in [&b"%PDF-1.7"[..], b""] {
        let refused = mina.sends_avatar(file).await;
        refused.problem(415, "media_type_unsupported");
    }
    let none = mina.put_json("/v1/me/avatar", &json!({})).await;
    none.problem(415, "unsupported_media_type");
    let mut cut = photo(300, 200, 3);
    cut.truncate(cut.len() / 2);
    let broken: Media = mina.sends_avatar(&cut).await.expect(202).read();
    let path = format!("/v1/media/{}", broken.id);
    eventually("it failed", async || {
        let media: Media = mina.get(&path).await.expect(200).read();
        media.state == MediaState::Failed && media.problem.is_some()
    })
    .await;
    assert_eq!(mina.avatar().await, Some(shown));
    mina.delete(&path).await.expect(204);
    studio.has_files(2).await;
}

#[tokio::test]
async fn an_avatar_is_no_photo_of_a_story() {
    let studio = Studio::open().await;
    let mina = studio.app.user("mina").await;
    let upload: Media = mina
        .sends_avatar(&photo(90, 90, 1))
        .await
        .expect(202)
        .read();
    let story = json!({ "text": "x", "attachments": [{ "media": upload.id }] });
    let refused = mina.post("/v1/stories", &story).await;
    refused.problem(404, "media_not_yours");
    eventually("it is shown", async || mina.avatar().await.is_some()).await;
    let deleted = mina.delete(&format!("/v1/media/{}", upload.id)).await;
    deleted.problem(409, "media_used");
}

#[tokio::test]
async fn a_file_is_found_only_at_its_own_person_while_it_is_shown() {
    let studio = Studio::open().await;
    let [mina, jun] = studio.app.users(["mina", "jun"]).await;
    let shown = mina.changes_avatar(&photo(200, 200, 1)).await;
    let name = shown.small.rsplit('/').next().unwrap();
    let digest = name.split('.').next().unwrap();
    for path in [
        format!("/avatars/{}/{name}", jun.id),
        format!("/avatars/{}/{digest}.up", mina.id),
        format!("/avatars/{}/..%2f..%2fsosik.db", mina.id),
        format!("/avatars/0/{name}"),
        format!("/avatars/x/{name}"),
    ] {
        assert_eq!(status(&mina, &path).await, 404, "{path}");
    }
}

#[tokio::test]
async fn a_small_photo_is_not_enlarged_and_a_server_without_media_takes_none() {
    let studio = Studio::open().await;
    let mina = studio.app.user("mina").await;
    let Avatar { small, large } = mina.changes_avatar(&photo(60, 40, 1)).await;
    assert_eq!(small, large);
    let file = mina.request(Method::GET, &small).send().await.unwrap();
    assert_eq!(sides(&file.bytes().await.unwrap()), [40, 40]);

    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let refused = mina.sends_avatar(&photo(4, 4, 1)).await;
    refused.problem(403, "media_off");
    mina.delete("/v1/me/avatar").await.expect(204);
    let me: Person = mina.get("/v1/me").await.expect(200).read();
    assert_eq!(me.avatar, None);
}
