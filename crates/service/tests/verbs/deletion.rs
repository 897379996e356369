//! The deletion of an account: hidden at once, erased afterwards.

use std::time::Duration;

use sosik_decorators::Fault;
use sosik_feed::{Audience, PersonId};
use sosik_service::ServiceError;
use sosik_service::erasure::Left;
use sosik_service::feeds::{FeedQuery, FeedStart};
use sosik_service::stories::PostRequest;
use sosik_store::{ClosedAccount, CommitPosition, PersonRemains};

use crate::world::{PASSWORD, World, missing, there};

/// The time for which an account is looked at after it was closed.
const SETTLED: Duration = Duration::from_secs(600);

/// The call with which the task that erases begins.
const LISTING: &str = "Closures::closed_accounts";

/// More rows than a step erases.
const MANY: usize = 250;

impl World {
    async fn closed(&self) -> Vec<ClosedAccount> {
        let closed = self.store().closed_accounts(PersonId::default(), 100);
        closed.await.unwrap()
    }

    async fn erase(&self) {
        self.eventually("everything is erased", async || {
            self.service.erasure().erase_closed().await.unwrap() == Left::Nothing
        })
        .await;
    }
}

#[tokio::test]
async fn only_who_knows_the_password_deletes_an_account() {
    let world = World::new().await;
    let mina = world.person("mina").await;
    let accounts = world.service.accounts();
    let wrong = accounts.close(&mina.viewer, "not the password").await;
    assert!(matches!(wrong, Err(ServiceError::WrongPassword)));
    assert!(world.opens(&mina.token).await);

    accounts.close(&mina.viewer, PASSWORD).await.unwrap();
    assert!(!world.opens(&mina.token).await);
    let again = accounts.close(&mina.viewer, PASSWORD).await;
    assert_eq!(missing(again), "person");
}

#[tokio::test]
async fn of_two_deletions_and_a_change_of_the_password_at_once_the_first_wins() {
    let world = World::new().await;
    let mina = world.person("mina").await;
    let accounts = world.service.accounts();
    let (first, second, change) = tokio::join!(
        accounts.close(&mina.viewer, PASSWORD),
        accounts.close(&mina.viewer, PASSWORD),
        accounts.change_password(&mina.viewer, PASSWORD, "blue kettle 19"),
    );
    let done = [first.is_ok(), second.is_ok(), change.is_ok()];
    assert_eq!(done.iter().filter(|done| **done).count(), 1, "{done:?}");
}

#[tokio::test]
async fn with_warm_caches_a_deleted_account_is_gone_on_the_next_read() {
    let (world, faults) = World::with_faults().await;
    faults.always(LISTING, Fault::Wait);
    let [mina, joon] = world.people(["mina", "joon"]).await;
    world.befriend(&mina, &joon).await;
    let theirs = world.post(&mina, Audience::Friends, "for friends").await;
    let own = world.post(&joon, Audience::Public, "own").await;
    let service = &world.service;
    let opened = || service.stories().open(joon.id, theirs);
    assert!(there(&opened().await));
    assert!(there(&service.people().profile(joon.id, "mina").await));
    service.likes().add(mina.id, own).await.unwrap();
    let unread = async || service.notifications().unread(joon.id).await.unwrap();
    assert_eq!(unread().await, 1);

    service
        .accounts()
        .close(&mina.viewer, PASSWORD)
        .await
        .unwrap();
    assert!(!there(&opened().await));
    assert!(!there(&service.likes().add(joon.id, theirs).await));
    assert!(!there(&service.people().profile(joon.id, "mina").await));
    let query = FeedQuery {
        from: FeedStart::Top,
        limit: 10,
    };
    let page = service.feeds().read(joon.id, query).await.unwrap();
    let shown: Vec<_> = page.items.iter().map(|item| item.story.record.id).collect();
    assert_eq!(shown, [own]);
    for refused in [
        service.relations().follow(joon.id, mina.id).await,
        service.relations().block(joon.id, mina.id).await,
        service.relations().mute(joon.id, mina.id).await,
        service
            .relations()
            .send_friend_request(joon.id, mina.id)
            .await,
        service
            .relations()
            .accept_friend_request(joon.id, mina.id)
            .await,
    ] {
        assert_eq!(missing(refused), "person");
    }
    assert_eq!(unread().await, 0);
    let differences = service
        .verifier()
        .verify(joon.id)
        .await
        .unwrap()
        .differences;
    assert_eq!(
        differences,
        [],
        "the definition has no story of a closed account"
    );

    let deleted = async || {
        let deleted = world
            .store()
            .deleted_stories(&[theirs], CommitPosition::LATEST)
            .await;
        deleted.unwrap()
    };
    assert_eq!(deleted().await, [], "nothing is erased yet");
    faults.lift(LISTING);
    world.erase().await;
    assert_eq!(deleted().await, [theirs]);
}

#[tokio::test]
async fn a_large_account_is_erased_in_steps_and_its_counts_follow() {
    let world = World::new().await;
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    world.befriend(&mina, &joon).await;
    world.follow(&yuna, &mina).await;
    world.follow(&mina, &yuna).await;
    world.block(&mina, &yuna).await;
    world.mute(&mina, &joon).await;
    let service = &world.service;
    let mut liked = Vec::new();
    for number in 0..MANY {
        world.post(&mina, Audience::Public, "mina").await;
        let story = world.post(&joon, Audience::Public, "joon").await;
        service.likes().add(mina.id, story).await.unwrap();
        if number % 2 == 0 {
            let comment = service.comments().add(mina.id, story, "words", None);
            comment.await.unwrap();
        }
        liked.push(story);
    }

    service
        .accounts()
        .close(&mina.viewer, PASSWORD)
        .await
        .unwrap();
    world.erase().await;
    let remains = world.store().remains_of(mina.id, 10).await.unwrap();
    assert_eq!(remains, PersonRemains::default());
    for story in liked {
        let counts = service.stories().open(joon.id, story).await.unwrap();
        let counts = counts.story.counts();
        assert_eq!((counts.likes, counts.comments), (0, 0));
    }
    for person in [&mina, &joon, &yuna] {
        let counts = world.store().person_counts(person.id).await.unwrap();
        assert_eq!(
            (counts.friends, counts.follows, counts.followers),
            (0, 0, 0)
        );
    }
    let counts = world.store().person_counts(mina.id).await.unwrap();
    assert_eq!((counts.stories, counts.public_stories), (0, 0));
}

#[tokio::test]
async fn what_a_late_request_wrote_is_erased_too() {
    let world = World::new().await;
    let mina = world.person("mina").await;
    let accounts = world.service.accounts();
    accounts.close(&mina.viewer, PASSWORD).await.unwrap();
    world.erase().await;
    // The request was admitted before the account was closed. Its answer names an author who is gone.
    let late = PostRequest {
        text: "late".to_owned(),
        attachments: Vec::new(),
        audience: Audience::Public,
        idempotency_key: None,
    };
    assert_eq!(
        missing(world.service.stories().post(mina.id, late).await),
        "person"
    );
    let stories = async || {
        let counts = world.store().person_counts(mina.id).await.unwrap();
        counts.stories
    };
    world
        .clock
        .advance(SETTLED.saturating_sub(Duration::from_secs(1)));
    world.erase().await;
    assert_eq!(stories().await, 0);
    assert_eq!(world.closed().await.len(), 1, "more may come");

    world.clock.advance(Duration::from_secs(1));
    world.erase().await;
    assert_eq!(world.closed().await, []);
}

#[tokio::test]
async fn an_account_that_cannot_be_erased_does_not_stop_the_others() {
    const UNBLOCK: &str = "Relations::unblock";
    let (world, faults) = World::with_faults().await;
    let [mina, joon, yuna] = world.people(["mina", "joon", "yuna"]).await;
    assert!(mina.id < joon.id, "accounts are erased in this order");
    world.block(&mina, &yuna).await;
    world.post(&joon, Audience::Public, "a story").await;
    faults.always(UNBLOCK, Fault::Error);
    for person in [&mina, &joon] {
        let accounts = world.service.accounts();
        accounts.close(&person.viewer, PASSWORD).await.unwrap();
    }
    world
        .eventually("the other is erased", async || {
            let left = world.service.erasure().erase_closed().await.unwrap();
            let counts = world.store().person_counts(joon.id).await.unwrap();
            left == Left::Waiting && counts.stories == 0
        })
        .await;
    faults.lift(UNBLOCK);
    world.erase().await;
    let blocks = world.store().circle(yuna.id, CommitPosition::LATEST);
    assert!(!blocks.await.unwrap().is_severed_from(mina.id));
}
