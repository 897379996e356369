//! Requests that are dropped in the middle: the caches are invalidated for whatever was written.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use sosik_feed::Audience;

use crate::world::{World, there};

/// Starts an operation and drops it at its first wait.
async fn begin<T>(act: impl Future<Output = T>) {
    let mut act = pin!(act);
    let waits = poll_fn(|context| Poll::Ready(act.as_mut().poll(context).is_pending())).await;
    assert!(waits, "it was done before it could be dropped");
}

#[tokio::test]
async fn a_block_whose_client_hangs_up_hides_the_story_from_warm_caches() {
    let world = World::new().await;
    let [author, reader] = world.people(["author", "reader"]).await;
    let story = world.post(&author, Audience::Public, "x").await;
    assert!(there(&world.service.stories().open(reader.id, story).await));
    begin(world.service.relations().block(author.id, reader.id)).await;
    world
        .eventually("the story is hidden", async || {
            !there(&world.service.stories().open(reader.id, story).await)
        })
        .await;
}

#[tokio::test]
async fn a_deletion_whose_client_hangs_up_takes_the_story_out_of_warm_caches() {
    let world = World::new().await;
    let author = world.person("author").await;
    let story = world.post(&author, Audience::Public, "x").await;
    begin(world.service.stories().delete(author.id, story)).await;
    world
        .eventually("the story is gone", async || {
            !there(&world.service.stories().open(author.id, story).await)
        })
        .await;
}

#[tokio::test]
async fn a_log_out_whose_client_hangs_up_ends_the_session() {
    let world = World::new().await;
    let mina = world.person("mina").await;
    assert!(world.opens(&mina.token).await);
    begin(world.service.sessions().log_out(&mina.viewer)).await;
    world
        .eventually("the session has ended", async || {
            !world.opens(&mina.token).await
        })
        .await;
}
