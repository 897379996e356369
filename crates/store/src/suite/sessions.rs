//! Sessions.

use std::time::Duration;

use sosik_feed::{PersonId, SessionId, Timestamp};

use super::world::World;
use crate::SessionRecord;

const HOUR: Duration = Duration::from_secs(3_600);

/// A session whose token consists of the number, 32 times.
pub(super) fn session(person: PersonId, number: u8, now: Timestamp) -> SessionRecord {
    SessionRecord {
        id: SessionId::from_u64(u64::from(number)),
        person,
        token: [number; 32],
        created_at: now,
        used_at: now,
        expires_at: now.plus(HOUR),
        client: format!("client {number}"),
    }
}

async fn numbers(world: &World, person: PersonId) -> Vec<u64> {
    world
        .sessions_of(person)
        .await
        .unwrap()
        .iter()
        .map(|session| session.id.as_u64())
        .collect()
}

pub async fn a_session_is_found_by_its_token(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let kept = session(mina, 1, world.now());
    assert!(
        world
            .add_session(kept.clone(), 50)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(world.session(&[1; 32]).await.unwrap(), Some(kept));
    assert_eq!(world.session(&[2; 32]).await.unwrap(), None);
}

pub async fn sessions_are_listed_by_their_last_use(world: &World) {
    let [mina] = world.people(["mina"]).await;
    for number in 1..=3 {
        world
            .add_session(session(mina, number, world.now()), 50)
            .await
            .unwrap();
    }
    let used = world.now();
    world.touch_session(&[1; 32], used).await.unwrap();
    assert_eq!(numbers(world, mina).await, [1, 3, 2]);
    assert_eq!(
        world.session(&[1; 32]).await.unwrap().unwrap().used_at,
        used
    );
    world
        .touch_session(&[1; 32], used.minus(HOUR))
        .await
        .unwrap();
    assert_eq!(
        world.session(&[1; 32]).await.unwrap().unwrap().used_at,
        used,
        "the last use does not go back"
    );
}

pub async fn one_session_too_many_ends_the_least_recently_used(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    world
        .add_session(session(joon, 9, world.now()), 3)
        .await
        .unwrap();
    for number in 1..=3 {
        assert!(
            world
                .add_session(session(mina, number, world.now()), 3)
                .await
                .unwrap()
                .is_empty()
        );
    }
    world.touch_session(&[1; 32], world.now()).await.unwrap();
    assert_eq!(
        world
            .add_session(session(mina, 4, world.now()), 3)
            .await
            .unwrap(),
        [[2; 32]]
    );
    assert_eq!(numbers(world, mina).await, [4, 1, 3]);
    let mut ended = world
        .add_session(session(mina, 5, world.now()), 1)
        .await
        .unwrap()
        .value;
    ended.sort_unstable();
    assert_eq!(
        ended,
        [[1; 32], [3; 32], [4; 32]],
        "a lowered limit ends as many sessions as necessary"
    );
    assert_eq!(numbers(world, joon).await, [9]);
}

pub async fn people_end_their_own_sessions_only(world: &World) {
    let [mina, joon] = world.people(["mina", "joon"]).await;
    for number in 1..=3 {
        world
            .add_session(session(mina, number, world.now()), 50)
            .await
            .unwrap();
    }
    assert_eq!(
        world
            .end_session(joon, SessionId::from_u64(1))
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        world
            .end_session(mina, SessionId::from_u64(1))
            .await
            .unwrap(),
        Some([1; 32])
    );
    assert_eq!(
        world
            .end_session(mina, SessionId::from_u64(1))
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        world
            .end_other_sessions(mina, SessionId::from_u64(3))
            .await
            .unwrap(),
        [[2; 32]]
    );
    assert_eq!(numbers(world, mina).await, [3]);
}

pub async fn stale_sessions_are_removed_a_few_at_a_time(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let start = world.now();
    for number in 1..=4 {
        let expires_at = start.plus(HOUR * u32::from(number));
        world
            .add_session(
                SessionRecord {
                    expires_at,
                    ..session(mina, number, start)
                },
                50,
            )
            .await
            .unwrap();
    }
    world
        .touch_session(&[4; 32], start.plus(HOUR))
        .await
        .unwrap();
    // One and two have expired, three has been idle, four is in use.
    let (now, idle_since) = (start.plus(HOUR * 2), start.plus(HOUR / 2));
    assert_eq!(
        world
            .remove_stale_sessions(now, idle_since, 2)
            .await
            .unwrap(),
        2
    );
    assert_eq!(numbers(world, mina).await, [4, 3]);
    assert_eq!(
        world
            .remove_stale_sessions(now, idle_since, 2)
            .await
            .unwrap(),
        1
    );
    assert_eq!(numbers(world, mina).await, [4]);
    assert_eq!(
        world
            .remove_stale_sessions(now, idle_since, 2)
            .await
            .unwrap(),
        0
    );
}
