//! How stories reach the timelines of their readers.

use toml::Value;

use super::allowed::Any;
use super::layers::Raw;
use super::setting::{Setting, one_of, settings, word_of};
use super::units::{Followers, Milliseconds, Seconds};

/// Whether a node that serves also delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InServe {
    /// It delivers.
    On,
    /// It leaves deliveries to other nodes.
    Off,
}

const WORDS: [(&str, InServe); 2] = [("on", InServe::On), ("off", InServe::Off)];

impl Setting for InServe {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        one_of(raw, &WORDS)
    }

    fn shown(&self) -> Value {
        word_of(self, &WORDS)
    }
}

settings! {
    /// Workers that insert new stories into timelines, and the sweeper that finds abandoned orders.
    "delivery" {
        /// Largest number of followers of an author whose stories are delivered to timelines. The stories of larger
        /// authors are merged in at read time.
        push_followers_max => service.delivery.large_author, unit: Followers, allowed: 100..=1_000_000;

        /// Readers between two records of progress. After a crash at most this many deliveries are repeated, which is
        /// harmless.
        chunk => service.delivery.chunk, unit: "readers", allowed: 100..=100_000;

        /// Deliveries processed at the same time.
        workers => service.delivery.workers, unit: "workers", allowed: 1..=64;

        /// `on`: `sosik serve` also delivers. `off`: it leaves deliveries to `sosik work`. Without such a node posts get
        /// 503 soon. `sosik work` ignores this key, so that all nodes can have the same file.
        in_serve => delivery_in_serve, unit: "word", allowed: Any("on or off");

        /// How long a worker may hold an order without recording progress. After that another worker may take it.
        claim_seconds => service.delivery.claim, unit: Seconds, allowed: 5..=600;

        /// Failed attempts after which an order is marked dead and an alarm is raised.
        attempts_max => service.delivery.attempts_max, unit: "attempts", allowed: 1..=1_000;

        /// Wait after the first failed attempt. It doubles with each further one.
        retry_first_ms => service.delivery.retry_first, unit: Milliseconds, allowed: 10..=60_000;

        /// Longest wait between two attempts.
        retry_max_seconds => service.delivery.retry_max, unit: Seconds, allowed: 1..=86_400;

        /// How often the sweeper looks for orders without a worker.
        sweep_seconds => service.delivery.sweep_every, unit: Seconds, allowed: 1..=600;

        /// Posts get 503 with `Retry-After` while a delivery waits longer than this for a worker. The default leaves
        /// half of the two seconds within which a story is to be visible. Reads are never rejected for it.
        backlog_wait_max_ms => service.delivery.backlog_wait_max, unit: Milliseconds, allowed: 100..=60_000;

        /// Orders waiting in this process. Further orders wait in the store, and workers take them from there.
        in_memory_max => fabric.queued_max, unit: "orders", allowed: 100..=1_000_000;
    }
}
