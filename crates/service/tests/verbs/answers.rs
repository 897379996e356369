//! Answers of a post and of a comment: made from the request, equal to the row of the store.

use sosik_feed::{Audience, CommitPosition};
use sosik_service::stories::PostRequest;

use crate::world::{Person, World};

const TEXT: &str = "hello @joon and @nobody #seoul";

/// A world without workers: they read what is posted.
async fn quiet_world() -> World {
    World::with(|settings| settings.delivery.workers = 0).await
}

/// The fewest reads of the store that one of several repetitions takes: the sweeper reads now and then, too.
async fn fewest_reads(world: &World, mut act: impl AsyncFnMut()) -> u64 {
    let mut fewest = u64::MAX;
    for _ in 0..5 {
        let before = world.store().stats().reads;
        act().await;
        fewest = fewest.min(world.store().stats().reads - before);
    }
    fewest
}

fn request(key: Option<&str>) -> PostRequest {
    PostRequest {
        text: TEXT.to_owned(),
        attachments: Vec::new(),
        audience: Audience::Public,
        idempotency_key: key.map(str::to_owned),
    }
}

#[tokio::test]
async fn a_post_and_a_comment_of_a_cached_author_read_nothing_from_the_store() {
    let world = quiet_world().await;
    let [mina, _joon] = world.people(["mina", "joon"]).await;
    let post = async || {
        let stories = world.service.stories();
        stories.post(mina.id, request(None)).await.unwrap();
    };
    assert_eq!(fewest_reads(&world, post).await, 0, "a post");
    let story = world.post(&mina, Audience::Public, "x").await;
    let comment = async || {
        let comments = world.service.comments();
        comments.add(mina.id, story, TEXT, None).await.unwrap();
    };
    assert_eq!(fewest_reads(&world, comment).await, 0, "a comment");
}

async fn check_answer_of_post(world: &World, author: &Person, key: Option<&str>) {
    let stories = world.service.stories();
    let posted = stories.post(author.id, request(key)).await.unwrap();
    let id = posted.story.record.id;
    let stored = world
        .store()
        .stories(&[id], CommitPosition::LATEST)
        .await
        .unwrap();
    assert_eq!(stored, std::slice::from_ref(&posted.story.record));
    assert_eq!(posted.author.record.id, author.id);
    assert!(!posted.liked);
}

#[tokio::test]
async fn the_answer_of_a_post_and_of_its_repeat_is_the_row_of_the_store() {
    let world = quiet_world().await;
    let [mina, joon] = world.people(["mina", "joon"]).await;
    check_answer_of_post(&world, &mina, Some("once")).await;
    check_answer_of_post(&world, &mina, Some("once")).await;
    // A person severed from the author is hidden in the answer, as in every later read.
    let relations = world.service.relations();
    relations.block(mina.id, joon.id).await.unwrap();
    let stories = world.service.stories();
    let posted = stories.post(mina.id, request(None)).await.unwrap();
    let opened = stories.open(mina.id, posted.story.record.id).await.unwrap();
    assert_eq!(posted.story.record.mentions, []);
    assert_eq!(posted.story.record, opened.story.record);
}

#[tokio::test]
async fn the_answer_of_a_comment_and_of_its_repeat_is_the_row_of_the_store() {
    let world = quiet_world().await;
    let mina = world.person("mina").await;
    let story = world.post(&mina, Audience::Public, "x").await;
    for _ in 0..2 {
        let comments = world.service.comments();
        let answer = comments.add(mina.id, story, TEXT, Some("once")).await;
        let comment = answer.unwrap().comment;
        let stored = world.store().comment_by_id(comment.id).await.unwrap();
        assert_eq!(stored, Some(comment));
    }
}
