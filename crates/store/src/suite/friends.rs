//! Friend requests and friendships.

use sosik_feed::{PersonId, Relation};
use tokio::task::JoinSet;

use super::world::{LIMITS, THREE, World};
use crate::{NotificationKind, PeopleList, RelationChange, RelationLimits, RequestSide};

async fn friends(world: &World, person: PersonId) -> Vec<PersonId> {
    world.circle(person).await.unwrap().friends().to_vec()
}

pub async fn a_request_that_is_accepted_makes_two_friends(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    assert_eq!(world.asks(mina, joon).await, RelationChange::Changed);
    assert_eq!(
        world.relation(mina, joon).await.unwrap(),
        Relation {
            requested: true,
            ..Default::default()
        }
    );
    assert_eq!(
        world.relation(joon, mina).await.unwrap(),
        Relation {
            asked: true,
            ..Default::default()
        }
    );
    assert_eq!(world.accepts(joon, mina).await, RelationChange::Changed);
    for (one, other) in [(mina, joon), (joon, mina)] {
        assert_eq!(
            world.relation(one, other).await.unwrap(),
            Relation {
                friend: true,
                ..Default::default()
            }
        );
        assert_eq!(friends(world, one).await, [other]);
    }
}

pub async fn asking_and_accepting_again_change_nothing(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    world.asks(mina, joon).await;
    assert_eq!(world.asks(mina, joon).await, RelationChange::Unchanged);
    assert_eq!(world.notes(joon).await.len(), 1);
    world.accepts(joon, mina).await;
    assert_eq!(world.accepts(joon, mina).await, RelationChange::Unchanged);
    assert_eq!(world.asks(mina, joon).await, RelationChange::Unchanged);
    assert_eq!(world.asks(joon, mina).await, RelationChange::Unchanged);
    assert_eq!(world.person_counts(mina).await.unwrap().friends, 1);
}

pub async fn asking_back_is_accepting(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    world.asks(mina, joon).await;
    assert_eq!(world.asks(joon, mina).await, RelationChange::BecameFriends);
    assert_eq!(friends(world, mina).await, [joon]);
    assert_eq!(
        world.notes(mina).await[0].kind,
        NotificationKind::FriendAccepted
    );
    assert!(
        world.notes(joon).await.is_empty(),
        "the request is answered"
    );
}

pub async fn two_who_ask_each_other_at_once_become_friends(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let (one, other) = tokio::join!(world.asks(mina, joon), world.asks(joon, mina));
    let mut outcomes = [one, other];
    outcomes.sort_by_key(|outcome| *outcome == RelationChange::BecameFriends);
    assert_eq!(
        outcomes,
        [RelationChange::Changed, RelationChange::BecameFriends]
    );
    assert_eq!(friends(world, mina).await, [joon]);
    assert!(
        !world.relation(mina, joon).await.unwrap().requested,
        "no request is left"
    );
}

pub async fn a_request_can_be_taken_back_and_declined(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    // The second time creates no notification, because both repeat a recent change.
    for (who, ended) in [
        (mina, RelationChange::Changed),
        (joon, RelationChange::ChangedQuietly),
    ] {
        assert_eq!(world.asks(mina, joon).await, ended);
        let other = if who == mina { joon } else { mina };
        assert_eq!(
            world.remove_friend_request(who, other).await.unwrap(),
            ended
        );
        assert_eq!(
            world.remove_friend_request(who, other).await.unwrap(),
            RelationChange::Unchanged
        );
        assert_eq!(
            world.relation(mina, joon).await.unwrap(),
            Relation::default()
        );
        assert!(
            world.notes(joon).await.is_empty(),
            "the notification goes with the request"
        );
        assert_eq!(
            world.accepts(joon, mina).await,
            RelationChange::NoSuchRequest
        );
    }
}

pub async fn a_request_that_a_block_ended_is_repeated_quietly(world: &World) {
    let [mina, joon, sua] = world.people(["mina", "joon", "sua"]).await;
    for (asker, asked, blocker, other) in [(mina, joon, mina, joon), (mina, sua, sua, mina)] {
        assert_eq!(world.asks(asker, asked).await, RelationChange::Changed);
        world.blocks(blocker, other).await;
        world.unblock(blocker, other).await.unwrap();
        let again = world.asks(asker, asked).await;
        assert_eq!(again, RelationChange::ChangedQuietly);
    }
}

pub async fn a_friendship_ends_for_both(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    world.befriend(mina, joon).await;
    assert_eq!(
        world.unfriend(joon, mina).await.unwrap(),
        RelationChange::Changed
    );
    assert_eq!(
        world.unfriend(mina, joon).await.unwrap(),
        RelationChange::Unchanged
    );
    assert!(friends(world, mina).await.is_empty());
    assert!(friends(world, joon).await.is_empty());
    assert_eq!(world.person_counts(joon).await.unwrap().friends, 0);
}

pub async fn nobody_befriends_themselves_a_stranger_to_the_store_or_somebody_severed(
    world: &World,
) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    assert_eq!(world.asks(mina, mina).await, RelationChange::NoSuchPerson);
    assert_eq!(
        world.asks(mina, PersonId::from_u64(5)).await,
        RelationChange::NoSuchPerson
    );
    world.blocks(joon, mina).await;
    assert_eq!(world.asks(mina, joon).await, RelationChange::NoSuchPerson);
    assert_eq!(world.asks(joon, mina).await, RelationChange::NoSuchPerson);
    assert_eq!(
        world.accepts(joon, mina).await,
        RelationChange::NoSuchRequest
    );
}

pub async fn requests_that_wait_are_limited(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    let crowd = world.crowd(4).await;
    for &asked in &crowd[..3] {
        let asked = world
            .send_friend_request(mina, asked, THREE, world.note(asked), world.now())
            .await
            .unwrap();
        assert_eq!(asked, RelationChange::Changed);
    }
    let refused = world
        .send_friend_request(mina, crowd[3], THREE, world.note(crowd[3]), world.now())
        .await
        .unwrap();
    assert_eq!(refused, RelationChange::LimitReached);
    world.remove_friend_request(crowd[0], mina).await.unwrap();
    let asked = world
        .send_friend_request(mina, crowd[3], THREE, world.note(crowd[3]), world.now())
        .await
        .unwrap();
    assert_eq!(asked, RelationChange::Changed);
    assert_eq!(
        world.asks(joon, mina).await,
        RelationChange::Changed,
        "being asked is not limited by one's own requests"
    );
}

pub async fn whoever_is_full_neither_asks_nor_is_accepted(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    world.asks(mina, joon).await;
    for friend in world.crowd(3).await {
        world.befriend(mina, friend).await;
    }
    let accepts = world
        .accept_friend_request(joon, mina, THREE, world.note(mina), world.now())
        .await
        .unwrap();
    assert_eq!(accepts, RelationChange::TheirLimitReached);
    assert_eq!(
        world
            .send_friend_request(joon, mina, THREE, world.note(mina), world.now())
            .await
            .unwrap(),
        RelationChange::TheirLimitReached
    );
    world.remove_friend_request(mina, joon).await.unwrap();
    assert_eq!(
        world
            .send_friend_request(mina, joon, THREE, world.note(joon), world.now())
            .await
            .unwrap(),
        RelationChange::LimitReached
    );
    world.asks(joon, mina).await;
    let accepts = world
        .accept_friend_request(mina, joon, THREE, world.note(joon), world.now())
        .await
        .unwrap();
    assert_eq!(accepts, RelationChange::LimitReached);
    assert!(
        world.relation(mina, joon).await.unwrap().asked,
        "the request waits for room"
    );
}

pub async fn the_friend_limit_holds_when_many_accept_at_once(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let limits = RelationLimits {
        friends_max: 10,
        ..LIMITS
    };
    let crowd = world.crowd(60).await;
    for (number, &person) in crowd.iter().enumerate() {
        // Half of the people send mina a request, the other half get one from her.
        if number % 2 == 0 {
            world.asks(person, mina).await
        } else {
            world.asks(mina, person).await
        };
    }
    let mut accepting = JoinSet::new();
    for (number, &person) in crowd.iter().enumerate() {
        let (who, asker) = if number % 2 == 0 {
            (mina, person)
        } else {
            (person, mina)
        };
        let (store, note, now) = (world.shared(), world.note(asker), world.now());
        accepting.spawn(async move {
            store
                .accept_friend_request(who, asker, limits, note, now)
                .await
                .unwrap()
        });
    }
    let outcomes = accepting.join_all().await;
    let made = outcomes
        .iter()
        .filter(|outcome| **outcome == RelationChange::Changed)
        .count();
    assert_eq!(made, 10, "{outcomes:?}");
    assert_eq!(friends(world, mina).await.len(), 10);
    assert_eq!(world.person_counts(mina).await.unwrap().friends, 10);
}

pub async fn a_constraint_refuses_the_friend_and_the_follow_above_5000(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let crowd = world.crowd(5_002).await;
    let pairs: Vec<_> = crowd.iter().map(|&person| (mina, person)).collect();
    assert_eq!(
        world
            .befriend_many(pairs.clone(), world.now())
            .await
            .unwrap(),
        5_000
    );
    assert_eq!(world.follow_many(pairs, world.now()).await.unwrap(), 5_000);
    let turned: Vec<_> = crowd.iter().map(|&person| (person, mina)).collect();
    assert_eq!(world.befriend_many(turned, world.now()).await.unwrap(), 0);
    let counts = world.person_counts(mina).await.unwrap();
    assert_eq!((counts.friends, counts.follows), (5_000, 5_000));
    assert_eq!(friends(world, mina).await.len(), 5_000);
    let left_out = crowd[5_001];
    assert!(
        friends(world, left_out).await.is_empty(),
        "a refused friendship leaves no half of it"
    );
    let no_limit = RelationLimits {
        friends_max: u32::MAX,
        follows_max: u32::MAX,
        ..LIMITS
    };
    world.asks(left_out, mina).await;
    let accepts = world
        .accept_friend_request(mina, left_out, no_limit, world.note(left_out), world.now())
        .await
        .unwrap();
    assert_eq!(accepts, RelationChange::LimitReached);
    assert_eq!(
        world
            .follow(mina, left_out, no_limit, world.now())
            .await
            .unwrap(),
        RelationChange::LimitReached
    );
}

pub async fn both_sides_see_their_requests_newest_first(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let crowd = world.crowd(3).await;
    for &person in &crowd {
        world.asks(person, mina).await;
    }
    let incoming = world
        .related(mina, PeopleList::Requests(RequestSide::Incoming), None, 10)
        .await
        .unwrap();
    assert_eq!(
        incoming
            .iter()
            .map(|entry| entry.person)
            .collect::<Vec<_>>(),
        [crowd[2], crowd[1], crowd[0]]
    );
    let outgoing = world
        .related(
            crowd[0],
            PeopleList::Requests(RequestSide::Outgoing),
            None,
            10,
        )
        .await
        .unwrap();
    assert_eq!(
        outgoing
            .iter()
            .map(|entry| entry.person)
            .collect::<Vec<_>>(),
        [mina]
    );
    assert!(
        world
            .related(mina, PeopleList::Requests(RequestSide::Outgoing), None, 10)
            .await
            .unwrap()
            .is_empty()
    );
}
