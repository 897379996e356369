//! What an operator may choose.

use std::time::Duration;

use sosik_feed::limits;

/// Where Redis is, and the limits of its use.
#[derive(Clone)]
pub struct RedisOptions {
    /// `redis://[user[:password]@]host[:port][/database]` for one server. `redis-cluster://host:port,…` for a cluster and
    /// `redis-sentinel://host:port,…/name` for a primary with sentinels, each with credentials in the same place. `rediss`
    /// in place of `redis` requires TLS.
    pub url: String,
    /// The certificates (PEM) of the authorities whose servers are trusted. `None`: those of the system.
    pub authorities: Option<Vec<u8>>,
    /// Ids in a timeline when it is built; up to twice as many before it is trimmed. At least 1.
    pub timeline_stories: usize,
    /// Time after which an unused key expires. Every read of a timeline and every use of a rate limit renews it.
    ///
    /// It is the same for both. Under `volatile-ttl` a key with a shorter expiry would be evicted first, however
    /// recently it was used.
    pub expiry: Duration,
    /// Time for one call, except deliveries. A feed is then read from the store.
    pub call_timeout: Duration,
    /// Time for one call that delivers to any number of readers. Nobody waits for it but the delivery itself.
    pub delivery_timeout: Duration,
}

impl RedisOptions {
    /// The defaults, with this URL.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            authorities: None,
            timeline_stories: limits::TIMELINE_STORIES,
            expiry: Duration::from_secs(7 * 24 * 60 * 60),
            // A read takes 0.1 ms. A page from the store takes 10 ms, so waiting longer than this helps nobody.
            call_timeout: Duration::from_millis(250),
            delivery_timeout: Duration::from_secs(2),
        }
    }

    pub(crate) fn expiry_seconds(&self) -> u64 {
        self.expiry.as_secs().max(1)
    }
}
