//! Timelines, rate limits and copies of rows in Redis 7, for any number of nodes.
//!
//! Redis is a cache here and never holds the only copy of anything. Keys may be evicted, memory may be flushed, and a
//! server may restart empty, at any time: a timeline is then absent and is rebuilt from the store. It is never wrong:
//!
//! - A timeline is one string, so it is evicted as a whole.
//! - It is served only by the server process that built it. A promoted replica or a restarted server may have an older
//!   copy of it, without stories that were acknowledged; its copies are ignored.
//! - A step that fails midway drops the timeline.
//! - A copy of a row is filled with a ticket that its invalidation revokes, and is served by the process that got it.
//!
//! Required of the server: `maxmemory`, `maxmemory-policy volatile-ttl` (which then evicts what was not read for the
//! longest time, because every read renews the expiry), no persistence. The engine logs a warning otherwise.
//!
//! Refused: a list and a second key for its header (`allkeys-lru` evicts one without the other), sorted sets (ten times
//! the memory), `ConnectionManager` of the client library (a call after the death of a server waits for seconds).

mod active_people;
mod address;
mod ahead;
mod breaker;
mod deliver;
mod keys;
mod layout;
mod link;
mod no_memory;
mod options;
mod rate_limits;
mod reply;
mod scripts;
mod server;
mod session;
mod shared_cache;
mod timelines;
mod unlink;

pub use active_people::RedisActivePeople;
pub use address::NotARedisUrl;
pub use options::RedisOptions;
pub use rate_limits::RedisRateLimits;
pub use shared_cache::RedisSharedCache;
pub use timelines::RedisTimelines;

use std::sync::Arc;
use std::time::Duration;

use link::Link;

/// The engines of one Redis. Cheap to clone.
#[derive(Clone)]
pub struct RedisFabric {
    link: Arc<Link>,
    options: Arc<RedisOptions>,
}

impl RedisFabric {
    /// Connects in the background, and again whenever the connection is lost. Until then every call returns an error at
    /// once. Needs a Tokio runtime.
    ///
    /// # Errors
    /// The URL is not one of Redis.
    pub fn open(options: RedisOptions) -> Result<Self, NotARedisUrl> {
        let options = Arc::new(options);
        let link = Arc::new(Link::open(&options)?);
        Ok(Self { link, options })
    }

    /// Waits until there is a connection. Returns whether there is one within `wait`.
    pub async fn connected(&self, wait: Duration) -> bool {
        self.link.connected(wait).await
    }

    /// The engine of timelines.
    #[must_use]
    pub fn timelines(&self) -> RedisTimelines {
        RedisTimelines::new(Arc::clone(&self.link), Arc::clone(&self.options))
    }

    /// The engine of rate limits.
    #[must_use]
    pub fn rate_limits(&self) -> RedisRateLimits {
        RedisRateLimits::new(Arc::clone(&self.link), &self.options)
    }

    /// The number of active people.
    #[must_use]
    pub fn active_people(&self) -> RedisActivePeople {
        RedisActivePeople::new(Arc::clone(&self.link))
    }

    /// The cache of rows.
    #[must_use]
    pub fn shared_cache(&self) -> RedisSharedCache {
        RedisSharedCache::new(Arc::clone(&self.link))
    }
}
