//! The clock is set back while the service runs.

use std::time::Duration;

use sosik_feed::{Audience, StoryId};
use sosik_service::Clock;
use sosik_store::LeaseRequest;

use crate::world::World;

#[tokio::test]
async fn what_is_marked_read_before_the_clock_goes_back_does_not_cover_what_comes() {
    let world = World::new().await;
    let [ana, bob] = world.people(["ana", "bob"]).await;
    world.befriend(&ana, &bob).await;
    let beyond = StoryId::from_u64(u64::MAX >> 1);
    let position = world
        .service
        .feeds()
        .mark_read(ana.id, beyond)
        .await
        .unwrap();
    world.clock.go_back(Duration::from_secs(60));
    let story = world.post(&bob, Audience::Friends, "later").await;
    assert!(story > position);
}

#[tokio::test]
async fn after_a_lost_lease_ids_stay_above_the_settled_point_although_the_clock_went_back() {
    const LEASE: Duration = Duration::from_secs(60);
    let world = World::with(|settings| settings.node.lease = LEASE).await;
    let node = world.service.next_id().await.unwrap().lowest().node();
    // Another process gets the number, unless the lease keeper comes first.
    loop {
        world.clock.advance(LEASE + Duration::from_secs(1));
        let request = LeaseRequest {
            region: 0,
            holder: "another".to_owned(),
            now: world.clock.now(),
            span: Duration::from_secs(1),
        };
        if world
            .service
            .store()
            .lease_node(request)
            .await
            .unwrap()
            .node
            == node
        {
            break;
        }
    }
    world.service.delivery().advance_watermark().await.unwrap();
    let watermark = world.service.delivery().watermark();
    // Further than the delivery watermark, and less than a lease, so that the store does not see that the clock was
    // ahead.
    world.clock.go_back(Duration::from_secs(50));
    let next = world.service.next_id().await.unwrap();
    let next = next.lowest();
    assert_ne!(next.node(), node);
    assert!(StoryId::new(next) > watermark);
}
