//! Which notifications a person sees, after everything that two people can do to each other.

use std::collections::HashSet;

use sosik_feed::{Audience, StoryId};
use sosik_service::stories::EditRequest;
use sosik_store::NotificationKind;

use crate::world::{Person, World};

/// What happens between the reader and the actor after the notifications were written. They are friends before.
#[derive(Debug, Clone, Copy)]
enum Act {
    Unfriend,
    Follow,
    Mute,
    Block,
    /// The actor blocks the reader.
    BlockedBy,
    Unblock,
    /// The actor's public story becomes one for friends.
    Narrow,
    /// The actor deletes the public story.
    Delete,
}

/// A notification by its kind, and for a mention the audience that the story had when it was posted.
type Told = (&'static str, Option<Audience>);

const ACCEPTED: Told = ("accepted", None);
const COMMENT: Told = ("comment", None);
const LIKE: Told = ("like", None);
const REPLY: Told = ("reply", None);
const COMMENT_LIKE: Told = ("comment like", None);
const PUBLIC: Told = ("mention", Some(Audience::Public));
const FRIENDS: Told = ("mention", Some(Audience::Friends));

/// Acts, and what is shown after them. The rules in words: nothing of a severed person; nothing about a story that the
/// reader may not open; a muted person does not stand for likes of a story or comment; a mute hides no other existing notification.
const CASES: [(&[Act], &[Told]); 13] = [
    (
        &[],
        &[
            ACCEPTED,
            COMMENT,
            LIKE,
            REPLY,
            COMMENT_LIKE,
            PUBLIC,
            FRIENDS,
        ],
    ),
    (
        &[Act::Follow],
        &[
            ACCEPTED,
            COMMENT,
            LIKE,
            REPLY,
            COMMENT_LIKE,
            PUBLIC,
            FRIENDS,
        ],
    ),
    (&[Act::Mute], &[ACCEPTED, COMMENT, REPLY, PUBLIC, FRIENDS]),
    (
        &[Act::Unfriend],
        &[ACCEPTED, COMMENT, LIKE, REPLY, COMMENT_LIKE, PUBLIC],
    ),
    (
        &[Act::Unfriend, Act::Follow],
        &[ACCEPTED, COMMENT, LIKE, REPLY, COMMENT_LIKE, PUBLIC],
    ),
    (
        &[Act::Unfriend, Act::Mute],
        &[ACCEPTED, COMMENT, REPLY, PUBLIC],
    ),
    (&[Act::Block], &[]),
    (&[Act::BlockedBy], &[]),
    (&[Act::Block, Act::BlockedBy, Act::Unblock], &[]),
    (
        &[Act::Block, Act::Unblock],
        &[ACCEPTED, COMMENT, LIKE, REPLY, COMMENT_LIKE, PUBLIC],
    ),
    (
        &[Act::Narrow],
        &[
            ACCEPTED,
            COMMENT,
            LIKE,
            REPLY,
            COMMENT_LIKE,
            PUBLIC,
            FRIENDS,
        ],
    ),
    (
        &[Act::Narrow, Act::Unfriend],
        &[ACCEPTED, COMMENT, LIKE, REPLY, COMMENT_LIKE],
    ),
    (
        &[Act::Delete],
        &[ACCEPTED, COMMENT, LIKE, REPLY, COMMENT_LIKE, FRIENDS],
    ),
];

async fn comment(world: &World, author: &Person, story: StoryId) {
    let comments = world.service.comments();
    let added = comments.add(author.id, story, "comment", None);
    added.await.unwrap();
}

async fn perform(world: &World, act: Act, reader: &Person, actor: &Person, public: StoryId) {
    let relations = world.service.relations();
    match act {
        Act::Unfriend => relations.unfriend(reader.id, actor.id).await.unwrap(),
        Act::Follow => relations.follow(reader.id, actor.id).await.unwrap(),
        Act::Mute => relations.mute(reader.id, actor.id).await.unwrap(),
        Act::Block => relations.block(reader.id, actor.id).await.unwrap(),
        Act::BlockedBy => relations.block(actor.id, reader.id).await.unwrap(),
        Act::Unblock => relations.unblock(reader.id, actor.id).await.unwrap(),
        Act::Narrow => {
            let request = EditRequest {
                audience: Some(Audience::Friends),
                ..EditRequest::default()
            };
            let edited = world.service.stories().edit(actor.id, public, request);
            edited.await.unwrap();
        }
        Act::Delete => {
            let deleted = world.service.stories().delete(actor.id, public);
            deleted.await.unwrap();
        }
    }
}

#[tokio::test]
async fn after_every_change_a_person_sees_what_the_rule_allows_and_the_count_is_the_number_seen() {
    let world = World::new().await;
    for (number, (acts, expected)) in CASES.into_iter().enumerate() {
        let (one, two) = (format!("reader{number}"), format!("actor{number}"));
        let [reader, actor] = world.people([one.as_str(), two.as_str()]).await;
        world.befriend(&reader, &actor).await;
        let own = world.post(&reader, Audience::Public, "own").await;
        let mention = format!("@{one}");
        let public = world.post(&actor, Audience::Public, &mention).await;
        let for_friends = world.post(&actor, Audience::Friends, &mention).await;
        world.service.likes().add(actor.id, own).await.unwrap();
        comment(&world, &actor, own).await;
        let comments = world.service.comments();
        let said = comments.add(reader.id, own, "mine", None).await.unwrap();
        let said = said.comment.id;
        let reply = comments.reply(actor.id, (own, said), "reply", None);
        reply.await.unwrap();
        comments.like(actor.id, said).await.unwrap();
        let list = async || {
            let page = world.service.notifications().list(reader.id, None, 50);
            let page = page.await.unwrap();
            let told = page.items.iter().map(|item| {
                let row = &item.notification;
                let about = row.story.map(|story| story.id);
                match row.kind {
                    NotificationKind::FriendAccepted => ACCEPTED,
                    NotificationKind::Comment => COMMENT,
                    NotificationKind::Like => LIKE,
                    NotificationKind::Reply => REPLY,
                    NotificationKind::CommentLike => COMMENT_LIKE,
                    NotificationKind::Mention if about == Some(public) => PUBLIC,
                    NotificationKind::Mention if about == Some(for_friends) => FRIENDS,
                    other => panic!("{other:?}"),
                }
            });
            (told.collect::<HashSet<_>>(), page.unread)
        };
        let all = CASES[0].1.iter().copied().collect();
        assert_eq!(list().await, (all, 7), "before {acts:?}");
        for &act in acts {
            perform(&world, act, &reader, &actor, public).await;
        }
        let shown = expected.iter().copied().collect::<HashSet<_>>();
        let count = u32::try_from(shown.len()).unwrap();
        assert_eq!(list().await, (shown, count), "after {acts:?}");
        let unread = world.service.notifications().unread(reader.id);
        assert_eq!(unread.await.unwrap(), count, "after {acts:?}");
    }
}

#[tokio::test]
async fn the_latest_liker_whom_the_reader_may_see_stands_for_the_likes() {
    let world = World::new().await;
    let author = world.person("author").await;
    let story = world.post(&author, Audience::Public, "story").await;
    let mut likers = Vec::new();
    for number in 0..7 {
        let liker = world.person(&format!("liker{number}")).await;
        world.service.likes().add(liker.id, story).await.unwrap();
        likers.push(liker);
    }
    let actor = async || {
        let page = world.service.notifications().list(author.id, None, 9);
        let page = page.await.unwrap();
        assert_eq!(page.unread as usize, page.items.len());
        page.items.first().map(|item| item.actor.record.id)
    };
    let relations = world.service.relations();
    while let Some(latest) = likers.pop() {
        assert_eq!(actor().await, Some(latest.id));
        // Five of them are hidden at once, more than come with the row.
        match likers.len() % 3 {
            0 => relations.mute(author.id, latest.id).await.unwrap(),
            1 => relations.block(author.id, latest.id).await.unwrap(),
            _ => relations.block(latest.id, author.id).await.unwrap(),
        }
    }
    assert_eq!(actor().await, None, "nobody is left to show");
}

#[tokio::test]
async fn unread_notifications_are_counted_up_to_the_configured_number() {
    let world = World::with(|settings| settings.feed.unread_max = 3).await;
    let [author, joon] = world.people(["mina", "joon"]).await;
    let story = world.post(&author, Audience::Public, "story").await;
    for _ in 0..5 {
        comment(&world, &joon, story).await;
    }
    let unread = world.service.notifications().unread(author.id);
    assert_eq!(unread.await.unwrap(), 3);
}
