//! Ids name the bucket of the person who owns the row.

use std::collections::BTreeSet;

use sosik_feed::Audience;

use crate::world::World;

#[tokio::test]
async fn people_who_sign_up_one_after_the_other_live_in_different_buckets() {
    let world = World::new().await;
    let mut buckets = BTreeSet::new();
    for number in 0..16 {
        let person = world.person(&format!("person{number}")).await;
        // One of 16 equal shards.
        buckets.insert(person.id.bucket().number() >> 4);
    }
    assert_eq!(buckets.len(), 16, "{buckets:?}");
}

#[tokio::test]
async fn a_session_lives_in_the_bucket_of_its_person() {
    let world = World::new().await;
    let [mina, joon] = world.people(["mina", "joon"]).await;
    assert_ne!(mina.id.bucket(), joon.id.bucket());
    for person in [mina, joon] {
        assert_eq!(person.viewer.session.bucket(), person.id.bucket());
    }
}

#[tokio::test]
async fn a_story_and_its_comments_live_in_the_bucket_of_the_author() {
    let world = World::new().await;
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let story = world.post(&mina, Audience::Public, "hello @joon").await;
    assert_eq!(story.bucket(), mina.id.bucket());
    let comment = world
        .service
        .comments()
        .add(joon.id, story, "hi", None)
        .await;
    let comment = comment.unwrap().comment;
    assert_eq!(comment.id.bucket(), mina.id.bucket());
    assert_ne!(comment.id.bucket(), joon.id.bucket());
}

#[tokio::test]
async fn every_notification_lives_in_the_bucket_of_its_reader() {
    let world = World::new().await;
    let people = world.people(["mina", "joon"]).await;
    let [mina, joon] = &people;
    // A request and its acceptance, a mention, a comment with a mention, a like.
    world.befriend(mina, joon).await;
    let [asked, story] = [
        world.post(joon, Audience::Public, "hello @mina").await,
        world.post(mina, Audience::Friends, "hello").await,
    ];
    for (person, story) in [(mina, asked), (joon, story)] {
        let text = "hi @mina and @joon";
        world
            .service
            .comments()
            .add(person.id, story, text, None)
            .await
            .unwrap();
        world.service.likes().add(person.id, story).await.unwrap();
    }
    world.unfriend(joon, mina).await;
    world.send_friend_request(joon, mina).await;
    let mut kinds = BTreeSet::new();
    for person in &people {
        let page = world
            .service
            .notifications()
            .list(person.id, None, 50)
            .await
            .unwrap();
        for item in page.items {
            assert_eq!(item.notification.id.bucket(), person.id.bucket());
            kinds.insert(format!("{:?}", item.notification.kind));
        }
    }
    let all = [
        "Comment",
        "FriendAccepted",
        "FriendRequest",
        "Like",
        "Mention",
    ];
    assert!(kinds.iter().eq(&all), "{kinds:?}");
}
