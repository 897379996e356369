//! State that nodes share at run time.

use super::{
    EngineUrl,
    allowed::Schemes,
    setting::settings,
    units::{MIB_MAX, mib},
};

settings! {
    /// Timelines, caches and counters. All of it may be lost at any time: feeds are rebuilt from the store.
    pub struct Fabric in "fabric" {
        /// Where timelines and caches are kept. `memory:` is the memory of this process.
        pub url: EngineUrl = EngineUrl::constant("memory:"), unit: "URL", allowed: Schemes(&["memory"]);

        /// Memory for timelines. When it is full, the timeline of the reader who has been away longest is evicted. It
        /// is rebuilt when that reader returns.
        pub timelines_mib: u32 = 256, unit: "MiB", allowed: 1..=MIB_MAX;

        /// Newest stories of large authors that are kept in memory for merging into feeds.
        pub pull_log_entries: usize = 65_536, unit: "stories", allowed: 1_024..=16_777_216;

        /// Memory for rendered stories.
        pub stories_mib: u32 = 128, unit: "MiB", allowed: 1..=MIB_MAX;

        /// People whose name and picture are cached.
        pub people_entries: usize = 100_000, unit: "people", allowed: 1_000..=100_000_000;

        /// Memory for circles: a reader's friends, follows, blocks and mutes.
        pub circles_mib: u32 = 128, unit: "MiB", allowed: 1..=MIB_MAX;

        /// Sessions that are cached, so that a signed-in request needs no read of the store.
        pub sessions_entries: usize = 200_000, unit: "sessions", allowed: 1_000..=100_000_000;
    }
}

impl Fabric {
    /// [`timelines_mib`](Self::timelines_mib) in bytes.
    pub fn timelines_bytes(&self) -> usize {
        mib(self.timelines_mib)
    }

    /// [`stories_mib`](Self::stories_mib) in bytes.
    pub fn stories_bytes(&self) -> usize {
        mib(self.stories_mib)
    }

    /// [`circles_mib`](Self::circles_mib) in bytes.
    pub fn circles_bytes(&self) -> usize {
        mib(self.circles_mib)
    }
}
