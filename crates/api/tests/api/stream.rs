//! The live feed over HTTP.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use sosik_api::schema::{NotificationPage, Story};
use sosik_service::feeds::stream::NOTIFICATIONS_EVERY;
use sosik_testkit::{TestApp, TestPerson, TestResponse, eventually};

/// A short interval of checks, so that a test can wait for several of them.
const SOON: Duration = Duration::from_millis(50);

async fn two_friends(app: &TestApp) -> [TestPerson; 2] {
    let [mina, jun] = app.users(["mina", "jun"]).await;
    mina.befriends(&jun).await;
    [mina, jun]
}

#[tokio::test]
async fn a_story_comes_live_with_the_cursor_behind_it() {
    let app = TestApp::start().await;
    let [mina, jun] = two_friends(&app).await;
    let mut stream = jun.stream().await;
    let hello = stream.expect("hello").await;
    let unread = jun.get("/v1/notifications").await.expect(200);
    let unread = unread.read::<NotificationPage>().unread;
    assert_eq!(hello.data, format!("{{\"unread\":{unread}}}"));
    assert!(hello.id.is_some());
    let story = mina.posts("hello").await;
    let event = stream.expect("story").await;
    assert_eq!(serde_json::from_str::<Story>(&event.data).unwrap(), story);
    let page = jun.feed_page(&format!("after={}", event.id.unwrap())).await;
    assert!(
        page.items.is_empty(),
        "the id is a cursor for newer stories too"
    );
    let before = jun.feed_page(&format!("after={}", hello.id.unwrap())).await;
    assert_eq!(before.items, [story]);
}

#[tokio::test]
async fn a_client_that_was_away_gets_exactly_what_it_missed() {
    let app = TestApp::start().await;
    let [mina, jun] = two_friends(&app).await;
    let mut stream = jun.stream().await;
    stream.expect("hello").await;
    let first = mina.posts("one").await;
    let event = stream.expect("story").await;
    assert!(event.data.contains(&first.id.to_string()));
    drop(stream);
    let missed = [mina.posts("two").await, mina.posts("three").await];
    app.wait_until_delivered().await;
    let mut again = jun.stream_after(event.id.as_deref().unwrap()).await;
    again.expect("hello").await;
    let mut came = Vec::new();
    for _ in 0..missed.len() {
        came.push(serde_json::from_str::<Story>(&again.expect("story").await.data).unwrap());
    }
    came.sort_by_key(|story| story.id);
    assert_eq!(came, missed);
    let next = mina.posts("four").await;
    assert!(
        again
            .expect("story")
            .await
            .data
            .contains(&next.id.to_string()),
        "and nothing in between"
    );
}

#[tokio::test]
async fn resuming_works_by_the_query_too_and_refuses_what_is_no_cursor() {
    let app = TestApp::start().await;
    let [_, jun] = two_friends(&app).await;
    let after = jun.feed().await.after.unwrap();
    let answer = jun
        .request(
            Method::GET,
            &format!("/v1/feed/stream?last_event_id={after}"),
        )
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    jun.get("/v1/feed/stream?last_event_id=rubbish")
        .await
        .problem(400, "cursor_invalid");
    let request = jun
        .request(Method::GET, "/v1/feed/stream")
        .header("Last-Event-ID", "rubbish");
    TestResponse::of(request)
        .await
        .problem(400, "cursor_invalid");
}

#[tokio::test]
async fn notifications_are_counted_live() {
    let app = TestApp::start().await;
    let [mina, jun] = app.users(["mina", "jun"]).await;
    let mut stream = mina.stream().await;
    stream.expect("hello").await;
    jun.asks(&mina).await;
    let event = stream.expect("notifications").await;
    assert_eq!((event.data.as_str(), event.id), ("{\"unread\":1}", None));
    let again = mina.stream().await.expect("hello").await;
    assert_eq!(again.data, "{\"unread\":1}", "from before the stream");
}

#[tokio::test]
async fn a_stream_ends_when_its_session_is_ended_anywhere() {
    let app = TestApp::start().await;
    let phone = app.user("mina").await;
    let laptop = phone.logs_in_again().await;
    let [mut phones, mut laptops] = [phone.stream().await, laptop.stream().await];
    phones.expect("hello").await;
    laptops.expect("hello").await;
    laptop.logs_out().await;
    let bye = laptops.expect("bye").await;
    assert!(bye.retry.unwrap().parse::<u64>().unwrap() >= 1_000);
    assert_eq!(laptops.next().await, None);
    phone.asks(&app.user("jun").await).await;
    app.user("sora").await.asks(&phone).await;
    phones.expect("notifications").await;
}

#[tokio::test]
async fn a_stream_ends_when_its_session_runs_out() {
    let app = TestApp::with(|settings| settings.api.stream_check = SOON).await;
    let mina = app.user("mina").await;
    let mut stream = mina.stream().await;
    stream.expect("hello").await;
    app.clock().advance(Duration::from_secs(31 * 86_400));
    stream.expect("bye").await;
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn a_silent_stream_sends_heart_beats() {
    let app = TestApp::with(|settings| settings.api.stream_check = SOON).await;
    let [mina, jun] = two_friends(&app).await;
    let mut stream = jun.stream().await;
    stream.expect("hello").await;
    stream.heart_beats(3).await;
    mina.posts("hello").await;
    stream.expect("story").await;
}

#[tokio::test]
async fn a_server_that_goes_away_says_so_and_another_one_takes_over() {
    let mut app = TestApp::start().await;
    let [mina, jun] = two_friends(&app).await;
    let mut stream = jun.stream().await;
    let hello = stream.expect("hello").await;
    app.api().begin_drain();
    assert_eq!(app.get("/readyz").await.expect(503).body, "leaving\n");
    app.get("/livez").await.expect(200);
    app.begin_drain();
    stream.expect("bye").await;
    assert_eq!(stream.next().await, None);
    app.restart().await;
    let story = mina.posts("hello").await;
    app.wait_until_delivered().await;
    let mut again = jun.stream_after(hello.id.as_deref().unwrap()).await;
    again.expect("hello").await;
    let event = again.next().await.unwrap();
    let told = event.name == "story" && event.data.contains(&story.id.to_string());
    assert!(told || event.name == "reset", "{event:?}");
}

#[tokio::test]
async fn streams_are_limited_for_each_and_for_all() {
    let app = TestApp::with(|settings| {
        settings.api.streams_per_person_max = 2;
        settings.api.streams_max = 3;
    })
    .await;
    let [mina, jun] = two_friends(&app).await;
    let first = mina.stream().await;
    let _second = mina.stream().await;
    let refused = mina.get("/v1/feed/stream").await;
    refused.problem(429, "too_many_streams");
    assert!(refused.header("retry-after").is_some());
    let _third = jun.stream().await;
    let refused = jun.get("/v1/feed/stream").await;
    refused.problem(503, "busy");
    assert!(refused.header("retry-after").is_some());
    drop(first);
    eventually("a place is free again", async || {
        jun.request(Method::GET, "/v1/feed/stream")
            .send()
            .await
            .unwrap()
            .status()
            == 200
    })
    .await;
}

#[tokio::test]
async fn a_block_is_seen_by_an_open_stream() {
    let app = TestApp::start().await;
    let [mina, jun] = two_friends(&app).await;
    let sora = app.user("sora").await;
    sora.befriends(&jun).await;
    let mut stream = jun.stream().await;
    stream.expect("hello").await;
    mina.blocks(&jun).await;
    mina.posts("not for jun").await;
    let seen = sora.posts("for jun").await;
    app.wait_until_delivered().await;
    loop {
        let event = stream.next().await.unwrap();
        assert!(!event.data.contains("not for jun"));
        if event.data.contains(&seen.id.to_string()) {
            break;
        }
        assert_ne!(event.name, "story", "{}", json!(event.data));
    }
}

#[tokio::test]
async fn likes_given_and_withdrawn_again_and_again_do_not_flood_the_author() {
    let app = TestApp::start().await;
    let [mina, jun] = two_friends(&app).await;
    let story = mina.posts("hello").await;
    let mut stream = mina.stream().await;
    stream.expect("hello").await;
    for _ in 0..302 {
        jun.likes(&story).await;
        jun.delete(&format!("/v1/stories/{}/like", story.id))
            .await
            .expect(204);
    }
    let last = mina.posts("the end").await;
    // One event for the first like, at most one for its withdrawal; each is sent once.
    let mut events = 0;
    while let Some(event) = stream.next().await {
        match event.name.as_str() {
            "notifications" => events += 1,
            "story" => {
                assert!(event.data.contains(&last.id.to_string()));
                break;
            }
            _ => {}
        }
    }
    assert!((1..=2).contains(&events), "{events} events for 604 calls");
}

#[tokio::test]
async fn a_burst_of_comments_is_few_events_and_the_last_one_has_the_count() {
    let app = TestApp::start().await;
    let [mina, jun] = two_friends(&app).await;
    let story = mina.posts("hello").await;
    let mut stream = mina.stream().await;
    stream.expect("hello").await;
    let started = tokio::time::Instant::now();
    for _ in 0..60 {
        jun.comments(&story, "hi").await;
    }
    let mut events = 0;
    loop {
        let event = stream.expect("notifications").await;
        events += 1;
        // One more than the comments, because the friendship is a notification, too.
        if event.data.contains("60") || event.data.contains("61") {
            break;
        }
    }
    let most = started.elapsed().as_secs() / NOTIFICATIONS_EVERY.as_secs() + 2;
    assert!(events <= most, "{events} events, at most {most}");
}
