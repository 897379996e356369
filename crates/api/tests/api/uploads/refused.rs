//! Uploads that are refused, and their limits.

use super::*;

#[tokio::test]
async fn what_is_no_photo_is_refused_with_its_first_bytes() {
    let studio = Studio::idle().await;
    let mina = studio.app.user("mina").await;
    let pdf = [&b"%PDF-1.7"[..], &[0; 500]].concat();
    let upload = begins(&mina, 1_000_000).await;
    mina.appends(&upload, 0, &pdf[..100]).await.expect(204);
    let refused = mina.appends(&upload, 100, &pdf[100..]).await;
    refused.problem(415, "media_type_unsupported");
    mina.upload_state(&upload).await.expect(404);
    let refused = mina.begins_upload(pdf.len() as u64, Some(&pdf)).await;
    refused.problem(415, "media_type_unsupported");
    let refused = mina.begins_upload(20_000_001, Some(&large(300, 1))).await;
    refused.problem(413, "media_too_large");
    let refused = mina.begins_upload(UPLOAD_BYTES_MAX + 1, None).await;
    refused.problem(413, "media_too_large");
    let empty = mina.begins_upload(0, None).await;
    empty.problem(415, "media_type_unsupported");
    assert_eq!(studio.files(), 0);

    let small = photo(2, 2, 1);
    let begun = mina.begins_upload(small.len() as u64, Some(&small)).await;
    let upload = begun.expect(201).header("location").unwrap().to_owned();
    let media: Media = mina
        .get(&format!("/v1/media/{}", id_of(&upload)))
        .await
        .expect(200)
        .read();
    assert_eq!(media.state, MediaState::Processing);
}

#[tokio::test]
async fn a_refused_upload_leaves_its_response_to_a_client_that_still_sends() {
    let studio = Studio::idle().await;
    let mina = studio.app.user("mina").await;
    let upload = begins(&mina, 2_000_000).await;
    let mut connection = sends_some(&mina, &upload, 0, 900_000, b"%PDF-1.7").await;
    connection.write_all(&[0; 899_992]).await.unwrap();
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 415");
}

#[tokio::test]
async fn a_request_says_its_version_its_offset_and_its_type() {
    let studio = Studio::idle().await;
    let mina = studio.app.user("mina").await;
    let upload = begins(&mina, 1_000).await;
    let without = mina.request(Method::HEAD, &upload);
    let other = TestResponse::of(without.header("tus-resumable", "0.2.2")).await;
    assert_eq!(other.status, 412);
    assert_eq!(other.header("tus-version"), Some("1.0.0"));
    let without = TestResponse::of(mina.request(Method::DELETE, &upload)).await;
    without.problem(412, "upload_version");
    let patch = || {
        let request = mina.request(Method::PATCH, &upload);
        request.header("tus-resumable", "1.0.0")
    };
    let no_offset = patch().header("content-type", "application/offset+octet-stream");
    let no_offset = TestResponse::of(no_offset.body("x")).await;
    no_offset.problem(400, "upload_header_invalid");
    let other_type = patch().header("upload-offset", 0).body("x");
    let other_type = TestResponse::of(other_type).await;
    other_type.problem(415, "unsupported_media_type");
    let begin = || {
        let request = mina.request(Method::POST, "/v1/uploads");
        request.header("tus-resumable", "1.0.0")
    };
    for (name, value) in [
        ("upload-length", "-1"),
        ("upload-length", "many"),
        ("upload-defer-length", "1"),
    ] {
        let refused = TestResponse::of(begin().header(name, value)).await;
        refused.problem(400, "upload_header_invalid");
    }
    let long = mina.appends(&upload, 0, &[b'x'; 1_001]).await;
    long.problem(413, "upload_too_long");
    assert_eq!(offset(&mina, &upload).await, 0);

    let options = mina.request(Method::OPTIONS, "/v1/uploads");
    let options = TestResponse::of(options).await.expect(204);
    let expected = [
        ("tus-version", "1.0.0"),
        ("tus-max-size", "200000000"),
        ("tus-checksum-algorithm", "sha256,sha1"),
        (
            "tus-extension",
            "creation,creation-with-upload,checksum,expiration,termination",
        ),
    ];
    for (name, value) in expected {
        assert_eq!(options.header(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_client_that_can_only_post_names_the_method_in_a_header() {
    let studio = Studio::idle().await;
    let mina = studio.app.user("mina").await;
    let file = large(1_000, 1);
    let upload = begins(&mina, 1_000).await;
    let posts = |method| {
        let request = mina.request(Method::POST, &upload);
        request.header("x-http-method-override", method)
    };
    let patch = posts("PATCH").header("upload-offset", 0);
    let patch = TestResponse::of(piece(patch, &file[..400])).await;
    patch.expect(204);
    assert_eq!(offset(&mina, &upload).await, 400);
    let other = TestResponse::of(posts("PUT").header("tus-resumable", "1.0.0")).await;
    other.problem(405, "method_not_allowed");
    let delete = posts("DELETE").header("tus-resumable", "1.0.0");
    TestResponse::of(delete).await.expect(204);
    mina.upload_state(&upload).await.expect(404);
    let begun = mina.request(Method::POST, "/v1/uploads");
    let begun = begun.header("x-http-method-override", "DELETE");
    let begun = begun.header("upload-length", 9);
    let begun = TestResponse::of(begun.header("tus-resumable", "1.0.0")).await;
    begun.expect(201);
}

#[tokio::test]
async fn every_response_has_the_version_of_the_protocol() {
    let studio = Studio::idle().await;
    let mina = studio.app.user("mina").await;
    let upload = begins(&mina, 1_000).await;
    let no_session = studio.app.get(&upload).await;
    assert_eq!(no_session.status, 405);
    let wrong_method = TestResponse::of(mina.request(Method::PUT, &upload)).await;
    assert_eq!(wrong_method.status, 405);
    let missing = mina.ends_upload("/v1/uploads/0").await;
    assert_eq!(missing.status, 404);
    let state = mina.upload_state(&upload).await;
    for response in [no_session, wrong_method, missing, state] {
        assert_eq!(response.header("tus-resumable"), Some("1.0.0"));
    }
}

#[tokio::test]
async fn a_video_in_pieces_counts_for_the_quota_as_much_as_a_whole_one() {
    let mut studio = Studio::with(|settings| {
        settings.leave_uploads_unprocessed();
        settings.service.media.quota.bytes_max = UPLOAD_BYTES_MAX + 1_000_000;
    })
    .await;
    let mina = studio.app.user("mina").await;
    let video = playable_video();
    let first = begins(&mina, video.len() as u64).await;
    let second = begins(&mina, video.len() as u64).await;
    mina.appends(&first, 0, &video).await.expect(204);
    let refused = mina.appends(&second, 0, &video).await;
    refused.problem(413, "media_quota");
    assert_eq!(offset(&mina, &second).await, 0);
    let refused = mina.begins_upload(PHOTO_BYTES_MAX + 1, None).await;
    refused.problem(413, "media_quota");
    let more = |settings: &mut TestSettings| {
        settings.service.media.quota.bytes_max = 2 * UPLOAD_BYTES_MAX;
    };
    studio.app.restart_with(more).await;
    mina.appends(&second, 0, &video).await.expect(204);
}

#[tokio::test]
async fn declared_bytes_count_for_the_quota_and_for_the_disk() {
    let studio = Studio::with(|settings| {
        settings.leave_uploads_unprocessed();
        settings.service.media.quota.bytes_max = 2_500;
    })
    .await;
    let mina = studio.app.user("mina").await;
    let begun = (0..8).map(|_| mina.begins_upload(1_000, None));
    let begun = futures::future::join_all(begun).await;
    let taken = begun.iter().filter(|answer| answer.status == 201);
    assert_eq!(taken.count(), 2);
    mina.sends_file(&large(600, 1))
        .await
        .problem(413, "media_quota");
    let first = begun.iter().find(|answer| answer.status == 201).unwrap();
    mina.ends_upload(first.header("location").unwrap())
        .await
        .expect(204);
    mina.sends_file(&large(600, 1)).await.expect(201);

    let full = Studio::with(|settings| settings.service.media.free_bytes_min = u64::MAX >> 1).await;
    let mina = full.app.user("mina").await;
    let refused = mina.begins_upload(1_000, None).await;
    refused.problem(507, "media_storage_full");
}

#[tokio::test]
async fn a_disk_that_becomes_full_keeps_what_arrived_before() {
    let mut studio = Studio::idle().await;
    let mina = studio.app.user("mina").await;
    let file = large(3_000, 1);
    let upload = begins(&mina, 3_000).await;
    mina.appends(&upload, 0, &file[..1_000]).await.expect(204);
    let full = |settings: &mut TestSettings| settings.service.media.free_bytes_min = u64::MAX >> 1;
    studio.app.restart_with(full).await;
    let refused = mina.appends(&upload, 1_000, &file[1_000..]).await;
    refused.problem(507, "media_storage_full");
    let free = |settings: &mut TestSettings| settings.service.media.free_bytes_min = 0;
    studio.app.restart_with(free).await;
    assert_eq!(offset(&mina, &upload).await, 1_000);
    mina.appends(&upload, 1_000, &file[1_000..])
        .await
        .expect(204);
    assert!(studio.bytes(&upload).await == file, "the bytes differ");
}

#[tokio::test]
async fn a_person_has_at_most_a_hundred_incomplete_uploads() {
    let studio = Studio::idle().await;
    let mina = studio.app.user("mina").await;
    for _ in 0..100 {
        begins(&mina, 10).await;
    }
    let refused = mina.begins_upload(10, None).await;
    refused.problem(409, "uploads_too_many");
}

#[tokio::test]
async fn a_slow_body_ends_with_what_arrived() {
    let studio = Studio::with(|settings| {
        settings.leave_uploads_unprocessed();
        settings.api.upload_timeout = Duration::from_secs(1);
    })
    .await;
    let mina = studio.app.user("mina").await;
    let file = large(10_000, 1);
    let upload = begins(&mina, 10_000).await;
    let mut slow = sends_some(&mina, &upload, 0, 10_000, &file[..4_000]).await;
    let mut answer = [0; 12];
    slow.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
    assert_eq!(offset(&mina, &upload).await, 4_000);
}

#[tokio::test]
async fn slow_uploads_take_no_place_of_other_requests() {
    let studio = Studio::with(|settings| {
        settings.leave_uploads_unprocessed();
        settings.api.requests_at_once_max = 2;
        settings.api.requests_waiting_max = 0;
        settings.api.uploads_at_once_max = 1;
        settings.api.uploads_bytes_max = 5 * PART_BYTES_MAX;
    })
    .await;
    let mina = studio.app.user("mina").await;
    let mut slow = Vec::new();
    for _ in 0..2 {
        let upload = begins(&mina, 19_000_000).await;
        slow.push(holds(&studio.app, &mina, &upload, 0, 19_000_000, b"x").await);
    }
    for _ in 0..4 {
        mina.feed().await;
        mina.posts("words").await;
    }
    mina.sends_file(&photo(4, 4, 1)).await.expect(201);
    let mut more = Vec::new();
    for _ in 0..3 {
        let upload = begins(&mina, 19_000_000).await;
        more.push(sends_some(&mina, &upload, 0, 19_000_000, b"x").await);
    }
    let answers = more.iter_mut().map(|connection| {
        Box::pin(async move {
            let mut answer = [0; 12];
            connection.read_exact(&mut answer).await.unwrap();
            answer
        })
    });
    let (first, ..) = futures::future::select_all(answers).await;
    assert_eq!(&first, b"HTTP/1.1 503");
    drop(more);
    drop(slow);
    let file = large(100_000, 1);
    eventually("there is room again", async || {
        let begin = mina.request(Method::POST, "/v1/uploads");
        let begin = begin.header("upload-length", 19_000_000);
        // A refusal may end the connection before the whole body is sent.
        let begun = piece(begin, &file).send().await;
        begun.is_ok_and(|answer| answer.status() == 201)
    })
    .await;
}

#[tokio::test]
async fn pages_of_other_origins_may_upload() {
    let studio = Studio::with(|settings| {
        settings.api.cors_origins = vec!["https://app.example".to_owned()];
    })
    .await;
    let mina = studio.app.user("mina").await;
    let asked = mina
        .request(Method::OPTIONS, "/v1/uploads")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "tus-resumable,upload-length",
        );
    let allowed = TestResponse::of(asked).await;
    let headers = allowed.header("access-control-allow-headers").unwrap();
    for name in [
        "tus-resumable",
        "upload-length",
        "upload-offset",
        "upload-checksum",
    ] {
        assert!(headers.contains(name), "{headers}");
    }
    let request = mina.request(Method::POST, "/v1/uploads");
    let request = request.header("origin", "https://app.example");
    let request = request.header("tus-resumable", "1.0.0");
    let begun = TestResponse::of(request.header("upload-length", 10)).await;
    let exposed = begun.expect(201);
    let exposed = exposed.header("access-control-expose-headers").unwrap();
    for name in [
        "location",
        "upload-offset",
        "upload-expires",
        "tus-resumable",
    ] {
        assert!(exposed.contains(name), "{exposed}");
    }
    let plain = mina.request(Method::OPTIONS, "/v1/uploads");
    let plain = TestResponse::of(plain).await;
    assert_eq!(plain.header("tus-version"), Some("1.0.0"));
}
