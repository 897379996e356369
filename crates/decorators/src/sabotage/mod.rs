//! Sabotage: a store and engines that break a promise on purpose, to prove that the tests and the checker detect it.
//!
//! Every broken promise is a wrapper around a contract, so the service has no code for it. Two promises cannot be broken
//! there, because the service asserts that its pages are sorted and without repeats: see [`Sabotage::is_of_pages`]. An
//! executable breaks them where it serves pages.

mod queue;
mod store;
mod timelines;

use std::sync::Arc;

use foldhash::HashMap;
use parking_lot::Mutex;
use sosik_fabric::Engines;
use sosik_feed::{PersonId, StoryId};
use sosik_store::Store;
use sosik_store::layer::Layered;

use crate::timelines_layer::LayeredTimelines;
use queue::LateQueue;
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
    let queue = match promise {
        Sabotage::DeliverLate => Arc::new(LateQueue(engines.queue)),
        _ => engines.queue,
    };
    let store = Layered(SabotagedStore::new(promise, store, authors));
    let engines = Engines {
        timelines: Arc::new(LayeredTimelines(Arc::new(timelines))),
        queue,
        ..engines
    };
    (Arc::new(store), engines)
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
}

impl Sabotage {
    /// All promises, for tests that iterate over them.
    pub const ALL: [Self; 14] = [
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
        }
    }

    /// Whether the promise is broken in pages that are ready to be sent, because the service refuses to make such pages.
    #[must_use]
    pub const fn is_of_pages(self) -> bool {
        matches!(self, Self::ShowTwice | Self::OldestFirst)
    }

    /// The promise with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|promise| promise.name() == name)
    }
}
