//! The behaviour of Sosik, without HTTP: posting, delivery and reading of feeds.
//!
//! [`Service`] is the single handle. It uses the store (the source of truth) and the fabric (which may be lost), owns
//! the caches of this node, and runs the delivery workers. Its callers are HTTP, the command line and the tests.
//!
//! It is a separate crate so that delivery does not depend on HTTP and handlers contain no delivery. The feed can be
//! read, checked and measured without a socket.
//!
//! After every acknowledged write, the caches that it affects are invalidated *before* the response (see
//! [`Service::invalidate`]). Other nodes would be notified from there, too.

pub mod accounts;
pub mod caches;
pub mod change;
mod cleanup;
pub mod clock;
pub mod comments;
mod completion;
mod cursor_keys;
pub mod delivery;
pub mod error;
mod fabric_errors;
pub mod feed;
pub mod ids;
mod invalidations;
pub mod likes;
pub mod notifications;
mod pages;
pub mod people;
mod read_position;
pub mod relations;
pub mod sabotage;
pub mod settings;
pub mod stories;
pub mod supervise;
pub mod verify;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use sosik_fabric::{Fabric, Interest};
use sosik_feed::cursor::seal::Seals;
use sosik_store::Store;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use caches::Caches;
pub use change::Change;
use cleanup::Cleanup;
pub use clock::{Clock, SystemClock};
use delivery::Courier;
pub use error::{ServiceError, ServiceResult};
use fabric_errors::FabricErrors;
use ids::Ids;
use invalidations::Invalidations;
pub use sabotage::Sabotage;
pub use settings::Settings;
use supervise::Supervision;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

/// State that the parts of the service share.
struct Inner {
    store: Arc<dyn Store>,
    fabric: Arc<dyn Fabric>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    ids: Ids,
    caches: Caches,
    invalidations: Invalidations,
    fabric_errors: FabricErrors,
    /// Seals the cursors that clients get.
    seals: Seals,
    courier: Courier,
    /// Permits for rebuilding timelines.
    rebuilds: Semaphore,
    /// Permits for pages read from the store: as many as for rebuilds, so that neither starves the other.
    store_pages: Semaphore,
    /// Permits for pages of the self-check: one, so that the check never delays a reader.
    checks: Semaphore,
    /// Permits for hashing passwords.
    hashing: Arc<Semaphore>,
    /// The number of passwords hashed since the start.
    hashed: Arc<AtomicU64>,
    /// The source of breached passwords, if one is configured.
    breached: OnceLock<Box<dyn accounts::BreachedPasswords>>,
    cleanup: Cleanup,
    supervision: Supervision,
    tasks: TaskTracker,
    stopping: CancellationToken,
    sabotage: Option<Sabotage>,
}

/// The parts that a service is made of.
pub struct Parts {
    /// The source of truth.
    pub store: Arc<dyn Store>,
    /// Derived data that may be lost.
    pub fabric: Arc<dyn Fabric>,
    /// The source of time.
    pub clock: Arc<dyn Clock>,
    /// Sizes and limits.
    pub settings: Settings,
    /// A promise to break on purpose. Ignored in builds without the feature `sabotage`.
    pub sabotage: Option<Sabotage>,
}

impl Service {
    /// Leases a node number and starts the delivery workers.
    ///
    /// # Errors
    /// When the store cannot lease a node number.
    pub async fn start(parts: Parts) -> ServiceResult<Self> {
        let Parts {
            store,
            fabric,
            clock,
            settings,
            sabotage,
        } = parts;
        let ids = Ids::lease(Arc::clone(&store), Arc::clone(&clock), &settings.node).await?;
        let courier = Courier::new(&settings.delivery, ids.worker());
        let inner = Inner {
            caches: Caches::new(&settings.caches),
            invalidations: Invalidations::default(),
            fabric_errors: FabricErrors::default(),
            seals: cursor_keys::load(&*store, clock.now()).await?,
            rebuilds: Semaphore::new(settings.feed.rebuilds_at_once),
            store_pages: Semaphore::new(settings.feed.rebuilds_at_once),
            checks: Semaphore::new(1),
            hashing: Arc::new(Semaphore::new(settings.passwords.hashes_at_once)),
            hashed: Arc::default(),
            breached: OnceLock::new(),
            cleanup: Cleanup::default(),
            supervision: Supervision::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            store,
            fabric,
            clock,
            settings,
            ids,
            courier,
            sabotage,
        };
        let service = Self(Arc::new(inner));
        // This must precede the first cursor. A cursor without the number of late stories would repeat all of them.
        service.advance_watermark().await?;
        service.spawn_lease_renewal();
        service.spawn_invalidation_retries();
        service.spawn_delivery();
        Ok(service)
    }

    /// Finishes the delivery steps in progress, releases the other orders and the node number, and closes the store.
    /// Undelivered orders stay in the store and are due immediately.
    pub async fn stop(&self) {
        self.0.stopping.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.release_claims().await;
        self.0.ids.release().await;
        self.0.store.close().await;
    }

    /// The store, for roles that use it directly.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    /// The fabric, for metrics and tests.
    #[must_use]
    pub fn fabric(&self) -> &Arc<dyn Fabric> {
        &self.0.fabric
    }

    /// The clock of this service.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// Sizes and limits.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Cancelled when the service stops. Streams end with it.
    #[must_use]
    pub fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    /// Decides who is woken for stories of a large author: the readers who take stories from the author, according to
    /// the cached circles. A reader whose circle is not cached is woken, and the read of their feed decides.
    #[must_use]
    pub fn interest(&self) -> Interest {
        let circles = Arc::clone(&self.0.caches.circles);
        Arc::new(move |reader, author| {
            reader == author
                || circles
                    .get(&reader)
                    .is_none_or(|circle| circle.subscribes_to(author))
        })
    }

    /// Runs a background task that [`Service::stop`] waits for.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.tasks.spawn(task);
    }

    fn breaks(&self, promise: Sabotage) -> bool {
        cfg!(feature = "sabotage") && self.0.sabotage == Some(promise)
    }
}
