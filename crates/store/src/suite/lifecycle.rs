//! Opening and closing a store.

use super::world::World;
use crate::StoreError;

pub async fn a_write_that_was_acknowledged_is_seen_by_every_later_read(world: &World) {
    let [mina] = world.people(["mina"]).await;
    for number in 1..=50 {
        let story = world.posts(mina, "story").await;
        let (one, other, count) =
            tokio::join!(world.story(story), world.feed(mina), world.stories_count());
        assert!(one.is_some());
        assert_eq!(other[0], story);
        assert_eq!(count.unwrap(), number);
    }
}

pub async fn an_open_store_is_well_and_a_closed_one_says_that_it_is_closed(world: &World) {
    let [mina] = world.people(["mina"]).await;
    world.check().await.unwrap();
    assert_eq!(world.unready(), None);
    let before = world.stats().writes;
    world.posts(mina, "counted").await;
    assert!(world.stats().writes > before, "{:?}", world.stats());
    world.close().await;
    world.close().await;
    assert!(matches!(world.check().await, Err(StoreError::Closed)));
    assert!(matches!(
        world.person_by_handle("mina").await,
        Err(StoreError::Closed)
    ));
    assert!(matches!(
        world.post(world.new_story(mina, "late")).await,
        Err(StoreError::Closed)
    ));
}

pub async fn closing_waits_for_the_writes_that_were_accepted(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let (posted, ()) = tokio::join!(
        world.post(world.new_story(mina, "just in time")),
        world.close()
    );
    assert!(posted.is_ok());
}
