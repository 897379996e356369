//! How feeds are read.

use sosik_feed::limits;

use super::setting::settings;
use super::units::Milliseconds;

settings! {
    /// Pages, and the rebuilding of timelines.
    "feed" {
        /// Newest stories kept in a reader's timeline. Older pages come from the store.
        timeline_stories => service.feed.timeline_stories, unit: "stories", allowed: 100..=10_000;

        /// Items on a page if the client does not specify a number.
        page_default => api.page_items_default, unit: "items", allowed: 1..=limits::PAGE_ITEMS_MAX;

        /// Most items on a page.
        page_max => api.page_items_max, unit: "items", allowed: 1..=limits::PAGE_ITEMS_MAX;

        /// Timelines rebuilt at the same time. The same number of pages may be read from the store at the same time.
        rebuilds_at_once => service.feed.rebuilds_at_once, unit: "rebuilds", allowed: 1..=256;

        /// How long a reader waits for a rebuild of their timeline. After that the page is read from the store. Such a
        /// read costs the store nearly as much as a rebuild, and the next read costs it again.
        rebuild_wait_ms => service.feed.rebuild_wait, unit: Milliseconds, allowed: 1..=10_000;

        /// Largest number of unread stories that is counted. Above it the count says "more".
        unread_max => service.feed.unread_max, unit: "stories", allowed: 1..=800;
    }
}
