//! A clock that was ahead, goes back, or starts in the past: no new story counts as read, and responses contain the
//! time of the clock.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]

use std::time::Duration;

use serde_json::json;
use sosik_api::schema::Story;
use sosik_feed::Timestamp;
use sosik_service::Clock;
use sosik_testkit::{TestApp, TestPerson};

const DAYS: Duration = Duration::from_secs(3 * 86_400);

async fn posts(author: &TestPerson, text: &str) -> Story {
    author.posts_to_friends(text).await
}

async fn texts_after(reader: &TestPerson, cursor: &str) -> Vec<String> {
    let page = reader.feed_page(&format!("after={cursor}")).await;
    assert!(page.end);
    page.items.into_iter().map(|story| story.text).collect()
}

/// Whether the time in a response is close to the current time of the clock.
fn is_of_now(created_at: &str, now: Timestamp) -> bool {
    let earliest = now.minus(Duration::from_secs(3_600)).to_string();
    created_at >= earliest.as_str() && created_at <= now.to_string().as_str()
}

/// Marks everything as read while the clock is ahead, and returns the cursor of the feed.
async fn read_everything(app: &TestApp, ana: &TestPerson, story: &Story) -> String {
    app.wait_until_delivered().await;
    let page = ana.feed().await;
    assert_eq!(page.items[0].text, "posted ahead");
    let read = json!({ "story": story.id });
    ana.put_json("/v1/feed/read-position", &read)
        .await
        .expect(200);
    let notifications = ana.get("/v1/notifications").await.expect(200).json();
    let read = json!({ "notification": notifications["items"][0]["id"] });
    ana.put_json("/v1/notifications/read-position", &read)
        .await
        .expect(200);
    page.after.unwrap()
}

async fn check_that_new_is_new(app: &TestApp, ana: &TestPerson, bo: &TestPerson, after: &str) {
    let story = posts(bo, "hello @ana, corrected").await;
    let comment = bo.comments(&story, "and a comment").await;
    let now = app.clock().now();
    assert!(is_of_now(&story.created_at, now), "{}", story.created_at);
    assert!(
        is_of_now(&comment.created_at, now),
        "{}",
        comment.created_at
    );
    app.wait_until_delivered().await;
    assert_eq!(texts_after(ana, after).await, ["hello @ana, corrected"]);
    let page = ana.feed().await;
    let texts: Vec<_> = page.items.iter().map(|story| story.text.as_str()).collect();
    assert_eq!(texts, ["hello @ana, corrected", "posted ahead"]);
    assert_eq!(page.unread, Some(1));
    let notifications = ana.get("/v1/notifications").await.expect(200).json();
    assert_eq!(notifications["unread"], 1, "{notifications}");
    let at = notifications["items"][0]["created_at"].as_str().unwrap();
    assert!(is_of_now(at, now), "{at}");
}

async fn friends(app: &TestApp) -> [TestPerson; 2] {
    let [ana, bo] = app.users(["ana", "bob"]).await;
    ana.befriends(&bo).await;
    [ana, bo]
}

#[tokio::test]
async fn after_a_clock_that_was_ahead_is_corrected_and_a_restart_what_is_new_is_unread() {
    let mut app = TestApp::start().await;
    let [ana, bo] = friends(&app).await;
    app.clock().advance(DAYS);
    let story = posts(&bo, "posted ahead").await;
    let after = read_everything(&app, &ana, &story).await;
    app.clock().go_back(DAYS);
    app.restart().await;
    check_that_new_is_new(&app, &ana, &bo, &after).await;
}

#[tokio::test]
async fn while_a_clock_that_was_ahead_is_corrected_the_server_goes_on() {
    let app = TestApp::start().await;
    let [ana, bo] = friends(&app).await;
    app.clock().advance(DAYS);
    let story = posts(&bo, "posted ahead").await;
    let after = read_everything(&app, &ana, &story).await;
    app.clock().go_back(DAYS);
    check_that_new_is_new(&app, &ana, &bo, &after).await;
}

#[tokio::test]
async fn a_clock_before_2024_is_told_by_readyz_until_it_is_set_right() {
    let mut app = TestApp::start().await;
    let [_, bo] = friends(&app).await;
    let to_2020 = app
        .clock()
        .now()
        .since(Timestamp::from_millis(1_577_836_800_000));
    app.clock().go_back(to_2020);
    for restarted in [false, true] {
        if restarted {
            app.restart().await;
        }
        let ready = app.admin_get("/readyz").await.expect(503);
        for part in ["before 2024", "timedatectl"] {
            assert!(ready.body.contains(part), "{}", ready.body);
        }
        let story = json!({ "text": "hello", "audience": "friends" });
        let refused = bo.post("/v1/stories", &story).await.expect(503);
        assert!(refused.header("retry-after").is_some());
    }
    app.clock().advance(to_2020);
    app.admin_get("/readyz").await.expect(200);
    posts(&bo, "set right").await;
    app.wait_until_delivered().await;
}
