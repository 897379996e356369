//! Writes while the fabric fails: they are acknowledged, visible to the next read, and delivered.

use std::time::Duration;

use sosik_decorators::Fault;
use sosik_feed::{Audience, NotificationId, PersonId};
use sosik_service::Settings;
use sosik_service::stories::EditRequest;
use sosik_service::stories::PostRequest;
use tokio::time::timeout;

use super::{ERRORS, calls, fail_everything, has_timeline};
use crate::common::{TIMEOUT, World};

/// Two people with timelines.
async fn warm_pair(world: &World) -> [PersonId; 2] {
    let people = world.people(&["one", "other"]).await;
    for person in &people {
        world.top(*person).await;
    }
    [people[0], people[1]]
}

fn text(text: &str) -> PostRequest {
    PostRequest {
        text: text.to_owned(),
        attachments: Vec::new(),
        audience: Audience::Friends,
        idempotency_key: None,
    }
}

/// Every kind of write once. Each must be acknowledged and visible to the next read.
async fn write_everything(world: &World) {
    let [one, other] = warm_pair(world).await;
    let service = &world.service;
    let before = world.post(other, Audience::Friends).await;
    assert_eq!(world.top(other).await, [before], "the author's own story");
    world.befriend(one, other).await;
    assert_eq!(world.top(one).await, [before], "a new friend's story");
    service.likes().add(one, before).await.unwrap();
    service.likes().remove(one, before).await.unwrap();
    let comment = service
        .comments()
        .add(one, before, "x", None)
        .await
        .unwrap();
    let comment = comment.comment.id;
    service.comments().edit(one, comment, "y").await.unwrap();
    service.comments().delete(one, comment).await.unwrap();
    service.feeds().mark_read(one, before).await.unwrap();
    let all = NotificationId::new(service.newest_possible());
    service.notifications().mark_read(other, all).await.unwrap();
    service.relations().mute(one, other).await.unwrap();
    assert!(world.top(one).await.is_empty(), "muted");
    service.relations().unmute(one, other).await.unwrap();
    assert_eq!(world.top(one).await, [before], "no longer muted");
    service.relations().unfriend(one, other).await.unwrap();
    assert!(world.top(one).await.is_empty(), "unfriended");
    service.relations().follow(one, other).await.unwrap();
    let wider = EditRequest {
        text: Some("for everybody".to_owned()),
        attachments: None,
        audience: Some(Audience::Public),
    };
    service.stories().edit(other, before, wider).await.unwrap();
    service.relations().unfollow(one, other).await.unwrap();
    service.relations().follow(one, other).await.unwrap();
    assert_eq!(world.top(one).await, [before], "followed");
    service.relations().block(one, other).await.unwrap();
    assert!(world.top(one).await.is_empty(), "blocked");
    service.relations().unblock(one, other).await.unwrap();
    service.stories().delete(other, before).await.unwrap();
    assert!(world.top(other).await.is_empty(), "deleted");
}

#[tokio::test]
async fn every_write_is_acknowledged_and_seen_whichever_call_fails() {
    for fault in ERRORS {
        for call in calls().map(Some).chain([None]) {
            let world = World::new().await;
            match call {
                Some(call) => world.faults.always(call, fault),
                None => fail_everything(&world, fault),
            }
            write_everything(&world).await;
        }
    }
}

#[tokio::test]
async fn once_the_fabric_answers_again_timelines_are_used_and_right() {
    let world = World::new().await;
    fail_everything(&world, Fault::Error);
    let [one, other] = warm_pair(&world).await;
    world.befriend(one, other).await;
    let story = world.post(one, Audience::Friends).await;
    world.faults.lift_all();
    for reader in [one, other] {
        world
            .eventually("the timeline is used", async || {
                has_timeline(&world, reader).await
            })
            .await;
        world
            .eventually("the story is there", async || {
                world.top(reader).await == [story]
            })
            .await;
        world.assert_verified(reader).await;
    }
}

#[tokio::test]
async fn a_story_is_delivered_though_the_authors_own_timeline_could_not_take_it() {
    for fault in ERRORS {
        let world = World::new().await;
        let [author, friend] = warm_pair(&world).await;
        world.befriend(author, friend).await;
        assert!(has_timeline(&world, friend).await && has_timeline(&world, author).await);
        world.faults.next("Timelines::deliver", fault, 1);
        let story = world.post(author, Audience::Friends).await;
        assert_eq!(world.top(author).await, [story], "the author's own story");
        // Without a signal the sweeper would find the order much later.
        world
            .eventually("the friend has it", async || {
                world.top(friend).await == [story]
            })
            .await;
    }
}

#[tokio::test]
async fn failed_wake_ups_leave_timelines_in_use_and_are_repeated() {
    let world = World::new().await;
    let [author, friend] = warm_pair(&world).await;
    world.befriend(author, friend).await;
    assert!(world.top(friend).await.is_empty());
    let stream = world.service.engines().wake_ups.watch(friend).await;
    let stream = stream.unwrap();
    world.faults.always("WakeUps::wake", Fault::Error);
    let story = world.post(author, Audience::Friends).await;
    world
        .eventually("the story is delivered", async || {
            world.top(friend).await == [story]
        })
        .await;
    assert_eq!(world.service.unconfirmed_invalidations(), 0);
    assert!(has_timeline(&world, friend).await);
    world.faults.lift_all();
    let woken = timeout(TIMEOUT, stream.signalled()).await;
    assert!(woken.unwrap().story);
}

#[tokio::test]
async fn asking_again_repairs_what_the_first_answer_left_behind() {
    // The first write bypasses the caches, as if the process had died before it invalidated them.
    let world = World::new().await;
    let [one, other] = warm_pair(&world).await;
    let of_one = world.post(one, Audience::Friends).await;
    let of_other = world.post(other, Audience::Friends).await;
    world.quiet().await;
    for ask in ["ask", "accept"] {
        world.befriend_all(one, &[other]).await;
        let again = match ask {
            "ask" => {
                world
                    .service
                    .relations()
                    .send_friend_request(one, other)
                    .await
            }
            _ => {
                world
                    .service
                    .relations()
                    .accept_friend_request(one, other)
                    .await
            }
        };
        again.unwrap();
        assert_eq!(world.top(one).await, [of_other, of_one], "{ask}");
        assert_eq!(world.top(other).await, [of_other, of_one], "{ask}");

        world.store().unfriend(one, other).await.unwrap();
        world
            .service
            .relations()
            .unfriend(one, other)
            .await
            .unwrap();
        assert_eq!(world.top(one).await, [of_one], "{ask}");
        assert_eq!(world.top(other).await, [of_other], "{ask}");
    }
}

#[tokio::test]
async fn a_request_made_again_does_not_drop_the_timeline_of_a_stranger() {
    let world = World::new().await;
    let [one, stranger] = warm_pair(&world).await;
    world
        .service
        .relations()
        .send_friend_request(one, stranger)
        .await
        .unwrap();
    world
        .service
        .relations()
        .unblock(one, stranger)
        .await
        .unwrap();
    assert!(has_timeline(&world, stranger).await);
    let built = world.faults.begun("Timelines::finish_rebuild");
    for _ in 0..3 {
        world
            .service
            .relations()
            .send_friend_request(one, stranger)
            .await
            .unwrap();
        world
            .service
            .relations()
            .unblock(one, stranger)
            .await
            .unwrap();
    }
    assert!(has_timeline(&world, stranger).await);
    assert_eq!(world.faults.begun("Timelines::finish_rebuild"), built);
}

#[tokio::test]
async fn a_write_that_panics_half_way_leaves_no_outdated_cache() {
    let world = World::new().await;
    let [one, other] = warm_pair(&world).await;
    let story = world.post(other, Audience::Public).await;
    world.service.stories().open(one, story).await.unwrap();
    world
        .faults
        .next("Timelines::drop_timeline", Fault::Panic, 1);
    let service = world.service.clone();
    let follow = tokio::spawn(async move { service.relations().follow(one, other).await });
    assert!(follow.await.unwrap_err().is_panic());
    assert_eq!(world.top(one).await, [story], "it was written");
    world
        .eventually("the timeline is used again", async || {
            has_timeline(&world, one).await
        })
        .await;
    assert_eq!(world.top(one).await, [story]);
}

#[tokio::test]
async fn a_post_that_panics_after_its_commit_is_delivered_and_does_not_hold_up_the_settled_point() {
    let mut settings = Settings::default();
    settings.delivery.claim = Duration::from_millis(100);
    let world = World::with(settings, None).await;
    let [author, friend] = warm_pair(&world).await;
    world.befriend(author, friend).await;
    world.faults.next("WakeUps::wake", Fault::Panic, 1);
    let (service, request) = (world.service.clone(), text("half-way to @other"));
    let post =
        tokio::spawn(async move { service.stories().post(author, request).await.map(|_| ()) });
    assert!(post.await.unwrap_err().is_panic());
    assert_eq!(world.top(author).await.len(), 1, "it was written");
    world
        .eventually("the friend has it", async || {
            world.top(friend).await.len() == 1
        })
        .await;
    world.quiet().await;
    let next = world.post(author, Audience::Friends).await;
    world
        .eventually("everything is settled", async || {
            world.service.delivery().advance_watermark().await.unwrap();
            world.service.delivery().watermark() >= next
        })
        .await;
}

#[tokio::test]
async fn a_story_is_delivered_from_the_store_while_the_queue_fails() {
    for fault in ERRORS {
        for call in ["DeliveryQueue::offer", "DeliveryQueue::take"] {
            let mut settings = Settings::default();
            settings.delivery.claim = Duration::from_millis(100);
            let world = World::with(settings, None).await;
            let [author, friend] = warm_pair(&world).await;
            world.befriend(author, friend).await;
            world.faults.always(call, fault);
            let story = world.post(author, Audience::Friends).await;
            world
                .eventually("the friend has it", async || {
                    world.top(friend).await == [story]
                })
                .await;
        }
    }
}

#[tokio::test]
async fn the_service_stops_although_the_other_nodes_never_confirm_a_change() {
    let world = World::new().await;
    let [one, other] = warm_pair(&world).await;
    world.faults.always("Peers::tell", Fault::Error);
    let service = world.service.clone();
    let following = tokio::spawn(async move { service.relations().follow(one, other).await });
    world
        .eventually("the notice is sent a second time", async || {
            world.faults.begun("Peers::tell") >= 2
        })
        .await;
    assert!(!following.is_finished(), "nothing is answered yet");
    let stopped = timeout(TIMEOUT, world.service.stop()).await;
    assert!(stopped.is_ok(), "the service did not stop");
}
