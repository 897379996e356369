//! Photos and videos for tests.

use std::io::Write as _;
use std::process::Command;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use sosik_api::schema::{Avatar, Media, MediaState, Person, Story};

use crate::app::eventually;
use crate::people::TestPerson;
use crate::response::TestResponse;

/// Separates the parts of a form.
const BOUNDARY: &str = "a-boundary-of-the-test";

/// A photo of this size as PNG. Photos with different seeds have different colours.
#[must_use]
pub fn photo(width: u32, height: u32, seed: u8) -> Vec<u8> {
    let mut pixels = ZlibEncoder::new(Vec::new(), Compression::fast());
    for row in 0..height {
        let mut line = vec![0];
        for column in 0..width {
            let shade = |number: u32| number.to_le_bytes()[0];
            line.extend([shade(column), shade(row), seed]);
        }
        pixels.write_all(&line).expect("compress into memory");
    }
    let header = [
        &width.to_be_bytes()[..],
        &height.to_be_bytes(),
        &[8, 2, 0, 0, 0],
    ]
    .concat();
    let pixels = pixels.finish().expect("compress into memory");
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &header),
        chunk(b"IDAT", &pixels),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("a small chunk");
    let mut sum = Crc::new();
    sum.update(name);
    sum.update(content);
    [
        &length.to_be_bytes()[..],
        name,
        content,
        &sum.sum().to_be_bytes(),
    ]
    .concat()
}

/// A request with a file as the field of a form.
pub fn with_file(request: RequestBuilder, file: &[u8]) -> RequestBuilder {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n"
    );
    let tail = format!("\r\n--{BOUNDARY}--\r\n");
    let form = [head.as_bytes(), file, tail.as_bytes()].concat();
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    request.header("content-type", kind).body(form)
}

/// A request with bytes of an upload that arrives in several requests.
pub fn piece(request: RequestBuilder, bytes: &[u8]) -> RequestBuilder {
    request
        .header("tus-resumable", "1.0.0")
        .header("content-type", "application/offset+octet-stream")
        .body(bytes.to_vec())
}

impl TestPerson {
    /// Begins an upload of this length, with its first bytes if there are any.
    pub async fn begins_upload(&self, length: u64, first: Option<&[u8]>) -> TestResponse {
        let request = self.request(Method::POST, "/v1/uploads");
        let request = request.header("upload-length", length);
        TestResponse::of(match first {
            Some(first) => piece(request, first),
            None => request.header("tus-resumable", "1.0.0"),
        })
        .await
    }

    /// Sends bytes of an upload from this offset on.
    pub async fn appends(&self, upload: &str, offset: u64, bytes: &[u8]) -> TestResponse {
        let request = self.request(Method::PATCH, upload);
        let request = request.header("upload-offset", offset);
        TestResponse::of(piece(request, bytes)).await
    }

    /// Asks for the offset of an upload.
    pub async fn upload_state(&self, upload: &str) -> TestResponse {
        let request = self.request(Method::HEAD, upload);
        TestResponse::of(request.header("tus-resumable", "1.0.0")).await
    }

    /// Deletes an upload.
    pub async fn ends_upload(&self, upload: &str) -> TestResponse {
        let request = self.request(Method::DELETE, upload);
        TestResponse::of(request.header("tus-resumable", "1.0.0")).await
    }

    /// Sends a file as an upload.
    pub async fn sends_file(&self, file: &[u8]) -> TestResponse {
        let request = self.request(Method::POST, "/v1/media");
        TestResponse::of(with_file(request, file)).await
    }

    /// Uploads a photo.
    pub async fn uploads(&self, file: &[u8]) -> Media {
        self.sends_file(file).await.expect(201).read()
    }

    /// Sends a file as an avatar.
    pub async fn sends_avatar(&self, file: &[u8]) -> TestResponse {
        let request = self.request(Method::PUT, "/v1/me/avatar");
        TestResponse::of(with_file(request, file)).await
    }

    /// Uploads an avatar, and waits until it is shown.
    pub async fn changes_avatar(&self, file: &[u8]) -> Avatar {
        let before = self.avatar().await;
        let upload: Media = self.sends_avatar(file).await.expect(202).read();
        eventually("the avatar is processed", async || {
            let path = format!("/v1/media/{}", upload.id);
            let media: Media = self.get(&path).await.expect(200).read();
            media.state == MediaState::Ready
        })
        .await;
        let after = self.avatar().await;
        assert_ne!(
            before, after,
            "the profile changed before the medium was ready"
        );
        after.expect("an avatar")
    }

    /// The own avatar.
    pub async fn avatar(&self) -> Option<Avatar> {
        let me: Person = self.get("/v1/me").await.expect(200).read();
        me.avatar
    }

    /// Posts a story with these photos.
    pub async fn posts_photos(&self, text: &str, audience: &str, photos: &[&Media]) -> Story {
        let attachments: Vec<_> = photos
            .iter()
            .map(|media| json!({ "media": media.id, "alt": "a photo" }))
            .collect();
        let story = json!({ "text": text, "audience": audience, "attachments": attachments });
        self.post("/v1/stories", &story).await.expect(201).read()
    }

    /// Waits until all photos of a story are processed. Returns the story.
    pub async fn sees_processed(&self, story: &Story) -> Story {
        let mut seen = story.clone();
        eventually("the photos of the story are processed", async || {
            let path = format!("/v1/stories/{}", story.id);
            seen = self.get(&path).await.expect(200).read();
            let mut attachments = seen.attachments.iter();
            attachments.all(|it| it.state != MediaState::Processing)
        })
        .await;
        seen
    }
}

/// A video of two seconds that `ffmpeg` makes: a moving picture of this size (`640x360`) and a tone, with a position in its
/// metadata. `name` selects the format, `arguments` the codecs.
///
/// # Panics
/// Panics if `ffmpeg` is missing: the tests of videos need it.
#[must_use]
pub fn video(name: &str, size: &str, arguments: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("make a folder");
    let file = folder.path().join(name);
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i"])
        .arg(format!("testsrc2=size={size}:rate=30:duration=2"))
        .args(["-f", "lavfi", "-i", "sine=duration=2"])
        .args(["-metadata", "location=+37.5665+126.9780/"])
        .args(arguments.split_whitespace())
        .arg(&file)
        .status();
    assert!(made.expect("install ffmpeg").success(), "{arguments}");
    std::fs::read(file).expect("read the video")
}

/// A video that plays everywhere.
#[must_use]
pub fn playable_video() -> Vec<u8> {
    video(
        "a.mp4",
        "640x360",
        "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac",
    )
}
