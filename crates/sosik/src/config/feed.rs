//! How feeds are read.

use std::time::Duration;

use sosik_feed::limits;

use super::setting::settings;

settings! {
    /// Pages, and the rebuilding of timelines.
    pub struct Feed in "feed" {
        /// Newest stories kept in a reader's timeline. Older pages come from the store.
        pub timeline_stories: usize = limits::TIMELINE_STORIES, unit: "stories", allowed: 100..=10_000;

        /// Items on a page if the client does not specify a number.
        pub page_default: usize = limits::PAGE_ITEMS_DEFAULT, unit: "items", allowed: 1..=limits::PAGE_ITEMS_MAX;

        /// Most items on a page.
        pub page_max: usize = limits::PAGE_ITEMS_MAX, unit: "items", allowed: 1..=limits::PAGE_ITEMS_MAX;

        /// Timelines rebuilt at the same time. The same number of pages may be read from the store at the same time.
        pub rebuilds_at_once: usize = 4, unit: "rebuilds", allowed: 1..=256;

        /// How long a reader waits for a rebuild of their timeline. After that the page is read from the store. Such a
        /// read costs the store nearly as much as a rebuild, and the next read costs it again.
        pub rebuild_wait_ms: u32 = 2_000, unit: "milliseconds", allowed: 1..=10_000;

        /// Largest number of unread stories that is counted. Above it the count says "more".
        pub unread_max: usize = 99, unit: "stories", allowed: 1..=800;
    }
}

impl Feed {
    /// [`rebuild_wait_ms`](Self::rebuild_wait_ms) as a duration.
    pub fn rebuild_wait(&self) -> Duration {
        Duration::from_millis(self.rebuild_wait_ms.into())
    }
}
