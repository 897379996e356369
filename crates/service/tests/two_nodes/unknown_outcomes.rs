//! Writes that commit and then fail: every node sees their effect.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use sosik_decorators::{Fault, Faults, Hook, Refused};
use sosik_fabric::memory::Hub;
use sosik_feed::Audience;
use sosik_service::Service;
use sosik_service::stories::PostRequest;

use super::{Nodes, eventually, narrow, opens, top};

/// What happens once, after a call has committed.
enum Trouble {
    /// The task of the call panics.
    Panic,
    /// The next read of stories fails.
    StoriesFail,
}

/// Causes trouble after a call.
struct After {
    call: &'static str,
    trouble: Trouble,
    stories_fail: AtomicBool,
}

#[async_trait]
impl Hook for After {
    async fn before(&self, call: &'static str) -> Result<(), Refused> {
        let fails = call == "Stories::stories" && self.stories_fail.swap(false, Ordering::SeqCst);
        match fails {
            true => Err(Refused("stories fail once".to_owned())),
            false => Ok(()),
        }
    }

    async fn after(&self, call: &'static str) -> Result<(), Refused> {
        if call == self.call {
            match self.trouble {
                Trouble::Panic => panic!("{call} panics after its commit"),
                Trouble::StoriesFail => self.stories_fail.store(true, Ordering::SeqCst),
            }
        }
        Ok(())
    }
}

impl Nodes {
    async fn in_trouble_after(call: &'static str, trouble: Trouble) -> Self {
        let hub = Arc::new(Hub::default());
        let hook: Arc<dyn Hook> = Arc::new(After {
            call,
            trouble,
            stories_fail: AtomicBool::new(false),
        });
        Self::hooked([hub.join(), hub.join()], Arc::new(Faults::default()), &hook).await
    }
}

#[tokio::test]
async fn a_write_that_panics_after_its_commit_leaves_nothing_outdated_on_any_node() {
    let nodes = Nodes::in_trouble_after("Relations::unfriend", Trouble::Panic).await;
    let [mina, joon] = nodes.friends().await;
    let story = nodes.read_story(&mina, Audience::Friends, &joon).await;
    assert!(opens(&nodes.one, &joon, story).await);
    let (mina, service) = (mina.id, nodes.one.clone());
    let friend = joon.id;
    let unfriending = tokio::spawn(async move { service.relations().unfriend(mina, friend).await });
    assert!(unfriending.await.unwrap_err().is_panic());
    assert!(!opens(&nodes.one, &joon, story).await);
    eventually(async || !opens(&nodes.other, &joon, story).await).await;
    nodes.stop().await;
}

#[tokio::test]
async fn a_comment_that_was_deleted_is_not_counted_although_stories_cannot_be_read() {
    let nodes = Nodes::in_trouble_after("Comments::delete_comment", Trouble::StoriesFail).await;
    let [mina, joon] = nodes.friends().await;
    let story = nodes.read_story(&mina, Audience::Public, &joon).await;
    // The edit takes the story out of both caches. Only the other node reads it again and counts the comment.
    narrow(&nodes.other, &mina, story).await;
    let comments = nodes.other.comments();
    let comment = comments.add(joon.id, story, "x", None).await.unwrap();
    let counted = async || {
        let found = nodes.other.stories().open(joon.id, story).await.unwrap();
        found.story.counts().comments
    };
    eventually(async || counted().await == 1).await;
    let deleted = nodes.one.comments().delete(joon.id, comment.comment.id);
    deleted.await.unwrap();
    eventually(async || counted().await == 0).await;
    nodes.stop().await;
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_seen_by_the_next_read_on_every_node() {
    let nodes = Nodes::new().await;
    let [mina, joon] = nodes.friends().await;
    let story = nodes.read_story(&mina, Audience::Friends, &joon).await;
    let (one, other) = (&nodes.one, &nodes.other);
    let viewer = other.sessions().viewer(&mina.token).await.unwrap().unwrap();
    assert!(opens(one, &joon, story).await);
    let lose = |call| nodes.faults.next(call, Fault::LostAnswer, 1);

    lose("Likes::like");
    one.likes().add(joon.id, story).await.unwrap_err();
    for node in [one, other] {
        let found = node.stories().open(joon.id, story).await.unwrap();
        assert_eq!((found.liked, found.story.counts().likes), (true, 1));
    }
    lose("Relations::unfriend");
    one.relations()
        .unfriend(mina.id, joon.id)
        .await
        .unwrap_err();
    for node in [one, other] {
        assert!(!opens(node, &joon, story).await);
    }
    assert!(opens(one, &mina, story).await && opens(other, &mina, story).await);
    lose("Stories::delete_story");
    one.stories().delete(mina.id, story).await.unwrap_err();
    for node in [one, other] {
        assert!(!opens(node, &mina, story).await);
    }
    lose("Sessions::end_session");
    one.sessions().log_out(&viewer).await.unwrap_err();
    for node in [one, other] {
        assert_eq!(node.sessions().viewer(&mina.token).await.unwrap(), None);
    }
    nodes.stop().await;
}

#[tokio::test]
async fn a_request_whose_answer_was_lost_is_carried_out_once_although_it_is_repeated() {
    let nodes = Nodes::new().await;
    let [mina, joon] = nodes.friends().await;
    assert_eq!(top(&nodes.other, &joon).await, []);
    let lose = |call| nodes.faults.next(call, Fault::LostAnswer, 1);
    let request = || PostRequest {
        text: "hello".to_owned(),
        attachments: Vec::new(),
        audience: Audience::Friends,
        idempotency_key: Some("post".to_owned()),
    };
    lose("Stories::post");
    let lost = nodes.one.stories().post(mina.id, request()).await;
    lost.unwrap_err();
    let repeated = nodes.other.stories().post(mina.id, request()).await;
    let story = repeated.unwrap().story.record.id;
    for node in [&nodes.one, &nodes.other] {
        assert_eq!(top(node, &mina).await, [story]);
        eventually(async || top(node, &joon).await == [story]).await;
    }

    lose("Comments::comment");
    let comment = async |service: &Service| {
        let key = Some("comment");
        service.comments().add(joon.id, story, "x", key).await
    };
    comment(&nodes.one).await.unwrap_err();
    let comment = comment(&nodes.other).await.unwrap().comment.id;
    for node in [&nodes.one, &nodes.other] {
        let page = node
            .comments()
            .list(joon.id, story, None, 10)
            .await
            .unwrap();
        let found: Vec<_> = page.items.iter().map(|item| item.comment.id).collect();
        assert_eq!(found, [comment]);
        let found = node.stories().open(joon.id, story).await.unwrap();
        assert_eq!(found.story.counts().comments, 1);
    }
    nodes.stop().await;
}
