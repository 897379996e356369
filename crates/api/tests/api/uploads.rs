//! Resumable uploads (tus 1.0): over real connections that break, on two nodes, with checksums and limits.

#![expect(
    clippy::unwrap_used,
    reason = "whatever cannot be done fails the test, as it should"
)]

#[path = "uploads/refused.rs"]
mod refused;

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::json;
use sha2::{Digest, Sha256};
use sosik_api::schema::{Media, MediaState, Story};
use sosik_feed::MediaId;
use sosik_service::media::{
    HOLD, PART_BYTES_MAX, PART_BYTES_MIN, PHOTO_BYTES_MAX, UPLOAD_BYTES_MAX,
};
use sosik_testkit::app::TestSettings;
use sosik_testkit::media::{photo, piece, playable_video};
use sosik_testkit::{TestApp, TestPerson, TestResponse, eventually, files_below};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How often the connection of one upload is cut.
const CUTS: usize = 100;

/// A well-formed checksum that matches no body of these tests.
const WRONG: &str = "sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

struct Studio {
    app: TestApp,
    folder: TempDir,
}

impl Studio {
    /// A service that processes nothing, so that the files of uploads can be read.
    async fn idle() -> Self {
        Self::with(TestSettings::leave_uploads_unprocessed).await
    }

    async fn with(change: impl FnOnce(&mut TestSettings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let app = TestApp::with(|settings| {
            settings.media = Some(path);
            change(settings);
        })
        .await;
        Self { app, folder }
    }

    fn files(&self) -> usize {
        files_below(self.folder.path()).len()
    }

    /// The bytes of a complete upload that is not processed yet.
    async fn bytes(&self, upload: &str) -> Vec<u8> {
        let media: MediaId = id_of(upload).parse().unwrap();
        let names = self.app.media_files(media).await;
        read(self.folder.path(), media, &names)
    }
}

/// The bytes of these files, in this order.
fn read(folder: &Path, media: MediaId, names: &[String]) -> Vec<u8> {
    let number = media.as_u64();
    let folder = folder
        .join(format!("{:02x}", number & 0xff))
        .join(number.to_string());
    let read = |name| std::fs::read(folder.join(name)).unwrap();
    names.iter().flat_map(read).collect()
}

fn id_of(upload: &str) -> &str {
    upload.rsplit('/').next().unwrap()
}

/// Bytes that begin like a photo and do not repeat.
fn large(bytes: usize, seed: u64) -> Vec<u8> {
    let mut file = photo(8, 6, 1);
    let mut state = seed | 1;
    while file.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        file.extend(state.to_le_bytes());
    }
    file.truncate(bytes);
    file
}

async fn begins(person: &TestPerson, length: u64) -> String {
    let begun = person.begins_upload(length, None).await.expect(201);
    begun.header("location").unwrap().to_owned()
}

async fn offset(person: &TestPerson, upload: &str) -> u64 {
    let state = person.upload_state(upload).await.expect(200);
    state.header("upload-offset").unwrap().parse().unwrap()
}

async fn appends_with(
    person: &TestPerson,
    upload: &str,
    bytes: &[u8],
    checksum: &str,
) -> TestResponse {
    let request = person.request(Method::PATCH, upload);
    let request = request.header("upload-offset", 0);
    let request = request.header("upload-checksum", checksum);
    TestResponse::of(piece(request, bytes)).await
}

/// A connection that has sent the head of a request for `length` bytes, and some of them.
async fn sends_some(
    person: &TestPerson,
    upload: &str,
    offset: u64,
    length: usize,
    some: &[u8],
) -> TcpStream {
    let request = person.request(Method::PATCH, upload).build().unwrap();
    let url = request.url();
    let address = (url.host_str().unwrap(), url.port().unwrap());
    let token = request.headers()["authorization"].to_str().unwrap();
    let head = format!(
        "PATCH {upload} HTTP/1.1\r\nhost: {}:{}\r\nauthorization: {token}\r\ntus-resumable: 1.0.0\r\n\
         upload-offset: {offset}\r\ncontent-type: application/offset+octet-stream\r\ncontent-length: {length}\r\n\r\n",
        address.0, address.1
    );
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(some).await.unwrap();
    connection
}

/// Sends some bytes at the current offset and cuts the connection. Returns when the server has noticed.
async fn cut(app: &TestApp, person: &TestPerson, upload: &str, file: &[u8], bytes: usize) {
    let from = offset(person, upload).await;
    let rest = &file[usize::try_from(from).unwrap()..];
    let some = &rest[..bytes.min(rest.len() - 1)];
    drop(holds(app, person, upload, from, rest.len(), some).await);
    let arrived = from + some.len() as u64;
    eventually("what arrived is stored", async || {
        offset(person, upload).await == arrived
    })
    .await;
    eventually("the request has ended", async || {
        is_free(person, upload).await
    })
    .await;
}

/// A connection whose request holds the upload.
async fn holds(
    app: &TestApp,
    person: &TestPerson,
    upload: &str,
    offset: u64,
    length: usize,
    some: &[u8],
) -> TcpStream {
    let before = app.upload_holder(id_of(upload)).await;
    let connection = sends_some(person, upload, offset, length, some).await;
    eventually("the request holds the upload", async || {
        app.upload_holder(id_of(upload)).await > before
    })
    .await;
    connection
}

/// True if no request holds the upload.
async fn is_free(person: &TestPerson, upload: &str) -> bool {
    let at = offset(person, upload).await;
    person.appends(upload, at, b"").await.status == 204
}

#[tokio::test]
async fn an_upload_in_pieces_becomes_a_photo_of_a_story() {
    let studio = Studio::with(|_| {}).await;
    let mina = studio.app.user("mina").await;
    let file = photo(600, 400, 7);
    let length = file.len() as u64;
    let begun = mina
        .begins_upload(length, Some(&file[..100]))
        .await
        .expect(201);
    let upload = begun.header("location").unwrap().to_owned();
    assert_eq!(begun.header("upload-offset"), Some("100"));
    assert_eq!(begun.header("tus-resumable"), Some("1.0.0"));
    assert!(begun.header("upload-expires").unwrap().ends_with(" GMT"));
    let state = mina.upload_state(&upload).await.expect(200);
    assert_eq!(state.header("upload-offset"), Some("100"));
    assert_eq!(
        state.header("upload-length"),
        Some(length.to_string().as_str())
    );
    assert_eq!(state.header("cache-control"), Some("no-store"));

    let media = format!("/v1/media/{}", id_of(&upload));
    mina.get(&media).await.problem(404, "not_found");
    let post = json!({ "text": "x", "attachments": [{ "media": id_of(&upload) }] });
    let refused = mina.post("/v1/stories", &post).await;
    refused.problem(409, "media_unfinished");

    let done = mina.appends(&upload, 100, &file[100..]).await.expect(204);
    assert_eq!(
        done.header("upload-offset"),
        Some(length.to_string().as_str())
    );
    mina.get(&media).await.expect(200);
    let posted: Story = mina.post("/v1/stories", &post).await.expect(201).read();
    let story = mina.sees_processed(&posted).await;
    assert_eq!(story.attachments[0].state, MediaState::Ready);
    assert_eq!(story.attachments[0].width, 600);
    assert_eq!(
        offset(&mina, &upload).await,
        length,
        "a late client learns it"
    );
    eventually("only the sizes remain", async || studio.files() == 4).await;
}

#[tokio::test]
async fn uploads_that_are_cut_anywhere_continue_to_the_same_bytes() {
    let studio = Studio::idle().await;
    let mina = studio.app.user("mina").await;
    let file = large(19_999_999, 9);
    let upload = begins(&mina, file.len() as u64).await;
    let mut chance = 5_u64;
    for _ in 0..CUTS {
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let bytes = usize::try_from((chance >> 33) % 390_000).unwrap();
        cut(&studio.app, &mina, &upload, &file, bytes).await;
    }
    let from = usize::try_from(offset(&mina, &upload).await).unwrap();
    assert!(from > PART_BYTES_MAX, "{from} bytes arrived before");
    mina.appends(&upload, from as u64, &file[from..])
        .await
        .expect(204);
    assert!(studio.bytes(&upload).await == file, "the bytes differ");
    let parts = studio.files();
    assert!(parts <= file.len() / PART_BYTES_MIN + 1, "{parts} parts");
}

#[tokio::test]
async fn nothing_that_arrived_before_a_cut_is_lost() {
    let studio = Studio::idle().await;
    let mina = studio.app.user("mina").await;
    let file = large(1_000_000, 3);
    let upload = begins(&mina, file.len() as u64).await;
    cut(&studio.app, &mina, &upload, &file, 300_000).await;
    assert_eq!(offset(&mina, &upload).await, 300_000);
}

#[tokio::test]
async fn another_node_continues_an_upload() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let [one, other] = TestApp::two_on_postgres(|settings| {
        settings.media = Some(path);
        settings.leave_uploads_unprocessed();
    })
    .await;
    let mina = one.user("mina").await;
    let there = mina.at(&other);
    let file = large(12_000_000, 4);
    let upload = begins(&mina, file.len() as u64).await;
    for turn in 0..10 {
        let person = if turn % 2 == 0 { &mina } else { &there };
        cut(&one, person, &upload, &file, 900_000).await;
    }
    let from = usize::try_from(offset(&there, &upload).await).unwrap();
    assert_eq!(from, 9_000_000);
    let held = holds(&one, &mina, &upload, from as u64, file.len() - from, b"x").await;
    let some = &file[from..from + 100_000];
    let busy = there.appends(&upload, from as u64, some).await;
    busy.problem(423, "upload_busy");
    drop(held);
    eventually("it is free", async || is_free(&there, &upload).await).await;
    let from = from + 1;
    let last = file[from..].to_vec();
    assert_eq!(offset(&there, &upload).await, from as u64);
    there.appends(&upload, from as u64, &last).await.expect(204);
    let media: MediaId = id_of(&upload).parse().unwrap();
    let names = other.media_files(media).await;
    let mut expected = file;
    expected[from - 1] = b'x';
    assert!(
        read(folder.path(), media, &names) == expected,
        "the bytes differ"
    );
}

#[tokio::test]
async fn a_body_without_its_checksum_is_dropped() {
    let studio = Studio::idle().await;
    let mina = studio.app.user("mina").await;
    let file = large(PART_BYTES_MAX + 1_000, 1);
    let upload = begins(&mina, file.len() as u64).await;
    let refused = appends_with(&mina, &upload, &file, WRONG).await;
    refused.problem(460, "upload_checksum");
    assert_eq!(offset(&mina, &upload).await, 0);
    assert_eq!(studio.files(), 0, "its parts are deleted");
    let unknown = appends_with(&mina, &upload, b"x", "md5 1B2M2Y8AsgTpgAmY7PhCfg==").await;
    unknown.problem(400, "upload_header_invalid");
    let hello = "sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=";
    let small = begins(&mina, 1_000).await;
    appends_with(&mina, &small, b"hello", hello)
        .await
        .expect(204);
    assert_eq!(offset(&mina, &small).await, 5);
    let right = format!("sha256 {}", BASE64_STANDARD.encode(Sha256::digest(&file)));
    appends_with(&mina, &upload, &file, &right)
        .await
        .expect(204);
    assert!(studio.bytes(&upload).await == file, "the bytes differ");
}

#[tokio::test]
async fn a_cut_body_with_a_checksum_is_dropped() {
    let studio = Studio::idle().await;
    let mina = studio.app.user("mina").await;
    let upload = begins(&mina, 1_000).await;
    let request = mina.request(Method::PATCH, &upload).build().unwrap();
    let address = (
        request.url().host_str().unwrap(),
        request.url().port().unwrap(),
    );
    let token = request.headers()["authorization"].to_str().unwrap();
    let head = format!(
        "PATCH {upload} HTTP/1.1\r\nhost: {}:{}\r\nauthorization: {token}\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\n\
         upload-checksum: {WRONG}\r\ncontent-type: application/offset+octet-stream\r\ncontent-length: 900\r\n\r\nsome",
        address.0, address.1
    );
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(head.as_bytes()).await.unwrap();
    eventually("it holds the upload", async || {
        studio.app.upload_holder(id_of(&upload)).await > 0
    })
    .await;
    drop(connection);
    eventually("it is free", async || is_free(&mina, &upload).await).await;
    assert_eq!(offset(&mina, &upload).await, 0);
}

#[tokio::test]
async fn of_two_requests_at_once_one_appends() {
    let studio = Studio::idle().await;
    let mina = studio.app.user("mina").await;
    let file = large(100_000, 2);
    let upload = begins(&mina, file.len() as u64).await;
    let mut first = holds(&studio.app, &mina, &upload, 0, 1_000, &file[..10]).await;
    let refused = mina.appends(&upload, 0, &file).await;
    refused.problem(423, "upload_busy");
    assert_eq!(refused.header("retry-after"), Some("2"));
    first.write_all(&file[10..1_000]).await.unwrap();
    let mut answer = [0; 12];
    first.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 204");
    let late = mina.appends(&upload, 0, &file).await;
    late.problem(409, "upload_offset");
    assert_eq!(late.header("upload-offset"), Some("1000"));

    let second = begins(&mina, file.len() as u64).await;
    let all = futures::future::join_all((0..8).map(|_| mina.appends(&second, 0, &file))).await;
    let done = all.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(done, 1, "{all:?}");
    assert!(studio.bytes(&second).await == file, "the bytes differ");
}

#[tokio::test]
async fn a_request_that_lost_its_hold_leaves_the_bytes_of_its_successor() {
    let studio = Studio::idle().await;
    let mina = studio.app.user("mina").await;
    let file = large(50_000, 6);
    let upload = begins(&mina, file.len() as u64).await;
    let some = &file[..10_000];
    let mut first = holds(&studio.app, &mina, &upload, 0, file.len(), some).await;
    studio.app.clock().advance(HOLD + Duration::from_secs(1));
    mina.appends(&upload, 0, &file[..30_000]).await.expect(204);
    first.write_all(&file[10_000..]).await.unwrap();
    let mut answer = [0; 12];
    first.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 423");
    assert_eq!(offset(&mina, &upload).await, 30_000);
    mina.appends(&upload, 30_000, &file[30_000..])
        .await
        .expect(204);
    assert!(studio.bytes(&upload).await == file, "the bytes differ");
}

#[tokio::test]
async fn uploads_belong_to_one_person() {
    let studio = Studio::idle().await;
    let [mina, jun] = studio.app.users(["mina", "jun"]).await;
    let upload = begins(&mina, 1_000).await;
    jun.upload_state(&upload).await.expect(404);
    jun.appends(&upload, 0, b"x")
        .await
        .problem(404, "not_found");
    jun.ends_upload(&upload).await.problem(404, "not_found");
    let post = json!({ "text": "x", "attachments": [{ "media": id_of(&upload) }] });
    let foreign = jun.post("/v1/stories", &post).await;
    foreign.problem(404, "media_not_yours");
    assert_eq!(offset(&mina, &upload).await, 0);
}

#[tokio::test]
async fn an_upload_is_deleted_with_its_files() {
    let studio = Studio::idle().await;
    let mina = studio.app.user("mina").await;
    let file = large(30_000, 6);
    let upload = begins(&mina, file.len() as u64).await;
    mina.appends(&upload, 0, &file[..20_000]).await.expect(204);
    assert_eq!(studio.files(), 1);
    mina.ends_upload(&upload).await.expect(204);
    assert_eq!(studio.files(), 0);
    mina.upload_state(&upload).await.expect(404);
    mina.appends(&upload, 20_000, &file[20_000..])
        .await
        .expect(404);

    let complete = begins(&mina, file.len() as u64).await;
    mina.appends(&complete, 0, &file).await.expect(204);
    mina.ends_upload(&complete).await.expect(204);
    let media = format!("/v1/media/{}", id_of(&complete));
    mina.get(&media).await.expect(404);
}

#[tokio::test]
async fn an_upload_that_is_deleted_while_a_body_arrives_leaves_no_file() {
    let studio = Studio::idle().await;
    let mina = studio.app.user("mina").await;
    let file = large(PART_BYTES_MAX + 1_000, 7);
    let upload = begins(&mina, file.len() as u64).await;
    let some = &file[..20_000];
    let mut held = holds(&studio.app, &mina, &upload, 0, file.len(), some).await;
    mina.ends_upload(&upload).await.expect(204);
    held.write_all(&file[some.len()..]).await.unwrap();
    let mut answer = [0; 12];
    held.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 423");
    assert_eq!(studio.files(), 0);
}

#[tokio::test]
async fn an_upload_that_is_deleted_while_its_last_byte_arrives_is_no_medium() {
    // If the last byte wins, the workers remove the files of the deleted medium.
    let studio = Studio::with(|_as_usual| {}).await;
    let mina = studio.app.user("mina").await;
    let file = large(3_000, 8);
    for _ in 0..50 {
        let upload = begins(&mina, file.len() as u64).await;
        let (_, ended) = tokio::join!(mina.appends(&upload, 0, &file), mina.ends_upload(&upload));
        ended.expect(204);
        let media = format!("/v1/media/{}", id_of(&upload));
        mina.get(&media).await.expect(404);
    }
    eventually("no file is left", async || studio.files() == 0).await;
}

#[tokio::test]
async fn an_upload_expires_after_a_time_without_bytes() {
    let studio = Studio::with(|settings| {
        settings.leave_uploads_unprocessed();
        settings.service.media.unused_after = Duration::from_secs(100 * 3600);
    })
    .await;
    let mina = studio.app.user("mina").await;
    let file = large(30_000, 6);
    let upload = begins(&mina, file.len() as u64).await;
    let complete = begins(&mina, file.len() as u64).await;
    let most = Duration::from_secs(23 * 3600);
    studio.app.clock().advance(most);
    mina.appends(&upload, 0, &file[..20_000]).await.expect(204);
    mina.appends(&complete, 0, &file).await.expect(204);
    studio.app.clock().advance(most);
    assert_eq!(offset(&mina, &upload).await, 20_000, "bytes extend it");
    studio.app.clock().advance(Duration::from_secs(3600));
    mina.upload_state(&upload).await.expect(404);
    mina.appends(&upload, 20_000, &file[20_000..])
        .await
        .expect(404);
    eventually("the sweep removes its files", async || {
        studio.app.service().media().sweep_once().await.unwrap();
        studio.files() == 1
    })
    .await;
    let media = format!("/v1/media/{}", id_of(&complete));
    mina.get(&media).await.expect(200);
}
