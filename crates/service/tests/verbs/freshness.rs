//! A change is visible to the next read, although everything is cached.

use sosik_feed::{Audience, PersonId, StoryId};
use sosik_service::feeds::{FeedQuery, FeedStart};
use sosik_service::people::ProfileUpdate;
use sosik_service::stories::EditRequest;
use sosik_service::stories::StoryItem;

use crate::world::{World, there};

impl World {
    async fn open(&self, viewer: PersonId, story: StoryId) -> StoryItem {
        self.service.stories().open(viewer, story).await.unwrap()
    }

    async fn feed_shows(&self, reader: PersonId, story: StoryId) -> bool {
        let page = self
            .service
            .feeds()
            .read(
                reader,
                FeedQuery {
                    from: FeedStart::Top,
                    limit: 100,
                },
            )
            .await
            .unwrap();
        page.items.iter().any(|item| item.story.record.id == story)
    }
}

#[tokio::test]
async fn an_edit_that_mentions_somebody_is_among_their_notifications_once() {
    let world = World::new().await;
    let [author, reader] = world.people(["author", "reader"]).await;
    let story = world.post(&author, Audience::Public, "hello").await;
    let count = async || {
        let notifications = world.service.notifications();
        notifications
            .list(reader.id, None, 10)
            .await
            .unwrap()
            .items
            .len()
    };
    assert_eq!(
        (
            count().await,
            world
                .service
                .notifications()
                .unread(reader.id)
                .await
                .unwrap()
        ),
        (0, 0)
    );

    let edit = async |text: &str| {
        let text = Some(text.to_owned());
        let edit = EditRequest {
            text,
            attachments: None,
            audience: None,
        };
        world
            .service
            .stories()
            .edit(author.id, story, edit)
            .await
            .unwrap();
    };
    for text in ["hello @reader", "hello", "@reader hello"] {
        edit(text).await;
        assert_eq!(
            (
                count().await,
                world
                    .service
                    .notifications()
                    .unread(reader.id)
                    .await
                    .unwrap()
            ),
            (1, 1),
            "{text}"
        );
    }

    let comments = world.service.comments();
    let comment = comments
        .add(author.id, story, "hi", None)
        .await
        .unwrap()
        .comment
        .id;
    for text in ["hi @reader", "hi", "@reader hi"] {
        comments.edit(author.id, comment, text).await.unwrap();
        assert_eq!(count().await, 2, "{text}");
    }
}

#[tokio::test]
async fn an_edit_is_seen_at_once_and_the_same_again_is_no_edit() {
    let world = World::new().await;
    let [author, reader] = world.people(["author", "reader"]).await;
    let story = world
        .post(&author, Audience::Public, "#before @reader")
        .await;
    assert_eq!(
        &*world.open(reader.id, story).await.story.record.text,
        "#before @reader"
    );

    let edit = EditRequest {
        text: Some("#after ".to_owned()),
        attachments: None,
        audience: Some(Audience::Public),
    };
    world
        .service
        .stories()
        .edit(author.id, story, edit.clone())
        .await
        .unwrap();
    let seen = world.open(reader.id, story).await.story;
    assert_eq!(
        (&*seen.record.text, seen.record.tags.as_slice()),
        ("#after", &["after".to_owned()][..])
    );
    assert!(seen.record.mentions.is_empty());
    let edited_at = seen
        .record
        .edited_at
        .expect("the story is marked as edited");

    world.clock.advance(std::time::Duration::from_secs(60));
    world
        .service
        .stories()
        .edit(author.id, story, edit)
        .await
        .unwrap();
    world
        .service
        .stories()
        .edit(author.id, story, EditRequest::default())
        .await
        .unwrap();
    assert_eq!(
        world.open(reader.id, story).await.story.record.edited_at,
        Some(edited_at)
    );
}

#[tokio::test]
async fn a_story_that_is_narrowed_or_deleted_is_gone_at_once() {
    let world = World::new().await;
    let [author, follower, friend] = world.people(["author", "folke", "feli"]).await;
    world.follow(&follower, &author).await;
    world.befriend(&author, &friend).await;
    let story = world.post(&author, Audience::Public, "x").await;
    for reader in [follower.id, friend.id] {
        world
            .eventually("the story is delivered", async || {
                world.feed_shows(reader, story).await
            })
            .await;
        world.open(reader, story).await;
    }

    let narrowed = EditRequest {
        attachments: None,
        audience: Some(Audience::Friends),
        text: None,
    };
    world
        .service
        .stories()
        .edit(author.id, story, narrowed)
        .await
        .unwrap();
    assert!(!there(
        &world.service.stories().open(follower.id, story).await
    ));
    assert!(!world.feed_shows(follower.id, story).await);
    assert!(world.feed_shows(friend.id, story).await);

    world
        .service
        .stories()
        .delete(author.id, story)
        .await
        .unwrap();
    assert!(!there(
        &world.service.stories().open(friend.id, story).await
    ));
    assert!(!world.feed_shows(friend.id, story).await);
    assert!(!world.feed_shows(author.id, story).await);
}

#[tokio::test]
async fn a_story_that_becomes_public_comes_to_those_who_follow() {
    let world = World::new().await;
    let [author, follower] = world.people(["author", "folke"]).await;
    world.follow(&follower, &author).await;
    let story = world.post(&author, Audience::Friends, "x").await;
    assert!(!world.feed_shows(follower.id, story).await);
    let widened = EditRequest {
        attachments: None,
        audience: Some(Audience::Public),
        text: None,
    };
    world
        .service
        .stories()
        .edit(author.id, story, widened)
        .await
        .unwrap();
    world
        .eventually("the story is delivered", async || {
            world.feed_shows(follower.id, story).await
        })
        .await;
}

#[tokio::test]
async fn likes_and_comments_count_at_once_for_everybody() {
    let world = World::new().await;
    let [author, fan, reader] = world.people(["author", "fan", "reader"]).await;
    let story = world.post(&author, Audience::Public, "x").await;
    let figures = async || {
        let item = world.open(reader.id, story).await;
        let mine = world.open(fan.id, story).await.liked;
        (
            item.story.counts().likes,
            item.story.counts().comments,
            item.liked,
            mine,
        )
    };
    assert_eq!(figures().await, (0, 0, false, false));
    assert_eq!(
        world
            .service
            .likes()
            .add(fan.id, story)
            .await
            .unwrap()
            .likes,
        1
    );
    assert_eq!(
        world
            .service
            .likes()
            .add(fan.id, story)
            .await
            .unwrap()
            .likes,
        1,
        "again: no change"
    );
    assert_eq!(figures().await, (1, 0, false, true));
    let comment = world
        .service
        .comments()
        .add(fan.id, story, "nice", None)
        .await
        .unwrap()
        .comment
        .id;
    assert_eq!(figures().await, (1, 1, false, true));
    world
        .service
        .comments()
        .delete(fan.id, comment)
        .await
        .unwrap();
    for _again in 0..2 {
        world.service.likes().remove(fan.id, story).await.unwrap();
        assert_eq!(figures().await, (0, 0, false, false));
    }
}

#[tokio::test]
async fn a_changed_profile_is_seen_at_once_on_stories_comments_and_in_search() {
    let world = World::new().await;
    let [author, reader] = world.people(["author", "reader"]).await;
    let story = world.post(&author, Audience::Public, "x").await;
    world
        .service
        .comments()
        .add(author.id, story, "first", None)
        .await
        .unwrap();
    world.open(reader.id, story).await;

    let request = ProfileUpdate {
        display_name: Some("새 이름".to_owned()),
        ..ProfileUpdate::default()
    };
    let changed = world
        .service
        .people()
        .change_profile(author.id, request)
        .await
        .unwrap();
    assert_eq!(changed.person.record.display_name, "새 이름");
    assert_eq!(
        world
            .open(reader.id, story)
            .await
            .author
            .record
            .display_name,
        "새 이름"
    );
    let comments = world
        .service
        .comments()
        .list(reader.id, story, None, 10)
        .await
        .unwrap();
    assert_eq!(
        comments.items[0]
            .author
            .as_ref()
            .unwrap()
            .record
            .display_name,
        "새 이름"
    );
    let found = world
        .service
        .people()
        .search(reader.id, "이름", None, 10)
        .await
        .unwrap();
    assert_eq!(
        found
            .items
            .iter()
            .map(|found| found.person.record.id)
            .collect::<Vec<_>>(),
        [author.id]
    );
}

#[tokio::test]
async fn relations_change_the_home_feed_at_once() {
    let world = World::new().await;
    let [author, reader] = world.people(["author", "reader"]).await;
    let public = world.post(&author, Audience::Public, "for all").await;
    let friends = world.post(&author, Audience::Friends, "for friends").await;
    let check = async |after: &str, expected: [bool; 2]| {
        let shown = [
            world.feed_shows(reader.id, public).await,
            world.feed_shows(reader.id, friends).await,
        ];
        assert_eq!(shown, expected, "after {after}");
    };
    check("nothing", [false, false]).await;
    world.follow(&reader, &author).await;
    check("follow", [true, false]).await;
    world.mute(&reader, &author).await;
    check("mute", [false, false]).await;
    world.unmute(&reader, &author).await;
    check("unmute", [true, false]).await;
    world.send_friend_request(&author, &reader).await;
    check("a request", [true, false]).await;
    world.send_friend_request(&reader, &author).await;
    check("both asked", [true, true]).await;
    world.unfriend(&author, &reader).await;
    check("unfriend", [true, false]).await;
    world.unfollow(&reader, &author).await;
    check("unfollow", [false, false]).await;
    world.send_friend_request(&author, &reader).await;
    world.accept_friend_request(&reader, &author).await;
    check("accept", [true, true]).await;
    world.block(&reader, &author).await;
    check("block", [false, false]).await;
    world.unblock(&reader, &author).await;
    check("unblock", [false, false]).await;
    world.follow(&reader, &author).await;
    check("follow again", [true, false]).await;
}
