//! Leases of node numbers.

use std::time::Duration;

use sosik_feed::Timestamp;

use super::world::World;
use crate::{LeaseRequest, NodeLease, StoreError};

const SPAN: Duration = Duration::from_secs(10);

async fn lease(world: &World, region: u16, now: Timestamp) -> Result<NodeLease, StoreError> {
    world
        .lease_node(LeaseRequest {
            region,
            holder: "test".to_owned(),
            now,
            span: SPAN,
        })
        .await
}

pub async fn two_nodes_never_hold_the_same_number(world: &World) {
    let now = world.now();
    let (one, other) = tokio::join!(lease(world, 0, now), lease(world, 0, now));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_ne!(one.node, other.node);
    assert_eq!(
        (one.ids_until, one.ids_after),
        (now.plus(SPAN), Timestamp::default())
    );
}

pub async fn a_region_has_255_numbers_and_the_last_is_never_leased(world: &World) {
    let now = world.now();
    let mut numbers = vec![];
    for _ in 0..255 {
        numbers.push(lease(world, 3, now).await.unwrap().node);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (768..1_023).collect::<Vec<_>>());
    assert!(matches!(lease(world, 3, now).await, Err(StoreError::Busy)));
    assert_eq!(
        lease(world, 2, now).await.unwrap().node / 256,
        2,
        "other regions have theirs"
    );
    assert!(
        lease(world, 3, now.plus(SPAN * 2)).await.is_ok(),
        "leases that ran out are free"
    );
}

pub async fn the_next_holder_makes_ids_behind_those_of_the_last_and_the_last_is_fenced(
    world: &World,
) {
    let now = world.now();
    let old = lease(world, 0, now).await.unwrap();
    let later = now.plus(SPAN * 2);
    let new = lease(world, 0, later).await.unwrap();
    assert_eq!(new.node, old.node, "the lowest free number");
    assert!(new.epoch > old.epoch);
    assert_eq!(new.ids_after, old.ids_until);
    assert!(matches!(
        world.renew_node(old, later, SPAN).await,
        Err(StoreError::LeaseLost)
    ));
    world.release_node(old, later).await.unwrap();
    assert_eq!(
        world
            .renew_node(new, later, SPAN * 2)
            .await
            .unwrap()
            .ids_until,
        later.plus(SPAN * 2),
        "the new one stands"
    );
}

pub async fn a_lease_is_extended_and_never_cut(world: &World) {
    let now = world.now();
    let held = lease(world, 1, now).await.unwrap();
    let renewed = world.renew_node(held, now.plus(SPAN), SPAN).await.unwrap();
    assert_eq!(
        renewed,
        NodeLease {
            ids_until: now.plus(SPAN * 2),
            ..held
        }
    );
    let earlier = world.renew_node(renewed, now, SPAN).await.unwrap();
    assert_eq!(
        earlier.ids_until, renewed.ids_until,
        "ids up to then may have been made"
    );
    assert_ne!(
        lease(world, 1, now.plus(SPAN + SPAN / 2))
            .await
            .unwrap()
            .node,
        held.node
    );
}

pub async fn a_number_given_back_is_free_from_its_last_id_on(world: &World) {
    let now = world.now();
    let held = lease(world, 0, now).await.unwrap();
    let last_id_at = now.plus(Duration::from_millis(5));
    world.release_node(held, last_id_at).await.unwrap();
    assert!(
        matches!(
            world.renew_node(held, now, SPAN).await,
            Err(StoreError::LeaseLost)
        ),
        "given back is given back"
    );
    assert_ne!(
        lease(world, 0, now).await.unwrap().node,
        held.node,
        "not before its last id"
    );
    let next = lease(world, 0, now.plus(Duration::from_millis(6)))
        .await
        .unwrap();
    assert_eq!((next.node, next.ids_after), (held.node, last_id_at));
}
