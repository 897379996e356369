//! People, friends, follows, blocks, mutes and notifications over HTTP.

use serde_json::json;
use sosik_api::schema::{NotificationKind, NotificationPage, PersonPage, Relation};
use sosik_testkit::{TestApp, TestPerson, eventually};

async fn handles(person: &TestPerson, path: &str) -> Vec<String> {
    let page: PersonPage = person.get(path).await.expect(200).read();
    page.items.into_iter().map(|person| person.handle).collect()
}

async fn relation(from: &TestPerson, to: &TestPerson) -> Option<Relation> {
    from.profile_of(to).await.relation
}

#[tokio::test]
async fn a_friendship_is_asked_for_accepted_and_ended() {
    let app = TestApp::start().await;
    let [mina, jun] = app.users(["mina", "jun"]).await;
    assert_eq!(relation(&mina, &jun).await, Some(Relation::None));
    mina.asks(&jun).await;
    mina.asks(&jun).await;
    assert_eq!(
        (relation(&mina, &jun).await, relation(&jun, &mina).await),
        (Some(Relation::Requested), Some(Relation::Asked))
    );
    assert_eq!(handles(&jun, "/v1/friend-requests").await, ["mina"]);
    assert_eq!(
        handles(&mina, "/v1/friend-requests?side=outgoing").await,
        ["jun"]
    );
    assert_eq!(
        handles(&mina, "/v1/friend-requests?side=incoming").await,
        [""; 0]
    );
    mina.get("/v1/friend-requests?side=both")
        .await
        .problem(400, "query_invalid");
    let shown = jun
        .get(&format!("/v1/friend-requests/{}", mina.id))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&shown["handle"], &shown["relation"]),
        (&json!("mina"), &json!("asked"))
    );
    jun.post(
        &format!("/v1/friend-requests/{}/accept", mina.id),
        &json!({}),
    )
    .await
    .expect(204);
    assert_eq!(relation(&mina, &jun).await, Some(Relation::Friend));
    assert_eq!(handles(&mina, "/v1/friends").await, ["jun"]);
    jun.get(&format!("/v1/friend-requests/{}", mina.id))
        .await
        .problem(404, "not_found");
    jun.unfriends(&mina).await;
    jun.unfriends(&mina).await;
    assert_eq!(relation(&mina, &jun).await, Some(Relation::None));
}

#[tokio::test]
async fn asking_back_accepts_and_a_request_can_be_declined() {
    let app = TestApp::start().await;
    let [mina, jun, sora] = app.users(["mina", "jun", "sora"]).await;
    mina.asks(&jun).await;
    jun.asks(&mina).await;
    assert_eq!(relation(&mina, &jun).await, Some(Relation::Friend));
    sora.asks(&mina).await;
    mina.delete(&format!("/v1/friend-requests/{}", sora.id))
        .await
        .expect(204);
    assert_eq!(relation(&sora, &mina).await, Some(Relation::None));
    mina.post(
        &format!("/v1/friend-requests/{}/accept", sora.id),
        &json!({}),
    )
    .await
    .problem(404, "not_found");
    mina.put(&format!("/v1/friend-requests/{}", mina.id))
        .await
        .problem(422, "yourself");
    mina.put("/v1/friend-requests/1")
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_new_follow_brings_older_stories_and_a_mute_hides_them() {
    let app = TestApp::start().await;
    let [mina, jun] = app.users(["mina", "jun"]).await;
    let story = mina.posts("hello").await;
    let closed = mina.posts_to_friends("for friends").await;
    assert!(!jun.sees(&story).await);
    jun.follows(&mina).await;
    assert!(jun.sees(&story).await && !jun.sees(&closed).await);
    assert_eq!(
        (
            handles(&jun, "/v1/follows").await,
            handles(&mina, "/v1/followers").await
        ),
        (vec!["mina".into()], vec!["jun".into()])
    );
    jun.mutes(&mina).await;
    assert!(!jun.sees(&story).await);
    let profile = jun.profile_of(&mina).await;
    assert_eq!(
        (profile.relation, profile.muted),
        (Some(Relation::Following), Some(true))
    );
    assert_eq!(handles(&jun, "/v1/mutes").await, ["mina"]);
    jun.unmutes(&mina).await;
    assert!(jun.sees(&story).await);
    jun.unfollows(&mina).await;
    assert!(!jun.sees(&story).await);
}

#[tokio::test]
async fn a_block_is_seen_on_the_next_read_and_ends_what_was() {
    let app = TestApp::start().await;
    let [mina, jun] = app.users(["mina", "jun"]).await;
    mina.befriends(&jun).await;
    let story = mina.posts("hello").await;
    eventually("the friend sees it", async || jun.sees(&story).await).await;
    mina.blocks(&jun).await;
    assert!(!jun.sees(&story).await);
    jun.get("/v1/people/mina").await.problem(404, "not_found");
    assert_eq!(handles(&jun, "/v1/people?q=mina").await, [""; 0]);
    assert_eq!(handles(&mina, "/v1/blocks").await, ["jun"]);
    mina.unblocks(&jun).await;
    assert_eq!(
        relation(&jun, &mina).await,
        Some(Relation::None),
        "the friendship does not come back"
    );
}

#[tokio::test]
async fn a_profile_has_the_documented_shape() {
    let app = TestApp::start().await;
    let [mina, jun] = app.users(["mina", "jun"]).await;
    mina.befriends(&jun).await;
    mina.posts("hello").await;
    let mut profile = jun.get("/v1/people/mina").await.expect(200).json();
    profile["id"] = json!("…");
    insta::assert_snapshot!(profile, @r#"{"avatar":null,"bio":"","bio_entities":[],"counts":{"followers":0,"follows":0,"friends":1,"stories":1},"display_name":"mina of the test","handle":"mina","id":"…","language":"en","relation":"friend"}"#);
    let mut friends = jun.get("/v1/friends").await.expect(200).json();
    friends["items"][0]["id"] = json!("…");
    friends["items"][0]["since"] = json!("…");
    insta::assert_snapshot!(friends, @r#"{"after":null,"before":null,"end":true,"items":[{"avatar":null,"bio":"","display_name":"mina of the test","handle":"mina","id":"…","language":"en","relation":"friend","since":"…"}]}"#);
}

#[tokio::test]
async fn people_are_found_by_handle_and_by_any_piece_of_their_name() {
    let app = TestApp::start().await;
    let [mina, jun] = app.users(["mina", "jun"]).await;
    mina.patch("/v1/me", &json!({ "display_name": "김미나" }))
        .await
        .expect(200);
    for q in ["mi", "MINA", "@mina", "미나", "김"] {
        let found: PersonPage = jun.request_people(q).await;
        assert_eq!(
            found
                .items
                .iter()
                .map(|person| person.handle.as_str())
                .collect::<Vec<_>>(),
            ["mina"],
            "{q}"
        );
    }
    jun.request_people("@").await;
    let first = jun.get("/v1/people?q=mi&limit=1").await.expect(200).json();
    assert_eq!(first["end"], true);
    for path in ["/v1/people", "/v1/people?q=", "/v1/people?q=%20"] {
        jun.get(path).await.problem(422, "search_query_invalid");
    }
}

/// Searches with escaped words.
trait Searches {
    async fn request_people(&self, q: &str) -> PersonPage;
}

impl Searches for TestPerson {
    async fn request_people(&self, q: &str) -> PersonPage {
        let escaped: String = q.bytes().map(|byte| format!("%{byte:02X}")).collect();
        self.get(&format!("/v1/people?q={escaped}"))
            .await
            .expect(200)
            .read()
    }
}

#[tokio::test]
async fn what_happens_to_somebody_is_told_to_them_and_read_up_to_a_point() {
    let app = TestApp::start().await;
    let [mina, jun] = app.users(["mina", "jun"]).await;
    let story = mina.posts("hello").await;
    jun.asks(&mina).await;
    jun.likes(&story).await;
    jun.comments(&story, "nice @mina").await;
    let page: NotificationPage = mina.get("/v1/notifications").await.expect(200).read();
    let kinds: Vec<_> = page
        .items
        .iter()
        .map(|notification| notification.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            NotificationKind::Comment,
            NotificationKind::Like,
            NotificationKind::FriendRequest
        ]
    );
    assert!(
        page.items
            .iter()
            .all(|notification| notification.actor.handle == "jun" && !notification.read)
    );
    assert_eq!((page.unread, page.end), (3, true));
    let ask = json!({ "notification": page.items[1].id });
    let left = mina
        .put_json("/v1/notifications/read-position", &ask)
        .await
        .expect(200);
    assert_eq!(left.json(), json!({ "unread": 1 }));
    let first: NotificationPage = mina
        .get("/v1/notifications?limit=2")
        .await
        .expect(200)
        .read();
    assert_eq!((first.items.len(), first.end, first.unread), (2, false, 1));
    let rest = format!("/v1/notifications?before={}", first.before.unwrap());
    let rest: NotificationPage = mina.get(&rest).await.expect(200).read();
    assert_eq!((rest.items.len(), rest.end), (1, true));
    jun.get("/v1/notifications").await.expect(200);
}
