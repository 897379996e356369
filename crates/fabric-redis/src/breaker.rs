//! When to stop calling a server that does not answer.

use std::sync::atomic::{AtomicU32, Ordering};

/// Calls in a row that may exceed their time before the connection is given up. A single slow answer is no reason; five
/// without one in time between them are an outage, and each further call would wait in vain.
const TIMEOUTS_MAX: u32 = 5;

/// Counts the calls that exceeded their time since the last answer in time.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    timeouts: AtomicU32,
}

impl Breaker {
    pub(crate) fn answered(&self) {
        if self.timeouts.load(Ordering::Relaxed) > 0 {
            self.timeouts.store(0, Ordering::Relaxed);
        }
    }

    /// Returns whether the server counts as down from now on.
    pub(crate) fn timed_out(&self) -> bool {
        self.timeouts.fetch_add(1, Ordering::Relaxed) + 1 >= TIMEOUTS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_timeouts_in_a_row_count() {
        let breaker = Breaker::default();
        for _ in 0..3 {
            assert!(!(1..TIMEOUTS_MAX).any(|_| breaker.timed_out()));
            breaker.answered();
        }
        assert_eq!((0..TIMEOUTS_MAX).filter(|_| breaker.timed_out()).count(), 1);
        assert!(breaker.timed_out(), "until an answer");
    }
}
