//! A deadline that moves while somebody waits for it.

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// The time until which the next step of a request must be done.
#[derive(Debug, Default)]
pub(super) struct Deadline {
    at: Mutex<Option<Instant>>,
    moved: Notify,
}

impl Deadline {
    pub(super) fn set(&self, at: Instant) {
        *self.at.lock() = Some(at);
        self.moved.notify_one();
    }

    pub(super) fn clear(&self) {
        *self.at.lock() = None;
        self.moved.notify_one();
    }

    /// Whether there is one, and it has passed.
    pub(super) fn has_passed(&self) -> bool {
        self.at.lock().is_some_and(|at| at <= Instant::now())
    }

    /// Returns when the deadline has passed. Never, if there is none.
    pub(super) async fn passed(&self) {
        loop {
            let at = *self.at.lock();
            match at {
                None => self.moved.notified().await,
                Some(at) => tokio::select! {
                    () = sleep_until(at) => return,
                    () = self.moved.notified() => {}
                },
            }
        }
    }
}
