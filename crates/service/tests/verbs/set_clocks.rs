//! The clock is set back while the service runs.

use std::time::Duration;

use sosik_feed::{Audience, StoryId};

use crate::world::World;

#[tokio::test]
async fn what_is_marked_read_before_the_clock_goes_back_does_not_cover_what_comes() {
    let world = World::new().await;
    let [ana, bob] = world.people(["ana", "bob"]).await;
    world.befriend(&ana, &bob).await;
    let beyond = StoryId::from_u64(u64::MAX >> 1);
    let position = world.service.mark_read(ana.id, beyond).await.unwrap();
    world.clock.go_back(Duration::from_secs(60));
    let story = world.post(&bob, Audience::Friends, "later").await;
    assert!(story > position);
}
