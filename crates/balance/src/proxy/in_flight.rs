//! A limit on requests in flight. A connection of HTTP/2 carries many, and each may need a connection to a node.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts requests. Clones count together.
#[derive(Debug, Clone)]
pub(super) struct InFlight {
    now: Arc<AtomicUsize>,
    max: usize,
}

/// A request in flight. Dropping it ends the request.
#[derive(Debug)]
pub(super) struct Slot(Arc<AtomicUsize>);

impl InFlight {
    pub(super) fn new(max: usize) -> Self {
        Self {
            now: Arc::default(),
            max,
        }
    }

    /// Begins a request. `None` if there are too many.
    pub(super) fn begin(&self) -> Option<Slot> {
        let before = self.now.fetch_add(1, Ordering::Relaxed);
        let slot = Slot(Arc::clone(&self.now));
        (before < self.max).then_some(slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_ends_makes_room_for_another_one() {
        let requests = InFlight::new(2);
        let held = [requests.begin(), requests.begin()];
        assert!(held.iter().all(Option::is_some) && requests.begin().is_none());
        drop(held);
        assert!(requests.begin().is_some());
    }
}
