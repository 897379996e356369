//! Closes idle and stalled connections.
//!
//! One task per listener scans all connections once a second. A timer for each connection would cost a wake-up and
//! memory for every live stream, and most connections of a node are live streams.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::connection::Registry;

/// The interval between two scans, which is also the precision of the deadlines.
const EVERY: Duration = Duration::from_secs(1);

/// Scans the connections until it is stopped.
pub(super) async fn enforce_deadlines(registry: Arc<Registry>, stopped: CancellationToken) {
    repeat(|| scan(&registry), stopped).await;
}

/// Calls `scan` at every tick. A scan that panics is logged and does not prevent the next one: without scans no deadline
/// of any connection would be enforced.
async fn repeat(scan: impl Fn(), stopped: CancellationToken) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopped.cancelled() => return,
            _ = tick.tick() => {}
        }
        if catch_unwind(AssertUnwindSafe(&scan)).is_err() {
            tracing::error!("a scan of the connections panicked: the next one follows in a second");
        }
    }
}

fn scan(registry: &Registry) {
    let listener = registry.limits().listener;
    let open = registry.advance();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 connections")]
    metrics::gauge!("sosik_http_connections_open", "listener" => listener).set(open as f64);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
    let held = registry.budget().held() as f64;
    metrics::gauge!("sosik_http_answer_bytes", "listener" => listener).set(held);
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_scan_that_panics_is_followed_by_the_next_one() {
        let (scans, stopped) = (AtomicUsize::new(0), CancellationToken::new());
        let scan = || {
            let before = scans.fetch_add(1, Ordering::Relaxed);
            assert!(before > 0, "a fault in a scan");
            stopped.cancel();
        };
        repeat(scan, stopped.clone()).await;
        assert_eq!(scans.load(Ordering::Relaxed), 2);
    }
}
