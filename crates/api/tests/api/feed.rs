//! The home feed over HTTP.

use reqwest::Method;
use serde_json::json;
use sosik_api::schema::FeedPage;
use sosik_feed::StoryId;
use sosik_testkit::people::ids;
use sosik_testkit::{TestApp, TestPerson, TestResponse, eventually};

async fn two_friends(app: &TestApp) -> [TestPerson; 2] {
    let [mina, jun] = app.users(["mina", "jun"]).await;
    mina.befriends(&jun).await;
    [mina, jun]
}

#[tokio::test]
async fn a_story_reaches_friends_and_its_author_sees_it_at_once() {
    let app = TestApp::start().await;
    let [mina, jun] = two_friends(&app).await;
    let story = mina.posts("hello").await;
    assert!(mina.sees(&story).await, "the author's next read has it");
    eventually("the friend sees it", async || jun.sees(&story).await).await;
    assert_eq!(jun.feed().await.items[0].author.handle, "mina");
}

#[tokio::test]
async fn a_page_has_the_documented_shape() {
    let app = TestApp::start().await;
    let [mina, _] = two_friends(&app).await;
    mina.posts("hi @jun #소식").await;
    app.wait_until_delivered().await;
    let mut page = mina.get("/v1/feed").await.expect(200).json();
    let id = page["items"][0]["id"]
        .as_str()
        .unwrap()
        .parse::<StoryId>()
        .unwrap();
    assert_eq!(page["items"][0]["created_at"], id.time().to_string());
    for (place, field) in [
        ("/items/0", "id"),
        ("/items/0", "created_at"),
        ("/items/0/author", "id"),
        ("", "after"),
    ] {
        page.pointer_mut(place).unwrap()[field] = json!("…");
    }
    page["items"][0]["mentions"][0]["id"] = json!("…");
    page["items"][0]["entities"][0]["person"] = json!("…");
    insta::assert_snapshot!(page, @r#"{"after":"…","before":null,"end":true,"items":[{"attachments":[],"audience":"public","author":{"avatar":null,"bio":"","display_name":"mina of the test","handle":"mina","id":"…","language":"en"},"comments":0,"created_at":"…","edited_at":null,"entities":[{"end":7,"kind":"mention","person":"…","start":3},{"end":11,"kind":"tag","start":8,"tag":"소식"}],"id":"…","liked":false,"likes":0,"link":null,"mentions":[{"handle":"jun","id":"…"}],"revision":0,"tags":["소식"],"text":"hi @jun #소식"}],"unread":0}"#);
}

#[tokio::test]
async fn paging_down_reaches_the_end_with_every_story_once() {
    let app = TestApp::with(|settings| settings.service.feed.timeline_stories = 20).await;
    let [mina, jun] = two_friends(&app).await;
    let mut posted = Vec::new();
    for number in 0..60 {
        posted.push(mina.posts(&format!("story {number}")).await.id);
    }
    app.wait_until_delivered().await;
    posted.reverse();
    for limit in [7, 20, 100] {
        assert_eq!(
            jun.feed_to_the_end(limit).await,
            posted,
            "in pages of {limit}"
        );
    }
}

#[tokio::test]
async fn stories_that_come_and_go_while_paging_neither_repeat_nor_skip() {
    let app = TestApp::start().await;
    let [mina, jun] = two_friends(&app).await;
    let mut stories = Vec::new();
    for number in 0..10 {
        stories.push(mina.posts(&format!("story {number}")).await);
    }
    app.wait_until_delivered().await;
    let first = jun.feed_page("limit=5").await;
    mina.posts("later").await;
    mina.deletes(&stories[7]).await;
    mina.deletes(&stories[4]).await;
    let second = jun
        .feed_page(&format!("limit=5&before={}", first.before.unwrap()))
        .await;
    let expected: Vec<_> = [3, 2, 1, 0].map(|number: usize| stories[number].id).into();
    assert_eq!(
        ids(&second)
            .into_iter()
            .filter(|id| expected.contains(id))
            .collect::<Vec<_>>(),
        expected
    );
    assert_eq!(second.items.len(), 4);
}

#[tokio::test]
async fn newer_tells_what_came_since_and_survives_a_restart() {
    let mut app = TestApp::start().await;
    let [mina, jun] = two_friends(&app).await;
    mina.posts("before").await;
    app.wait_until_delivered().await;
    let first = jun.feed().await;
    let nothing = jun
        .feed_page(&format!("after={}", first.after.as_ref().unwrap()))
        .await;
    assert!(
        nothing.items.is_empty()
            && nothing.end
            && nothing.before.is_none()
            && nothing.unread.is_none()
    );
    let story = mina.posts("after").await;
    app.wait_until_delivered().await;
    let after = nothing.after.unwrap();
    assert_eq!(
        ids(&jun.feed_page(&format!("after={after}")).await),
        [story.id]
    );
    app.restart().await;
    let page = jun.feed_page(&format!("after={after}")).await;
    assert!(
        page.reset == Some(true) || ids(&page) == [story.id],
        "told, or told to start over: {page:?}"
    );
}

#[tokio::test]
async fn unread_counts_what_others_posted_above_the_read_position() {
    let app = TestApp::start().await;
    let [mina, jun] = two_friends(&app).await;
    let first = mina.posts("one").await;
    mina.posts("two").await;
    jun.posts("my own").await;
    app.wait_until_delivered().await;
    assert_eq!(jun.feed().await.unread, Some(2));
    let answer = jun
        .put_json("/v1/feed/read-position", &json!({ "story": first.id }))
        .await
        .expect(200);
    assert_eq!(answer.json(), json!({ "story": first.id }));
    assert_eq!(jun.feed().await.unread, Some(1));
    assert_eq!(
        jun.get("/v1/feed/read-position").await.expect(200).json(),
        json!({ "story": first.id })
    );
    assert_eq!(
        mina.get("/v1/feed/read-position").await.expect(200).json(),
        json!({ "story": null })
    );
}

#[tokio::test]
async fn whoever_has_the_page_is_told_so_without_the_page() {
    let app = TestApp::start().await;
    let [mina, jun] = two_friends(&app).await;
    let story = mina.posts("hello").await;
    app.wait_until_delivered().await;
    for path in ["/v1/feed".to_owned(), format!("/v1/stories/{}", story.id)] {
        let first = jun.get(&path).await.expect(200);
        assert_eq!(first.header("cache-control"), Some("no-store"));
        let tag = first.header("etag").unwrap().to_owned();
        let again = TestResponse::of(
            jun.request(Method::GET, &path)
                .header("If-None-Match", &tag),
        )
        .await
        .expect(304);
        assert_eq!(
            (again.body.as_str(), again.header("etag")),
            ("", Some(tag.as_str()))
        );
        jun.likes(&story).await;
        TestResponse::of(
            jun.request(Method::GET, &path)
                .header("If-None-Match", &tag),
        )
        .await
        .expect(200);
        jun.delete(&format!("/v1/stories/{}/like", story.id))
            .await
            .expect(204);
        TestResponse::of(
            jun.request(Method::GET, &path)
                .header("If-None-Match", &tag),
        )
        .await
        .expect(200);
    }
}

#[tokio::test]
async fn cursors_of_other_lists_and_rubbish_are_refused() {
    let app = TestApp::start().await;
    let [mina, jun] = two_friends(&app).await;
    for text in ["one", "two"] {
        mina.posts(text).await;
    }
    app.wait_until_delivered().await;
    let FeedPage { before, after, .. } = jun.feed_page("limit=1").await;
    let (before, after) = (before.unwrap(), after.unwrap());
    for query in [
        format!("before={after}"),
        format!("after={before}"),
        "before=rubbish".to_owned(),
        "after=".to_owned(),
    ] {
        let problem = jun
            .get(&format!("/v1/feed?{query}"))
            .await
            .problem(400, "cursor_invalid");
        assert!(
            query.starts_with(&problem.errors.unwrap()[0].field),
            "{query}"
        );
    }
    jun.get(&format!("/v1/feed?before={before}&after={after}"))
        .await
        .problem(400, "query_invalid");
    jun.get(&format!("/v1/friends?before={before}"))
        .await
        .problem(400, "cursor_invalid");
    for limit in ["0", "101", "-1", "many", ""] {
        jun.get(&format!("/v1/feed?limit={limit}"))
            .await
            .problem(422, "page_limit_invalid");
    }
}
