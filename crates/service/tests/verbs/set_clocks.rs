//! The clock is set back while the service runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::{join, join_all};
use sosik_decorators::{Fault, Faults, Hook, hooked_store};
use sosik_fabric::Engines;
use sosik_fabric::memory::MemoryOptions;
use sosik_feed::{Audience, StoryId, Timestamp};
use sosik_service::stories::PostRequest;
use sosik_service::{Clock, Parts, Service, ServiceError, Settings};
use sosik_store::LeaseRequest;
use sosik_store_sqlite::{SqliteOptions, SqliteStore};
use tokio::time::timeout;

use crate::clock::TestClock;
use crate::world::World;

/// A call that does not return within this time counts as one that never returns.
const PATIENCE: Duration = Duration::from_secs(60);

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

/// A clock of a machine that is suspended between any two looks at the monotonic clock.
#[derive(Default)]
struct SuspendedClock {
    clock: TestClock,
    suspends: AtomicBool,
}

impl Clock for SuspendedClock {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        if self.suspends.load(Ordering::SeqCst) {
            self.clock.advance(2 * Settings::default().node.lease);
        }
        self.clock.monotonic()
    }
}

#[tokio::test]
async fn a_write_whose_lease_expires_at_each_renewal_is_shed_and_does_not_retry_for_ever() {
    let clock = Arc::new(SuspendedClock::default());
    let options = SqliteOptions {
        now: clock.now(),
        ..SqliteOptions::temporary()
    };
    let mut settings = Settings::default();
    settings.delivery.backlog_wait_max = Duration::MAX;
    let parts = Parts {
        store: SqliteStore::open(&options).unwrap(),
        engines: Engines::memory(MemoryOptions::default(), 1),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        settings,
        shared: None,
    };
    let service = Service::start(parts).await.unwrap();
    let author = service.next_person().await.unwrap();
    clock.suspends.store(true, Ordering::SeqCst);
    let request = PostRequest {
        text: "story".to_owned(),
        attachments: Vec::new(),
        audience: Audience::Friends,
        idempotency_key: None,
    };
    let post = timeout(PATIENCE, service.stories().post(author, request)).await;
    assert!(matches!(post, Ok(Err(ServiceError::Busy(_)))), "{post:?}");
    let id = timeout(PATIENCE, service.next_id()).await;
    assert!(matches!(id, Ok(Err(ServiceError::Busy(_)))), "{id:?}");
    clock.suspends.store(false, Ordering::SeqCst);
    service.next_id().await.unwrap();
    service.stop().await;
}

const RENEW: &str = "Nodes::renew_node";

/// Requests that need an id after the lease has expired. Each is in progress before the store answers with this fault.
async fn after_the_lease(fault: Option<Fault>) -> (u64, Vec<bool>) {
    let clock = Arc::new(TestClock::default());
    let faults = Arc::new(Faults::default());
    let hook: Arc<dyn Hook> = Arc::<Faults>::clone(&faults);
    let options = SqliteOptions {
        now: clock.now(),
        ..SqliteOptions::temporary()
    };
    let mut settings = Settings::default();
    settings.node.lease = Duration::from_secs(3_600);
    let parts = Parts {
        store: hooked_store(SqliteStore::open(&options).unwrap(), &hook),
        engines: Engines::memory(MemoryOptions::default(), 1),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        settings,
        shared: None,
    };
    let service = Service::start(parts).await.unwrap();
    let begun = || faults.begun(RENEW);
    let until = async |number| {
        while begun() < number {
            tokio::task::yield_now().await;
        }
    };
    // The keeper renews once at the start.
    timeout(PATIENCE, until(1)).await.unwrap();
    faults.always(RENEW, Fault::Wait);
    clock.advance(Duration::from_secs(7_200));
    let ids = join_all((0..50).map(|_| service.next_id()));
    let answer = async {
        until(2).await;
        match fault {
            Some(fault) => faults.always(RENEW, fault),
            None => faults.lift(RENEW),
        }
    };
    let (ids, ()) = timeout(PATIENCE, join(ids, answer)).await.unwrap();
    let renewals = begun() - 1;
    faults.lift_all();
    service.stop().await;
    (renewals, ids.iter().map(Result::is_ok).collect())
}

#[tokio::test]
async fn requests_that_wait_for_an_expired_lease_share_one_renewal() {
    let (renewals, got) = after_the_lease(None).await;
    assert_eq!((renewals, got), (1, vec![true; 50]));
}

#[tokio::test]
async fn requests_that_wait_for_a_renewal_that_fails_do_not_repeat_it_in_turn() {
    let (renewals, got) = after_the_lease(Some(Fault::Error)).await;
    assert_eq!((renewals, got), (1, vec![false; 50]));
}
