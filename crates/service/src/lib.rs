//! What Sosik does, without HTTP: people post, stories get home, feeds are read.
//!
//! [`Service`] is the one handle. It stands on the store (the truth) and the fabric (what can be lost), keeps this
//! node's caches, and runs the delivery workers. HTTP, the command line and the tests are its callers.
//!
//! It is a crate of its own so that nothing of HTTP gets into delivery and nothing of delivery into handlers: the
//! feed can be read, checked and measured without a socket.
//!
//! After every acknowledged write the caches of what it changed are outdated *before* the answer (see
//! [`Service::changed`]); that is the one place from which other nodes would be told.

pub mod accounts;
pub mod caches;
pub mod changed;
pub mod clock;
pub mod comments;
mod cursor_keys;
pub mod delivery;
pub mod error;
mod fabric_answers;
pub mod feed;
pub mod ids;
mod invalidations;
mod janitor;
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
mod whole;

use std::sync::{Arc, OnceLock};

use sosik_fabric::{Fabric, Interest};
use sosik_feed::cursor::seal::Seals;
use sosik_store::Store;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use caches::Caches;
pub use changed::Change;
pub use clock::{Clock, SystemClock};
use delivery::Courier;
pub use error::{ServiceError, ServiceResult};
use fabric_answers::FabricErrors;
use ids::Ids;
use invalidations::Invalidations;
use janitor::Janitor;
pub use sabotage::Sabotage;
pub use settings::Settings;
use supervise::Supervision;

/// Everything Sosik does. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

/// What the parts of the service share.
struct Inner {
    store: Arc<dyn Store>,
    fabric: Arc<dyn Fabric>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    ids: Ids,
    caches: Caches,
    invalidations: Invalidations,
    fabric_errors: FabricErrors,
    /// Seal the cursors that clients get.
    seals: Seals,
    courier: Courier,
    /// Timelines being rebuilt at once.
    rebuilds: Semaphore,
    /// Pages read from the store at the same time: as many as timelines are rebuilt, so that neither starves the other.
    store_pages: Semaphore,
    /// Pages read from the store for the self-check: one, so that checking never holds up a reader.
    checks: Semaphore,
    /// Passwords being hashed at once.
    hashing: Arc<Semaphore>,
    /// Passwords known elsewhere, when there is somebody to ask.
    breached: OnceLock<Box<dyn accounts::BreachedPasswords>>,
    janitor: Janitor,
    supervision: Supervision,
    tasks: TaskTracker,
    stopping: CancellationToken,
    sabotage: Option<Sabotage>,
}

/// The parts a service is made of.
pub struct Parts {
    /// The truth.
    pub store: Arc<dyn Store>,
    /// What can be lost.
    pub fabric: Arc<dyn Fabric>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Sizes and limits.
    pub settings: Settings,
    /// A promise to break on purpose; only builds with the feature `sabotage` listen to it.
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
            breached: OnceLock::new(),
            janitor: Janitor::default(),
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
        service.settle().await?;
        service.spawn_lease_keeper();
        service.spawn_repeats();
        service.spawn_delivery();
        Ok(service)
    }

    /// Finishes the delivery steps in progress, releases the other orders and the node number, and closes the store.
    /// Undelivered orders stay in the store and are due at once.
    pub async fn stop(&self) {
        self.0.stopping.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.release_claims().await;
        self.0.ids.release().await;
        self.0.store.close().await;
    }

    /// The truth, for roles that work on it directly.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    /// What can be lost, for figures and tests.
    #[must_use]
    pub fn fabric(&self) -> &Arc<dyn Fabric> {
        &self.0.fabric
    }

    /// The time as this service sees it.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// Sizes and limits.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Ends when the service stops; streams end with it.
    #[must_use]
    pub fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    /// Who is to be woken for stories of a large author: those who take from the author, by the circles in the cache.
    /// Somebody whose circle is not there is woken in doubt; the look at their feed decides.
    #[must_use]
    pub fn interest(&self) -> Interest {
        let circles = Arc::clone(&self.0.caches.circles);
        Arc::new(move |reader, author| {
            reader == author
                || circles
                    .get(&reader)
                    .is_none_or(|circle| circle.takes_from(author))
        })
    }

    /// Runs something in the background that [`Service::stop`] waits for.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.tasks.spawn(task);
    }

    fn breaks(&self, promise: Sabotage) -> bool {
        cfg!(feature = "sabotage") && self.0.sabotage == Some(promise)
    }
}
