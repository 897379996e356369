//! A node with a lease on its caches. The leases here are those of a store without other nodes, and count calls.

use std::mem::take;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use sosik_decorators::{Fault, Faults, Hook, hooked};
use sosik_fabric::memory::{Alone, Hub, MemoryOptions, MemorySharedCache};
use sosik_fabric::peers::Notice;
use sosik_fabric::{Engines, Peers};
use sosik_feed::{
    Audience, Change, CommitPosition, NotificationId, PeerId, PersonId, StoryId, Timestamp,
};
use sosik_service::{Parts, Service, SharedStore, SystemClock};
use sosik_store::{
    CacheLease, CacheLeases, Horizon, JoiningMember, Likes, RenewedLease, Revocation, StoreResult,
};
use sosik_store_sqlite::SqliteStore;

use crate::{eventually, open, person_on, post_on, settings, start};

/// Leases of a store without other nodes.
#[derive(Default)]
pub(crate) struct CountingLeases {
    /// Changes that are still in the log.
    logged: AtomicU64,
    renewals: AtomicU64,
    trims: AtomicU64,
    /// For the first renewal: no member knows the outdated timelines.
    all_copies: AtomicBool,
    /// Of the next renewal.
    changes: Mutex<Vec<Change>>,
    /// Of the next renewal.
    counts: Mutex<Vec<(StoryId, u64)>>,
    /// What the last renewal reported.
    settled: Mutex<Horizon>,
}

impl CountingLeases {
    /// Waits until the first lease is in use: the second renewal began after that.
    pub(crate) async fn in_use(&self) {
        eventually(async || self.renewals.load(Ordering::Relaxed) >= 2).await;
    }
}

#[async_trait]
impl CacheLeases for CountingLeases {
    async fn join(&self, _member: JoiningMember) -> StoreResult<bool> {
        Ok(true)
    }

    async fn renew(
        &self,
        _peer: PeerId,
        since: &Horizon,
        settled: &Horizon,
    ) -> StoreResult<Option<RenewedLease>> {
        let first = since.0.is_empty();
        let number = self.renewals.fetch_add(1, Ordering::Relaxed) + 1;
        *self.settled.lock().unwrap() = settled.clone();
        let mut changes = take(&mut *self.changes.lock().unwrap());
        changes.extend(first.then_some(Change::Everything));
        Ok(Some(RenewedLease {
            changes,
            counts: take(&mut *self.counts.lock().unwrap()),
            all_copies: first && self.all_copies.load(Ordering::Relaxed),
            at: CommitPosition::START,
            horizon: Horizon(number.to_string()),
        }))
    }

    async fn log_changes(&self, changes: &[Change]) -> StoreResult<CommitPosition> {
        self.changes.lock().unwrap().extend_from_slice(changes);
        Ok(CommitPosition::START)
    }

    async fn cache_leases(&self) -> StoreResult<Vec<CacheLease>> {
        Ok(Vec::new())
    }

    async fn addresses(&self) -> StoreResult<Vec<SocketAddr>> {
        Ok(Vec::new())
    }

    async fn revoke(&self, _lease: CacheLease) -> StoreResult<Revocation> {
        Ok(Revocation::Absent)
    }

    async fn leave(&self, _peer: PeerId) -> StoreResult<()> {
        Ok(())
    }

    async fn trim_changes(&self, limit: u32) -> StoreResult<u64> {
        self.trims.fetch_add(1, Ordering::Relaxed);
        let trim = |logged: u64| Some(logged.saturating_sub(u64::from(limit)));
        let before = self
            .logged
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, trim)
            .unwrap();
        Ok(before.min(u64::from(limit)))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clean_up_trims_the_log_of_changes_in_batches_and_renewals_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let leases = Arc::new(CountingLeases::default());
    leases.logged.store(2_500, Ordering::Relaxed);
    let parts = Parts {
        store: open(&folder, "alone.db"),
        shared: Some(SharedStore {
            leases: Arc::<CountingLeases>::clone(&leases),
            alone: None,
        }),
        engines: Engines::memory(MemoryOptions::default(), 1),
        clock: Arc::new(SystemClock),
        settings: settings("one"),
    };
    let node = Service::start(parts).await.unwrap();
    let (trims, renewals) = (&leases.trims, &leases.renewals);
    eventually(async || leases.logged.load(Ordering::Relaxed) == 0).await;
    let before = renewals.load(Ordering::Relaxed);
    eventually(async || renewals.load(Ordering::Relaxed) >= before + 3).await;
    assert_eq!(trims.load(Ordering::Relaxed), 3, "in one clean-up");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stops_leaves_the_other_nodes_and_the_queue() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Arc::new(Faults::default());
    let hook: Arc<dyn Hook> = Arc::<Faults>::clone(&faults);
    let engines = hooked(Engines::memory(MemoryOptions::default(), 1), &hook);
    let node = start("one", open(&folder, "alone.db"), engines).await;
    node.stop().await;
    for call in ["Peers::leave", "WakeUps::leave", "DeliveryQueue::leave"] {
        assert_eq!(faults.begun(call), 1, "{call}");
    }
}

const DROP_ALL: &str = "Timelines::drop_all_timelines";
const DROP: &str = "Timelines::drop_timeline";
const DROP_ALL_ENTRIES: &str = "SharedCache::drop_all_entries";
const DROP_ENTRY: &str = "SharedCache::drop_entry";

/// One node of several, and what another one does.
struct Leased {
    node: Service,
    store: Arc<SqliteStore>,
    leases: Arc<CountingLeases>,
    faults: Arc<Faults>,
    other: Arc<dyn Peers>,
    _folder: tempfile::TempDir,
}

impl Leased {
    async fn start(leases: CountingLeases, alone: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder, "shared.db");
        let leases = Arc::new(leases);
        let faults = Arc::new(Faults::default());
        let hook: Arc<dyn Hook> = Arc::<Faults>::clone(&faults);
        let hub = Arc::new(Hub::default());
        let peers = hub.join();
        let engines = Engines {
            peers,
            shared_cache: Some(Arc::new(MemorySharedCache::default())),
            ..Engines::memory(MemoryOptions::default(), 1)
        };
        let mut settings = settings("one");
        settings.node.cache_lease = Duration::from_millis(600);
        let parts = Parts {
            store: Arc::<SqliteStore>::clone(&store),
            shared: Some(SharedStore {
                leases: Arc::<CountingLeases>::clone(&leases),
                alone: alone.then_some("the test is alone"),
            }),
            engines: hooked(engines, &hook),
            clock: Arc::new(SystemClock),
            settings,
        };
        let node = Service::start(parts).await.unwrap();
        Self {
            node,
            store,
            leases,
            faults,
            other: hub.join(),
            _folder: folder,
        }
    }

    async fn hears(&self, change: Change) {
        let notice = Notice {
            changes: vec![change],
            ..Notice::default()
        };
        assert!(self.other.tell(&notice).await.unwrap().is_complete());
    }

    /// Waits for some more renewals.
    async fn renewed(&self) {
        let renewals = || self.leases.renewals.load(Ordering::Relaxed);
        let before = renewals();
        eventually(async || renewals() >= before + 3).await;
    }

    fn settled(&self) -> u64 {
        let settled = self.leases.settled.lock().unwrap();
        settled.0.parse().unwrap_or_default()
    }
}

fn person() -> PersonId {
    PersonId::from_u64(256)
}

fn ended() -> Change {
    Change::SessionsEnded(person(), vec![[7; 32]])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_in_a_shared_fabric_stay_when_a_node_starts_and_when_it_missed_messages() {
    let leased = Leased::start(CountingLeases::default(), false).await;
    leased.renewed().await;
    leased.hears(Change::Everything).await;
    // The calls for everybody come before those for one person.
    leased.hears(Change::CircleGrew(person())).await;
    leased.hears(ended()).await;
    eventually(async || leased.faults.begun(DROP) > 0).await;
    eventually(async || leased.faults.begun(DROP_ENTRY) > 0).await;
    for all in [DROP_ALL, DROP_ALL_ENTRIES] {
        assert_eq!(leased.faults.begun(all), 0, "{all}");
    }
    leased.node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_are_dropped_if_no_node_survived_or_if_only_this_node_has_them() {
    let nobody = CountingLeases::default();
    nobody.all_copies.store(true, Ordering::Relaxed);
    for (leases, alone) in [(nobody, false), (CountingLeases::default(), true)] {
        let leased = Leased::start(leases, alone).await;
        eventually(async || leased.faults.begun(DROP_ALL) == 1).await;
        eventually(async || leased.faults.begun(DROP_ALL_ENTRIES) == 1).await;
        eventually(async || leased.settled() > 0).await;
        leased.node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fabric_that_hangs_delays_neither_the_lease_nor_the_confirmation_of_a_change() {
    for (call, change) in [(DROP, Change::CircleGrew(person())), (DROP_ENTRY, ended())] {
        let leased = Leased::start(CountingLeases::default(), false).await;
        leased.faults.always(call, Fault::Wait);
        leased.leases.changes.lock().unwrap().push(change.clone());
        eventually(async || leased.faults.begun(call) > 0).await;
        leased.renewed().await;
        let settled = leased.settled();
        leased.hears(change).await;
        leased.renewed().await;
        assert!(leased.node.unconfirmed_invalidations() > 0);
        assert_eq!(
            leased.settled(),
            settled,
            "the log keeps a change while its copy is not dropped"
        );
        leased.faults.lift_all();
        eventually(async || leased.node.unconfirmed_invalidations() == 0).await;
        eventually(async || leased.settled() > settled).await;
        leased.node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_missed_new_counts_drops_older_ones_at_its_next_renewal() {
    // Nobody confirms anything, so the other node leaves.
    let leased = Leased {
        other: Arc::new(Alone::default()),
        ..Leased::start(CountingLeases::default(), false).await
    };
    leased.renewed().await;
    let mina = person_on(&leased.node, "mina").await.id;
    let story = post_on(&leased.node, mina, Audience::Public).await;
    let likes = async || {
        let opened = leased.node.stories().open(mina, story).await.unwrap();
        opened.story.counts().likes
    };
    assert_eq!(likes().await, 0, "cached");
    let note = NotificationId::from_u64(story.as_u64());
    let liked = leased.store.like(mina, story, note, Timestamp::default());
    let liked = liked.await.unwrap().value.unwrap();
    leased.renewed().await;
    assert_eq!(
        likes().await,
        0,
        "no message arrived, and the log is silent"
    );
    let counts = (story, liked.counts.revision);
    leased.leases.counts.lock().unwrap().push(counts);
    eventually(async || likes().await == 1).await;
    leased.node.stop().await;
}
