//! Notifications.

use sosik_feed::{Audience, NotificationId, PersonId, StoryId};

use super::world::World;
use crate::{NewComment, NewStory, NotificationKind, StoryEdit};

fn handles(handles: &[&str]) -> Vec<String> {
    handles.iter().map(|&handle| handle.to_owned()).collect()
}

async fn kinds(world: &World, person: PersonId) -> Vec<NotificationKind> {
    world
        .notes(person)
        .await
        .into_iter()
        .map(|note| note.kind)
        .collect()
}

pub async fn a_request_and_its_acceptance_are_told(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let (asking, accepting) = (world.note(joon), world.note(mina));
    world
        .send_friend_request(mina, joon, super::world::LIMITS, asking, world.now())
        .await
        .unwrap();
    let told = world.notes(joon).await;
    assert_eq!(
        (told[0].id, told[0].kind, told[0].actor),
        (asking, NotificationKind::FriendRequest, mina)
    );
    world
        .accept_friend_request(joon, mina, super::world::LIMITS, accepting, world.now())
        .await
        .unwrap();
    assert!(
        world.notes(joon).await.is_empty(),
        "an answered request asks no more"
    );
    let told = world.notes(mina).await;
    assert_eq!(
        (told[0].id, told[0].kind, told[0].actor),
        (accepting, NotificationKind::FriendAccepted, joon)
    );
    assert_eq!(
        (told[0].story, told[0].comment, told[0].others),
        (None, None, 0)
    );
}

pub async fn likes_of_a_story_are_one_notification_that_moves_to_the_top(world: &World) {
    let [mina, joon, yuna, hana] = world.people(["mina", "joon", "yuna", "hana"]).await;
    let (story, other) = (
        world.posts(mina, "story").await,
        world.posts(mina, "other").await,
    );
    world.likes(joon, story).await;
    world.likes(joon, other).await;
    assert_eq!(
        world.likes(mina, story).await.notified,
        None,
        "one's own like creates no notification"
    );
    assert_eq!(world.likes(yuna, story).await.notified, Some(mina));
    let (note, now) = (world.note(mina), world.now());
    world.like(hana, story, note, now).await.unwrap();
    let told = world.notes(mina).await;
    assert_eq!(told.len(), 2);
    assert_eq!(
        (told[0].id, told[0].at, told[0].story),
        (note, now, Some(story))
    );
    assert_eq!(
        (told[0].kind, told[0].actor, told[0].others),
        (NotificationKind::Like, hana, 2)
    );
    assert_eq!(
        (told[1].story, told[1].actor, told[1].others),
        (Some(other), joon, 0)
    );
}

pub async fn a_like_taken_back_is_told_no_more(world: &World) {
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    let story = world.posts(mina, "story").await;
    world.likes(mina, story).await;
    world.likes(joon, story).await;
    world.likes(yuna, story).await;
    world.unlike(yuna, story).await.unwrap();
    let told = world.notes(mina).await;
    assert_eq!((told[0].actor, told[0].others), (joon, 0));
    assert_eq!(
        world
            .unlike(joon, story)
            .await
            .unwrap()
            .value
            .unwrap()
            .notified,
        Some(mina)
    );
    assert!(
        world.notes(mina).await.is_empty(),
        "one's own like alone is no news"
    );
}

pub async fn the_mentioned_are_told_when_they_may_see_the_story(world: &World) {
    let [mina, friend, stranger, blocked, muter] = world
        .people(["mina", "friend", "stranger", "blocked", "muter"])
        .await;
    world.befriend(mina, friend).await;
    world.blocks(blocked, mina).await;
    world.mutes(muter, mina).await;
    let everybody = handles(&[
        "friend", "stranger", "blocked", "muter", "mina", "nobody", "friend",
    ]);
    let ask = |audience| NewStory {
        audience,
        mentions: everybody.clone(),
        ..world.new_story(mina, "hello all")
    };
    let public = ask(Audience::Public);
    let id = public.id;
    let mut told = world.posts_new(public).await;
    told.sort_unstable();
    assert_eq!(told, [friend, stranger]);
    assert_eq!(world.posts_new(ask(Audience::Friends)).await, [friend]);
    let note = &world.notes(stranger).await[0];
    assert_eq!(
        (note.id, note.kind, note.actor),
        (
            NotificationId::about(id.raw(), stranger),
            NotificationKind::Mention,
            mina
        )
    );
    assert_eq!((note.story, note.comment), (Some(id), None));
    assert!(kinds(world, muter).await.is_empty() && kinds(world, blocked).await.is_empty());
    assert!(
        !kinds(world, mina)
            .await
            .contains(&NotificationKind::Mention)
    );
}

pub async fn a_comment_is_told_to_the_author_and_a_mention_in_it_to_the_mentioned(world: &World) {
    let [mina, joon, friend, stranger] = world.people(["mina", "joon", "friend", "stranger"]).await;
    world.befriend(mina, joon).await;
    world.befriend(mina, friend).await;
    let story = world.posts_for(mina, Audience::Friends, "story").await;
    let mentions = handles(&["mina", "joon", "friend", "stranger"]);
    let comment = NewComment {
        mentions,
        ..world.new_comment(joon, story, "hello all")
    };
    let id = comment.id;
    let (told, _) = world.comments_new(comment).await;
    assert_eq!(
        told,
        [mina, friend],
        "the stranger may not open the story; nobody is told of themselves or twice"
    );
    let note = &world.notes(mina).await[0];
    assert_eq!(
        (note.id, note.kind, note.actor),
        (
            NotificationId::about(id.raw(), mina),
            NotificationKind::Comment,
            joon
        )
    );
    assert_eq!((note.story, note.comment), (Some(story), Some(id)));
    assert_eq!(world.notes(friend).await[0].kind, NotificationKind::Mention);
    assert!(kinds(world, stranger).await.is_empty());
    let (told, _) = world
        .comments_new(world.new_comment(mina, story, "my own"))
        .await;
    assert!(told.is_empty());
}

pub async fn muted_people_tell_nothing(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "story").await;
    world.mutes(mina, joon).await;
    assert_eq!(world.likes(joon, story).await.notified, None);
    world.comments(joon, story, "comment").await;
    world.asks(joon, mina).await;
    assert!(world.notes(mina).await.is_empty());
    assert!(
        world.relation(mina, joon).await.unwrap().asked,
        "the request is listed, too"
    );
}

pub async fn a_muted_liker_does_not_stand_for_the_likes_of_a_story(world: &World) {
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    let story = world.posts(mina, "story").await;
    world.likes(joon, story).await;
    world.mutes(mina, yuna).await;
    world.likes(yuna, story).await;
    assert_eq!(world.notes(mina).await[0].actor, joon);
}

pub async fn a_block_hides_what_the_other_told(world: &World) {
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    let story = world.posts(mina, "story").await;
    world.comments(joon, story, "comment").await;
    world.likes(yuna, story).await;
    world.likes(joon, story).await;
    assert_eq!(world.unread_notifications(mina, 99).await.unwrap(), 2);
    world.blocks(joon, mina).await;
    let told = world.notes(mina).await;
    assert_eq!(
        told.iter()
            .map(|note| (note.kind, note.actor))
            .collect::<Vec<_>>(),
        [(NotificationKind::Like, yuna)]
    );
    assert_eq!(world.unread_notifications(mina, 99).await.unwrap(), 1);
    world.unblock(joon, mina).await.unwrap();
    world.blocks(mina, yuna).await;
    world.blocks(mina, joon).await;
    assert!(
        world.notes(mina).await.is_empty(),
        "nobody is left who could stand for the likes"
    );
}

pub async fn a_story_that_can_no_longer_be_opened_is_not_told_of(world: &World) {
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    world.befriend(mina, joon).await;
    let mentions = handles(&["joon", "yuna"]);
    let mut ids: [StoryId; 3] = Default::default();
    for id in &mut ids {
        let story = NewStory {
            mentions: mentions.clone(),
            ..world.new_story(mina, "@joon @yuna")
        };
        *id = story.id;
        world.posts_new(story).await;
    }
    assert_eq!(
        (world.notes(joon).await.len(), world.notes(yuna).await.len()),
        (3, 3)
    );
    world.deletes(mina, ids[0]).await;
    let now = world.now();
    let edit = StoryEdit {
        id: ids[1],
        author: mina,
        text: None,
        audience: Some(Audience::Friends),
        now,
    };
    world.edit_story(edit).await.unwrap().value.unwrap();
    let stories = |notes: Vec<crate::NotificationRecord>| {
        notes
            .iter()
            .filter_map(|note| note.story)
            .collect::<Vec<_>>()
    };
    assert_eq!(stories(world.notes(joon).await), [ids[2], ids[1]]);
    assert_eq!(stories(world.notes(yuna).await), [ids[2]]);
    world.unfriend(joon, mina).await.unwrap();
    assert_eq!(stories(world.notes(joon).await), [ids[2]]);
    assert_eq!(world.unread_notifications(joon, 99).await.unwrap(), 1);
}

pub async fn notifications_are_paged_newest_first(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "story").await;
    let mut expected = vec![];
    for _ in 0..5 {
        let comment = world.comments(joon, story, "comment").await;
        expected.insert(0, NotificationId::about(comment.raw(), mina));
    }
    let first = world.notifications(mina, None, 3).await.unwrap();
    let rest = world
        .notifications(mina, Some(first[2].id), 3)
        .await
        .unwrap();
    let walked: Vec<_> = first.iter().chain(&rest).map(|note| note.id).collect();
    assert_eq!(walked, expected);
}

pub async fn read_notifications_stay_read_and_new_ones_are_counted_up_to_a_bound(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "story").await;
    let mut ids = vec![];
    for _ in 0..5 {
        let comment = world.comments(joon, story, "comment").await;
        ids.push(NotificationId::about(comment.raw(), mina));
    }
    assert_eq!(world.unread_notifications(mina, 3).await.unwrap(), 3);
    assert_eq!(world.unread_notifications(mina, 99).await.unwrap(), 5);
    world.mark_notifications_read(mina, ids[2]).await.unwrap();
    world.mark_notifications_read(mina, ids[0]).await.unwrap();
    assert_eq!(
        world.unread_notifications(mina, 99).await.unwrap(),
        2,
        "what is read stays read"
    );
    let read: Vec<_> = world
        .notes(mina)
        .await
        .iter()
        .map(|note| note.read)
        .collect();
    assert_eq!(read, [false, false, true, true, true]);
    assert_eq!(
        world.read_position(mina).await.unwrap(),
        StoryId::default(),
        "the feed has a mark of its own"
    );
    world.advance_read_position(mina, story).await.unwrap();
    assert_eq!(world.unread_notifications(mina, 99).await.unwrap(), 2);
}
