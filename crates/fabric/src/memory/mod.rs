//! The engines of a single process.

mod active_people;
mod delivery_queue;
mod log;
mod peers;
mod rate_limits;
mod shared_cache;
mod timelines;
mod wake_ups;

pub use active_people::MemoryActivePeople;
pub use delivery_queue::MemoryQueue;
pub use log::MemoryLog;
pub use peers::{Alone, Hub};
pub use rate_limits::MemoryRateLimits;
pub use shared_cache::MemorySharedCache;
pub use timelines::MemoryTimelines;
pub use wake_ups::MemoryWakeUps;

use sosik_feed::limits;

/// Limits of the engines in memory.
#[derive(Debug, Clone, Copy)]
pub struct MemoryOptions {
    /// Ids in a timeline when it is built; up to twice as many before it is trimmed.
    pub timeline_stories: usize,
    /// Bytes for all timelines together. The least recently read ones are evicted first.
    pub timelines_bytes: usize,
    /// Stories of large authors in the log. A timeline that was built before the oldest of them is rebuilt.
    pub pull_log_entries: usize,
    /// Maximum number of orders that wait for a worker, including reserved room.
    pub queued_max: usize,
}

impl Default for MemoryOptions {
    /// The defaults of the configuration.
    fn default() -> Self {
        Self {
            timeline_stories: limits::TIMELINE_STORIES,
            timelines_bytes: 256 << 20,
            // 32 bytes each. At ten stories of large authors a second, a timeline is rebuilt after seven hours.
            pull_log_entries: 262_144,
            queued_max: 10_000,
        }
    }
}
