//! Background tasks that panic: they are restarted, and a task that is given up is reported.

use std::time::Duration;

use sosik_decorators::Fault;
use sosik_feed::Audience;
use sosik_service::Settings;
use sosik_service::current_task;

use crate::common::World;

/// A service that polls for work and renews its lease at short intervals.
async fn busy_world() -> World {
    let mut settings = Settings::default();
    settings.supervision.restarts_max = 3;
    settings.node.lease = Duration::from_secs(3);
    settings.supervision.pause_first = Duration::from_millis(1);
    // The orders of a worker that panicked are due again after this.
    settings.delivery.claim = Duration::from_millis(200);
    World::with(settings, None).await
}

#[tokio::test]
async fn every_task_that_panics_goes_on_afterwards() {
    let world = busy_world().await;
    let people = world.people(&["author", "reader"]).await;
    world.befriend(people[0], people[1]).await;
    assert!(world.top(people[1]).await.is_empty());
    for task in ["sweeper", "delivery_worker", "lease_keeper"] {
        world.clock.panic_in(task, 2);
        let story = world.post(people[0], Audience::Friends).await;
        // Every task reads the clock without further posts. Posts that are deleted in between would be above the story,
        // and with a thousand of them the story is not on the first page.
        world
            .eventually(task, async || world.clock.reads_after_panics(task) > 0)
            .await;
        world
            .eventually("the story is delivered", async || {
                world.top(people[1]).await.contains(&story)
            })
            .await;
    }
    assert_eq!(world.service.failed_tasks(), []);
    assert_eq!(current_task(), None, "a test is not a task");
}

#[tokio::test]
async fn the_repeats_of_failed_invalidations_survive_a_panic() {
    let world = busy_world().await;
    let people = world.people(&["one", "other"]).await;
    world
        .faults
        .always("Timelines::drop_timeline", Fault::Error);
    world.befriend(people[0], people[1]).await;
    assert!(world.service.unconfirmed_invalidations() > 0);
    world
        .faults
        .next("Timelines::drop_timeline", Fault::Panic, 2);
    world
        .eventually("everything is confirmed", async || {
            world.service.unconfirmed_invalidations() == 0
        })
        .await;
    assert_eq!(world.service.failed_tasks(), []);
}

#[tokio::test]
async fn a_task_that_always_panics_is_given_up_and_named_while_people_are_served() {
    let world = busy_world().await;
    let author = world.person("author").await;
    assert_eq!(world.service.failed_tasks(), []);
    world.clock.panic_in("sweeper", u32::MAX);
    world
        .eventually("the sweeper is given up", async || {
            !world.service.failed_tasks().is_empty()
        })
        .await;
    let told = world.service.failed_tasks()[0].to_string();
    assert!(
        told.starts_with("the task sweeper failed after 3 restarts within 600 s"),
        "{told}"
    );
    let story = world.post(author, Audience::Public).await;
    assert_eq!(world.top(author).await, [story]);
    world.service.stop().await;
}

#[tokio::test]
async fn a_delivery_that_panics_every_time_becomes_a_dead_order_and_others_are_delivered() {
    let mut settings = Settings::default();
    settings.delivery.attempts_max = 2;
    settings.delivery.retry_first = Duration::from_millis(1);
    let world = World::with(settings, None).await;
    let people = world.people(&["author", "reader"]).await;
    world.befriend(people[0], people[1]).await;
    assert!(world.top(people[1]).await.is_empty());
    world.faults.always("Timelines::deliver", Fault::Panic);
    world.unclaimed_story(people[0]).await;
    world
        .eventually("the order is dead", async || {
            world.store().order_stats().await.unwrap().dead == 1
        })
        .await;
    world.faults.lift_all();
    let next = world.post(people[0], Audience::Friends).await;
    world
        .eventually("the next one is delivered", async || {
            world.top(people[1]).await.contains(&next)
        })
        .await;
    assert_eq!(world.service.failed_tasks(), []);
}
