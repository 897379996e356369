//! Comments over HTTP.

use reqwest::Method;
use serde_json::json;
use sosik_api::schema::{Comment, CommentPage, Story};
use sosik_testkit::{TestApp, TestResponse};

#[tokio::test]
async fn a_comment_and_a_bio_name_their_links_mentions_and_tags() {
    let app = TestApp::start().await;
    let [mina] = app.users(["mina"]).await;
    let story = mina.posts("hello").await;
    let text = "👩‍👧 @anybody www.네이버.com/길 #봄";
    let entities = json!([
        {"kind": "mention", "start": 4, "end": 12},
        {"kind": "link", "start": 13, "end": 26, "url": "https://www.xn--950bt9s8xi.com/%EA%B8%B8", "display": "네이버.com/길"},
        {"kind": "tag", "start": 27, "end": 29, "tag": "봄"},
    ]);
    let path = format!("/v1/stories/{}/comments", story.id);
    let comment = mina.post(&path, &json!({ "text": text })).await.expect(201);
    assert_eq!(comment.json()["entities"], entities);
    let profile = mina
        .patch("/v1/me", &json!({ "bio": text }))
        .await
        .expect(200);
    assert_eq!(profile.json()["bio_entities"], entities);
    let seen = mina.get("/v1/people/mina").await.expect(200);
    assert_eq!(seen.json()["bio_entities"], entities);
}

#[tokio::test]
async fn a_comment_is_written_edited_listed_and_deleted() {
    let app = TestApp::start().await;
    let [mina, jun] = app.users(["mina", "jun"]).await;
    let story = mina.posts("hello").await;
    let path = format!("/v1/stories/{}/comments", story.id);
    let answer = jun
        .post(&path, &json!({ "text": "nice" }))
        .await
        .expect(201);
    let comment: Comment = answer.read();
    let own = format!("/v1/comments/{}", comment.id);
    assert_eq!(answer.header("location"), Some(own.as_str()));
    let mut body = answer.json();
    for field in ["id", "story", "created_at"] {
        body[field] = json!("…");
    }
    body["author"]["id"] = json!("…");
    insta::assert_snapshot!(body, @r#"{"author":{"avatar":null,"bio":"","display_name":"jun of the test","handle":"jun","id":"…","language":"en"},"created_at":"…","edited_at":null,"entities":[],"id":"…","story":"…","text":"nice"}"#);
    let edited: Comment = jun
        .patch(&own, &json!({ "text": "very nice" }))
        .await
        .expect(200)
        .read();
    assert!(edited.edited_at.is_some());
    assert_eq!(
        mina.get(&path)
            .await
            .expect(200)
            .read::<CommentPage>()
            .items,
        [edited]
    );
    mina.patch(&own, &json!({ "text": "mine" }))
        .await
        .problem(404, "not_found");
    mina.delete(&own).await.expect(204);
    jun.delete(&own).await.problem(404, "not_found");
    let shown: Story = mina
        .get(&format!("/v1/stories/{}", story.id))
        .await
        .expect(200)
        .read();
    assert_eq!(shown.comments, 0);
    jun.post(&path, &json!({ "text": "" }))
        .await
        .problem(422, "comment_text_empty");
    jun.post(&path, &json!({ "text": "x".repeat(1_001) }))
        .await
        .problem(422, "comment_text_too_long");
}

#[tokio::test]
async fn comments_come_oldest_first_and_page_to_the_end() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let story = mina.posts("hello").await;
    for number in 0..5 {
        mina.comments(&story, &format!("comment {number}")).await;
    }
    let (mut texts, mut query) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/stories/{}/comments?limit=2{query}", story.id);
        let page: CommentPage = mina.get(&path).await.expect(200).read();
        texts.extend(page.items.into_iter().map(|comment| comment.text));
        let Some(after) = page.after else { break };
        query = format!("&after={after}");
        assert!(!page.end);
    }
    assert_eq!(
        texts,
        (0..5)
            .map(|number| format!("comment {number}"))
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_repeated_request_comments_once() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let story = mina.posts("hello").await;
    let write = async |text: &str| {
        let request = mina.request(Method::POST, &format!("/v1/stories/{}/comments", story.id));
        TestResponse::of(
            request
                .header("Idempotency-Key", "key")
                .json(&json!({ "text": text })),
        )
        .await
    };
    let first: Comment = write("once").await.expect(201).read();
    assert_eq!(write("once").await.expect(201).read::<Comment>(), first);
    write("other").await.problem(422, "idempotency_key_reused");
}
