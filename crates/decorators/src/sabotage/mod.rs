//! Sabotage: a store and engines that break a promise on purpose, to prove that the tests and the checker detect it.
//!
//! Every broken promise is a wrapper around a contract, so the service has no code for it. Two promises cannot be broken
//! there, because the service asserts that its pages are sorted and without repeats: see [`Sabotage::is_of_pages`]. An
//! executable breaks them where it serves pages.

mod leases;
mod peers;
mod queue;
mod store;
mod timelines;

use std::sync::Arc;

use foldhash::HashMap;
use parking_lot::Mutex;
use sosik_fabric::{DeliveryQueue, Engines, Peers};
use sosik_feed::{PersonId, StoryId};
use sosik_store::layer::Layered;
use sosik_store::{CacheLeases, Store};

use crate::timelines_layer::LayeredTimelines;
use leases::SabotagedLeases;
use peers::UnawaitedPeers;
use queue::{EarlyQueue, LateQueue};
use store::SabotagedStore;
use timelines::SabotagedTimelines;

/// Authors of stories posted since the start, for the engine that forgets them.
type Authors = Arc<Mutex<HashMap<StoryId, PersonId>>>;

/// Makes a store and engines that break the promise.
pub fn sabotaged(
    promise: Sabotage,
    store: Arc<dyn Store>,
    engines: Engines,
) -> (Arc<dyn Store>, Engines) {
    let authors = Authors::default();
    let timelines = SabotagedTimelines {
        promise,
        timelines: engines.timelines,
        authors: Arc::clone(&authors),
    };
    let queue: Arc<dyn DeliveryQueue> = match promise {
        Sabotage::DeliverLate => Arc::new(LateQueue(engines.queue)),
        Sabotage::AcknowledgeUndelivered => Arc::new(EarlyQueue {
            queue: engines.queue,
            store: Arc::clone(&store),
        }),
        _ => engines.queue,
    };
    let peers: Arc<dyn Peers> = match promise {
        Sabotage::AnswerBeforeNodes => Arc::new(UnawaitedPeers(engines.peers)),
        _ => engines.peers,
    };
    let store = Layered(SabotagedStore::new(promise, store, authors));
    let engines = Engines {
        timelines: Arc::new(LayeredTimelines(Arc::new(timelines))),
        queue,
        peers,
        ..engines
    };
    (Arc::new(store), engines)
}

/// Makes leases on caches that break the promise.
pub fn sabotaged_leases(promise: Sabotage, leases: Arc<dyn CacheLeases>) -> Arc<dyn CacheLeases> {
    Arc::new(SabotagedLeases { promise, leases })
}

/// A promise to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// P1: the answer comes before the commit, which is then left out.
    AcknowledgeUnwritten,
    /// P2: the last chunk of a delivery is dropped, and the order is marked done.
    DropLastChunk,
    /// P3: circles never shrink, so whatever was in a timeline once is shown.
    ShowWhatIsCached,
    /// P4: a story is not delivered to its author's own timeline.
    ForgetOwnStory,
    /// P5: "newer" compares only ids and misses late deliveries.
    NewerByIdAlone,
    /// P5: every page of older stories omits its first story.
    SkipOneWhenPaging,
    /// P6: the idempotency key is ignored.
    IgnoreIdempotencyKey,
    /// P2/P3: the store still returns a deleted story that it has returned before.
    KeepDeleted,
    /// P2: a page of older stories begins with the same story twice.
    ShowTwice,
    /// P2: a page of older stories is in the opposite order.
    OldestFirst,
    /// P3: circles contain no blocks, so comments by blocked people are shown.
    ShowBlockedComments,
    /// P1: a like is counted twice in responses.
    CountTwice,
    /// P7: every delivery waits longer than promised.
    DeliverLate,
    /// P8: a request for comments fails with an internal error instead of a refusal with a time to retry after.
    FailInsteadOfRefusing,
    /// P3, several nodes: a change is answered before the other nodes have applied it.
    AnswerBeforeNodes,
    /// P3, several nodes: a node serves from its caches although it could not renew its lease.
    ServeWithoutLease,
    /// P3, several nodes: a renewal does not apply the changes in the log.
    SkipChangeLog,
    /// P5, several nodes: a node makes ids with a number that another one has leased since.
    IgnoreFencing,
    /// P2: a delivery is recorded as done before it is done.
    AcknowledgeUndelivered,
    /// P5, several nodes: ids are made by the clock of each node, not by that of the store.
    UseOwnClock,
}

impl Sabotage {
    /// All promises, for tests that iterate over them.
    pub const ALL: [Self; 20] = [
        Self::AcknowledgeUnwritten,
        Self::DropLastChunk,
        Self::ShowWhatIsCached,
        Self::ForgetOwnStory,
        Self::NewerByIdAlone,
        Self::SkipOneWhenPaging,
        Self::IgnoreIdempotencyKey,
        Self::KeepDeleted,
        Self::ShowTwice,
        Self::OldestFirst,
        Self::ShowBlockedComments,
        Self::CountTwice,
        Self::DeliverLate,
        Self::FailInsteadOfRefusing,
        Self::AnswerBeforeNodes,
        Self::ServeWithoutLease,
        Self::SkipChangeLog,
        Self::IgnoreFencing,
        Self::AcknowledgeUndelivered,
        Self::UseOwnClock,
    ];

    /// The name on the command line, for example `acknowledge-unwritten`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AcknowledgeUnwritten => "acknowledge-unwritten",
            Self::DropLastChunk => "drop-last-chunk",
            Self::ShowWhatIsCached => "show-what-is-cached",
            Self::ForgetOwnStory => "forget-own-story",
            Self::NewerByIdAlone => "newer-by-id-alone",
            Self::SkipOneWhenPaging => "skip-one-when-paging",
            Self::IgnoreIdempotencyKey => "ignore-idempotency-key",
            Self::KeepDeleted => "keep-deleted",
            Self::ShowTwice => "show-twice",
            Self::OldestFirst => "oldest-first",
            Self::ShowBlockedComments => "show-blocked-comments",
            Self::CountTwice => "count-twice",
            Self::DeliverLate => "deliver-late",
            Self::FailInsteadOfRefusing => "fail-instead-of-refusing",
            Self::AnswerBeforeNodes => "answer-before-nodes",
            Self::ServeWithoutLease => "serve-without-lease",
            Self::SkipChangeLog => "skip-change-log",
            Self::IgnoreFencing => "ignore-fencing",
            Self::AcknowledgeUndelivered => "acknowledge-undelivered",
            Self::UseOwnClock => "use-own-clock",
        }
    }

    /// Whether the promise is broken in pages that are ready to be sent, because the service refuses to make such pages.
    #[must_use]
    pub const fn is_of_pages(self) -> bool {
        matches!(self, Self::ShowTwice | Self::OldestFirst)
    }

    /// Whether it takes a fault to see that the promise is broken, for example a message that is lost between two nodes, or two
    /// clocks that differ.
    #[must_use]
    pub const fn needs_a_fault(self) -> bool {
        matches!(
            self,
            Self::AnswerBeforeNodes
                | Self::ServeWithoutLease
                | Self::SkipChangeLog
                | Self::IgnoreFencing
                | Self::AcknowledgeUndelivered
                | Self::UseOwnClock
        )
    }

    /// The promise with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|promise| promise.name() == name)
    }
}
