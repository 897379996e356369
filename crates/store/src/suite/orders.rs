//! Orders.

use std::time::Duration;

use sosik_feed::{PersonId, StoryId, Timestamp};

use super::world::{POSTER, World};
use crate::{Claim, NewStory, OrderKind};

const MINUTE: Duration = Duration::from_secs(60);

/// A claim for a minute from now.
pub(super) fn claim(by: u64, now: Timestamp) -> Claim {
    Claim {
        by,
        until: now.plus(MINUTE),
    }
}

async fn claimed(world: &World, by: u64, now: Timestamp, limit: u32) -> Vec<StoryId> {
    let orders = world
        .claim_orders(claim(by, now), now, limit)
        .await
        .unwrap();
    orders.into_iter().map(|order| order.story).collect()
}

pub async fn a_post_gives_the_order_to_deliver_it_claimed_already(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = NewStory {
        now: world.now(),
        ..world.new_story(mina, "story")
    };
    let (id, posted_at, until) = (story.id, story.now, story.claim.until);
    world.posts_new(story).await;
    assert!(
        claimed(world, 9, posted_at, 10).await.is_empty(),
        "the poster has it"
    );
    let later = until.plus(Duration::from_millis(1));
    let orders = world
        .claim_orders(claim(9, later), later, 10)
        .await
        .unwrap();
    assert_eq!(orders.len(), 1);
    let order = &orders[0];
    assert_eq!(
        (order.story, order.kind, order.author, order.created_at),
        (id, OrderKind::Deliver, mina, posted_at)
    );
    assert_eq!((order.done_to, order.attempts), (PersonId::default(), 0));
}

pub async fn an_order_has_one_worker_until_the_claim_runs_out(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let mut stories = vec![];
    for _ in 0..3 {
        stories.push(world.posts(mina, "story").await);
    }
    let now = world.now().plus(MINUTE);
    assert_eq!(
        claimed(world, 1, now, 2).await,
        stories[..2],
        "oldest first"
    );
    assert_eq!(claimed(world, 2, now, 9).await, stories[2..]);
    assert!(claimed(world, 3, now, 9).await.is_empty());
    let mine = claim(1, now.plus(MINUTE));
    assert!(
        world
            .order_progress(
                stories[0],
                OrderKind::Deliver,
                mine.clone(),
                PersonId::from_u64(7)
            )
            .await
            .unwrap()
    );
    let later = now.plus(MINUTE).plus(Duration::from_secs(1));
    let orders = world.claim_orders(claim(3, later), later, 9).await.unwrap();
    let taken: Vec<_> = orders.iter().map(|order| order.story).collect();
    assert_eq!(taken, stories[1..], "progress extends the claim");
    assert!(
        !world
            .order_progress(stories[1], OrderKind::Deliver, mine, PersonId::from_u64(7))
            .await
            .unwrap()
    );
}

pub async fn whoever_goes_on_with_an_order_goes_on_where_it_stands(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "story").await;
    let mine = claim(POSTER, world.now());
    assert!(
        world
            .order_progress(story, OrderKind::Deliver, mine, PersonId::from_u64(7))
            .await
            .unwrap()
    );
    let later = world.now().plus(MINUTE * 2);
    let order = world
        .claim_orders(claim(9, later), later, 1)
        .await
        .unwrap()
        .pop()
        .unwrap();
    assert_eq!(order.done_to, PersonId::from_u64(7));
}

pub async fn an_order_goes_away_when_its_own_worker_has_done_it(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let stories = [
        world.posts(mina, "one").await,
        world.posts(mina, "two").await,
    ];
    let both = stories.map(|story| (story, OrderKind::Deliver)).to_vec();
    assert_eq!(world.oldest_undelivered().await.unwrap(), Some(stories[0]));
    world.finish_orders(both.clone(), 9).await.unwrap();
    assert_eq!(
        world.order_figures().await.unwrap().pending,
        2,
        "somebody else's claim"
    );
    world.finish_orders(vec![both[0]], POSTER).await.unwrap();
    assert_eq!(world.oldest_undelivered().await.unwrap(), Some(stories[1]));
    world.finish_orders(both, POSTER).await.unwrap();
    assert_eq!(world.oldest_undelivered().await.unwrap(), None);
    let figures = world.order_figures().await.unwrap();
    assert_eq!(
        (figures.pending, figures.dead, figures.oldest),
        (0, 0, None)
    );
}

pub async fn a_failed_order_waits_until_it_is_due_and_dies_in_the_end(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "story").await;
    let start = world.now();
    let fail = async |due, error: String| {
        world
            .fail_order(story, OrderKind::Deliver, error, due, 3)
            .await
            .unwrap();
    };
    fail(start.plus(MINUTE), "one".to_owned()).await;
    assert!(claimed(world, 9, start, 9).await.is_empty(), "not due");
    let now = start.plus(MINUTE);
    let order = world
        .claim_orders(claim(9, now), now, 9)
        .await
        .unwrap()
        .pop()
        .unwrap();
    assert_eq!(order.attempts, 1);
    fail(now, "two".to_owned()).await;
    fail(now, "가".repeat(600)).await;
    let much_later = now.plus(MINUTE * 1_000);
    assert!(claimed(world, 9, much_later, 9).await.is_empty(), "dead");
    let dead = world.dead_orders(9).await.unwrap();
    assert_eq!(
        (dead.len(), dead[0].order.story, dead[0].order.attempts),
        (1, story, 3)
    );
    assert_eq!(dead[0].error, "가".repeat(500), "a long error is cut");
    let figures = world.order_figures().await.unwrap();
    assert_eq!((figures.pending, figures.dead), (0, 1));
    assert_eq!(
        world.oldest_undelivered().await.unwrap(),
        Some(story),
        "dead is not delivered"
    );
}

pub async fn dead_orders_live_again_when_somebody_asks(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let stories = [
        world.posts(mina, "one").await,
        world.posts(mina, "two").await,
    ];
    let now = world.now();
    for story in stories {
        world
            .fail_order(story, OrderKind::Deliver, "error".to_owned(), now, 1)
            .await
            .unwrap();
    }
    assert_eq!(
        world.dead_orders(1).await.unwrap()[0].order.story,
        stories[0],
        "oldest first"
    );
    assert_eq!(world.retry_dead_orders(now).await.unwrap(), 2);
    assert!(world.dead_orders(9).await.unwrap().is_empty());
    let orders = world.claim_orders(claim(9, now), now, 9).await.unwrap();
    assert_eq!(
        orders
            .iter()
            .map(|order| (order.story, order.attempts))
            .collect::<Vec<_>>(),
        stories.map(|story| (story, 0))
    );
    assert_eq!(world.retry_dead_orders(now).await.unwrap(), 0);
}

pub async fn the_figures_know_the_oldest_pending_order(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let oldest = world.new_story(mina, "oldest");
    let at = oldest.now;
    world.posts_new(oldest).await;
    world.posts(mina, "newer").await;
    let figures = world.order_figures().await.unwrap();
    assert_eq!(
        (figures.pending, figures.dead, figures.oldest),
        (2, 0, Some(at))
    );
}
