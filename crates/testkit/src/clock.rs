//! A clock that tests can bend.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sosik_feed::Timestamp;
use sosik_service::{Clock, SystemClock};

/// The clock of the machine, put forward at will.
///
/// It goes on by itself, so that whatever waits for a millisecond to pass does not wait for ever.
#[derive(Debug, Default)]
pub struct TestClock {
    machine: SystemClock,
    ahead_millis: AtomicU64,
}

impl TestClock {
    /// As much later, at once, by the time of day and by the monotonic clock.
    pub fn advance(&self, span: Duration) {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        self.ahead_millis.fetch_add(millis, Ordering::SeqCst);
    }

    fn ahead(&self) -> Duration {
        Duration::from_millis(self.ahead_millis.load(Ordering::SeqCst))
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.machine.now().plus(self.ahead())
    }

    fn monotonic(&self) -> Duration {
        self.machine.monotonic() + self.ahead()
    }
}
