//! The self-check of a running node.

use std::time::Duration;

use super::setting::settings;
use super::units::Seconds;

/// The self-check of a running node.
#[derive(Debug, Clone)]
pub struct Verify {
    /// Pages compared each time.
    pub pages: usize,
    /// How often pages are compared.
    pub every: Duration,
}

impl Default for Verify {
    fn default() -> Self {
        Self {
            pages: 40,
            every: Duration::from_secs(10),
        }
    }
}

settings! {
    /// The self-check computes feeds from the store, page by page, and compares them with what is served.
    "verify" {
        /// Pages of 100 stories compared each time. The check takes all pages of one reader, then continues with the
        /// next reader.
        pages => verify.pages, unit: "pages", allowed: 1..=10_000;

        /// How often pages are compared. With 40 pages every 10 seconds, a feed of 10,000 stories takes half a minute,
        /// and 10,000 readers with 500 stories each take three and a half hours.
        every_seconds => verify.every, unit: Seconds, allowed: 5..=86_400;
    }
}
