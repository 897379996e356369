//! Closes idle and stalled connections.
//!
//! One task per listener scans all connections once a second. A timer for each connection would cost a wake-up and
//! memory for every live stream, and most connections of a node are live streams.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::connection::Registry;

/// The interval between two scans, which is also the precision of the deadlines.
const EVERY: Duration = Duration::from_secs(1);

/// Scans the connections until it is stopped.
pub(super) async fn enforce_deadlines(registry: Arc<Registry>, stopped: CancellationToken) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let listener = registry.limits().listener;
    loop {
        tokio::select! {
            () = stopped.cancelled() => return,
            _ = tick.tick() => {}
        }
        let open = registry.advance();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52 connections")]
        metrics::gauge!("sosik_http_connections_open", "listener" => listener).set(open as f64);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
        let held = registry.budget().held() as f64;
        metrics::gauge!("sosik_http_answer_bytes", "listener" => listener).set(held);
    }
}
