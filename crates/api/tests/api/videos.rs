//! Videos over HTTP: uploading, preparing with and without `ffmpeg`, and playing in parts.

#![expect(
    clippy::unwrap_used,
    reason = "whatever cannot be done fails the test, as it should"
)]

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use serde_json::json;
use sosik_api::schema::{Media, MediaKind, MediaState, Story};
use sosik_service::Clock;
use sosik_service::media::{Ffmpeg, PART_BYTES_MAX, VIDEO_BYTES_MAX};
use sosik_service::settings::VIDEOS_WAITING_MAX;
use sosik_store::{MediaQueue, MediaTask};
use sosik_testkit::app::TestSettings;
use sosik_testkit::media::{photo, playable_video, video};
use sosik_testkit::{TestApp, TestPerson, eventually, file_names_below};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, interval};

/// Shorter than the work behind a gate, so a claim that is not renewed expires.
const CLAIM: Duration = Duration::from_secs(2);

/// A MOV with codecs that no browser plays.
const OLD_CODECS: &str = "-c:v mpeg4 -q:v 3 -c:a pcm_s16le";

struct Studio {
    app: TestApp,
    folder: TempDir,
    /// Where videos are prepared.
    work: TempDir,
}

impl Studio {
    async fn open() -> Self {
        Self::with(|settings| settings.ffmpeg = Ffmpeg::find()).await
    }

    async fn without_ffmpeg() -> Self {
        Self::with(|_| {}).await
    }

    /// With an `ffmpeg` that hangs while the gate is shut.
    async fn with_a_gate() -> (Self, Gate) {
        let gate = Gate::new();
        let program = gate.program();
        let studio = Self::with(|settings| {
            settings.ffmpeg = Ffmpeg::at(&program);
            settings.service.media.claim = CLAIM;
        });
        (studio.await, gate)
    }

    async fn with(change: impl FnOnce(&mut TestSettings)) -> Self {
        let [folder, work] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let paths = [&folder, &work].map(|folder| folder.path().to_owned());
        let app = TestApp::with(|settings| {
            [settings.media, settings.video_work] = paths.map(Some);
            settings.service.media.claim = Duration::from_secs(5);
            change(settings);
        });
        Self {
            app: app.await,
            folder,
            work,
        }
    }

    /// The names of all stored files.
    fn files(&self) -> Vec<String> {
        file_names_below(self.folder.path())
    }

    /// Waits until a worker has copied a video to its folder.
    async fn begins(&self) {
        eventually("a worker has a video", async || {
            file_names_below(self.work.path()).contains(&"upload".to_owned())
        })
        .await;
    }

    /// Claims a video that is due, for no time.
    async fn claims(&self) -> Option<MediaTask> {
        let (store, now) = (self.app.service().store(), self.app.clock().now());
        let claimed = store.claim_media(MediaQueue::Videos, now, now).await;
        claimed.unwrap()
    }
}

/// While it is shut, every `ffmpeg` that starts hangs.
struct Gate {
    folder: TempDir,
}

impl Gate {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("shut"), "").unwrap();
        Self { folder }
    }

    /// Programs that hang already continue to hang.
    fn open(&self) {
        std::fs::remove_file(self.folder.path().join("shut")).unwrap();
    }

    fn program(&self) -> PathBuf {
        let program = self.folder.path().join("ffmpeg");
        let shut = self.folder.path().join("shut");
        let real = Ffmpeg::find().expect("install ffmpeg");
        let script = format!(
            "#!/bin/sh\nif [ -e {} ]; then exec sleep 1000; fi\nexec {} \"$@\"\n",
            shut.display(),
            real.path().display()
        );
        std::fs::write(&program, script).unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&program, mode).unwrap();
        program
    }
}

async fn posts_ready(person: &TestPerson, file: &[u8]) -> Story {
    let upload = person.uploads(file).await;
    assert_eq!(upload.kind, MediaKind::Video);
    let story = person.posts_photos("a video", "public", &[&upload]).await;
    let story = person.sees_processed(&story).await;
    assert_eq!(story.attachments[0].state, MediaState::Ready, "{story:?}");
    story
}

/// The reason for which an upload fails.
async fn fails(person: &TestPerson, file: &[u8]) -> String {
    let upload = person.uploads(file).await;
    let path = format!("/v1/media/{}", upload.id);
    let mut found = upload;
    eventually("the video has failed", async || {
        found = person.get(&path).await.expect(200).read::<Media>();
        found.state != MediaState::Processing
    })
    .await;
    found.problem.unwrap().detail
}

fn path_of(story: &Story) -> &str {
    story.attachments[0].video.as_deref().unwrap()
}

fn header(answer: &Response, name: &str) -> String {
    answer.headers()[name].to_str().unwrap().to_owned()
}

fn contains(file: &[u8], part: &[u8]) -> bool {
    file.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn a_video_is_uploaded_posted_prepared_and_played() {
    let studio = Studio::open().await;
    let mina = studio.app.user("mina").await;
    let upload = video("a.mov", "642x360", OLD_CODECS);
    assert!(contains(&upload, b"+37.5665"), "the upload has a position");
    let story = posts_ready(&mina, &upload).await;
    assert_eq!(story.edited_at, None, "preparing is no edit");
    let shown = &story.attachments[0];
    assert_eq!(shown.kind, MediaKind::Video);
    assert_eq!((shown.width, shown.height), (642, 360));
    let duration = shown.duration_ms.unwrap();
    assert!((1_900..=2_200).contains(&duration), "{duration} ms");
    assert!(shown.thumbhash.is_some());
    let widths: Vec<_> = shown.sizes.iter().map(|size| size.width).collect();
    assert_eq!(widths, [480, 642], "sizes of the poster");

    let answer = mina.request(Method::GET, path_of(&story)).send().await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(header(&answer, "content-type"), "video/mp4");
    assert_eq!(header(&answer, "accept-ranges"), "bytes");
    let length = header(&answer, "content-length");
    let file = answer.bytes().await.unwrap();
    assert_eq!(length, file.len().to_string());
    assert_eq!(file.get(4..8).unwrap(), b"ftyp");
    for personal in [&b"37.5665"[..], b"udta", b"\xA9xyz", b"meta"] {
        assert!(!contains(&file, personal), "{personal:?}");
    }
    for size in &shown.sizes {
        for path in [&size.webp, size.jpeg.as_ref().unwrap()] {
            let answer = mina.request(Method::GET, path).send().await.unwrap();
            assert!(header(&answer, "content-type").starts_with("image/"));
        }
    }
    eventually("the upload itself is gone", async || {
        studio.files().len() == 5
    })
    .await;
}

#[tokio::test]
async fn a_video_is_read_in_parts() {
    let studio = Studio::without_ffmpeg().await;
    let mina = studio.app.user("mina").await;
    let story = posts_ready(&mina, &large_video()).await;
    let path = path_of(&story);
    let whole = mina.request(Method::GET, path).send().await.unwrap();
    let tag = header(&whole, "etag");
    let whole = whole.bytes().await.unwrap();
    assert!(whole.len() > 4_000_000, "larger than what is read at once");
    let with = async |headers: &[(&str, &str)]| {
        let mut request = mina.request(Method::GET, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    };
    let size = whole.len();
    let parts = [
        ("bytes=0-1".to_owned(), 0..2),
        ("bytes=0-".to_owned(), 0..size),
        ("bytes=70000-3000000".to_owned(), 70_000..3_000_001),
        ("bytes=-1000000".to_owned(), size - 1_000_000..size),
        (format!("bytes=5-{}", 10 * size), 5..size),
    ];
    for (asked, wanted) in parts {
        let part = with(&[("range", &asked), ("if-range", &tag)]).await;
        assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT, "{asked}");
        let place = format!("bytes {}-{}/{size}", wanted.start, wanted.end - 1);
        assert_eq!(header(&part, "content-range"), place);
        let length = wanted.len().to_string();
        assert_eq!(header(&part, "content-length"), length, "{asked}");
        assert!(part.bytes().await.unwrap() == whole[wanted], "{asked}");
    }
    let other = with(&[("range", "bytes=0-1"), ("if-range", "\"other\"")]).await;
    assert_eq!(other.status(), StatusCode::OK);
    let behind = with(&[("range", &format!("bytes={size}-"))]).await;
    assert_eq!(behind.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(header(&behind, "content-range"), format!("bytes */{size}"));
    let known = with(&[("if-none-match", &tag)]).await;
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    let head = mina.request(Method::HEAD, path).send().await.unwrap();
    assert_eq!(header(&head, "content-length"), size.to_string());
    assert_eq!(header(&head, "content-type"), "video/mp4");
}

/// A video of five to twenty megabytes that plays everywhere. It shows noise, which no codec compresses well.
fn large_video() -> Vec<u8> {
    let noise =
        "-filter:v noise=alls=90:allf=t -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac";
    let file = video(
        "a.mp4",
        "1280x720",
        &format!("{noise} -b:v 40M -maxrate 40M -bufsize 40M"),
    );
    assert!(
        (5_000_000..20_000_000).contains(&file.len()),
        "{} bytes",
        file.len()
    );
    file
}

/// Number of readers that read nothing. If the server held the whole file for each of them, it would exceed its limit
/// for one client several times.
const SLOW_READERS: usize = 12;

#[tokio::test]
async fn a_reader_that_takes_nothing_holds_pieces_of_a_video_and_not_all_of_it() {
    let studio = Studio::without_ffmpeg().await;
    let mina = studio.app.user("mina").await;
    let story = posts_ready(&mina, &large_video()).await;
    let path = path_of(&story).to_owned();
    let whole = mina.request(Method::GET, &path).send().await.unwrap();
    let whole = whole.bytes().await.unwrap();
    let address = studio.app.url().replace("http://", "");
    let mut readers = Vec::new();
    for _ in 0..SLOW_READERS {
        let mut reader = TcpStream::connect(&address).await.unwrap();
        let ask = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\nconnection: close\r\n\r\n",
            mina.token
        );
        reader.write_all(ask.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        reader.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 200");
        readers.push(reader);
    }
    for mut reader in readers {
        let mut answer = Vec::new();
        reader.read_to_end(&mut answer).await.unwrap();
        assert!(answer.ends_with(&whole), "nothing of it is lost");
    }
}

#[tokio::test]
async fn without_ffmpeg_what_plays_everywhere_is_accepted_and_the_rest_refused_with_advice() {
    let studio = Studio::without_ffmpeg().await;
    let mina = studio.app.user("mina").await;
    let upload = playable_video();
    assert!(contains(&upload, b"loci"), "the upload has a position");
    let story = posts_ready(&mina, &upload).await;
    let shown = &story.attachments[0];
    assert_eq!((shown.width, shown.height), (640, 360));
    assert_eq!((&shown.thumbhash, shown.sizes.len()), (&None, 0));
    let file = mina.request(Method::GET, path_of(&story)).send().await;
    let file = file.unwrap().bytes().await.unwrap();
    assert!(!contains(&file, b"loci"));

    for (name, codecs) in [
        (
            "a.mov",
            "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac",
        ),
        ("a.webm", "-c:v libvpx -deadline realtime -c:a libopus"),
        ("a.mp4", "-c:v mpeg4 -c:a aac"),
    ] {
        let problem = fails(&mina, &video(name, "320x180", codecs)).await;
        let advice = "save it as MP4 with H.264 and AAC";
        assert!(problem.contains(advice), "{name}: {problem}");
    }
    eventually("the files of one video are left", async || {
        studio.files().len() == 1
    })
    .await;
}

#[tokio::test]
async fn a_file_that_only_begins_like_a_video_fails_with_a_reason() {
    let studio = Studio::open().await;
    let mina = studio.app.user("mina").await;
    let whole = playable_video();
    let starts: [&[u8]; 3] = [
        b"\0\0\0\x14ftypqt  \0\0\0\0qt  and then nothing",
        b"\x1A\x45\xDF\xA3\x9F\x42\x82\x84webm<script>",
        &whole[..whole.len() / 2],
    ];
    for file in starts {
        let problem = fails(&mina, file).await;
        assert!(problem.contains("damaged"), "{problem}");
    }
}

#[tokio::test]
async fn photos_do_not_wait_behind_a_video() {
    let (studio, _shut) = Studio::with_a_gate().await;
    let mina = studio.app.user("mina").await;
    let slow = mina.uploads(&playable_video()).await;
    let quick = mina.uploads(&photo(40, 30, 1)).await;
    let state = async |media: &Media| {
        let path = format!("/v1/media/{}", media.id);
        mina.get(&path).await.expect(200).read::<Media>().state
    };
    eventually("the photo is ready", async || {
        state(&quick).await == MediaState::Ready
    })
    .await;
    assert_eq!(state(&slow).await, MediaState::Processing);
}

#[tokio::test]
async fn only_five_videos_of_one_person_wait_and_each_counts_as_the_largest() {
    let (mut studio, _shut) = Studio::with_a_gate().await;
    studio
        .app
        .restart_with(|settings| settings.service.media.quota.bytes_max = 6 * VIDEO_BYTES_MAX - 1)
        .await;
    let [mina, joon] = studio.app.users(["mina", "joon"]).await;
    let file = playable_video();
    for _ in 0..VIDEOS_WAITING_MAX {
        mina.uploads(&file).await;
    }
    let refused = mina.sends_file(&file).await;
    refused.problem(413, "media_quota");
    studio
        .app
        .restart_with(|settings| settings.service.media.quota.bytes_max = 6 * VIDEO_BYTES_MAX)
        .await;
    let refused = mina.sends_file(&file).await;
    refused.problem(409, "videos_wait");
    let whole = Some(&file[..]);
    let refused = mina.begins_upload(file.len() as u64, whole).await;
    refused.problem(409, "videos_wait");
    mina.uploads(&photo(40, 30, 1)).await;
    joon.uploads(&file).await;
}

/// Two equal parts of one request are one file. It stays when the request is refused after the second of them.
#[tokio::test]
async fn a_refused_piece_takes_no_recorded_part_with_it() {
    let (studio, _shut) = Studio::with_a_gate().await;
    let mina = studio.app.user("mina").await;
    let mut file = playable_video();
    for _ in 0..VIDEOS_WAITING_MAX {
        mina.uploads(&file).await;
    }
    file.resize(3 * PART_BYTES_MAX, 0);
    let begun = mina
        .begins_upload(file.len() as u64, None)
        .await
        .expect(201);
    let upload = begun.header("location").unwrap().to_owned();
    let refused = mina.appends(&upload, 0, &file).await;
    refused.problem(409, "videos_wait");
    let files = studio.files();
    let parts = files.iter().filter(|name| name.contains(".p"));
    assert_eq!(parts.count(), 2, "{files:?}");
}

#[tokio::test]
async fn nobody_else_begins_with_a_video_that_is_worked_on() {
    let (studio, _shut) = Studio::with_a_gate().await;
    let mina = studio.app.user("mina").await;
    mina.uploads(&playable_video()).await;
    let begun = Instant::now();
    studio.begins().await;
    let mut tick = interval(CLAIM / 10);
    while begun.elapsed() < 3 * CLAIM {
        assert_eq!(studio.claims().await, None, "its claim ended");
        tick.tick().await;
    }
}

#[tokio::test]
async fn work_on_a_deleted_video_ends_with_the_next_renewal_of_its_claim() {
    let (studio, gate) = Studio::with_a_gate().await;
    let mina = studio.app.user("mina").await;
    let gone = mina.uploads(&playable_video()).await;
    studio.begins().await;
    let delete = format!("/v1/media/{}", gone.id);
    mina.delete(&delete).await.expect(204);
    // The program hangs for a quarter of an hour, so only the lost claim can end it.
    eventually("the worker gives up", async || {
        !file_names_below(studio.work.path()).contains(&"upload".to_owned())
    })
    .await;
    gate.open();
    let story = posts_ready(&mina, &playable_video()).await;
    eventually("the files of the other video are left", async || {
        studio.files().len() == 1 + 2 * story.attachments[0].sizes.len()
    })
    .await;
}

#[tokio::test]
async fn a_video_waits_unclaimed_while_the_disk_has_no_room_and_photos_do_not() {
    let studio = Studio::with(|settings| settings.video_bytes = u64::MAX).await;
    let mina = studio.app.user("mina").await;
    mina.uploads(&playable_video()).await;
    let quick = mina.uploads(&photo(40, 30, 1)).await;
    let path = format!("/v1/media/{}", quick.id);
    eventually("the photo is ready", async || {
        let media: Media = mina.get(&path).await.expect(200).read();
        media.state == MediaState::Ready
    })
    .await;
    let claimed = studio.claims().await.unwrap();
    assert_eq!(claimed.attempt, 1, "nobody had claimed it");
}

#[tokio::test]
async fn a_video_that_a_stopped_server_left_is_prepared_after_the_start() {
    let (mut studio, gate) = Studio::with_a_gate().await;
    let mina = studio.app.user("mina").await;
    let upload = mina.uploads(&playable_video()).await;
    let story = mina.posts_photos("soon", "public", &[&upload]).await;
    studio.begins().await;
    gate.open();
    studio.app.restart().await;
    let story = mina.sees_processed(&story).await;
    assert_eq!(story.attachments[0].state, MediaState::Ready);
    let ask = json!({ "audience": "friends" });
    let edit = format!("/v1/stories/{}", story.id);
    mina.patch(&edit, &ask).await.expect(200);
    studio.app.get(path_of(&story)).await.expect(404);
}
