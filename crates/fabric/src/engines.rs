//! The engines of one node.

use std::sync::Arc;

use sosik_feed::PeerId;

use crate::memory::{
    Alone, MemoryActivePeople, MemoryLog, MemoryOptions, MemoryQueue, MemoryRateLimits,
    MemoryTimelines, MemoryWakeUps,
};
use crate::{
    ActivePeople, DeliveryQueue, LargeAuthorLog, Peers, RateLimits, SharedCache, Timelines, WakeUps,
};

/// One engine for each contract. Chosen once, where the server is wired. Cheap to clone.
#[derive(Clone)]
pub struct Engines {
    /// The timelines of readers.
    pub timelines: Arc<dyn Timelines>,
    /// The log of large authors.
    pub log: Arc<dyn LargeAuthorLog>,
    /// Wake-ups of live streams.
    pub wake_ups: Arc<dyn WakeUps>,
    /// Orders that were just posted.
    pub queue: Arc<dyn DeliveryQueue>,
    /// The other nodes.
    pub peers: Arc<dyn Peers>,
    /// Rate limits.
    pub rates: Arc<dyn RateLimits>,
    /// The cache that nodes share. `None` for a single process, whose own caches have everything.
    pub shared_cache: Option<Arc<dyn SharedCache>>,
    /// The number of active people.
    pub active_people: Arc<dyn ActivePeople>,
}

impl Engines {
    /// The engines of a single process without peers, all empty. `random` identifies this process and its log.
    #[must_use]
    pub fn memory(options: MemoryOptions, random: u64) -> Self {
        Self {
            timelines: Arc::new(MemoryTimelines::new(options)),
            log: Arc::new(MemoryLog::new(options.pull_log_entries, random)),
            wake_ups: Arc::new(MemoryWakeUps::default()),
            queue: Arc::new(MemoryQueue::new(options.queued_max)),
            peers: Arc::new(Alone(PeerId::from_u64(random))),
            rates: Arc::new(MemoryRateLimits::default()),
            shared_cache: None,
            active_people: Arc::new(MemoryActivePeople::default()),
        }
    }
}
