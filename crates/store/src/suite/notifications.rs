//! Notifications.

use sosik_feed::{Audience, NotificationId, PersonId, StoryId};

use super::world::World;
use crate::{
    CommentEdit, EditedText, NewComment, NewStory, NotificationKind, NotificationList, StoryEdit,
};

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
        (told[0].id, told[0].kind, told[0].actors[0]),
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
        (told[0].id, told[0].kind, told[0].actors[0]),
        (accepting, NotificationKind::FriendAccepted, joon)
    );
    assert_eq!(
        (&told[0].story, told[0].comment, told[0].others),
        (&None, None, 0)
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
        (told[0].id, told[0].at, told[0].story.unwrap().id),
        (note, now, story)
    );
    assert_eq!(
        (told[0].kind, told[0].actors[0], told[0].others),
        (NotificationKind::Like, hana, 2)
    );
    assert_eq!(
        (told[1].story.unwrap().id, told[1].actors[0], told[1].others),
        (other, joon, 0)
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
    assert_eq!((told[0].actors[0], told[0].others), (joon, 0));
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
        (note.id, note.kind, note.actors[0]),
        (
            NotificationId::about(id.raw(), stranger),
            NotificationKind::Mention,
            mina
        )
    );
    assert_eq!((note.story.unwrap().id, note.comment), (id, None));
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
        (note.id, note.kind, note.actors[0]),
        (
            NotificationId::about(id.raw(), mina),
            NotificationKind::Comment,
            joon
        )
    );
    assert_eq!((note.story.unwrap().id, note.comment), (story, Some(id)));
    assert_eq!(world.notes(friend).await[0].kind, NotificationKind::Mention);
    assert!(kinds(world, stranger).await.is_empty());
    let (told, _) = world
        .comments_new(world.new_comment(mina, story, "my own"))
        .await;
    assert!(told.is_empty());
}

pub async fn an_edit_tells_the_newly_mentioned_once_and_at_the_top(world: &World) {
    let [mina, joon, yuna, friend] = world.people(["mina", "joon", "yuna", "friend"]).await;
    world.befriend(mina, friend).await;
    let story = NewStory {
        mentions: handles(&["joon"]),
        ..world.new_story(mina, "@joon")
    };
    let id = story.id;
    world.posts_new(story).await;
    let newer = world.posts(joon, "newer").await;
    world.comments(yuna, newer, "newer").await;
    let edit = |mentioned: &[&str], audience| StoryEdit {
        id,
        author: mina,
        text: Some(EditedText {
            text: mentioned.join(" "),
            mentions: handles(mentioned),
            tags: vec![],
            link: None,
            cause: world.id().lowest(),
        }),
        attachments: None,
        audience,
        now: world.now(),
    };
    let told = async |edit| {
        world
            .edit_story(edit)
            .await
            .unwrap()
            .value
            .unwrap()
            .notified
    };
    let everybody = ["joon", "yuna", "mina", "nobody", "yuna"];
    assert_eq!(told(edit(&everybody, None)).await, [yuna]);
    let note = &world.notes(yuna).await[0];
    assert_eq!(
        (
            note.kind,
            note.actors[0],
            note.story.map(|of| of.id),
            note.comment
        ),
        (NotificationKind::Mention, mina, Some(id), None)
    );
    assert!(
        note.id.raw() > newer.raw(),
        "an edit of an old story is news"
    );
    // Removing a mention and adding it again tells nobody twice.
    assert!(told(edit(&[], None)).await.is_empty());
    assert!(told(edit(&["joon", "yuna"], None)).await.is_empty());
    assert_eq!(
        (world.notes(joon).await.len(), world.notes(yuna).await.len()),
        (2, 1)
    );
    let for_friends = edit(&["friend", "yuna", "joon"], Some(Audience::Friends));
    assert_eq!(told(for_friends).await, [friend]);
}

pub async fn an_edit_of_a_comment_tells_the_newly_mentioned_once(world: &World) {
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    let story = world.posts(mina, "story").await;
    let comment = world.comments(joon, story, "hello").await;
    let other = world.comments(joon, story, "hello").await;
    let told = async |id, mentioned: &[&str]| {
        let edit = CommentEdit {
            id,
            author: joon,
            text: mentioned.join(" "),
            mentions: handles(mentioned),
            cause: world.id().lowest(),
            now: world.now(),
        };
        world
            .edit_comment(edit)
            .await
            .unwrap()
            .value
            .unwrap()
            .notified
    };
    assert_eq!(
        told(comment, &["mina", "joon", "yuna", "nobody"]).await,
        [yuna]
    );
    assert!(told(comment, &["yuna"]).await.is_empty());
    assert_eq!(told(other, &["yuna"]).await, [yuna]);
    let note = &world.notes(yuna).await[0];
    assert_eq!(
        (note.story.map(|of| of.id), note.comment),
        (Some(story), Some(other))
    );
    world.delete_comment(other, joon).await.unwrap();
    assert_eq!(world.notes(yuna).await.len(), 1);
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

pub async fn the_newest_likers_but_the_reader_come_with_their_notification(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let crowd = world.crowd(6).await;
    let story = world.posts_for(mina, Audience::Public, "story").await;
    for &liker in &crowd {
        world.likes(liker, story).await;
    }
    world.likes(mina, story).await;
    world.mutes(mina, crowd[5]).await;
    world.blocks(mina, crowd[4]).await;
    let told = world.notes(mina).await;
    assert_eq!(told[0].actors, [crowd[5], crowd[4], crowd[3], crowd[2]]);
    assert_eq!(told[0].others, 5);
}

pub async fn what_is_deleted_is_not_told_of_and_an_audience_is_the_current_one(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let mentions = handles(&["joon"]);
    let mut ids: [StoryId; 3] = Default::default();
    for id in &mut ids {
        let story = NewStory {
            mentions: mentions.clone(),
            ..world.new_story(mina, "@joon")
        };
        *id = story.id;
        world.posts_new(story).await;
    }
    let comment = NewComment {
        mentions,
        ..world.new_comment(mina, ids[2], "@joon")
    };
    let commented = comment.id;
    world.comments_new(comment).await;
    assert_eq!(world.unread(joon).await, 4);
    world.deletes(mina, ids[0]).await;
    world.delete_comment(commented, mina).await.unwrap();
    let edit = StoryEdit {
        id: ids[1],
        author: mina,
        text: None,
        attachments: None,
        audience: Some(Audience::Friends),
        now: world.now(),
    };
    world.edit_story(edit).await.unwrap().value.unwrap();
    let stories: Vec<_> = (world.notes(joon).await.iter())
        .map(|note| note.story.unwrap())
        .map(|story| (story.id, story.author, story.audience))
        .collect();
    assert_eq!(
        stories,
        [
            (ids[2], mina, Audience::Public),
            (ids[1], mina, Audience::Friends)
        ],
        "who may open it is for the caller to say"
    );
    assert_eq!(world.unread(joon).await, 2);
}

pub async fn what_was_withdrawn_long_ago_is_forgotten_a_few_at_a_time(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "story").await;
    for liker in world.crowd(3).await {
        world.likes(liker, story).await;
        world.unlike(liker, story).await.unwrap();
    }
    let now = world.now();
    for forgotten in [2, 1, 0] {
        assert_eq!(world.delete_withdrawn(now, 2).await.unwrap(), forgotten);
    }
}

pub async fn notifications_are_paged_newest_first(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "story").await;
    let mut expected = vec![];
    for _ in 0..5 {
        let comment = world.comments(joon, story, "comment").await;
        expected.insert(0, NotificationId::about(comment.raw(), mina));
    }
    let first = world
        .notifications(mina, NotificationList::All, None, 3)
        .await
        .unwrap();
    let rest = world
        .notifications(mina, NotificationList::All, Some(first[2].id), 3)
        .await
        .unwrap();
    let walked: Vec<_> = first.iter().chain(&rest).map(|note| note.id).collect();
    assert_eq!(walked, expected);
}

pub async fn read_notifications_stay_read_and_the_others_are_listed_apart(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "story").await;
    let mut ids = vec![];
    for _ in 0..5 {
        let comment = world.comments(joon, story, "comment").await;
        ids.push(NotificationId::about(comment.raw(), mina));
    }
    assert_eq!(world.unread(mina).await, 5);
    world.mark_notifications_read(mina, ids[2]).await.unwrap();
    world.mark_notifications_read(mina, ids[0]).await.unwrap();
    assert_eq!(world.unread(mina).await, 2, "what is read stays read");
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
    assert_eq!(world.unread(mina).await, 2);
}
