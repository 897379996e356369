//! Privacy settings over HTTP: every setting, tried by every kind of person.

use reqwest::Method;
use serde_json::{Value, json};
use sosik_api::schema::{Comment, NotificationPage, Person, PersonPage, Story};
use sosik_testkit::{TestApp, TestPerson};

/// The people around Mina, in the order of the columns.
const ROLES: [&str; 5] = ["friend", "near", "stranger", "blocked", "blocker"];

/// Mina and the people around her: a friend, a friend of a friend, a stranger who shares nobody, somebody whom Mina
/// blocked, and somebody who blocked Mina.
struct Cast {
    mina: TestPerson,
    around: [TestPerson; 5],
}

impl Cast {
    async fn gather(app: &TestApp) -> Self {
        let mina = app.user("mina").await;
        let common = app.user("junho").await;
        let around = app
            .users(["haneul", "nari", "suho", "boram", "dasom"])
            .await;
        let [friend, near, _, blocked, blocker] = &around;
        friend.befriends(&mina).await;
        common.befriends(&mina).await;
        common.befriends(near).await;
        mina.blocks(blocked).await;
        blocker.blocks(&mina).await;
        Self { mina, around }
    }

    async fn sets(&self, setting: &str, to: &str) {
        let change = json!({ "privacy": { setting: to } });
        let me: Value = self.mina.patch("/v1/me", &change).await.expect(200).json();
        assert_eq!(me["privacy"][setting], to);
    }
}

async fn told(person: &TestPerson) -> usize {
    let page: NotificationPage = person.get("/v1/notifications").await.expect(200).read();
    page.items.len()
}

#[tokio::test]
async fn settings_are_open_at_first_change_one_by_one_and_are_shown_to_nobody_else() {
    let app = TestApp::start().await;
    let [mina, joon] = app.users(["mina", "joon"]).await;
    let open = json!({ "mentions": "everyone", "comments": "everyone", "requests": "everyone" });
    assert_eq!(mina.get("/v1/me").await.expect(200).json()["privacy"], open);
    let change = json!({ "privacy": { "requests": "nobody" }, "bio": "hello" });
    let me = mina.patch("/v1/me", &change).await.expect(200).json();
    let changed = json!({ "mentions": "everyone", "comments": "everyone", "requests": "nobody" });
    assert_eq!((&me["privacy"], &me["bio"]), (&changed, &json!("hello")));
    assert_eq!(mina.get("/v1/me").await.expect(200).json(), me);
    let profile = joon.get("/v1/people/mina").await.expect(200).json();
    assert!(profile["privacy"].is_null(), "{profile}");
    for wrong in [
        json!({ "privacy": { "mentions": "nobody" } }),
        json!({ "privacy": { "comments": "FRIENDS" } }),
        json!({ "privacy": { "requests": "friends" } }),
        json!({ "privacy": { "likes": "everyone" } }),
        json!({ "privacy": "friends" }),
    ] {
        let problem = mina.patch("/v1/me", &wrong).await.expect(422).json();
        assert_eq!(problem["code"], "body_invalid", "{wrong}");
    }
    assert_eq!(mina.get("/v1/me").await.expect(200).json(), me);
}

#[tokio::test]
async fn a_comment_needs_the_audience_and_the_setting() {
    let app = TestApp::start().await;
    let cast = Cast::gather(&app).await;
    let mut wrong = Vec::new();
    for (setting, public, friends) in [
        (
            "everyone",
            [201_u16, 201, 201, 404, 404],
            [201, 404, 404, 404, 404],
        ),
        (
            "friends_of_friends",
            [201, 201, 403, 404, 404],
            [201, 404, 404, 404, 404],
        ),
        (
            "friends",
            [201, 403, 403, 404, 404],
            [201, 404, 404, 404, 404],
        ),
    ] {
        cast.sets("comments", setting).await;
        let stories = [
            (cast.mina.posts("for all").await, public),
            (cast.mina.posts_to_friends("for friends").await, friends),
        ];
        for (story, expected) in stories {
            let (page, path) = (
                format!("/v1/stories/{}", story.id),
                format!("/v1/stories/{}/comments", story.id),
            );
            cast.mina.comments(&story, "my own").await;
            let own: Story = cast.mina.get(&page).await.expect(200).read();
            assert_eq!(own.can_comment, Some(true));
            for ((person, role), expected) in cast.around.iter().zip(ROLES).zip(expected) {
                let answer = person.post(&path, &json!({ "text": "a word" })).await;
                let shown = person.get(&page).await;
                let can = shown.json()["can_comment"].as_bool();
                let told = match expected {
                    201 => Some(true),
                    403 => Some(false),
                    _ => None,
                };
                if answer.status != expected || can != told {
                    let status = answer.status;
                    wrong.push(format!(
                        "{setting}, {role}: {status} {can:?}, not {expected}"
                    ));
                }
                if expected == 403 {
                    assert_eq!(answer.json()["code"], "comments_limited");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn comments_that_were_written_stay_and_their_authors_may_edit_them() {
    let app = TestApp::start().await;
    let cast = Cast::gather(&app).await;
    let stranger = &cast.around[2];
    let story = cast.mina.posts("for all").await;
    let comment: Comment = stranger.comments(&story, "a word").await;
    cast.sets("comments", "friends").await;
    let path = format!("/v1/comments/{}", comment.id);
    let edited = stranger
        .patch(&path, &json!({ "text": "a better word" }))
        .await;
    edited.expect(200);
    let list = format!("/v1/stories/{}/comments", story.id);
    let page = stranger.get(&list).await.expect(200).json();
    assert_eq!(page["items"][0]["text"], "a better word");
    stranger.delete(&path).await.expect(204);
}

#[tokio::test]
async fn a_request_needs_the_setting_and_an_answer_does_not() {
    let app = TestApp::start().await;
    let cast = Cast::gather(&app).await;
    let path = format!("/v1/friend-requests/{}", cast.mina.id);
    for (setting, expected) in [
        ("everyone", [204_u16, 204, 204, 404, 404]),
        ("friends_of_friends", [204, 204, 403, 404, 404]),
        ("nobody", [204, 403, 403, 404, 404]),
    ] {
        cast.sets("requests", setting).await;
        for ((person, role), expected) in cast.around.iter().zip(ROLES).zip(expected) {
            let profile = person.get("/v1/people/mina").await;
            let listed = person.get("/v1/people?q=mina").await.expect(200).json();
            let shown = [
                &profile.json()["can_request"],
                &listed["items"][0]["can_request"],
            ]
            .map(|shown| shown.as_bool().unwrap_or(true));
            let answer = person.put(&path).await;
            assert_eq!(answer.status, expected, "{setting}, {role}");
            assert_eq!(shown, [expected != 403; 2], "{setting}, {role}");
            if expected == 403 {
                assert_eq!(answer.json()["code"], "requests_limited");
            }
            // A repetition of a pending request is no new one, whatever the setting is now.
            person.delete(&path).await.expect(204);
        }
    }
    let [_, near, stranger, ..] = &cast.around;
    cast.mina.asks(stranger).await;
    stranger.put(&path).await.expect(204);
    assert!(
        stranger.profile_of(&cast.mina).await.relation == Some(sosik_api::schema::Relation::Friend)
    );
    cast.sets("requests", "everyone").await;
    near.put(&path).await.expect(204);
    cast.sets("requests", "nobody").await;
    near.put(&path).await.expect(204);
}

#[tokio::test]
async fn a_mention_needs_the_setting_and_otherwise_stays_plain_text() {
    let app = TestApp::start().await;
    let cast = Cast::gather(&app).await;
    // Mentions by severed people notify nobody and are hidden from both, whatever the setting is.
    for (setting, expected) in [
        ("everyone", [true, true, true]),
        ("friends_of_friends", [true, true, false]),
        ("friends", [true, false, false]),
    ] {
        cast.sets("mentions", setting).await;
        for ((person, role), expected) in cast.around.iter().zip(ROLES).zip(expected) {
            let profile: Person = person.profile_of(&cast.mina).await;
            let found: PersonPage = person.get("/v1/people?q=mina").await.expect(200).read();
            let shown = [profile.can_mention, found.items[0].can_mention];
            assert_eq!(
                shown,
                [(!expected).then_some(false); 2],
                "{setting}, {role}"
            );
            let before = told(&cast.mina).await;
            let story = person.posts("hello @mina").await;
            assert_eq!(story.text, "hello @mina");
            assert_eq!(
                story.mentions.len(),
                usize::from(expected),
                "{setting}, {role}"
            );
            assert_eq!(
                story.entities.len(),
                usize::from(expected),
                "{setting}, {role}"
            );
            let comment = person.comments(&story, "@mina, look").await;
            assert_eq!(comment.text, "@mina, look");
            let now = told(&cast.mina).await;
            assert_eq!(now - before, 2 * usize::from(expected), "{setting}, {role}");
        }
        for person in &cast.around[3..] {
            let before = told(&cast.mina).await;
            let story = person.posts("hello @mina").await;
            assert_eq!((story.mentions.len(), told(&cast.mina).await), (0, before));
        }
    }
}

#[tokio::test]
async fn a_person_without_a_session_changes_no_setting() {
    let app = TestApp::start().await;
    let change = json!({ "privacy": { "mentions": "friends" } });
    let url = format!("{}/v1/me", app.url());
    let request = app.client().request(Method::PATCH, url).json(&change);
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 401);
}
