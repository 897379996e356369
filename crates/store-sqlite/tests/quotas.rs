//! Quotas of one person, and acts that are repeated after they were withdrawn.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use sosik_feed::{PersonId, StoryId};
use sosik_store::suite::world::{LIMITS, World};
use sosik_store::{
    LargeAuthorLimits, NewStory, PersonLimits, Posted, Quota, RelationChange, StoreError,
    StoreResult, StoryEdit,
};
use sosik_store_sqlite::{SqliteOptions, SqliteStore};

fn world(person_limits: PersonLimits) -> World {
    let options = SqliteOptions {
        person_limits,
        ..SqliteOptions::temporary()
    };
    let store: Arc<SqliteStore> = SqliteStore::open(&options).unwrap();
    World::new(store)
}

fn story(world: &World, author: PersonId, text: &str, mentions: &[String]) -> NewStory {
    NewStory {
        mentions: mentions.to_vec(),
        ..world.new_story(author, text)
    }
}

#[track_caller]
fn check_reached<T: std::fmt::Debug>(answer: StoreResult<T>, quota: Quota) {
    match answer {
        Err(StoreError::QuotaReached(reached)) => assert_eq!(reached, quota),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_person_has_at_most_so_many_stories_and_deleting_one_makes_room() {
    let world = world(PersonLimits {
        stories_max: 3,
        ..PersonLimits::default()
    });
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let mut last = StoryId::default();
    for _ in 0..3 {
        let next = story(&world, mina, "hello", &[]);
        last = next.id;
        world.post(next).await.unwrap();
    }
    let refused = story(&world, mina, "one more", &[]);
    let id = refused.id;
    check_reached(world.post(refused).await, Quota::Stories);
    assert!(
        world.stories(&[id]).await.unwrap().is_empty(),
        "nothing was kept"
    );
    world.post(story(&world, joon, "hello", &[])).await.unwrap();
    assert!(
        world
            .delete_story(last, mina, world.now())
            .await
            .unwrap()
            .value
    );
    world.post(story(&world, mina, "again", &[])).await.unwrap();
}

#[tokio::test]
async fn the_texts_of_a_person_take_at_most_so_many_bytes_also_after_edits() {
    let world = world(PersonLimits {
        text_bytes_max: 20,
        comments_max: 2,
        ..PersonLimits::default()
    });
    let [mina] = world.people(["mina"]).await;
    let first = story(&world, mina, "0123456789", &[]);
    let id = first.id;
    world.post(first).await.unwrap();
    world
        .post(story(&world, mina, "가나다", &[]))
        .await
        .unwrap();
    check_reached(
        world.post(story(&world, mina, "ab", &[])).await,
        Quota::TextBytes,
    );
    let longer = |text: &str| StoryEdit {
        id,
        author: mina,
        text: Some(sosik_store::EditedText {
            text: text.to_owned(),
            mentions: Vec::new(),
            tags: Vec::new(),
            link: None,
            cause: world.id().lowest(),
        }),
        attachments: None,
        audience: None,
        now: world.now(),
    };
    check_reached(
        world.edit_story(longer("0123456789ab")).await,
        Quota::TextBytes,
    );
    assert!(world.edit_story(longer("0")).await.unwrap().is_some());
    for text in ["1", "2"] {
        world
            .comment(world.new_comment(mina, id, text))
            .await
            .unwrap();
    }
    check_reached(
        world.comment(world.new_comment(mina, id, "3")).await,
        Quota::Comments,
    );
}

#[tokio::test]
async fn the_figures_of_quotas_follow_what_is_written_and_removed() {
    let world = world(PersonLimits::default());
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let kept = world.posts(mina, "kept").await;
    let gone = world.posts(mina, "gone").await;
    for (story, text) in [(kept, "a"), (gone, "b")] {
        world
            .comment(world.new_comment(joon, story, text))
            .await
            .unwrap();
    }
    world.delete_story(gone, mina, world.now()).await.unwrap();
    assert!(world.purge_story(gone, 100).await.unwrap());
    let large = LargeAuthorLimits {
        above: 10,
        below: 5,
    };
    let repaired = world
        .repair_people(PersonId::default(), 10, large)
        .await
        .unwrap();
    assert_eq!(
        (repaired.checked, repaired.counts),
        (2, 0),
        "the statements counted right"
    );
}

#[tokio::test]
async fn mentions_of_strangers_notify_so_many_a_day_and_those_of_friends_and_followers_always() {
    let world = world(PersonLimits {
        stranger_mentions_per_day_max: 50,
        ..PersonLimits::default()
    });
    let [spammer, friend, follower] = world.people(["spammer", "friend", "follower"]).await;
    world.befriend(spammer, friend).await;
    world.follows(follower, spammer).await;
    world.crowd(50).await;
    let mut handles: Vec<String> = (0..48).map(|number| format!("p{number}")).collect();
    handles.extend(["friend".to_owned(), "follower".to_owned()]);
    let (mut strangers, mut connected) = (0, 0);
    for _ in 0..120 {
        let act = story(&world, spammer, "spam", &handles);
        let id = act.id;
        let Posted::New { notified, .. } = world.post(act).await.unwrap().value else {
            panic!("the story was not new")
        };
        let near = |person: &&PersonId| **person == friend || **person == follower;
        connected += notified.iter().filter(near).count();
        strangers += notified.len() - notified.iter().filter(near).count();
        let kept = world.stories(&[id]).await.unwrap();
        assert_eq!(kept[0].mentions.len(), 50, "the mentions stay in the text");
    }
    assert_eq!((strangers, connected), (50, 240));
    let tomorrow = NewStory {
        now: world.now().plus(Duration::from_hours(24)),
        ..story(&world, spammer, "spam", &handles)
    };
    let Posted::New { notified, .. } = world.post(tomorrow).await.unwrap().value else {
        panic!("the story was not new")
    };
    assert_eq!(notified.len(), 50, "another day");
}

#[tokio::test]
async fn a_like_given_and_withdrawn_again_and_again_is_news_once() {
    let world = world(PersonLimits::default());
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.posts(mina, "story").await;
    let mut woken = 0;
    for _ in 0..302 {
        let liked = world.like(joon, story, world.note(mina), world.now()).await;
        woken += usize::from(liked.unwrap().unwrap().notified.is_some());
        let unliked = world.unlike(joon, story).await.unwrap().value.unwrap();
        woken += usize::from(unliked.notified.is_some());
    }
    assert_eq!(woken, 2, "the first like, and its withdrawal");
    let read = world.note(mina);
    world.mark_notifications_read(mina, read).await.unwrap();
    world
        .like(joon, story, world.note(mina), world.now())
        .await
        .unwrap();
    let told = world.notes(mina).await;
    assert_eq!(told.len(), 1);
    assert!(
        told[0].id < read && told[0].read,
        "it came back in its old place"
    );
    let later = world.now().plus(Duration::from_hours(48));
    world.unlike(joon, story).await.unwrap();
    let liked = world.like(joon, story, world.note(mina), later).await;
    assert_eq!(
        liked.unwrap().unwrap().notified,
        Some(mina),
        "two days later it is a new notification"
    );
}

#[tokio::test]
async fn a_friend_request_withdrawn_and_sent_again_is_news_once() {
    let world = world(PersonLimits::default());
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let mut news = 0;
    for _ in 0..300 {
        news += usize::from(world.asks(joon, mina).await == RelationChange::Changed);
        let withdrawn = world.remove_friend_request(joon, mina).await.unwrap();
        news += usize::from(withdrawn == RelationChange::Changed);
    }
    assert_eq!(news, 2, "the first request, and its withdrawal");
    world
        .mark_notifications_read(mina, world.note(mina))
        .await
        .unwrap();
    assert_eq!(world.asks(joon, mina).await, RelationChange::ChangedQuietly);
    let told = world.notes(mina).await;
    assert_eq!(
        (told.len(), told[0].read),
        (1, true),
        "one notification, already read"
    );
    assert_eq!(world.accepts(mina, joon).await, RelationChange::Changed);
    assert_eq!(world.delete_withdrawn(world.now(), 10).await.unwrap(), 1);
    let again = world
        .send_friend_request(joon, mina, LIMITS, world.note(mina), world.now())
        .await;
    assert_eq!(
        again.unwrap(),
        RelationChange::Unchanged,
        "they are friends"
    );
}
