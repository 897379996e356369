//! Suggestions and permissions that are expensive are looked up once, and while the node is busy not at all.

use std::time::Duration;

use sosik_decorators::Fault;
use sosik_feed::{AllowedActors, AllowedAskers, Audience, PersonId};
use sosik_service::Settings;
use sosik_service::people::ProfileUpdate;
use sosik_store::PrivacyChange;
use tokio::time::timeout;

use crate::common::{TIMEOUT, World};

/// The people suggested, within the patience of a test.
async fn suggested(world: &World, reader: PersonId) -> Vec<PersonId> {
    let suggestions = world.service.suggestions();
    let list = timeout(TIMEOUT, suggestions.list(reader, 40)).await;
    let list = list.expect("an answer").unwrap().into_iter();
    list.map(|one| one.person.person.record.id).collect()
}

#[tokio::test]
async fn a_reader_waits_for_no_suggestions_that_are_being_computed() {
    let mut settings = Settings::default();
    settings.feed.rebuilds_at_once = 1;
    settings.feed.rebuild_wait = Duration::from_millis(1);
    let world = World::with(settings, None).await;
    let people = world
        .people(&["mina", "ana", "near", "star", "other"])
        .await;
    let [mina, ana, near, star, other] = people[..] else {
        unreachable!("five people")
    };
    world.befriend(ana, mina).await;
    world.befriend(ana, near).await;
    world.post(star, Audience::Public).await;
    let relations = world.service.relations();
    relations.follow(near, star).await.unwrap();
    world.faults.always("Feeds::newest", Fault::Wait);
    let begun = world.faults.begun("Feeds::newest");
    let first = async { suggested(&world, mina).await };
    let others = async {
        world
            .eventually("the first is computed", async || {
                world.faults.begun("Feeds::newest") > begun
            })
            .await;
        assert_eq!(suggested(&world, mina).await, [star], "the same reader");
        assert_eq!(suggested(&world, other).await, [star], "no permit is free");
        assert_eq!(world.faults.begun("Feeds::newest"), begun + 1);
        world.faults.lift("Feeds::newest");
    };
    let (first, ()) = tokio::join!(first, others);
    assert_eq!(first, [near, star]);
    assert_eq!(suggested(&world, mina).await, [near, star]);
    relations.mute(mina, star).await.unwrap();
    world.faults.always("Feeds::newest", Fault::Error);
    let failed = world.service.suggestions().list(mina, 40).await;
    assert!(failed.is_err(), "the circle has changed");
    world.faults.lift("Feeds::newest");
    assert_eq!(
        suggested(&world, mina).await,
        [near],
        "a failure holds nothing"
    );
}

#[tokio::test]
async fn who_puts_everybody_aside_is_shown_those_whom_many_follow() {
    let world = World::new().await;
    let [mina, ana, star] = world.people(&["mina", "ana", "star"]).await[..] else {
        unreachable!("three people")
    };
    let near = world.crowd("near", 12).await;
    world.befriend_all(ana, &[mina]).await;
    world.befriend_all(ana, &near).await;
    world.post(star, Audience::Public).await;
    let relations = world.service.relations();
    relations.follow(near[0], star).await.unwrap();
    let found = suggested(&world, mina).await;
    assert_eq!(found.len(), 12, "as many as are enough");
    assert!(!found.contains(&star));
    let suggestions = world.service.suggestions();
    for person in &found {
        suggestions.put_aside(mina, *person).await.unwrap();
    }
    assert_eq!(suggested(&world, mina).await, [star]);
    suggestions.take_up_again(mina, found[0]).await.unwrap();
    assert_eq!(suggested(&world, mina).await, [found[0], star]);
    // An open request takes somebody off the list as well.
    relations.send_friend_request(mina, found[0]).await.unwrap();
    assert_eq!(suggested(&world, mina).await, [star]);
}

#[tokio::test]
async fn friends_in_common_are_looked_up_once_for_each_person() {
    let world = World::new().await;
    let [mina, other] = world.people(&["mina", "other"]).await[..] else {
        unreachable!("two people")
    };
    let change = ProfileUpdate {
        privacy: PrivacyChange {
            mentions: Some(AllowedActors::FriendsOfFriends),
            requests: Some(AllowedAskers::FriendsOfFriends),
            ..PrivacyChange::default()
        },
        ..ProfileUpdate::default()
    };
    let people = world.service.people();
    people.change_profile(other, change).await.unwrap();
    let begun = || world.faults.begun("Relations::have_common_friend");
    let before = begun();
    people.profile(mina, "other").await.unwrap();
    assert_eq!(begun(), before + 1);
    let story = world.post(mina, Audience::Public).await;
    world.service.likes().add(other, story).await.unwrap();
    let likers = world.service.likes().list(mina, story, None, 9).await;
    let liker = &likers.unwrap().page.items[0].0;
    assert!(!liker.can_request && !liker.can_mention);
    assert_eq!(begun(), before + 2);
}
