//! Stories, likes and hashtags over HTTP.

use std::collections::BTreeSet;

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use sosik_api::schema::{PersonPage, Story, StoryPage};
use sosik_feed::Audience;
use sosik_testkit::{TestApp, TestPerson, TestResponse};

async fn post_with_key(person: &TestPerson, key: &str, text: &str) -> TestResponse {
    let request = person
        .request(Method::POST, "/v1/stories")
        .header("Idempotency-Key", key);
    TestResponse::of(request.json(&json!({ "text": text }))).await
}

async fn stories_of(reader: &TestPerson, path: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut query = String::new();
    loop {
        let page: StoryPage = reader
            .get(&format!("{path}?limit=2{query}"))
            .await
            .expect(200)
            .read();
        texts.extend(page.items.into_iter().map(|story| story.text));
        match page.before {
            Some(before) => query = format!("&before={before}"),
            None => return texts,
        }
    }
}

/// A story with what only its own page says.
fn opened(story: &Story) -> Story {
    Story {
        saved: Some(false),
        can_comment: Some(true),
        ..story.clone()
    }
}

#[tokio::test]
async fn a_story_is_posted_shown_edited_and_deleted() {
    let app = TestApp::start().await;
    let [mina, jun] = app.users(["mina", "jun"]).await;
    let answer = mina
        .post(
            "/v1/stories",
            &json!({ "text": "one #first", "audience": "public", "attachments": [] }),
        )
        .await;
    let story: Story = answer.clone().expect(201).read();
    let path = format!("/v1/stories/{}", story.id);
    assert_eq!(answer.header("location"), Some(path.as_str()));
    assert_eq!(
        jun.get(&path).await.expect(200).read::<Story>(),
        opened(&story)
    );
    let edited: Story = mina
        .patch(&path, &json!({ "text": "two #second" }))
        .await
        .expect(200)
        .read();
    assert_eq!(
        (edited.text.as_str(), edited.tags.as_slice()),
        ("two #second", &["second".to_owned()][..])
    );
    assert!(edited.edited_at.is_some() && story.edited_at.is_none());
    assert_eq!(
        jun.get(&path).await.expect(200).read::<Story>(),
        opened(&edited)
    );
    mina.patch(&path, &json!({ "audience": "friends" }))
        .await
        .expect(200);
    jun.get(&path).await.problem(404, "not_found");
    jun.delete(&path).await.problem(404, "not_found");
    mina.deletes(&story).await;
    mina.get(&path).await.problem(404, "not_found");
    mina.delete(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_repeated_request_posts_once() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let first: Story = post_with_key(&mina, "key-1", "once")
        .await
        .expect(201)
        .read();
    let again: Story = post_with_key(&mina, "key-1", "once")
        .await
        .expect(201)
        .read();
    assert_eq!(first.id, again.id);
    post_with_key(&mina, "key-1", "something else")
        .await
        .problem(422, "idempotency_key_reused");
    let other: Story = post_with_key(&mina, "key-2", "once")
        .await
        .expect(201)
        .read();
    assert_ne!(first.id, other.id);
    for key in ["", "two words", &"k".repeat(65)] {
        post_with_key(&mina, key, "once")
            .await
            .problem(422, "idempotency_key_invalid");
    }
    assert_eq!(mina.feed().await.items.len(), 2);
}

#[tokio::test]
async fn eight_repeats_at_the_same_time_are_one_story() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let answers = join_all((0..8).map(|_| post_with_key(&mina, "key", "once"))).await;
    let ids: BTreeSet<_> = answers
        .into_iter()
        .map(|answer| answer.expect(201).read::<Story>().id)
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(mina.feed().await.items.len(), 1);
}

#[tokio::test]
async fn likes_are_counted_once_each_and_listed() {
    let app = TestApp::start().await;
    let [mina, jun, sora] = app.users(["mina", "jun", "sora"]).await;
    let story = mina.posts("hello").await;
    let path = format!("/v1/stories/{}/like", story.id);
    for _ in 0..2 {
        let answer = jun.put(&path).await.expect(200);
        assert_eq!(
            answer.json(),
            json!({ "likes": 1, "comments": 0, "revision": 1, "liked": true })
        );
    }
    sora.likes(&story).await;
    let shown: Story = jun
        .get(&format!("/v1/stories/{}", story.id))
        .await
        .expect(200)
        .read();
    assert_eq!((shown.likes, shown.liked), (2, true));
    let likers: PersonPage = mina
        .get(&format!("/v1/stories/{}/likes?limit=1", story.id))
        .await
        .expect(200)
        .read();
    assert_eq!((likers.items.len(), likers.end), (1, false));
    let rest = format!(
        "/v1/stories/{}/likes?before={}",
        story.id,
        likers.before.unwrap()
    );
    let rest: PersonPage = mina.get(&rest).await.expect(200).read();
    assert_eq!((rest.items.len(), rest.end), (1, true));
    for _ in 0..2 {
        jun.delete(&path).await.expect(204);
        let shown: Story = jun
            .get(&format!("/v1/stories/{}", story.id))
            .await
            .expect(200)
            .read();
        assert_eq!((shown.likes, shown.liked), (1, false));
    }
}

#[tokio::test]
async fn a_persons_page_and_a_tags_page_show_what_the_reader_may_see() {
    let app = TestApp::start().await;
    let [mina, jun, sora] = app.users(["mina", "jun", "sora"]).await;
    mina.befriends(&jun).await;
    for number in 0..5 {
        mina.posts(&format!("open {number} #tea")).await;
    }
    mina.posts_to_friends("closed #tea").await;
    for path in [
        "/v1/people/mina/stories",
        "/v1/people/@Mina/stories",
        "/v1/tags/tea/stories",
        "/v1/tags/TEA/stories",
    ] {
        assert_eq!(stories_of(&jun, path).await.len(), 6, "{path}");
        assert_eq!(stories_of(&sora, path).await.len(), 5, "{path}");
    }
    assert_eq!(stories_of(&jun, "/v1/tags/coffee/stories").await, [""; 0]);
    jun.get("/v1/people/nobody_here/stories")
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_story_without_an_audience_is_for_friends() {
    let app = TestApp::start().await;
    let [mina, jun, stranger] = app.users(["mina", "jun", "stranger"]).await;
    jun.befriends(&mina).await;
    let story: Story = mina
        .post("/v1/stories", &json!({ "text": "who may read this?" }))
        .await
        .expect(201)
        .read();
    assert_eq!(story.audience, Audience::Friends);
    let path = format!("/v1/stories/{}", story.id);
    jun.get(&path).await.expect(200);
    stranger.get(&path).await.problem(404, "not_found");
}
