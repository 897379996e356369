//! Orders.

use std::time::Duration;

use sosik_feed::{Audience, PersonId, StoryId, Timestamp};

use super::world::{POSTED, World, key};
use crate::{
    Claim, ClaimName, DeliveryProgress, FailedOrder, HeldOrder, NewStory, Order, OrderKind, Posted,
    RETRIED_ORDERS_MAX, StoryEdit,
};

const MINUTE: Duration = Duration::from_secs(60);

/// A claim of a process for a minute from now. Its number is the current time, so every claim has another name.
pub(super) fn claim(process: u64, now: Timestamp) -> Claim {
    Claim {
        name: ClaimName {
            process,
            number: now.as_millis(),
        },
        until: now.plus(MINUTE),
    }
}

/// The delivery order of a story as its author's process holds it.
pub(super) fn posted(story: StoryId) -> HeldOrder {
    HeldOrder {
        story,
        kind: OrderKind::Deliver,
        claim: POSTED,
    }
}

/// Records that readers up to `done_to` are served. Returns whether the claim holds.
pub(super) async fn progress(world: &World, held: HeldOrder, done_to: u64) -> bool {
    let until = world.now().plus(MINUTE);
    let done_to = PersonId::from_u64(done_to);
    let holds = world.order_progress(vec![(held, done_to)], until).await;
    holds.unwrap()[0]
}

async fn orders(world: &World, process: u64, now: Timestamp, limit: u32) -> Vec<Order> {
    let claim = claim(process, now);
    world.claim_orders(claim, now, limit).await.unwrap()
}

async fn claimed(world: &World, process: u64, now: Timestamp, limit: u32) -> Vec<StoryId> {
    let orders = orders(world, process, now, limit).await;
    orders.into_iter().map(|order| order.story).collect()
}

async fn fails(world: &World, held: HeldOrder, error: &str, due: Timestamp, attempts_max: u32) {
    let error = error.to_owned();
    let failed = vec![FailedOrder { held, error, due }];
    world.fail_orders(failed, attempts_max).await.unwrap();
}

async fn watermark(world: &World) -> DeliveryProgress {
    world.delivery_progress(world.now()).await.unwrap()
}

/// The oldest story that is not delivered.
pub(super) async fn undelivered(world: &World) -> Option<StoryId> {
    watermark(world).await.oldest_undelivered
}

async fn late(world: &World, after: u64) -> Vec<(u64, StoryId, bool)> {
    let late = world.late_stories(after).await.unwrap().unwrap();
    let seen = late
        .iter()
        .map(|late| (late.number, late.story, late.to_friends));
    seen.collect()
}

async fn make_public(world: &World, author: PersonId, id: StoryId) {
    let edit = StoryEdit {
        id,
        author,
        text: None,
        attachments: None,
        audience: Some(Audience::Public),
        now: world.now(),
    };
    world.edit_story(edit).await.unwrap().value.unwrap();
}

async fn pending(world: &World) -> u64 {
    world.order_stats().await.unwrap().pending
}

pub async fn a_post_gives_the_order_to_deliver_it_claimed_already(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world.new_story(mina, "story");
    let (id, posted_at, until) = (story.id, story.now, story.claim.unwrap().until);
    world.posts_new(story).await;
    assert!(
        claimed(world, 9, posted_at, 10).await.is_empty(),
        "the poster has it"
    );
    let later = until.plus(Duration::from_millis(1));
    let orders = orders(world, 9, later, 10).await;
    assert_eq!(orders.len(), 1);
    let order = &orders[0];
    assert_eq!(
        (order.story, order.kind, order.author, order.created_at),
        (id, OrderKind::Deliver, mina, posted_at)
    );
    assert_eq!((order.done_to, order.attempts), (PersonId::default(), 0));
    assert_eq!(order.claim, claim(9, later));
}

pub async fn a_post_without_a_claim_gives_an_order_that_is_due_at_once(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = NewStory {
        claim: None,
        ..world.new_story(mina, "story")
    };
    let (id, posted_at) = (story.id, story.now);
    world.posts_new(story).await;
    assert_eq!(claimed(world, 9, posted_at, 10).await, [id]);
}

pub async fn a_repeated_post_makes_the_first_delivery_due_and_takes_it_from_nobody(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let post = || NewStory {
        idempotency: key("key", 1),
        ..world.new_story(mina, "story")
    };
    let first = post();
    let (story, posted_at) = (first.id, first.now);
    world.posts_new(first).await;
    let repeat = post();
    let repeated_at = repeat.now;
    assert_eq!(world.post(repeat).await.unwrap(), Posted::Repeated(story));
    assert!(claimed(world, 9, posted_at, 9).await.is_empty());
    assert!(progress(world, posted(story), 7).await, "the claim holds");
    let repeat = post();
    assert_eq!(world.post(repeat).await.unwrap(), Posted::Repeated(story));
    let order = orders(world, 9, world.now(), 9).await.pop().unwrap();
    assert_eq!((order.story, order.done_to.as_u64()), (story, 7));
    let due = world.now().plus(MINUTE);
    fails(world, order.held(), "error", due, 9).await;
    let repeat = post();
    assert_eq!(world.post(repeat).await.unwrap(), Posted::Repeated(story));
    assert!(
        claimed(world, 9, world.now(), 9).await.is_empty(),
        "a repeat does not shorten the wait after a failure"
    );
    assert!(posted_at < repeated_at);
}

pub async fn an_order_has_one_worker_until_the_claim_runs_out(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let mut stories = vec![];
    for _ in 0..3 {
        stories.push(world.posts(mina, "story").await);
    }
    let now = world.now().plus(MINUTE);
    let first = orders(world, 1, now, 2).await;
    let taken: Vec<_> = first.iter().map(|order| order.story).collect();
    assert_eq!(taken, stories[..2], "oldest first");
    assert_eq!(claimed(world, 2, now, 9).await, stories[2..]);
    assert!(claimed(world, 3, now, 9).await.is_empty());
    let extended = now.plus(MINUTE * 2);
    let done_to = PersonId::from_u64(7);
    let record = async |order: &Order| {
        let progress = vec![(order.held(), done_to)];
        world.order_progress(progress, extended).await.unwrap()
    };
    assert_eq!(record(&first[0]).await, [true]);
    let later = now.plus(MINUTE).plus(Duration::from_secs(1));
    assert_eq!(
        claimed(world, 3, later, 9).await,
        stories[1..],
        "progress extends the claim"
    );
    assert_eq!(record(&first[1]).await, [false]);
}

pub async fn whoever_goes_on_with_an_order_goes_on_where_it_stands(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "story").await;
    assert!(progress(world, posted(story), 7).await);
    let order = orders(world, 9, world.now().plus(MINUTE * 2), 1)
        .await
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
    let both = stories.map(posted).to_vec();
    assert_eq!(undelivered(world).await, Some(stories[0]));
    let foreign = both.iter().map(|held| HeldOrder {
        claim: claim(9, world.now()).name,
        ..*held
    });
    world.finish_orders(foreign.collect()).await.unwrap();
    assert_eq!(pending(world).await, 2, "somebody else's claim");
    world.finish_orders(vec![both[0]]).await.unwrap();
    assert_eq!(undelivered(world).await, Some(stories[1]));
    world.finish_orders(both).await.unwrap();
    assert_eq!(undelivered(world).await, None);
    let stats = world.order_stats().await.unwrap();
    assert_eq!((stats.pending, stats.dead, stats.oldest), (0, 0, None));
}

pub async fn a_claim_that_ran_out_changes_nothing_about_the_claim_of_the_same_process_after_it(
    world: &World,
) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "story").await;
    let now = world.now().plus(MINUTE);
    let first = orders(world, 1, now, 9).await[0].held();
    let now = now.plus(MINUTE).plus(Duration::from_secs(1));
    let second = orders(world, 1, now, 9).await[0].held();
    assert!(!progress(world, first, 7).await);
    fails(world, first, "too late", now.plus(MINUTE * 9), 1).await;
    world.finish_orders(vec![first]).await.unwrap();
    let stats = world.order_stats().await.unwrap();
    assert_eq!((stats.pending, stats.dead), (1, 0));
    assert!(progress(world, second, 8).await, "the second still has it");
    world.finish_orders(vec![second]).await.unwrap();
    assert_eq!(pending(world).await, 0);
    assert_eq!(second.story, story);
}

pub async fn what_a_process_gives_back_is_due_at_once_and_counts_no_attempt(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let ours = [
        world.posts(mina, "one").await,
        world.posts(mina, "two").await,
    ];
    assert!(progress(world, posted(ours[0]), 7).await);
    let foreign = NewStory {
        claim: Some(claim(5, world.now())),
        ..world.new_story(mina, "another's")
    };
    let foreign_id = foreign.id;
    world.posts_new(foreign).await;
    let failing = world.posts(mina, "fails").await;
    let later = world.now().plus(MINUTE);
    fails(world, posted(failing), "not yet due", later, 9).await;
    let now = world.now();
    assert_eq!(world.release_orders(POSTED.process, now).await.unwrap(), 2);
    let taken = orders(world, 9, now, 9).await;
    let seen: Vec<_> = (taken.iter())
        .map(|order| (order.story, order.done_to.as_u64(), order.attempts))
        .collect();
    assert_eq!(seen, [(ours[0], 7, 0), (ours[1], 0, 0)]);
    let taken = taken.iter().map(Order::held).collect();
    world.finish_orders(taken).await.unwrap();
    assert!(!progress(world, posted(ours[0]), 9).await);
    assert_eq!(
        claimed(world, 9, later.plus(MINUTE), 9).await,
        [foreign_id, failing]
    );
}

pub async fn a_failed_order_waits_until_it_is_due_and_dies_in_the_end(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts(mina, "story").await;
    let start = world.now();
    fails(world, posted(story), "one", start.plus(MINUTE), 3).await;
    assert!(claimed(world, 9, start, 9).await.is_empty(), "not due");
    let now = start.plus(MINUTE);
    let order = orders(world, 9, now, 9).await.pop().unwrap();
    assert_eq!(order.attempts, 1);
    fails(world, order.held(), "two", now, 3).await;
    let order = orders(world, 10, now, 9).await.pop().unwrap();
    fails(world, order.held(), &"가".repeat(600), now, 3).await;
    let much_later = now.plus(MINUTE * 1_000);
    assert!(claimed(world, 9, much_later, 9).await.is_empty(), "dead");
    let dead = world.dead_orders(9).await.unwrap();
    assert_eq!(
        (dead.len(), dead[0].order.story, dead[0].order.attempts),
        (1, story, 3)
    );
    assert_eq!(dead[0].error, "가".repeat(500), "a long error is cut");
    let stats = world.order_stats().await.unwrap();
    assert_eq!((stats.pending, stats.dead), (0, 1));
    assert_eq!(undelivered(world).await, None, "the watermark goes on");
}

pub async fn dead_orders_live_again_when_somebody_asks(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let stories = [
        world.posts(mina, "one").await,
        world.posts(mina, "two").await,
    ];
    let now = world.now();
    for story in stories {
        fails(world, posted(story), "error", now, 1).await;
    }
    assert_eq!(
        world.dead_orders(1).await.unwrap()[0].order.story,
        stories[0],
        "oldest first"
    );
    assert_eq!(world.retry_dead_orders(now).await.unwrap(), 2);
    assert!(world.dead_orders(9).await.unwrap().is_empty());
    let orders = orders(world, 9, now, 9).await;
    assert_eq!(
        orders
            .iter()
            .map(|order| (order.story, order.attempts))
            .collect::<Vec<_>>(),
        stories.map(|story| (story, 0))
    );
    assert_eq!(world.retry_dead_orders(now).await.unwrap(), 0);
}

pub async fn many_dead_orders_live_again_in_steps_the_oldest_first(world: &World) {
    const STEP: usize = RETRIED_ORDERS_MAX as usize;
    let [mina] = world.people(["mina"]).await;
    let mut stories = vec![];
    for _ in 0..=STEP {
        stories.push(world.posts(mina, "story").await);
    }
    let now = world.now();
    let failed = stories.iter().map(|story| FailedOrder {
        held: posted(*story),
        error: "error".to_owned(),
        due: now,
    });
    world.fail_orders(failed.collect(), 1).await.unwrap();
    let purged = world.posts(mina, "purged").await;
    world.deletes(mina, purged).await;
    let purge = orders(world, 9, world.now(), 9).await.pop().unwrap();
    fails(world, purge.held(), "error", world.now(), 1).await;

    let retry = async || world.retry_dead_orders(now).await.unwrap();
    assert_eq!(retry().await, STEP as u64);
    let left = world.dead_orders(9).await.unwrap();
    let left: Vec<_> = left.iter().map(|dead| dead.order.story).collect();
    assert_eq!(left, [stories[STEP], purged]);
    assert_eq!([retry().await, retry().await], [2, 0]);
    let numbered = stories.iter().zip(1..);
    let all: Vec<_> = numbered
        .map(|(story, number)| (number, *story, true))
        .collect();
    assert_eq!(late(world, 0).await, all, "a purge is not late");
    assert_eq!(pending(world).await, STEP as u64 + 2);
}

pub async fn a_story_made_public_is_late_for_followers_until_it_is_delivered_to_them(
    world: &World,
) {
    let [mina] = world.people(["mina"]).await;
    let story = world.posts_for(mina, Audience::Friends, "old").await;
    world.finish_orders(vec![posted(story)]).await.unwrap();
    assert_eq!(watermark(world).await.late, 0);
    make_public(world, mina, story).await;
    assert_eq!(late(world, 0).await, [(1, story, false)]);
    assert_eq!(watermark(world).await.late, 0, "it is not delivered");
    let order = orders(world, 9, world.now(), 9).await.pop().unwrap();
    world.finish_orders(vec![order.held()]).await.unwrap();
    assert_eq!(watermark(world).await.late, 1);
    assert_eq!(late(world, 1).await, []);
}

pub async fn a_dead_delivery_that_is_tried_again_or_made_public_is_late_for_friends_too(
    world: &World,
) {
    let [mina] = world.people(["mina"]).await;
    let mut stories = vec![];
    for text in ["tried again", "made public"] {
        let story = world.posts_for(mina, Audience::Friends, text).await;
        fails(world, posted(story), "error", world.now(), 1).await;
        stories.push(story);
    }
    assert_eq!(watermark(world).await, DeliveryProgress::default());
    make_public(world, mina, stories[1]).await;
    assert_eq!(world.retry_dead_orders(world.now()).await.unwrap(), 1);
    let expected = [(1, stories[1], true), (2, stories[0], true)];
    assert_eq!(late(world, 0).await, expected);
    assert_eq!(watermark(world).await.late, 0);
    assert_eq!(undelivered(world).await, Some(stories[0]));
    for order in orders(world, 9, world.now(), 9).await {
        fails(world, order.held(), "error", world.now(), 1).await;
    }
    assert_eq!(watermark(world).await.late, 2, "dead again");
}

pub async fn a_late_delivery_that_starts_over_keeps_its_number_until_it_is_done(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let story = world
        .posts_for(mina, Audience::Friends, "tried again")
        .await;
    fails(world, posted(story), "error", world.now(), 1).await;
    assert_eq!(world.retry_dead_orders(world.now()).await.unwrap(), 1);
    make_public(world, mina, story).await;
    assert_eq!(late(world, 0).await, [(1, story, true), (2, story, false)]);
    assert_eq!(watermark(world).await.late, 0, "no friend has it");
    let order = orders(world, 9, world.now(), 9).await.pop().unwrap();
    world.finish_orders(vec![order.held()]).await.unwrap();
    assert_eq!(watermark(world).await.late, 2);
}

pub async fn late_stories_are_forgotten_when_there_are_many(world: &World) {
    const KEPT: u64 = 4_096;
    let [mina] = world.people(["mina"]).await;
    let story = world.posts_for(mina, Audience::Friends, "story").await;
    let audience = async |audience| {
        let edit = StoryEdit {
            id: story,
            author: mina,
            text: None,
            attachments: None,
            audience: Some(audience),
            now: world.now(),
        };
        world.edit_story(edit).await.unwrap().value.unwrap();
    };
    for _ in 0..=KEPT {
        audience(Audience::Public).await;
        audience(Audience::Friends).await;
    }
    assert!(world.late_stories(0).await.unwrap().is_none());
    let kept = world.late_stories(1).await.unwrap().unwrap();
    assert_eq!(kept.len() as u64, KEPT);
}

pub async fn the_delivery_that_waits_longest_counts_from_when_it_was_due(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let claimed = world.posts(mina, "claimed").await;
    let failed = world.posts(mina, "failed").await;
    fails(world, posted(failed), "error", world.now(), 9).await;
    assert_eq!(watermark(world).await.due_since, None);
    let waiting = NewStory {
        claim: None,
        ..world.new_story(mina, "waiting")
    };
    let since = waiting.now;
    world.posts_new(waiting).await;
    assert_eq!(watermark(world).await.due_since, Some(since));
    world.deletes(mina, claimed).await;
    world.finish_orders(vec![]).await.unwrap();
    let taken = orders(world, 9, world.now(), 9).await;
    assert_eq!(taken.len(), 3, "the purge is due as well");
    assert_eq!(watermark(world).await.due_since, None);
}

pub async fn the_figures_know_the_oldest_pending_order(world: &World) {
    let [mina] = world.people(["mina"]).await;
    let oldest = world.new_story(mina, "oldest");
    let at = oldest.now;
    world.posts_new(oldest).await;
    world.posts(mina, "newer").await;
    let stats = world.order_stats().await.unwrap();
    assert_eq!((stats.pending, stats.dead, stats.oldest), (2, 0, Some(at)));
}
