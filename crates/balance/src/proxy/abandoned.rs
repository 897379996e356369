//! Requests that a client gives up after they have reached a node.
//!
//! On HTTP/2 a client can open and reset requests in any number on one connection. Each one costs a connection to a node,
//! because the rest of its answer is not wanted. So a client that does little else loses its connection.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Score at which a connection is closed, unless the connection may have more requests at once. A page that is closed gives up
/// all of its requests, and must not reach the score by that.
const SCORE_MAX: usize = 100;

/// The score of a connection: a request that is given up adds one, and one that ends takes one away. It is never below zero.
#[derive(Debug)]
pub(super) struct Abandoned {
    score: AtomicUsize,
    score_max: usize,
    too_many: Notify,
}

impl Abandoned {
    /// The score of a connection that may have this many requests at once.
    pub(super) fn new(streams_max: usize) -> Self {
        Self {
            score: AtomicUsize::new(0),
            score_max: SCORE_MAX.max(streams_max),
            too_many: Notify::new(),
        }
    }

    /// Counts a request that has reached a node and is over.
    pub(super) fn count(&self, given_up: bool) {
        let next = |score: usize| match given_up {
            true => score.saturating_add(1),
            false => score.saturating_sub(1),
        };
        // The function never refuses.
        let before = self
            .score
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |score| {
                Some(next(score))
            });
        if next(before.unwrap_or_default()) > self.score_max {
            self.too_many.notify_one();
        }
    }

    /// Returns when the score is too high.
    pub(super) async fn too_many(&self) {
        self.too_many.notified().await;
    }
}
