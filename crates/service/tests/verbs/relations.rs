//! Friends, requests, follows, blocks and mutes.

use sosik_feed::{Relation, RuleBroken};

use crate::world::{Person, World, broken, missing};

impl World {
    async fn relation(&self, viewer: &Person, other: &Person) -> Relation {
        self.service
            .people()
            .profile(viewer.id, &other.handle)
            .await
            .unwrap()
            .relation
    }
}

#[tokio::test]
async fn a_friendship_takes_both_and_is_the_same_for_both() {
    let world = World::new().await;
    let [ana, bo] = world.people(["ana", "bob"]).await;
    let service = &world.service;
    assert_eq!(
        missing(
            service
                .relations()
                .accept_friend_request(ana.id, bo.id)
                .await
        ),
        "friend request"
    );
    world.send_friend_request(&ana, &bo).await;
    world.send_friend_request(&ana, &bo).await;
    assert_eq!(
        world.relation(&ana, &bo).await,
        Relation {
            requested: true,
            ..Relation::default()
        }
    );
    assert_eq!(
        world.relation(&bo, &ana).await,
        Relation {
            asked: true,
            ..Relation::default()
        }
    );
    assert_eq!(
        missing(
            service
                .relations()
                .accept_friend_request(ana.id, bo.id)
                .await
        ),
        "friend request"
    );

    world.accept_friend_request(&bo, &ana).await;
    world.accept_friend_request(&bo, &ana).await;
    let friends = Relation {
        friend: true,
        ..Relation::default()
    };
    assert_eq!(
        (
            world.relation(&ana, &bo).await,
            world.relation(&bo, &ana).await
        ),
        (friends, friends)
    );
    assert_eq!(service.people().me(ana.id).await.unwrap().counts.friends, 1);

    world.unfriend(&bo, &ana).await;
    world.unfriend(&bo, &ana).await;
    assert_eq!(world.relation(&ana, &bo).await, Relation::default());
}

#[tokio::test]
async fn a_request_can_be_taken_back_and_declined() {
    let world = World::new().await;
    let [ana, bo] = world.people(["ana", "bob"]).await;
    for who in [&ana, &bo] {
        world.send_friend_request(&ana, &bo).await;
        assert_eq!(
            world.service.notifications().unread(bo.id).await.unwrap(),
            1
        );
        let other = if who.id == ana.id { &bo } else { &ana };
        world.remove_friend_request(who, other).await;
        world.remove_friend_request(who, other).await;
        assert_eq!(world.relation(&ana, &bo).await, Relation::default());
        assert_eq!(
            world.service.notifications().unread(bo.id).await.unwrap(),
            0
        );
    }
}

#[tokio::test]
async fn nobody_befriends_follows_blocks_or_mutes_themselves_or_somebody_who_is_not() {
    let world = World::new().await;
    let [ana, bo] = world.people(["ana", "bob"]).await;
    let service = &world.service;
    let nobody = sosik_feed::PersonId::from_u64(1);
    assert_eq!(
        broken(
            service
                .relations()
                .send_friend_request(ana.id, ana.id)
                .await
        ),
        RuleBroken::Yourself
    );
    assert_eq!(
        broken(service.relations().follow(ana.id, ana.id).await),
        RuleBroken::Yourself
    );
    assert_eq!(
        broken(service.relations().block(ana.id, ana.id).await),
        RuleBroken::Yourself
    );
    assert_eq!(
        broken(service.relations().mute(ana.id, ana.id).await),
        RuleBroken::Yourself
    );
    assert_eq!(
        missing(
            service
                .relations()
                .send_friend_request(ana.id, nobody)
                .await
        ),
        "person"
    );
    assert_eq!(
        missing(service.relations().follow(ana.id, nobody).await),
        "person"
    );
    assert_eq!(
        missing(service.relations().block(ana.id, nobody).await),
        "person"
    );
    assert_eq!(
        missing(service.relations().mute(ana.id, nobody).await),
        "person"
    );

    // With a block in between, the other person looks like one who does not exist, too.
    world.block(&bo, &ana).await;
    assert_eq!(
        missing(service.relations().send_friend_request(ana.id, bo.id).await),
        "person"
    );
    assert_eq!(
        missing(service.relations().follow(ana.id, bo.id).await),
        "person"
    );
    assert_eq!(
        missing(service.relations().mute(ana.id, bo.id).await),
        "person"
    );
    for undone in [
        service.relations().unfriend(ana.id, nobody).await,
        service.relations().unfollow(ana.id, nobody).await,
    ] {
        undone.unwrap();
    }
}

#[tokio::test]
async fn a_limit_is_told_by_its_name() {
    let world = World::with(|settings| {
        let limits = &mut settings.relations;
        (
            limits.friends_max,
            limits.follows_max,
            limits.blocks_max,
            limits.mutes_max,
            limits.requests_max,
        ) = (1, 1, 1, 1, 1);
    })
    .await;
    let [ana, bo, cho, dan] = world.people(["ana", "bob", "cho", "dan"]).await;
    let service = &world.service;
    world.follow(&ana, &bo).await;
    assert_eq!(
        broken(service.relations().follow(ana.id, cho.id).await),
        RuleBroken::FollowLimit
    );
    world.mute(&ana, &bo).await;
    assert_eq!(
        broken(service.relations().mute(ana.id, cho.id).await),
        RuleBroken::MuteLimit
    );
    world.send_friend_request(&ana, &bo).await;
    assert_eq!(
        broken(
            service
                .relations()
                .send_friend_request(ana.id, cho.id)
                .await
        ),
        RuleBroken::RequestLimit
    );
    world.send_friend_request(&dan, &bo).await;
    world.accept_friend_request(&bo, &ana).await;
    assert_eq!(
        broken(
            service
                .relations()
                .send_friend_request(ana.id, cho.id)
                .await
        ),
        RuleBroken::FriendLimitYours
    );
    assert_eq!(
        broken(
            service
                .relations()
                .accept_friend_request(bo.id, dan.id)
                .await
        ),
        RuleBroken::FriendLimitYours
    );
    world.send_friend_request(&cho, &ana).await;
    world.remove_friend_request(&dan, &bo).await;
    world.unfriend(&ana, &bo).await;
    world.befriend(&dan, &cho).await;
    assert_eq!(
        broken(
            service
                .relations()
                .accept_friend_request(ana.id, cho.id)
                .await
        ),
        RuleBroken::FriendLimitTheirs
    );
    world.block(&ana, &bo).await;
    assert_eq!(
        broken(service.relations().block(ana.id, cho.id).await),
        RuleBroken::BlockLimit
    );
}

#[tokio::test]
async fn a_block_ends_everything_and_is_never_told_to_the_blocked() {
    let world = World::new().await;
    let [ana, bo] = world.people(["ana", "bob"]).await;
    let service = &world.service;
    world.befriend(&ana, &bo).await;
    world.follow(&ana, &bo).await;
    world.follow(&bo, &ana).await;
    world.mute(&bo, &ana).await;
    world.block(&ana, &bo).await;
    world.block(&ana, &bo).await;
    assert_eq!(
        missing(service.people().profile(ana.id, "bob").await),
        "person"
    );
    assert_eq!(
        missing(service.people().profile(bo.id, "ana").await),
        "person"
    );
    world.unblock(&ana, &bo).await;
    world.unblock(&ana, &bo).await;
    assert_eq!(
        world.relation(&ana, &bo).await,
        Relation::default(),
        "nothing is restored"
    );
    assert_eq!(
        world.relation(&bo, &ana).await,
        Relation {
            muted: true,
            ..Relation::default()
        }
    );
}
