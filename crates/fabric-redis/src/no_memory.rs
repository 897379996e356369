//! The log of deliveries for which Redis has no memory. It can be every delivery for hours, so one line sums up a minute.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// At most one log line in this time.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// Deliveries without memory since the last log line.
#[derive(Default)]
pub(crate) struct NoMemory(Mutex<Unlogged>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Unlogged {
    deliveries: u64,
    timelines: usize,
    logged_at: Option<Instant>,
}

impl NoMemory {
    /// Counts a delivery that dropped this number of timelines instead, and logs the sum when a line is due.
    pub(crate) fn note(&self, timelines: usize) {
        if let Some(sum) = self.sum(timelines, Instant::now()) {
            tracing::warn!(
                deliveries = sum.deliveries,
                timelines = sum.timelines,
                "Redis has no memory for deliveries, so their timelines are dropped and built again: raise maxmemory"
            );
        }
    }

    fn sum(&self, timelines: usize, now: Instant) -> Option<Unlogged> {
        let mut unlogged = self.0.lock();
        unlogged.deliveries += 1;
        unlogged.timelines += timelines;
        if unlogged.logged_at.is_some_and(|at| now < at + LOG_EVERY) {
            return None;
        }
        let next = Unlogged {
            logged_at: Some(now),
            ..Unlogged::default()
        };
        Some(std::mem::replace(&mut *unlogged, next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_delivery_is_logged_at_once_and_the_next_ones_together_after_a_minute() {
        let (log, start) = (NoMemory::default(), Instant::now());
        let sum = |timelines, seconds| {
            let sum = log.sum(timelines, start + Duration::from_secs(seconds));
            sum.map(|sum| (sum.deliveries, sum.timelines))
        };
        assert_eq!(sum(3, 0), Some((1, 3)));
        assert_eq!(sum(3, 1), None);
        assert_eq!(sum(0, 59), None);
        assert_eq!(sum(2, 60), Some((3, 5)));
        assert_eq!(sum(2, 61), None);
    }
}
