//! [`Service`]: starts and stops the core and its workers, and returns the handles.

use std::net::SocketAddr;
use std::sync::Arc;

use sosik_fabric::Engines;
use sosik_feed::cursor::seal::Seals;
use sosik_feed::{PersonId, RawId, UnownedId};
use sosik_store::Store;
use tokio_util::sync::CancellationToken;

use crate::caches::CacheStats;
use crate::core::Core;
use crate::core::cache_lease::SharedStore;
use crate::erasure::Uses;
use crate::{
    Accounts, Clock, Comments, Delivery, Erasure, FailedTask, Feeds, Invitations, Likes, Media,
    Notifications, People, Relations, Saves, ServiceResult, Sessions, Settings, Stories, Strangers,
    Suggestions, Verifier,
};

/// Everything Sosik does: one handle for each noun. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Handles>);

struct Handles {
    core: Core,
    accounts: Accounts,
    comments: Comments,
    delivery: Delivery,
    erasure: Erasure,
    feeds: Feeds,
    invitations: Invitations,
    likes: Likes,
    media: Media,
    notifications: Notifications,
    people: People,
    relations: Relations,
    saves: Saves,
    sessions: Sessions,
    stories: Stories,
    strangers: Strangers,
    suggestions: Suggestions,
    verifier: Verifier,
}

/// The parts that a service is made of.
pub struct Parts {
    /// The source of truth.
    pub store: Arc<dyn Store>,
    /// For a store that several nodes can use. `None` if the engine of the store lets only this process use it.
    pub shared: Option<SharedStore>,
    /// Derived data that may be lost.
    pub engines: Engines,
    /// The source of time.
    pub clock: Arc<dyn Clock>,
    /// Sizes and limits.
    pub settings: Settings,
}

impl Service {
    /// Leases a node number and starts the delivery workers.
    ///
    /// # Errors
    /// When the store cannot lease a node number.
    pub async fn start(parts: Parts) -> ServiceResult<Self> {
        let core = Core::start(parts).await?;
        let service = Self(Arc::new(Handles::new(core)));
        let Handles {
            core,
            delivery,
            erasure,
            feeds,
            ..
        } = &*service.0;
        // This must precede the first cursor. A cursor without the number of late stories would repeat all of them.
        delivery.advance_watermark().await?;
        core.join_nodes().await?;
        core.spawn_lease_renewal();
        core.spawn_invalidation_retries();
        core.spawn_wake_up_retries();
        core.spawn_peers();
        core.spawn_watched();
        core.spawn_cache_lease();
        delivery.spawn_workers();
        erasure.spawn();
        feeds.spawn_wake_ups();
        Ok(service)
    }

    /// Finishes the delivery steps in progress, releases the other orders and the node number, leaves the other nodes, and
    /// closes the store. Undelivered orders stay in the store and are due immediately.
    pub async fn stop(&self) {
        let Handles { core, delivery, .. } = &*self.0;
        core.stopping.cancel();
        core.tasks.close();
        core.tasks.wait().await;
        delivery.release_claims().await;
        core.ids.release().await;
        core.release_cache_lease().await;
        core.leave_engines().await;
        core.store.close().await;
    }

    /// The addresses at which the nodes of this service serve people. A node that died is listed until a write has
    /// waited for its lease.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn node_addresses(&self) -> ServiceResult<Vec<SocketAddr>> {
        Ok(self.0.core.node_addresses().await?)
    }

    /// Sign-up, log-in and passwords.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    /// Comments on stories.
    #[must_use]
    pub fn comments(&self) -> &Comments {
        &self.0.comments
    }

    /// The delivery of stories to timelines.
    #[must_use]
    pub fn delivery(&self) -> &Delivery {
        &self.0.delivery
    }

    /// Erases closed accounts.
    #[must_use]
    pub fn erasure(&self) -> &Erasure {
        &self.0.erasure
    }

    /// Home feeds.
    #[must_use]
    pub fn feeds(&self) -> &Feeds {
        &self.0.feeds
    }

    /// Invitations to sign up.
    #[must_use]
    pub fn invitations(&self) -> &Invitations {
        &self.0.invitations
    }

    /// Likes.
    #[must_use]
    pub fn likes(&self) -> &Likes {
        &self.0.likes
    }

    /// Photos.
    #[must_use]
    pub fn media(&self) -> &Media {
        &self.0.media
    }

    /// Notifications.
    #[must_use]
    pub fn notifications(&self) -> &Notifications {
        &self.0.notifications
    }

    /// People as others see them.
    #[must_use]
    pub fn people(&self) -> &People {
        &self.0.people
    }

    /// Relations between people.
    #[must_use]
    pub fn relations(&self) -> &Relations {
        &self.0.relations
    }

    /// Stories that people saved for themselves.
    #[must_use]
    pub fn saves(&self) -> &Saves {
        &self.0.saves
    }

    /// Open sessions.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// Stories.
    #[must_use]
    pub fn stories(&self) -> &Stories {
        &self.0.stories
    }

    /// What people without an account see.
    #[must_use]
    pub fn strangers(&self) -> &Strangers {
        &self.0.strangers
    }

    /// People whom a reader may know.
    #[must_use]
    pub fn suggestions(&self) -> &Suggestions {
        &self.0.suggestions
    }

    /// Compares served feeds with the tables.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.0.verifier
    }

    /// The store, for roles that use it directly.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.0.core.store
    }

    /// The engines of the fabric.
    #[must_use]
    pub fn engines(&self) -> &Engines {
        &self.0.core.engines
    }

    /// The clock of this service.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.core.clock
    }

    /// Sizes and limits.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.core.settings
    }

    /// Cancelled when the service stops. Streams end with it.
    #[must_use]
    pub fn stopping(&self) -> &CancellationToken {
        &self.0.core.stopping
    }

    /// Seals and opens the cursors of every list.
    #[must_use]
    pub fn seals(&self) -> &Seals {
        &self.0.core.seals
    }

    /// The next id, for the constructor of its kind. Rises within this process; unique among all nodes.
    ///
    /// # Errors
    /// `Busy` when the clock shows a time before 2024 or the lease cannot be renewed.
    pub async fn next_id(&self) -> ServiceResult<UnownedId> {
        self.0.core.next_id().await
    }

    /// The id of a new person, in the next bucket.
    ///
    /// # Errors
    /// Like [`next_id`](Self::next_id).
    pub async fn next_person(&self) -> ServiceResult<PersonId> {
        self.0.core.next_person().await
    }

    /// An upper bound of all ids seen so far: of those generated here, even if the clock has gone back since, and of
    /// those generated on other nodes before this millisecond by their clocks. All later ids of this process are larger.
    #[must_use]
    pub fn newest_possible(&self) -> RawId {
        self.0.core.newest_possible()
    }

    /// The problem with the clock of this machine or of the store, and its remedy. `None` if ids can be generated.
    #[must_use]
    pub fn clock_problem(&self) -> Option<&'static str> {
        self.0.core.clock_problem()
    }

    /// Runs a background task until the service stops. [`Service::stop`] waits for it, so `run` must end soon after
    /// [`Service::stopping`] is cancelled. It is restarted after a panic, and when it ends too early.
    pub fn supervise<F>(&self, task: &'static str, run: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.core.supervise(task, run);
    }

    /// The tasks that are no longer restarted. Empty on a healthy node.
    #[must_use]
    pub fn failed_tasks(&self) -> Vec<FailedTask> {
        self.0.core.failed_tasks()
    }

    /// Hits, misses and sizes of the caches of this node, for metrics.
    #[must_use]
    pub fn cache_stats(&self) -> [CacheStats; 6] {
        self.0.core.cache_stats()
    }

    /// Number of unconfirmed invalidations and wake-ups: 0 while the fabric works.
    #[must_use]
    pub fn unconfirmed_invalidations(&self) -> usize {
        self.0.core.unconfirmed_invalidations()
    }
}

impl Handles {
    /// Builds each handle after those that it uses.
    fn new(core: Core) -> Self {
        let of = || core.clone();
        let delivery = Delivery::new(of());
        let notifications = Notifications::new(of());
        let sessions = Sessions::new(of());
        let feeds = Feeds::new(of(), delivery.clone(), notifications.clone());
        let accounts = Accounts::new(of(), sessions.clone());
        let relations = Relations::new(of());
        let strangers = Strangers::new(of());
        let media = Media::new(of(), strangers.clone());
        let stories = Stories::new(of(), delivery.clone(), media.clone());
        let (comments, likes) = (Comments::new(of()), Likes::new(of()));
        let uses = Uses {
            comments: comments.clone(),
            likes: likes.clone(),
            media: media.clone(),
            relations: relations.clone(),
            sessions: sessions.clone(),
            stories: stories.clone(),
            closed: accounts.closed(),
        };
        Self {
            invitations: Invitations::new(of(), accounts.clone(), relations.clone()),
            accounts,
            comments,
            likes,
            people: People::new(of()),
            relations,
            saves: Saves::new(of()),
            stories,
            strangers,
            media,
            suggestions: Suggestions::new(of(), feeds.clone()),
            verifier: Verifier::new(of(), feeds.clone(), delivery.clone()),
            erasure: Erasure::new(of(), uses),
            delivery,
            feeds,
            notifications,
            sessions,
            core,
        }
    }
}
