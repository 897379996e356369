//! How feeds are read.

use std::time::Duration;

use sosik_feed::limits;

use super::setting::settings;

settings! {
    /// Pages, timelines and their rebuilding.
    pub struct Feed in "feed" {
        /// Newest stories kept in a reader's timeline. Further down, pages come from the store.
        pub timeline_stories: usize = limits::TIMELINE_STORIES, unit: "stories", allowed: 100..=10_000;

        /// Items on a page when the client does not say.
        pub page_default: usize = limits::PAGE_ITEMS_DEFAULT, unit: "items", allowed: 1..=limits::PAGE_ITEMS_MAX;

        /// Items on a page at most.
        pub page_max: usize = limits::PAGE_ITEMS_MAX, unit: "items", allowed: 1..=limits::PAGE_ITEMS_MAX;

        /// Timelines rebuilt at the same time; and besides, pages read from the store at the same time.
        pub rebuilds_at_once: usize = 4, unit: "rebuilds", allowed: 1..=256;

        /// How long a reader waits for the turn of their timeline before being served from the store, which costs it
        /// nearly as much, and again at the next read.
        pub rebuild_wait_ms: u32 = 2_000, unit: "milliseconds", allowed: 1..=10_000;

        /// Up to which number unread stories are counted; beyond it the count says "more".
        pub unread_max: usize = 99, unit: "stories", allowed: 1..=800;
    }
}

impl Feed {
    /// [`rebuild_wait_ms`](Self::rebuild_wait_ms) as a duration.
    pub fn rebuild_wait(&self) -> Duration {
        Duration::from_millis(self.rebuild_wait_ms.into())
    }
}
