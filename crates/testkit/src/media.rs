//! Photos for tests.

use std::io::Write as _;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use sosik_api::schema::{Media, MediaState, Story};

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

impl TestPerson {
    /// Sends a file as an upload.
    pub async fn sends_file(&self, file: &[u8]) -> TestResponse {
        let request = self.request(Method::POST, "/v1/media");
        TestResponse::of(with_file(request, file)).await
    }

    /// Uploads a photo.
    pub async fn uploads(&self, file: &[u8]) -> Media {
        self.sends_file(file).await.expect(201).read()
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
