//! Requests that a client gives up after they have reached a node.
//!
//! On HTTP/2 a client can open and reset requests in any number on one connection. Each one costs a connection to a node,
//! because the rest of its answer is not wanted. So such a client loses its connection.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Requests that the client of a connection may give up, beyond those that it lets end. A page that is closed gives up all
/// of its requests once, which are fewer than this.
const ABANDONED_MAX: usize = 100;

/// How many more requests of a connection were given up than ended.
#[derive(Debug, Default)]
pub(super) struct Abandoned {
    beyond: AtomicUsize,
    too_many: Notify,
}

impl Abandoned {
    /// Counts a request of the connection that is over.
    pub(super) fn count(&self, given_up: bool) {
        let count = |beyond: usize| match given_up {
            true => beyond.saturating_add(1),
            false => beyond.saturating_sub(1),
        };
        // The function never refuses.
        let before = self
            .beyond
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| Some(count(now)));
        if count(before.unwrap_or_default()) > ABANDONED_MAX {
            self.too_many.notify_one();
        }
    }

    /// Returns when the client has given up too many.
    pub(super) async fn too_many(&self) {
        self.too_many.notified().await;
    }
}
