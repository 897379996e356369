//! The deletion of an account, as its friends, followers and strangers see it.

use reqwest::StatusCode;
use serde_json::json;
use sosik_api::schema::Story;
use sosik_store::CommitPosition;
use sosik_testkit::app::{PASSWORD, eventually};
use sosik_testkit::{TestApp, TestPerson, TestResponse};

async fn deletes_account(person: &TestPerson, password: &str) -> TestResponse {
    let body = json!({ "current": password });
    person.post("/v1/me/deletion", &body).await
}

async fn log_in(app: &TestApp, handle: &str, password: &str) -> TestResponse {
    let log_in = app.client().post(format!("{}/v1/sessions", app.url()));
    TestResponse::of(log_in.json(&json!({ "handle": handle, "password": password }))).await
}

async fn status(person: &TestPerson, path: &str) -> StatusCode {
    person.get(path).await.status
}

#[tokio::test]
async fn an_account_is_deleted_only_with_its_password_and_then_logs_out_everywhere() {
    let app = TestApp::start().await;
    let phone = app.user("mina").await;
    let laptop = phone.logs_in_again().await;
    let problem = deletes_account(&phone, "wrong").await;
    let problem = problem.problem(422, "wrong_password");
    assert_eq!(problem.errors.unwrap()[0].field, "current");
    laptop.get("/v1/me").await.expect(200);

    let mut stream = laptop.stream().await;
    let gone = deletes_account(&phone, PASSWORD).await.expect(204);
    assert_eq!(gone.header("clear-site-data"), Some("\"cache\""));
    let cookie = gone.header("set-cookie").unwrap();
    assert!(cookie.starts_with("sosik=; Path=/; Max-Age=0;"), "{cookie}");
    while stream.next().await.is_some() {}
    for session in [&phone, &laptop] {
        session.get("/v1/me").await.problem(401, "unauthenticated");
    }
    let unknown = log_in(&app, "nobody_here", PASSWORD).await;
    let unknown = unknown.problem(401, "wrong_credentials");
    let deleted = log_in(&app, "mina", PASSWORD).await;
    let deleted = deleted.problem(401, "wrong_credentials");
    assert_eq!(deleted.detail, unknown.detail);
}

#[tokio::test]
async fn what_a_deleted_account_shared_is_hidden_from_everybody_at_once() {
    let app = TestApp::start().await;
    let [mina, friend, follower] = app.users(["mina", "joon", "yuna"]).await;
    mina.befriends(&friend).await;
    follower.follows(&mina).await;
    let for_friends = mina.posts_to_friends("for friends #tea").await;
    let public = mina.posts("for everybody #tea").await;
    let of_friend = friend.posts("of the friend").await;
    mina.likes(&of_friend).await;
    mina.comments(&of_friend, "a comment").await;
    app.wait_until_delivered().await;
    for (reader, story) in [
        (&friend, &for_friends),
        (&friend, &public),
        (&follower, &public),
    ] {
        assert!(reader.sees(story).await);
    }

    deletes_account(&mina, PASSWORD).await.expect(204);
    for reader in [&friend, &follower] {
        assert!(!reader.sees(&for_friends).await);
        assert!(!reader.sees(&public).await);
        for path in [
            "/v1/people/mina".to_owned(),
            "/v1/people/mina/stories".to_owned(),
            format!("/v1/stories/{}", public.id),
            format!("/v1/stories/{}/comments", public.id),
            format!("/v1/stories/{}/likes", public.id),
        ] {
            assert_eq!(status(reader, &path).await, StatusCode::NOT_FOUND, "{path}");
        }
        for path in [
            "/v1/people?q=mina",
            "/v1/tags/tea/stories",
            "/v1/friends",
            "/v1/follows",
            "/v1/notifications",
        ] {
            let page = reader.get(path).await.expect(200).json();
            assert_eq!(page["items"], json!([]), "{path}");
        }
    }
    let comments = format!("/v1/stories/{}/comments", of_friend.id);
    let page = friend.get(&comments).await.expect(200).json();
    assert_eq!(page["items"], json!([]));
    app.get("/v1/people/mina").await.problem(404, "not_found");
    let story = format!("/v1/stories/{}", public.id);
    app.get(&story).await.problem(404, "not_found");

    let taken = app.get("/v1/handles/mina").await.expect(200).json();
    assert_eq!(taken["availability"], json!("taken"));
}

#[tokio::test]
async fn what_a_deleted_account_left_is_erased_soon_and_counts_follow() {
    let app = TestApp::start().await;
    let [mina, friend, follower] = app.users(["mina", "joon", "yuna"]).await;
    mina.befriends(&friend).await;
    follower.follows(&mina).await;
    follower.asks(&mina).await;
    mina.follows(&follower).await;
    let of_friend = friend.posts("of the friend").await;
    mina.likes(&of_friend).await;
    let comment = mina.comments(&of_friend, "a comment").await;
    friend.replies(&comment, "a reply").await;
    let own = friend.comments(&of_friend, "own").await;
    mina.likes_comment(&own).await;
    let of_mina = mina.posts("of mina").await;

    deletes_account(&mina, PASSWORD).await.expect(204);
    let story = format!("/v1/stories/{}", of_friend.id);
    let comments = format!("{story}/comments");
    eventually("everything is erased", async || {
        let story = friend.get(&story).await.expect(200).json();
        let comments = friend.get(&comments).await.expect(200).json();
        let comments = &comments["items"];
        let friends = friend.profile_of(&friend).await.counts.unwrap().friends;
        let counts = friend.profile_of(&follower).await.counts.unwrap();
        story["likes"] == json!(0)
            && story["comments"] == json!(2)
            && comments[0]["author"] == json!(null)
            && comments[0]["text"] == json!("")
            && comments[1]["likes"] == json!(0)
            && (friends, counts.follows, counts.followers) == (0, 0, 0)
            && is_erased(&app, &of_mina).await
    })
    .await;
}

/// Whether the story is deleted, and not only hidden.
async fn is_erased(app: &TestApp, story: &Story) -> bool {
    let (store, stories) = (app.service().store(), [story.id]);
    let deleted = store.deleted_stories(&stories, CommitPosition::LATEST);
    deleted.await.is_ok_and(|deleted| deleted == stories)
}
