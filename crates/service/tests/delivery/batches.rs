//! Many orders delivered in one batch.

use sosik_feed::{Audience, PersonId};
use sosik_store::LargeAuthorLimits;

use crate::gate::Push;
use crate::world::{World, ids};

/// Readers of one story that one push has at most.
const CHUNK: u32 = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_delivered_together_to_small_authors_large_ones_and_those_of_many_chunks() {
    let world = World::with(|settings| {
        settings.delivery.workers = 1;
        settings.delivery.chunk = CHUNK;
        settings.delivery.large_author = LargeAuthorLimits {
            above: 12,
            below: 10,
        };
    })
    .await;
    let [gate, small, chunks, large, deleted] = world
        .people(["gate", "small", "chunks", "large", "deleted"])
        .await;
    let crowd = world.crowd(14).await;
    for (author, readers) in [(small, 2), (chunks, 11), (large, 14), (deleted, 2)] {
        for reader in &crowd[..readers] {
            world.befriend(author, *reader).await;
        }
    }
    let [watcher] = world.people(["watcher"]).await;
    world.befriend(gate, watcher).await;
    for reader in &crowd {
        world.top(*reader).await;
    }
    world.gate.guard(watcher);
    world.post(gate, Audience::Friends).await;
    let in_hand = world.gate.next().await;
    // The only worker is stopped, so all these orders wait together.
    let mut stories = vec![];
    for author in [small, chunks, large, small, chunks, deleted] {
        stories.push((author, world.post(author, Audience::Friends).await));
    }
    let (_, gone) = stories.pop().unwrap();
    world.service.stories().delete(deleted, gone).await.unwrap();
    world.gate.open();
    in_hand.pass();
    world.quiet().await;
    let is_reader = |place: usize, author: PersonId| match author {
        _ if author == small => place < 2,
        _ if author == chunks => place < 11,
        _ => true,
    };
    for (place, reader) in crowd.iter().enumerate() {
        let expected = stories.iter().rev();
        let expected = expected.filter(|(author, _)| is_reader(place, *author));
        let expected: Vec<_> = expected.collect();
        let shown: Vec<_> = expected.iter().map(|(_, story)| *story).collect();
        assert_eq!(ids(&world.top(*reader).await), shown);
        for (author, story) in expected {
            let held = world.in_timeline(*reader, *story).await;
            assert_eq!(
                held,
                *author != large,
                "stories of large authors are merged"
            );
        }
    }
    let (announced, pushed): (Vec<_>, Vec<_>) = stories
        .into_iter()
        .partition(|(author, _)| *author == large);
    for reader in &crowd {
        assert_eq!(world.gate.tries(announced[0].1, *reader), 0);
    }
    let pushes = world.gate.pushes();
    let together: Vec<_> = pushed.into_iter().map(|(_, story)| story).collect();
    let is_whole = |push: &Push| push.iter().map(|(story, _)| *story).eq(together.clone());
    assert!(pushes.iter().any(is_whole), "{pushes:?}");
    // The first push of a story has its author, too.
    let largest = pushes.iter().flatten().map(|(_, readers)| *readers).max();
    assert_eq!(largest, Some(CHUNK as usize + 1));
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_cannot_be_delivered_takes_no_other_of_its_batch_with_it() {
    let world = World::with(|settings| {
        settings.delivery.workers = 1;
        settings.delivery.attempts_max = 1;
    })
    .await;
    let [gate, watcher, author, friend, poison, victim] = world
        .people(["gate", "watcher", "author", "friend", "poison", "victim"])
        .await;
    world.befriend(gate, watcher).await;
    world.befriend(author, friend).await;
    world.befriend(poison, victim).await;
    world.top(friend).await;
    world.gate.guard(watcher);
    world.post(gate, Audience::Friends).await;
    let in_hand = world.gate.next().await;
    let mut good = vec![world.post(author, Audience::Friends).await];
    let bad = world.post(poison, Audience::Friends).await;
    good.push(world.post(author, Audience::Friends).await);
    world.gate.open();
    world.gate.fail(victim);
    in_hand.pass();
    world
        .eventually("all are done or dead", async || world.pending().await == 0)
        .await;
    for story in good {
        assert!(world.in_timeline(friend, story).await);
    }
    let dead = world.store().dead_orders(9).await.unwrap();
    let dead: Vec<_> = dead.iter().map(|dead| dead.order.story).collect();
    assert_eq!(dead, [bad]);
    world.service.stop().await;
}
