//! The shared part of all handles: engines, caches, ids, and the operations that every noun needs.

pub(crate) mod cache_lease;
mod completion;
pub(crate) mod cursor_keys;
pub(crate) mod extracts;
pub(crate) mod fabric_errors;
pub(crate) mod failed_wake_ups;
mod hydrate;
pub(crate) mod ids;
pub(crate) mod invalidate;
pub(crate) mod invalidations;
mod loaders;
mod permissions;
pub(crate) mod random;
mod shared_cache;
mod story_states;
pub(crate) mod supervise;
mod visible;
pub(crate) mod watched;

use std::ops::Deref;
use std::sync::Arc;

use sosik_fabric::{CacheGate, Engines};
use sosik_feed::cursor::seal::Seals;
use sosik_feed::rules::check_idempotency_key;
use sosik_store::{Idempotency, Store};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use xxhash_rust::xxh3::Xxh3;

use crate::caches::Caches;
use crate::{Clock, Parts, ServiceResult, Settings};
use cache_lease::CacheLeaseHolder;
use extracts::Extracts;
use fabric_errors::FabricErrors;
use failed_wake_ups::FailedWakeUps;
use ids::Ids;
use invalidations::Invalidations;
use supervise::Supervision;
use watched::Watched;

/// The shared part of the handles. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Core(Arc<CoreState>);

/// State that the handles share. It contains no handle, because a reference cycle would keep both alive.
pub(crate) struct CoreState {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) engines: Engines,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    pub(crate) ids: Ids,
    pub(crate) caches: Caches,
    /// `None` if the store has a single node.
    cache_lease: Option<CacheLeaseHolder>,
    pub(crate) extracts: Extracts,
    pub(crate) invalidations: Invalidations,
    /// The stories that the streams of this node show.
    pub(crate) watched: Watched,
    pub(crate) failed_wake_ups: FailedWakeUps,
    pub(crate) fabric_errors: FabricErrors,
    /// Seals the cursors that clients get.
    pub(crate) seals: Seals,
    pub(crate) supervision: Supervision,
    pub(crate) tasks: TaskTracker,
    pub(crate) stopping: CancellationToken,
}

impl Deref for Core {
    type Target = CoreState;

    fn deref(&self) -> &CoreState {
        &self.0
    }
}

impl Core {
    /// Leases a node number, and loads the keys that seal cursors.
    pub(crate) async fn start(parts: Parts) -> ServiceResult<Self> {
        let Parts {
            store,
            shared,
            engines,
            clock,
            settings,
        } = parts;
        let ids = Ids::lease(Arc::clone(&store), Arc::clone(&clock), &settings.node).await?;
        let gate = match shared {
            Some(_) => closed_gate(&clock),
            None => CacheGate::open(),
        };
        let hold = settings.node.cache_lease;
        let holder = |shared| CacheLeaseHolder::new(shared, gate.clone(), hold);
        Ok(Self(Arc::new(CoreState {
            caches: Caches::new(&settings.caches, &gate),
            cache_lease: shared.map(holder),
            extracts: Extracts::new(settings.caches.extracts_room()),
            invalidations: Invalidations::default(),
            watched: Watched::default(),
            failed_wake_ups: FailedWakeUps::default(),
            fabric_errors: FabricErrors::default(),
            seals: cursor_keys::load(&*store, clock.now()).await?,
            supervision: Supervision::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            store,
            engines,
            clock,
            settings,
            ids,
        })))
    }

    /// Identifies a repeat: the key, and a hash of the request.
    pub(crate) fn idempotency(
        &self,
        key: Option<String>,
        parts: &[&str],
    ) -> ServiceResult<Option<Idempotency>> {
        let Some(key) = key else { return Ok(None) };
        check_idempotency_key(&key)?;
        let mut hash = Xxh3::new();
        for part in parts {
            hash.update(&part.len().to_le_bytes());
            hash.update(part.as_bytes());
        }
        Ok(Some(Idempotency {
            key,
            fingerprint: hash.digest(),
        }))
    }

    /// Tells the other nodes that this one stops, and returns to the queue what its workers did not take.
    pub(crate) async fn leave_engines(&self) {
        let Engines {
            peers,
            wake_ups,
            queue,
            ..
        } = &self.engines;
        let left = tokio::join!(queue.leave(), wake_ups.leave(), peers.leave());
        // After an error the others notice it later.
        for left in <[_; 3]>::from(left) {
            let _counted = self.fabric_result("leave", left);
        }
    }

    /// Runs a background task that [`Service::stop`](crate::Service::stop) waits for.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }
}

/// A gate that opens with the first lease of this node.
fn closed_gate(clock: &Arc<dyn Clock>) -> CacheGate {
    let clock = Arc::clone(clock);
    CacheGate::closed(Arc::new(move || clock.monotonic()))
}
