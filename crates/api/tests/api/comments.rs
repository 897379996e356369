//! Comments over HTTP.

use reqwest::Method;
use serde_json::json;
use sosik_api::schema::{Comment, CommentPage, PersonPage, Story};
use sosik_testkit::{TestApp, TestPerson, TestResponse};

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
    insta::assert_snapshot!(body, @r#"{"author":{"avatar":null,"bio":"","display_name":"jun of the test","handle":"jun","id":"…","language":"en"},"created_at":"…","edited_at":null,"entities":[],"id":"…","liked":false,"likes":0,"parent":null,"replies":0,"story":"…","text":"nice"}"#);
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

async fn pages(viewer: &TestPerson, list: &str) -> CommentPage {
    viewer.get(list).await.expect(200).read()
}

#[tokio::test]
async fn replies_are_counted_listed_below_their_comment_and_stay_when_it_is_deleted() {
    let app = TestApp::start().await;
    let [mina, jun, yuna] = app.users(["mina", "jun", "yuna"]).await;
    let story = mina.posts("hello").await;
    let parent = jun.comments(&story, "nice").await;
    let first = yuna.replies(&parent, "yes").await;
    let second = jun.replies(&first, "@yuna thanks").await;
    let of = |reply: &Comment| (reply.parent, reply.replies);
    assert_eq!([of(&first), of(&second)], [(Some(parent.id), 0); 2]);
    let list = format!("/v1/stories/{}/comments", story.id);
    let page = pages(&mina, &list).await;
    assert_eq!((page.items.len(), page.items[0].replies), (1, 2));
    let replies = format!("/v1/comments/{}/replies", parent.id);
    assert_eq!(pages(&mina, &replies).await.items, [first.clone(), second]);
    let shown: Story = mina
        .get(&format!("/v1/stories/{}", story.id))
        .await
        .expect(200)
        .read();
    assert_eq!(shown.comments, 3);

    jun.delete(&format!("/v1/comments/{}", parent.id))
        .await
        .expect(204);
    let page = pages(&mina, &list).await;
    let place = &page.items[0];
    assert_eq!(
        (place.id, &place.author, place.replies),
        (parent.id, &None, 2)
    );
    assert_eq!(place.text, "");
    assert_eq!(pages(&mina, &replies).await.items.len(), 2);
    let own = format!("/v1/comments/{}", parent.id);
    jun.patch(&own, &json!({ "text": "again" }))
        .await
        .problem(404, "not_found");
    jun.delete(&own).await.problem(404, "not_found");
    for reply in pages(&mina, &replies).await.items {
        mina.delete(&format!("/v1/comments/{}", reply.id))
            .await
            .expect(204);
    }
    assert!(pages(&mina, &list).await.items.is_empty());
    mina.get(&replies).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_reply_answers_a_comment_that_its_author_may_see_on_the_same_story() {
    let app = TestApp::start().await;
    let [mina, jun, unseen] = app.users(["mina", "jun", "unseen"]).await;
    let [story, other] = [mina.posts("hello").await, mina.posts("other").await];
    let elsewhere = mina.comments(&other, "elsewhere").await;
    let hidden = unseen.comments(&story, "hidden").await;
    let deleted = mina.comments(&story, "deleted").await;
    mina.delete(&format!("/v1/comments/{}", deleted.id))
        .await
        .expect(204);
    unseen.blocks(&jun).await;
    let path = format!("/v1/stories/{}/comments", story.id);
    let mut answers = Vec::new();
    for to in [elsewhere.id, hidden.id, deleted.id] {
        let ask = json!({ "text": "reply", "reply_to": to.to_string() });
        let answer = jun.post(&path, &ask).await;
        let mut problem = answer.json();
        problem["request_id"] = json!("…");
        answers.push((answer.status, problem.to_string()));
    }
    assert_eq!(answers[0].0, 404);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[1], answers[2]);
    for wrong in ["x", "", "-1", "0.5"] {
        let ask = json!({ "text": "reply", "reply_to": wrong });
        let answer = jun.post(&path, &ask).await;
        assert!(answer.status.is_client_error(), "{wrong}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_comment_is_liked_once_and_the_like_can_be_taken_back() {
    let app = TestApp::start().await;
    let [mina, jun] = app.users(["mina", "jun"]).await;
    let story = mina.posts("hello").await;
    let comment = mina.comments(&story, "nice").await;
    let like = format!("/v1/comments/{}/like", comment.id);
    for _ in 0..2 {
        let answer = jun.put(&like).await.expect(200);
        assert_eq!(answer.json(), json!({ "likes": 1, "liked": true }));
    }
    let list = format!("/v1/stories/{}/comments", story.id);
    let seen = async |viewer: &TestPerson| {
        let comment = pages(viewer, &list).await.items.remove(0);
        (comment.likes, comment.liked)
    };
    assert_eq!(
        [seen(&jun).await, seen(&mina).await],
        [(1, true), (1, false)]
    );
    let own = format!("/v1/comments/{}", comment.id);
    mina.put(&like).await.expect(200);
    let edited: Comment = mina
        .patch(&own, &json!({ "text": "nicer" }))
        .await
        .expect(200)
        .read();
    assert_eq!((edited.likes, edited.liked), (2, true));
    let likers: PersonPage = jun.get(&format!("{own}/likes")).await.expect(200).read();
    let handles: Vec<_> = likers.items.iter().map(|one| one.handle.as_str()).collect();
    assert_eq!(handles, ["mina", "jun"]);
    for _ in 0..2 {
        jun.delete(&like).await.expect(204);
    }
    assert_eq!(seen(&jun).await, (1, false));
    jun.put(&like).await.expect(200);
    mina.delete(&own).await.expect(204);
    jun.put(&like).await.problem(404, "not_found");
    jun.delete(&like).await.expect(204);
}

#[tokio::test]
async fn a_like_of_a_comment_is_taken_back_also_when_the_story_is_no_longer_ones_to_see() {
    let app = TestApp::start().await;
    let [mina, former, blocked] = app.users(["mina", "former", "blocked"]).await;
    former.befriends(&mina).await;
    blocked.befriends(&mina).await;
    let story = mina.posts_to_friends("for friends").await;
    let comment = mina.comments(&story, "nice").await;
    former.likes_comment(&comment).await;
    blocked.likes_comment(&comment).await;
    former.unfriends(&mina).await;
    mina.blocks(&blocked).await;
    let like = format!("/v1/comments/{}/like", comment.id);
    for person in [&former, &blocked] {
        person.put(&like).await.problem(404, "not_found");
        person.delete(&like).await.expect(204);
    }
    let list = format!("/v1/stories/{}/comments", story.id);
    assert_eq!(pages(&mina, &list).await.items[0].likes, 0);
}

#[tokio::test]
async fn replies_and_likes_of_a_comment_notify_its_author() {
    let app = TestApp::start().await;
    let [mina, jun, yuna] = app.users(["mina", "jun", "yuna"]).await;
    let story = mina.posts("hello").await;
    let comment = jun.comments(&story, "nice").await;
    yuna.replies(&comment, "@jun yes").await;
    mina.likes_comment(&comment).await;
    yuna.likes_comment(&comment).await;
    let page = jun.get("/v1/notifications").await.expect(200).json();
    let told = page["items"].as_array().unwrap().iter().map(|note| {
        let actor = &note["actor"]["handle"];
        format!("{} {actor} {}", note["kind"], note["others"])
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told, [r#""comment_like" "yuna" 1"#, r#""reply" "yuna" 0"#]);
    assert_eq!(page["unread"], 2);
    let about = |note: &serde_json::Value| (note["parent"].clone(), note["excerpt"].clone());
    let [liked, reply] = [0, 1].map(|at| about(&page["items"][at]));
    assert_eq!(liked, (json!(null), json!("nice")));
    assert_eq!(reply, (json!(comment.id), json!("@jun yes")));
    let of_story = mina.get("/v1/notifications").await.expect(200).json();
    assert_eq!(about(&of_story["items"][0]).1, "@jun yes", "a comment");
    jun.blocks(&yuna).await;
    let page = jun.get("/v1/notifications").await.expect(200).json();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert_eq!(page["items"][0]["actor"]["handle"], "mina");
}
