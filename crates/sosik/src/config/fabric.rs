//! State that nodes share at run time.

use super::allowed::{Schemes, ShortText};
use super::setting::settings;
use super::units::{MIB_MAX, Mib};

/// The memory of this process, and Redis in every form.
const REDIS: [&str; 7] = [
    "memory",
    "redis",
    "rediss",
    "redis-cluster",
    "rediss-cluster",
    "redis-sentinel",
    "rediss-sentinel",
];

settings! {
    /// Timelines, caches and counters. All of it may be lost at any time: feeds are rebuilt from the store.
    "fabric" {
        /// Where timelines and rate limits are kept. `memory:` is the memory of this process. Nodes that share a store
        /// share a Redis too: `redis://:password@host:6379`, `redis-cluster://…` with some of its nodes, or
        /// `redis-sentinel://host:26379,…/name`. With `rediss` in place of `redis` the connections have TLS.
        url => urls.fabric, unit: "URL", allowed: Schemes(&REDIS);

        /// A file (PEM) with the certificates of the authorities that sign those of Redis; empty for the authorities of
        /// the system. It is read at the start.
        ca_file => fabric_ca_file, unit: "path", allowed: ShortText { bytes_max: 4_096 };

        /// Memory for timelines. When it is full, the timeline of the reader who has been away longest is evicted. It
        /// is rebuilt when that reader returns.
        timelines_mib => fabric.timelines_bytes, unit: Mib, allowed: 1..=MIB_MAX;

        /// Newest stories of large authors that are kept in memory for merging into feeds. Each takes 32 bytes. A
        /// timeline that is older than all of them is rebuilt.
        pull_log_entries => fabric.pull_log_entries, unit: "stories", allowed: 1_024..=16_777_216;

        /// Memory for rendered stories.
        stories_mib => service.caches.stories_bytes, unit: Mib, allowed: 1..=MIB_MAX;

        /// People whose name and picture are cached.
        people_entries => service.caches.people_entries, unit: "people", allowed: 1_000..=100_000_000;

        /// Memory for circles: a reader's friends, follows, blocks and mutes. A quarter of it is for the stories of
        /// large authors that each reader takes.
        circles_mib => service.caches.circles_bytes, unit: Mib, allowed: 1..=MIB_MAX;

        /// Sessions that are cached, so that a signed-in request needs no read of the store.
        sessions_entries => service.caches.sessions_entries, unit: "sessions", allowed: 1_000..=100_000_000;
    }
}
