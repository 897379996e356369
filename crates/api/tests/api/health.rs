//! Health as probes see it.

use std::time::Duration;

use sosik_decorators::Fault;
use sosik_testkit::{TestApp, eventually};

#[tokio::test]
async fn a_node_whose_sweeper_fails_for_good_is_not_ready_and_gives_the_reason() {
    let app = TestApp::with(|settings| {
        settings.service.delivery.sweep_every = Duration::from_millis(10);
        settings.service.supervision.restarts_max = 2;
        settings.service.supervision.pause_first = Duration::from_millis(1);
    })
    .await;
    app.clock().panic_in("sweeper", 2);
    eventually("the sweeper goes on", async || {
        app.clock().reads_after_panics("sweeper") > 0
    })
    .await;
    assert_eq!(app.get("/readyz").await.expect(200).body, "ready\n");

    app.clock().panic_in("sweeper", u32::MAX);
    eventually("the node is not ready", async || {
        app.get("/readyz").await.status == 503
    })
    .await;
    assert_eq!(
        app.get("/readyz").await.expect(503).body,
        "the task sweeper failed after 2 restarts within 600 s: look for its panics in the log and restart this process\n"
    );
    app.get("/livez").await.expect(200);
}

#[tokio::test]
async fn people_are_served_while_the_fabric_fails() {
    let app = TestApp::start().await;
    let [mina, joon] = app.users(["mina", "joon"]).await;
    mina.feed().await;
    for prefix in ["Timelines::", "LargeAuthorLog::append", "WakeUps::wake"] {
        app.fabric_faults().all(prefix, Fault::Error);
    }
    let story = joon.posts("hello").await;
    assert!(joon.sees(&story).await, "one's own words");
    mina.follows(&joon).await;
    assert!(mina.sees(&story).await);
    mina.likes(&story).await;
    mina.comments(&story, "hi").await;
    mina.unfollows(&joon).await;
    assert!(!mina.sees(&story).await);
    mina.befriends(&joon).await;
    assert!(mina.sees(&story).await);
    joon.deletes(&story).await;
    assert!(!mina.sees(&story).await);
    mina.logs_out().await;
    mina.get("/v1/feed").await.expect(401);
    app.get("/readyz").await.expect(200);
    app.fabric_faults().lift_all();
    eventually("everything is confirmed", async || {
        app.service().unconfirmed_invalidations() == 0
    })
    .await;
}
