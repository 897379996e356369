//! How stories reach the timelines of their readers.

use std::time::Duration;

use super::setting::settings;

settings! {
    /// Workers that insert new stories into timelines, and the sweeper that finds abandoned orders.
    pub struct Delivery in "delivery" {
        /// Largest number of followers of an author whose stories are delivered to timelines. The stories of larger
        /// authors are merged in at read time.
        pub push_followers_max: u32 = 10_000, unit: "followers", allowed: 100..=1_000_000;

        /// Readers between two records of progress. After a crash at most this many deliveries are repeated, which is
        /// harmless.
        pub chunk: usize = 2_000, unit: "readers", allowed: 100..=100_000;

        /// Deliveries processed at the same time.
        pub workers: usize = 2, unit: "workers", allowed: 1..=64;

        /// How long a worker may hold an order without recording progress. After that another worker may take it.
        pub claim_seconds: u32 = 30, unit: "seconds", allowed: 5..=600;

        /// Failed attempts after which an order is marked dead and an alarm is raised.
        pub attempts_max: u32 = 20, unit: "attempts", allowed: 1..=1_000;

        /// Wait after the first failed attempt. It doubles with each further one.
        pub retry_first_ms: u32 = 200, unit: "milliseconds", allowed: 10..=60_000;

        /// Longest wait between two attempts.
        pub retry_max_seconds: u32 = 300, unit: "seconds", allowed: 1..=86_400;

        /// How often the sweeper looks for orders without a worker.
        pub sweep_seconds: u32 = 5, unit: "seconds", allowed: 1..=600;

        /// Posts get 503 with `Retry-After` while a delivery waits longer than this for a worker. The default leaves
        /// half of the two seconds within which a story is to be visible. Reads are never rejected for it.
        pub backlog_wait_max_ms: u32 = 1_000, unit: "milliseconds", allowed: 100..=60_000;

        /// Orders waiting in this process. Further orders wait in the store, and workers take them from there.
        pub in_memory_max: usize = 10_000, unit: "orders", allowed: 100..=1_000_000;
    }
}

impl Delivery {
    /// [`claim_seconds`](Self::claim_seconds) as a duration.
    pub fn claim(&self) -> Duration {
        Duration::from_secs(self.claim_seconds.into())
    }

    /// [`backlog_wait_max_ms`](Self::backlog_wait_max_ms) as a duration.
    pub fn backlog_wait_max(&self) -> Duration {
        Duration::from_millis(self.backlog_wait_max_ms.into())
    }

    /// [`retry_first_ms`](Self::retry_first_ms) as a duration.
    pub fn retry_first(&self) -> Duration {
        Duration::from_millis(self.retry_first_ms.into())
    }

    /// [`retry_max_seconds`](Self::retry_max_seconds) as a duration.
    pub fn retry_max(&self) -> Duration {
        Duration::from_secs(self.retry_max_seconds.into())
    }

    /// [`sweep_seconds`](Self::sweep_seconds) as a duration.
    pub fn sweep(&self) -> Duration {
        Duration::from_secs(self.sweep_seconds.into())
    }
}
