//! The self-check of a running node.

use std::time::Duration;

use super::setting::settings;

settings! {
    /// The self-check: feeds of sampled readers are computed from the truth and compared with what is served.
    pub struct Verify in "verify" {
        /// Readers checked each time.
        pub sample_readers: usize = 20, unit: "readers", allowed: 1..=10_000;

        /// How often they are checked.
        pub every_seconds: u32 = 60, unit: "seconds", allowed: 5..=86_400;
    }
}

impl Verify {
    /// [`every_seconds`](Self::every_seconds) as a duration.
    pub fn every(&self) -> Duration {
        Duration::from_secs(self.every_seconds.into())
    }
}
