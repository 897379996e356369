//! Filling a store.

use sosik_feed::{PersonId, Timestamp};

use super::world::World;
use crate::FriendsOf;

fn all_know_each_other(people: &[PersonId], since: Timestamp) -> Vec<FriendsOf> {
    let friends_of = |person: &PersonId| FriendsOf {
        person: *person,
        friends: (people.iter())
            .filter(|friend| *friend != person)
            .map(|friend| (*friend, since))
            .collect(),
    };
    people.iter().map(friends_of).collect()
}

async fn friends_counted(world: &World, person: PersonId) -> u32 {
    world.person_counts(person).await.unwrap().friends
}

pub async fn friends_who_were_filled_in_are_friends_and_are_counted(world: &World) {
    let people = world.crowd(10).await;
    let all = all_know_each_other(&people, world.now());
    assert_eq!(world.fill_friends(all).await.unwrap(), 90);
    for &person in &people {
        assert_eq!(world.circle(person).await.unwrap().friends().len(), 9);
        assert_eq!(friends_counted(world, person).await, 9);
    }
}

pub async fn filling_again_changes_nothing_and_afterwards_rows_are_checked_again(world: &World) {
    let people = world.crowd(3).await;
    let all = all_know_each_other(&people[..2], world.now());
    assert_eq!(world.fill_friends(all.clone()).await.unwrap(), 2);
    assert_eq!(world.fill_friends(all).await.unwrap(), 0);
    assert_eq!(friends_counted(world, people[0]).await, 1);
    world.befriend(people[0], people[2]).await;
    assert_eq!(friends_counted(world, people[0]).await, 2);
    assert_eq!(friends_counted(world, people[2]).await, 1);
    let by_nobody = world.new_story(world.person(), "hello");
    assert!(world.post(by_nobody).await.is_err());
}

pub async fn filling_in_somebody_who_does_not_exist_does_nothing(world: &World) {
    let mut people = world.crowd(2).await;
    people.push(world.person());
    let all = all_know_each_other(&people, world.now());
    for some in [&all[..2], &all[2..]] {
        let refused = world.fill_friends(some.to_vec()).await.unwrap_err();
        assert!(refused.to_string().contains("fill in friends"), "{refused}");
    }
    assert!(world.circle(people[0]).await.unwrap().friends().is_empty());
    assert_eq!(friends_counted(world, people[0]).await, 0);
}

pub async fn nobody_is_filled_beyond_the_limit_of_friends(world: &World) {
    let people = world.crowd(5_002).await;
    let now = world.now();
    let friends_of_first = |count: usize| FriendsOf {
        person: people[0],
        friends: people[1..=count]
            .iter()
            .map(|friend| (*friend, now))
            .collect(),
    };
    assert!(
        world
            .fill_friends(vec![friends_of_first(5_001)])
            .await
            .is_err()
    );
    assert_eq!(friends_counted(world, people[0]).await, 0);
    let filled = world.fill_friends(vec![friends_of_first(5_000)]).await;
    assert_eq!(filled.unwrap(), 5_000);
}
