//! The self-check of a running node.

use std::time::Duration;

use super::setting::settings;

settings! {
    /// The self-check computes feeds from the store, page by page, and compares them with what is served.
    pub struct Verify in "verify" {
        /// Pages of 100 stories compared each time. The check takes all pages of one reader, then continues with the
        /// next reader.
        pub pages: usize = 40, unit: "pages", allowed: 1..=10_000;

        /// How often pages are compared. With 40 pages every 10 seconds, a feed of 10,000 stories takes half a minute,
        /// and 10,000 readers with 500 stories each take three and a half hours.
        pub every_seconds: u32 = 10, unit: "seconds", allowed: 5..=86_400;
    }
}

impl Verify {
    /// [`every_seconds`](Self::every_seconds) as a duration.
    pub fn every(&self) -> Duration {
        Duration::from_secs(self.every_seconds.into())
    }
}
