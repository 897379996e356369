//! Suggestions of people: who is proposed, in which order, and who never is.

use serde_json::json;
use sosik_api::schema::{Suggestion, SuggestionPage};
use sosik_testkit::{TestApp, TestPerson};

async fn suggested(person: &TestPerson) -> Vec<Suggestion> {
    let page = person.get("/v1/suggestions?limit=40").await.expect(200);
    let page: SuggestionPage = page.read();
    assert!(page.end && page.before.is_none() && page.after.is_none());
    page.items
}

async fn handles(person: &TestPerson) -> Vec<String> {
    let suggested = suggested(person).await;
    let handles = suggested.into_iter().map(|one| one.person.handle);
    handles.collect()
}

#[tokio::test]
async fn friends_in_common_come_first_then_shared_tags_then_those_whom_many_follow() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let [ana, bob, close, near, writer, star] = app
        .users(["ana", "bob", "close", "near", "writer", "star"])
        .await;
    for friend in [&ana, &bob] {
        friend.befriends(&mina).await;
        friend.befriends(&close).await;
    }
    ana.befriends(&near).await;
    ana.posts("leaves in a pot #Tea").await;
    writer.posts("a kettle sings #tea").await;
    star.posts("good morning").await;
    bob.follows(&star).await;
    let found = suggested(&mina).await;
    let reasons: Vec<_> = found
        .iter()
        .map(|one| {
            (
                one.person.handle.as_str(),
                one.common_friends,
                &one.tags[..],
            )
        })
        .collect();
    let tea = ["tea".to_owned()];
    assert_eq!(
        reasons,
        [
            ("close", 2, &[][..]),
            ("near", 1, &[]),
            ("writer", 0, &tea),
            ("star", 0, &[])
        ]
    );
    let first: SuggestionPage = mina.get("/v1/suggestions?limit=1").await.expect(200).read();
    assert_eq!(first.items, found[..1]);
    for limit in ["0", "101"] {
        mina.get(&format!("/v1/suggestions?limit={limit}"))
            .await
            .problem(422, "page_limit_invalid");
    }
}

#[tokio::test]
async fn a_suggestion_says_who_takes_no_friend_requests() {
    let app = TestApp::start().await;
    let [mina, ana, near] = app.users(["mina", "ana", "near"]).await;
    ana.befriends(&mina).await;
    ana.befriends(&near).await;
    assert_eq!(suggested(&mina).await[0].person.can_request, None);
    let nobody = serde_json::json!({ "privacy": { "requests": "nobody" } });
    near.patch("/v1/me", &nobody).await.expect(200);
    assert_eq!(suggested(&mina).await[0].person.can_request, Some(false));
}

#[tokio::test]
async fn nobody_is_suggested_whom_the_reader_has_hidden_or_already_knows() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let ana = app.user("ana").await;
    ana.befriends(&mina).await;
    let handles_of = [
        "p_blocked",
        "p_blocker",
        "p_muted",
        "p_followed",
        "p_requested",
        "p_asker",
        "p_friend",
        "p_stranger",
    ];
    let others = app.users(handles_of).await;
    for other in &others {
        ana.befriends(other).await;
        ana.follows(other).await;
        other.posts("words for all #tea").await;
    }
    mina.posts("my own #tea").await;
    let [
        blocked,
        blocker,
        muted,
        followed,
        requested,
        asker,
        friend,
        stranger,
    ] = &others;
    assert_eq!(
        handles(&mina).await.len(),
        8,
        "all of them are possible before"
    );
    mina.blocks(blocked).await;
    blocker.blocks(&mina).await;
    mina.mutes(muted).await;
    mina.follows(followed).await;
    mina.asks(requested).await;
    asker.asks(&mina).await;
    friend.befriends(&mina).await;
    assert_eq!(handles(&mina).await, ["p_stranger"]);
    assert!(!handles(blocked).await.contains(&mina.handle));
    assert!(!handles(blocker).await.contains(&mina.handle));

    mina.delete(&format!("/v1/suggestions/{}", stranger.id))
        .await
        .expect(204);
    assert_eq!(handles(&mina).await, [""; 0]);
    mina.put(&format!("/v1/suggestions/{}", stranger.id))
        .await
        .expect(204);
    assert_eq!(handles(&mina).await, ["p_stranger"]);
}

#[tokio::test]
async fn a_tag_is_no_reason_once_its_story_is_gone_or_for_friends_only() {
    let app = TestApp::start().await;
    let mina = app.user("mina").await;
    let [deletes, narrows, stays] = app.users(["deletes", "narrows", "stays"]).await;
    mina.posts("my own #rain").await;
    let gone = deletes.posts("it pours #rain").await;
    let narrowed = narrows.posts("a drizzle #rain").await;
    stays.posts("drops #rain").await;
    narrows.posts_to_friends("between us #rain").await;
    let mut before = handles(&mina).await;
    before.sort_unstable();
    assert_eq!(before, ["deletes", "narrows", "stays"]);
    deletes.deletes(&gone).await;
    let friends = json!({ "audience": "friends" });
    narrows
        .patch(&format!("/v1/stories/{}", narrowed.id), &friends)
        .await
        .expect(200);
    assert_eq!(handles(&mina).await, ["stays"]);
}

#[tokio::test]
async fn a_friend_whom_the_reader_muted_connects_nobody() {
    let app = TestApp::start().await;
    let [mina, ana, bob] = app.users(["mina", "ana", "bob"]).await;
    ana.befriends(&mina).await;
    ana.befriends(&bob).await;
    assert_eq!(handles(&mina).await, ["bob"]);
    mina.mutes(&ana).await;
    assert_eq!(handles(&mina).await, [""; 0]);
}
