//! The state of one request on its way through the balancer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::front::Current;
use super::in_flight::Slot;
use crate::{Failure, Pick};

/// The state of one request.
pub(super) struct Exchange {
    pub(super) current: Option<Arc<Current>>,
    pub(super) slot: Option<Slot>,
    pub(super) began: Instant,
    pub(super) id: String,
    pub(super) pick: Option<Pick>,
    /// The node of the last attempt.
    pub(super) node: Option<SocketAddr>,
    /// The node of the next attempt.
    pub(super) next: Option<Pick>,
    /// Whether the next attempt needs a new connection.
    pub(super) needs_new_connection: bool,
    /// Nodes whose attempts have failed.
    pub(super) tried: Vec<SocketAddr>,
    /// The time for the answer, from the head of the request on.
    pub(super) limit: Duration,
    /// Whether a proxy in front leaves so little time that a node without an answer is not to blame.
    pub(super) is_hurried: bool,
    /// Whether the client asks for an event stream, which may be silent for any time.
    pub(super) is_stream: bool,
    /// Whether the request as it was sent may be sent again, if its effect is unknown.
    pub(super) is_repeatable: bool,
    /// Whether the request was already sent twice.
    pub(super) repeated: bool,
}

impl Exchange {
    /// Whether the client speaks TLS with this balancer.
    pub(super) fn is_secure(&self) -> bool {
        self.current.as_ref().is_some_and(|current| current.tls)
    }

    /// The time that is left for the answer of a node.
    pub(super) fn time_left(&self) -> Duration {
        self.limit.saturating_sub(self.began.elapsed())
    }

    /// The status of the answer of the node; 0 if there is none.
    pub(super) fn status(&self) -> u16 {
        self.pick.as_ref().map_or(0, |pick| pick.status)
    }

    /// The library has no time limit for a body on HTTP/2. A client that has the head of its answer must not pause for
    /// longer than this while it sends the rest of its request.
    pub(super) fn limit_body(&self, done: bool, pause: Duration) {
        let Some(current) = &self.current else { return };
        match done {
            true => current.deadline.clear(),
            false => current.deadline.set(Instant::now() + pause),
        }
    }
}

impl Drop for Exchange {
    /// A request whose deadline passes is dropped, and the library does not report that.
    fn drop(&mut self) {
        let (Some(current), Some(pick)) = (&self.current, &mut self.pick) else {
            return;
        };
        if pick.status == 0 && current.deadline.has_passed() {
            let node = pick.node().address();
            tracing::info!(request_id = self.id, %node, "request failed: no answer in time");
            if !self.is_hurried {
                current.pool.failed(pick, Failure::Silent, Instant::now());
            }
        }
    }
}
