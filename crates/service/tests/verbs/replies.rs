//! Replies: repeated requests, and who is signalled when one is deleted.

use sosik_feed::{AllowedActors, Audience, CommentId, PersonId, RuleBroken, StoryId};
use sosik_service::ServiceError;
use sosik_service::feeds::stream::{FeedStream, StreamEvent};
use sosik_service::people::ProfileUpdate;
use sosik_store::PrivacyChange;
use tokio::time::timeout;

use crate::world::{Person, TIMEOUT, World, broken, missing};

impl World {
    /// Comments on a story.
    async fn comment(&self, author: &Person, story: StoryId, text: &str) -> CommentId {
        let comments = self.service.comments();
        let comment = comments.add(author.id, story, text, None).await;
        comment.unwrap().comment.id
    }

    async fn stream(&self, reader: PersonId) -> FeedStream {
        let stream = self.service.feeds().open_stream(reader, None, &[]).await;
        stream.unwrap()
    }
}

/// The next event, which is about notifications.
async fn unread(stream: &mut FeedStream) -> u32 {
    let event = timeout(TIMEOUT, stream.next()).await.expect("an event");
    match event.unwrap() {
        StreamEvent::Notifications { unread } => unread,
        other => panic!("{other:?} is not about notifications"),
    }
}

#[tokio::test]
async fn a_repeat_gets_the_first_comment_also_when_a_new_one_would_be_refused() {
    let world = World::new().await;
    let [mina, bo] = world.people(["mina", "bob"]).await;
    let story = world.post(&mina, Audience::Public, "story").await;
    let parent = world.comment(&mina, story, "parent").await;
    let comments = world.service.comments();
    let reply = async |key| {
        let to = (story, parent);
        comments.reply(bo.id, to, "reply", Some(key)).await
    };
    let add = async |text, key| comments.add(bo.id, story, text, Some(key)).await;
    let first = reply("reply").await.unwrap().comment.id;
    let other = add("hello", "comment").await.unwrap().comment.id;
    comments.delete(mina.id, parent).await.unwrap();
    assert_eq!(reply("reply").await.unwrap().comment.id, first);
    assert_eq!(missing(reply("new").await), "comment");
    let privacy = PrivacyChange {
        comments: Some(AllowedActors::Friends),
        ..PrivacyChange::default()
    };
    let change = ProfileUpdate {
        privacy,
        ..ProfileUpdate::default()
    };
    let people = world.service.people();
    people.change_profile(mina.id, change).await.unwrap();
    assert_eq!(add("hello", "comment").await.unwrap().comment.id, other);
    assert_eq!(reply("reply").await.unwrap().comment.id, first);
    assert_eq!(
        broken(add("hello", "new").await),
        RuleBroken::CommentsLimited
    );
    let reused = add("another text", "comment").await;
    assert!(matches!(reused, Err(ServiceError::IdempotencyKeyReused)));
}

#[tokio::test]
async fn the_deletion_of_a_comment_signals_those_whose_notification_goes_and_nobody_else() {
    let world = World::new().await;
    let [mina, ana, bo, cy, dan] = world.people(["mina", "ana", "bob", "cyr", "dan"]).await;
    world.befriend(&cy, &ana).await;
    let story = world.post(&mina, Audience::Public, "story").await;
    let parent = world.comment(&ana, story, "parent").await;
    let relations = world.service.relations();
    relations.mute(ana.id, bo.id).await.unwrap();
    let comments = world.service.comments();
    let mut stream = world.stream(ana.id).await;

    let hidden = comments.reply(bo.id, (story, parent), "hidden", None).await;
    let hidden = hidden.unwrap().comment.id;
    comments.delete(bo.id, hidden).await.unwrap();
    for text in ["one", "two"] {
        world.post(&cy, Audience::Friends, text).await;
        let event = timeout(TIMEOUT, stream.next()).await.expect("an event");
        assert!(matches!(event.unwrap(), StreamEvent::Story { .. }));
    }

    let mention = world.comment(&dan, story, "@ana").await;
    assert_eq!(unread(&mut stream).await, 1);
    comments.delete(dan.id, mention).await.unwrap();
    assert_eq!(unread(&mut stream).await, 0);

    // A person who blocked the author since sees no notification, so nothing went away for them.
    let mention = world.comment(&dan, story, "@ana").await;
    assert_eq!(unread(&mut stream).await, 1);
    world.block(&ana, &dan).await;
    comments.delete(dan.id, mention).await.unwrap();
    world.post(&cy, Audience::Friends, "three").await;
    loop {
        match timeout(TIMEOUT, stream.next()).await.expect("an event") {
            Ok(StreamEvent::Story { .. }) => break,
            // The block itself.
            Ok(StreamEvent::Reset(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}
